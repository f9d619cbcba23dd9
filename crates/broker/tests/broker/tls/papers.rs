//! Certificates as tests need them.

use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    x509::{X509, X509NameBuilder, extension::BasicConstraints},
};

use crate::world::START;

const DAY: i64 = 86_400;

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Paper {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

/// What a certificate is made of; one day old, good for a year.
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) issuer: Option<&'a Paper>,
    pub(crate) ca: bool,
    pub(crate) rsa_bits: Option<u32>,
    pub(crate) digest: MessageDigest,
    /// Days from the start of the clock.
    pub(crate) days: (i64, i64),
}

impl Wanted<'_> {
    pub(crate) fn make(self) -> Paper {
        let key = match self.rsa_bits {
            Some(bits) => PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap(),
            None => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
                PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
            }
        };
        let mut subject = X509NameBuilder::new().unwrap();
        subject.append_entry_by_nid(Nid::COMMONNAME, self.name).unwrap();
        let subject = subject.build();
        let mut made = X509::builder().unwrap();
        made.set_version(2).unwrap();
        let mut serial = BigNum::new().unwrap();
        serial.rand(100, MsbOption::MAYBE_ZERO, false).unwrap();
        made.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
        made.set_subject_name(&subject).unwrap();
        let issuer = self.issuer.map_or(&*subject, |paper| paper.certificate.subject_name());
        made.set_issuer_name(issuer).unwrap();
        made.set_pubkey(&key).unwrap();
        let at = |day: i64| Asn1Time::from_unix(START / 1000 + day * DAY).unwrap();
        made.set_not_before(&at(self.days.0)).unwrap();
        made.set_not_after(&at(self.days.1)).unwrap();
        if self.ca {
            made.append_extension(BasicConstraints::new().critical().ca().build().unwrap())
                .unwrap();
        }
        made.sign(self.issuer.map_or(&key, |paper| &paper.key), self.digest).unwrap();
        Paper { certificate: made.build(), key }
    }
}

pub(crate) fn wanted<'a>(name: &'a str, issuer: Option<&'a Paper>) -> Wanted<'a> {
    let digest = MessageDigest::sha256();
    Wanted { name, issuer, ca: false, rsa_bits: None, digest, days: (-1, 365) }
}

pub(crate) fn authority<'a>(name: &'a str, issuer: Option<&'a Paper>) -> Paper {
    Wanted { ca: true, ..wanted(name, issuer) }.make()
}

impl Paper {
    pub(crate) fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let digest = self.certificate.digest(MessageDigest::sha256()).unwrap();
        (&*digest).try_into().unwrap()
    }
}
