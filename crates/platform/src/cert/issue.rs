//! The place where the platform makes certificates for devices.

use std::fmt;

use base::{Error, Millis, Result, Secret};
use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{
        X509, X509NameBuilder,
        extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage},
    },
};

/// Bits of a device's key. RSA, because the SDKs sign their wss passwords with it.
const BITS: u32 = 2048;
/// How long a device's certificate is valid, in seconds: 20 years, and a day for clocks that are late.
const VALID_S: i64 = 20 * 365 * 86_400;
const LATE_S: i64 = 86_400;

/// The authority that the platform issues devices' certificates by.
#[derive(Clone)]
pub struct DeviceCa {
    certificate: X509,
    key: PKey<Private>,
}

impl fmt::Debug for DeviceCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceCa(..)")
    }
}

/// A device's certificate, and its key when the platform made it: shown once and not kept.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: Option<Secret>,
}

impl DeviceCa {
    /// From the PEM of its certificate and key.
    ///
    /// # Errors
    /// They are not readable, or not a pair.
    pub fn read(certificate: &[u8], key: &[u8]) -> Result<Self> {
        let certificate = X509::from_pem(certificate).map_err(Error::internal)?;
        let key = PKey::private_key_from_pem(key).map_err(Error::internal)?;
        let public = certificate.public_key().map_err(Error::internal)?;
        if !public.public_eq(&key) {
            return Err(Error::internal("device ca has the key of another certificate"));
        }
        Ok(Self { certificate, key })
    }

    /// A certificate for the device of that client id, and its key.
    pub(super) fn issue(&self, client_id: &str, now: Millis) -> Result<Issued> {
        let (certificate, key) =
            self.make(client_id, now.div_euclid(1000)).map_err(Error::internal)?;
        let certificate = String::from_utf8(certificate).map_err(Error::internal)?;
        Ok(Issued { certificate, key: Some(Secret::new(key)) })
    }

    fn make(&self, client_id: &str, now: i64) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(BITS)?)?;
        let mut subject = X509NameBuilder::new()?;
        subject.append_entry_by_nid(Nid::COMMONNAME, client_id)?;
        let mut serial = BigNum::new()?;
        serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
        let mut made = X509::builder()?;
        made.set_version(2)?;
        made.set_serial_number(&*serial.to_asn1_integer()?)?;
        made.set_subject_name(&subject.build())?;
        made.set_issuer_name(self.certificate.subject_name())?;
        made.set_pubkey(&key)?;
        made.set_not_before(&*Asn1Time::from_unix(now - LATE_S)?)?;
        made.set_not_after(&*Asn1Time::from_unix(now + VALID_S)?)?;
        made.append_extension(BasicConstraints::new().critical().build()?)?;
        made.append_extension(
            KeyUsage::new().critical().digital_signature().key_encipherment().build()?,
        )?;
        made.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?;
        made.sign(&self.key, MessageDigest::sha256())?;
        Ok((made.build().to_pem()?, key.private_key_to_pem_pkcs8()?))
    }
}
