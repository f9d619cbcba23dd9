//! The place where the platform makes its own CA and server certificate at first start.

use std::{
    fs,
    io::Write as _,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    x509::{
        X509, X509Builder, X509NameBuilder, X509VerifyResult,
        extension::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage,
            SubjectAlternativeName, SubjectKeyIdentifier,
        },
    },
};
use platform::cert::DeviceCa;

/// Years until the CA and server certificates end.
const CA_DAYS: u32 = 3650 * 2;
const SERVER_DAYS: u32 = 3650;

/// The hosts that Tencent's SDKs connect to (device-protocol.md 1.1).
const SDK_HOSTS: [&str; 6] = [
    "*.iotcloud.tencentdevices.com",
    "*.us-east.iotcloud.tencentdevices.com",
    "*.europe.iothub.tencentdevices.com",
    "*.ap-bangkok.iothub.tencentdevices.com",
    "*.ap-guangzhou.iothub.tencentdevices.com",
    "*.gateway.tencentdevices.com",
];

/// The three files of `DIR/tls/`. Users may replace `server.pem` and `server.key` at any time.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Files {
    /// PEM of the CA, if the server's certificate is its own; else nobody here knows what to trust.
    pub(crate) fn trusted(&self) -> String {
        let read = |file: &Path| X509::from_pem(&fs::read(file).ok()?).ok();
        let ca =
            read(&self.ca).filter(|ca| read(&self.certificate).is_some_and(|it| made(ca, &it)));
        // What did not fit must not pass for an error of a connection on this thread.
        drop(ErrorStack::get());
        ca.and_then(|ca| String::from_utf8(ca.to_pem().ok()?).ok()).unwrap_or_default()
    }
}

/// Whether the CA issued the certificate.
fn made(ca: &X509, certificate: &X509) -> bool {
    let signed = ca.public_key().and_then(|key| certificate.verify(&key));
    ca.issued(certificate) == X509VerifyResult::OK && signed.is_ok_and(|signed| signed)
}

/// The files in `data/tls`, made now if there is no server certificate yet.
///
/// # Errors
/// The folder cannot be written, or only one of certificate and key is there.
pub(crate) fn prepare(data: &Path, names: &[String]) -> Result<Files> {
    let folder = data.join("tls");
    let files = Files {
        ca: folder.join("ca.pem"),
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
    };
    match (files.certificate.exists(), files.key.exists()) {
        (true, true) => return Ok(files),
        (true, false) => anyhow::bail!("{} has no key beside it", files.certificate.display()),
        _ => {}
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (ca, ca_key) = authority("thingd CA", &files.ca, &folder.join("ca.key"))?;
    // A key that is there stays: it may be the user's, and nobody can make it again.
    let server_key = if files.key.exists() { read_key(&files.key)? } else { key()? };
    let server = server_certificate(&server_key, &ca, &ca_key, names)?;
    if !files.key.exists() {
        write(&files.key, &server_key.private_key_to_pem_pkcs8()?)?;
    }
    write(&files.certificate, &[server.to_pem()?, ca.to_pem()?].concat())?;
    Ok(files)
}

/// What devices' certificates are issued by: `device-ca.pem` and `device-ca.key` in `data/tls`, made
/// now if they are not there.
///
/// # Errors
/// The folder cannot be written, or the files are not a certificate and its key.
pub(crate) fn device_ca(data: &Path) -> Result<DeviceCa> {
    let folder = data.join("tls");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (certificate, key) = (folder.join("device-ca.pem"), folder.join("device-ca.key"));
    authority("thingd device CA", &certificate, &key)?;
    DeviceCa::read(&fs::read(&certificate)?, &fs::read(&key)?)
        .with_context(|| format!("{} and its key are not usable", certificate.display()))
}

/// The CA of this folder: the one that is there, so that devices keep trusting it, or a new one.
fn authority(name: &str, certificate: &Path, key_file: &Path) -> Result<(X509, PKey<Private>)> {
    if certificate.exists() && key_file.exists() {
        let ca = X509::from_pem(&fs::read(certificate)?)
            .with_context(|| format!("{} is not a certificate", certificate.display()))?;
        return Ok((ca, read_key(key_file)?));
    }
    let ca_key = key()?;
    let ca = ca_certificate(name, &ca_key)?;
    write(key_file, &ca_key.private_key_to_pem_pkcs8()?)?;
    write(certificate, &ca.to_pem()?)?;
    Ok((ca, ca_key))
}

fn read_key(file: &Path) -> Result<PKey<Private>> {
    PKey::private_key_from_pem(&fs::read(file)?)
        .with_context(|| format!("{} is not a key", file.display()))
}

fn key() -> Result<PKey<Private>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
}

fn ca_certificate(name: &str, key: &PKey<Private>) -> Result<X509> {
    let mut builder = certificate(name, key, CA_DAYS)?;
    builder.set_issuer_name(&*subject(name)?)?;
    builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    let id = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(id)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn server_certificate(
    key: &PKey<Private>,
    ca: &X509,
    ca_key: &PKey<Private>,
    names: &[String],
) -> Result<X509> {
    let mut builder = certificate("thingd", key, SERVER_DAYS)?;
    builder.set_issuer_name(ca.subject_name())?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(
        KeyUsage::new().critical().digital_signature().key_encipherment().build()?,
    )?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    let mut alternatives = SubjectAlternativeName::new();
    alternatives.dns("localhost").ip("127.0.0.1").ip("::1");
    for host in SDK_HOSTS {
        alternatives.dns(host);
    }
    for name in names {
        match name.parse::<IpAddr>() {
            Ok(_) => alternatives.ip(name),
            Err(_) => alternatives.dns(name),
        };
    }
    let context = builder.x509v3_context(Some(ca), None);
    let extensions = [
        alternatives.build(&context)?,
        SubjectKeyIdentifier::new().build(&context)?,
        AuthorityKeyIdentifier::new().keyid(true).build(&context)?,
    ];
    for extension in extensions {
        builder.append_extension(extension)?;
    }
    builder.sign(ca_key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn certificate(name: &str, key: &PKey<Private>, days: u32) -> Result<X509Builder> {
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&*subject(name)?)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(days)?)?;
    Ok(builder)
}

fn subject(name: &str) -> Result<openssl::x509::X509Name> {
    let mut builder = X509NameBuilder::new()?;
    builder.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(builder.build())
}

/// Writes a file only we can read, whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    // A bare name has an empty parent.
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => fs::File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_made_once_verifies_and_names_the_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let files = prepare(folder.path(), &["iot.example.com".into(), "10.0.0.7".into()]).unwrap();
        let server = X509::from_pem(&fs::read(&files.certificate).unwrap()).unwrap();
        let ca = X509::from_pem(&fs::read(&files.ca).unwrap()).unwrap();
        assert!(server.verify(&ca.public_key().unwrap()).unwrap());
        let names: Vec<String> = (server.subject_alt_names().unwrap().iter())
            .filter_map(|n| n.dnsname().map(Into::into))
            .collect();
        assert!(names.iter().any(|n| n == "iot.example.com"));
        assert!(names.iter().any(|n| n == "*.iotcloud.tencentdevices.com"));
        let before = fs::read(&files.certificate).unwrap();
        prepare(folder.path(), &[]).unwrap();
        assert_eq!(fs::read(&files.certificate).unwrap(), before);
    }

    #[test]
    fn the_ca_is_shown_as_long_as_it_vouches_for_the_server() {
        let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let files = prepare(ours.path(), &[]).unwrap();
        assert_eq!(files.trusted(), fs::read_to_string(&files.ca).unwrap());
        // Another CA of the same name.
        let another = prepare(other.path(), &[]).unwrap();
        fs::copy(another.certificate, &files.certificate).unwrap();
        assert_eq!(files.trusted(), "");
        fs::copy(another.ca, &files.ca).unwrap();
        assert_eq!(files.trusted(), fs::read_to_string(&files.ca).unwrap());
        fs::remove_file(&files.ca).unwrap();
        assert_eq!(files.trusted(), "");
    }

    #[test]
    fn the_device_ca_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        device_ca(folder.path()).unwrap();
        let file = folder.path().join("tls/device-ca.pem");
        let before = fs::read(&file).unwrap();
        device_ca(folder.path()).unwrap();
        assert_eq!(fs::read(&file).unwrap(), before);
        let key = prepare(folder.path(), &[]).unwrap().key;
        fs::copy(key, folder.path().join("tls/device-ca.key")).unwrap();
        assert!(device_ca(folder.path()).unwrap_err().to_string().contains("device-ca.pem"));
    }

    #[test]
    fn a_lost_server_certificate_is_made_again_under_the_same_ca() {
        let folder = tempfile::tempdir().unwrap();
        let files = prepare(folder.path(), &[]).unwrap();
        let ca = fs::read(&files.ca).unwrap();
        fs::remove_file(&files.certificate).unwrap();
        let key = fs::read(&files.key).unwrap();
        prepare(folder.path(), &[]).unwrap();
        assert_eq!(fs::read(&files.ca).unwrap(), ca);
        assert_eq!(fs::read(&files.key).unwrap(), key, "a key was overwritten");
        fs::remove_file(&files.certificate).unwrap();
        fs::remove_file(&files.key).unwrap();
        prepare(folder.path(), &[]).unwrap();
        assert_eq!(fs::read(&files.ca).unwrap(), ca);
        fs::remove_file(&files.key).unwrap();
        assert!(prepare(folder.path(), &[]).unwrap_err().to_string().contains("has no key"));
    }
}
