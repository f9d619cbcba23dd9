//! The place where certificates are read.

use base::{Code, Error, Millis, OrCode, Result, Uin};
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::PKey,
    sign::Verifier,
    stack::Stack,
    x509::{
        X509, X509NameRef, X509Ref, X509StoreContext, X509VerifyResult,
        store::X509StoreBuilder,
        verify::{X509VerifyFlags, X509VerifyParam},
    },
};
use sha2::{Digest as _, Sha256};

use crate::wire::clip;

/// The longest PEM text that is looked at.
const PEM_BYTES: usize = 16 * 1024;
const NAME_CHARS: usize = 32;
/// Security of 112 bits, as at the doors.
const AUTH_LEVEL: i32 = 2;
/// What OpenSSL finds.
const FINE: i32 = 0;
const NO_CA: i32 = 24;
const NO_CA_AT_ALL: i32 = 79;
const WEAK_KEY: i32 = 66;
const WEAK_CA_KEY: i32 = 67;
const WEAK_DIGEST: i32 = 68;

/// The name of an authority: 1 to 32 characters, says the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub(super) fn parse(text: String) -> Result<Self> {
        let valid =
            (1..=NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if valid {
            return Ok(Self(text));
        }
        let shown = clip(&text);
        let text = format!("certificate name {shown:?} is not 1 to {NAME_CHARS} characters");
        Err(Error::new(Code::InvalidParameterValue, text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An account's own certificate authority.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) uin: Uin,
    pub(crate) name: String,
    pub(crate) fingerprint: [u8; 32],
    pub(crate) created: Millis,
    certificate: X509,
}

impl Authority {
    /// # Errors
    /// The text is not one certificate of an authority.
    pub(super) fn read(uin: Uin, name: &str, pem: &str, created: Millis) -> Result<Self> {
        let certificate = read(pem).or_code(
            Code::InvalidParameterValueCACertInvalid,
            || "certificate text is not one pem certificate",
        )?;
        let fingerprint = fingerprint(&certificate)?;
        Ok(Self { uin, name: name.to_owned(), fingerprint, created, certificate })
    }

    /// Whether it is an authority now, and the certificate `proof` shows that its maker has the
    /// authority's key: it is signed by it, and made for this account.
    pub(super) fn owned(&self, proof: &str, now: Millis) -> Result<()> {
        let (from, until) = self.valid()?;
        if !(from..=until).contains(&now) {
            let text = "certificate is not valid at this time";
            return Err(Error::new(Code::InvalidParameterValueCACertInvalid, text));
        }
        let proof = read(proof).or_code(
            Code::InvalidParameterValueCACertInvalid,
            || "verify certificate text is not one pem certificate",
        )?;
        let wanted = hex::encode(Sha256::digest(format!("iothub_{}", self.uin)));
        if common_name(proof.subject_name()).is_none_or(|name| name != wanted) {
            let text = format!("common name of the verify certificate is not {wanted}");
            return Err(Error::new(Code::InvalidParameterValueCACertNotMatch, text));
        }
        let why = self.check(&proof).map_err(Error::internal)?;
        let code = match why.as_raw() {
            FINE => return Ok(()),
            NO_CA | NO_CA_AT_ALL => Code::InvalidParameterValueCACertInvalid,
            WEAK_KEY | WEAK_CA_KEY | WEAK_DIGEST => Code::LimitExceededCACertNotSupport,
            _ => Code::InvalidParameterValueCACertNotMatch,
        };
        Err(Error::new(code, format!("verify certificate: {}", why.error_string())))
    }

    /// Whether it issued the certificate.
    pub(super) fn issued(&self, bound: &Bound) -> bool {
        self.check(&bound.certificate).is_ok_and(|why| why.as_raw() == FINE)
    }

    /// Whether it is an authority and issued `other`, whenever that was.
    fn check(&self, other: &X509Ref) -> Result<X509VerifyResult, ErrorStack> {
        let mut rules = X509VerifyParam::new()?;
        rules.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
        rules.set_auth_level(AUTH_LEVEL);
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(self.certificate.clone())?;
        store.set_param(&rules)?;
        let why =
            X509StoreContext::new()?.init(&store.build(), other, &*Stack::new()?, |context| {
                context.verify_cert()?;
                Ok(context.error())
            });
        // What is refused must not pass for an error of a connection on this thread.
        drop(ErrorStack::get());
        why
    }

    pub(crate) fn der(&self) -> Result<Vec<u8>> {
        self.certificate.to_der().map_err(Error::internal)
    }

    pub(super) fn pem(&self) -> Result<String> {
        pem(&self.certificate)
    }

    /// In lower-case hex.
    pub(super) fn serial(&self) -> Result<String> {
        let number = self.certificate.serial_number().to_bn().map_err(Error::internal)?;
        let text = number.to_hex_str().map_err(Error::internal)?.to_lowercase();
        Ok(text.trim_start_matches('0').to_owned())
    }

    pub(super) fn subject(&self) -> String {
        written(self.certificate.subject_name())
    }

    pub(super) fn issuer(&self) -> String {
        written(self.certificate.issuer_name())
    }

    /// From when to when it is valid.
    pub(super) fn valid(&self) -> Result<(Millis, Millis)> {
        Ok((millis(self.certificate.not_before())?, millis(self.certificate.not_after())?))
    }
}

/// A certificate that one device proves itself by.
#[derive(Debug)]
pub(crate) struct Bound {
    certificate: X509,
}

impl Bound {
    pub(crate) fn of_pem(text: &str) -> Option<Self> {
        read(text).map(|certificate| Self { certificate })
    }

    /// SHA-256 of its DER.
    pub(crate) fn fingerprint(&self) -> Result<[u8; 32]> {
        fingerprint(&self.certificate)
    }

    /// DER of its public key.
    pub(crate) fn public_key(&self) -> Result<Vec<u8>> {
        let key = self.certificate.public_key().map_err(Error::internal)?;
        key.public_key_to_der().map_err(Error::internal)
    }

    pub(super) fn pem(&self) -> Result<String> {
        pem(&self.certificate)
    }
}

/// Whether the owner of the public key (DER) signed `text` by RSA and SHA-256.
pub(crate) fn signed(public_key: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let check = || {
        let key = PKey::public_key_from_der(public_key)?;
        key.rsa()?;
        Verifier::new(MessageDigest::sha256(), &key)?.verify_oneshot(signature, text)
    };
    let fine = check().unwrap_or(false);
    drop(ErrorStack::get());
    fine
}

/// One certificate, whatever stands around it.
fn read(text: &str) -> Option<X509> {
    let mut all = X509::stack_from_pem(text.as_bytes().get(..text.len().min(PEM_BYTES))?).ok()?;
    all.pop().filter(|_| all.is_empty())
}

fn pem(certificate: &X509Ref) -> Result<String> {
    let bytes = certificate.to_pem().map_err(Error::internal)?;
    String::from_utf8(bytes).map_err(Error::internal)
}

fn fingerprint(certificate: &X509Ref) -> Result<[u8; 32]> {
    let digest = certificate.digest(MessageDigest::sha256()).map_err(Error::internal)?;
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&digest);
    Ok(bytes)
}

fn common_name(name: &X509NameRef) -> Option<String> {
    name.entries_by_nid(Nid::COMMONNAME).next()?.data().to_string().ok()
}

/// `CN=...,O=...`, the last part first, as the cloud shows names.
fn written(name: &X509NameRef) -> String {
    let part = |entry: &openssl::x509::X509NameEntryRef| {
        let kind = entry.object().nid().short_name().unwrap_or("OID").to_owned();
        format!("{kind}={}", entry.data().to_string().unwrap_or_default())
    };
    let mut parts: Vec<String> = name.entries().map(part).collect();
    parts.reverse();
    parts.join(",")
}

fn millis(time: &Asn1TimeRef) -> Result<Millis> {
    let start = Asn1Time::from_unix(0).map_err(Error::internal)?;
    let since = start.diff(time).map_err(Error::internal)?;
    Ok((Millis::from(since.days) * 86_400 + Millis::from(since.secs)) * 1000)
}
