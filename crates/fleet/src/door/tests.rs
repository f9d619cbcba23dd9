use std::pin::Pin;

use openssl::{
    asn1::Asn1Time,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    ssl::{SslContext, SslMethod, SslVersion},
    x509::X509NameBuilder,
};
use tokio::{io::AsyncReadExt as _, io::AsyncWriteExt as _, net::TcpListener};

use super::*;

/// What a server with the device's key reads first; an error if the handshake fails.
async fn greeted(door_key: &'static [u8]) -> Result<Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let door = Door { address: listener.local_addr()?, tls: Tls::psk()? };
    let device =
        Device { product: "P".into(), name: "d".into(), secret: "c2VjcmV0LWtleQ==".into() };
    let mut builder = SslContext::builder(SslMethod::tls_server())?;
    builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_cipher_list(PSK_SUITES)?;
    builder.set_psk_server_callback(move |_, identity, key| {
        let known = identity == Some(b"Pd".as_slice());
        key[..door_key.len()].copy_from_slice(door_key);
        Ok(if known { door_key.len() } else { 0 })
    });
    let context = builder.build();
    let serve = async {
        let mut stream = SslStream::new(Ssl::new(&context)?, listener.accept().await?.0)?;
        Pin::new(&mut stream).accept().await?;
        let mut first = vec![0; 5];
        stream.read_exact(&mut first).await?;
        Ok::<_, anyhow::Error>(first)
    };
    let enter = async {
        let mut stream = door.enter(&device, Some("127.0.0.1".parse()?)).await?;
        Ok(stream.write_all(b"hello").await?)
    };
    let (served, entered): (_, Result<()>) = tokio::join!(serve, enter);
    entered.and(served)
}

#[tokio::test]
async fn the_secret_is_the_key_of_the_connection() {
    assert_eq!(greeted(b"secret-key").await.unwrap(), b"hello");
    let error = greeted(b"another-key").await.unwrap_err().to_string();
    assert!(error.starts_with("TLS handshake failed: ") && error.len() < 100, "{error}");
}

/// A certificate that signs itself, and its key, as one PEM.
fn pem(name: &str) -> Result<Vec<u8>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_pubkey(&key)?;
    builder.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
    builder.set_not_after(Asn1Time::days_from_now(1)?.as_ref())?;
    builder.sign(&key, MessageDigest::sha256())?;
    Ok([builder.build().to_pem()?, key.private_key_to_pem_pkcs8()?].concat())
}

/// What the server sees of the device's certificate.
async fn shown(folder: &Path, ca: Option<&Path>) -> Result<Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let tls = Tls::certificate(ca, "127.0.0.1", folder.to_owned())?;
    let door = Door { address: listener.local_addr()?, tls };
    let device = Device { product: "P".into(), name: "d".into(), secret: String::new() };
    let own = pem("server")?;
    let mut builder = SslContext::builder(SslMethod::tls_server())?;
    builder.set_certificate(X509::from_pem(&own)?.as_ref())?;
    builder.set_private_key(PKey::private_key_from_pem(&own)?.as_ref())?;
    builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    let context = builder.build();
    let serve = async {
        let mut stream = SslStream::new(Ssl::new(&context)?, listener.accept().await?.0)?;
        Pin::new(&mut stream).accept().await?;
        Ok::<_, anyhow::Error>(stream.ssl().peer_certificate().context("none")?.to_der()?)
    };
    let (served, entered) = tokio::join!(serve, door.enter(&device, None));
    entered?;
    served
}

#[tokio::test]
async fn each_device_shows_its_own_certificate() {
    let folder = std::env::temp_dir().join(format!("fleet-door-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let missing = shown(&folder, None).await.unwrap_err().to_string();
    let file = folder.join("d.pem");
    let own = pem("d").unwrap();
    std::fs::write(&file, &own).unwrap();
    let seen = shown(&folder, None).await;
    // A CA that has not signed the server's certificate.
    let stranger = shown(&folder, Some(&file)).await.unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(missing.starts_with("cannot read "), "{missing}");
    assert_eq!(seen.unwrap(), X509::from_pem(&own).unwrap().to_der().unwrap());
    assert!(stranger.starts_with("TLS handshake failed: "), "{stranger}");
}
