//! The place where a client's certificate is read and its chain is followed.

use std::collections::HashMap;

use base::Millis;
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    hash::MessageDigest,
    nid::Nid,
    stack::{Stack, StackRef},
    x509::{
        X509, X509NameRef, X509PurposeId, X509Ref, X509StoreContext,
        store::{X509Store, X509StoreBuilder},
        verify::{X509VerifyFlags, X509VerifyParam},
    },
};

use crate::hub::Certificate;

/// Certificates between a client's and its authority's.
const DEPTH: i32 = 3;
/// Security of 112 bits: RSA from 2048 bits, no SHA-1 or MD5 signatures.
const AUTH_LEVEL: i32 = 2;

/// Whose chains count, by the DER of their subjects. Tenants may choose the same name.
#[derive(Default)]
pub(super) struct Authorities(HashMap<Vec<u8>, Vec<Authority>>);

struct Authority {
    /// SHA-256 of its DER.
    id: [u8; 32],
    /// Trusts this one alone.
    store: X509Store,
}

impl Authorities {
    /// What is not a certificate is left out, and told.
    pub(super) fn of(ders: &[Vec<u8>]) -> Self {
        let mut all: HashMap<Vec<u8>, Vec<Authority>> = HashMap::new();
        for der in ders {
            match Authority::read(der) {
                Ok((subject, authority)) => all.entry(subject).or_default().push(authority),
                Err(error) => tracing::error!(%error, "certificate authority is not usable"),
            }
        }
        Self(all)
    }

    /// What is to know of the `shown` certificate, which came with `chain`.
    pub(super) fn certificate(
        &self,
        shown: &X509Ref,
        chain: Option<&StackRef<X509>>,
        now: Millis,
    ) -> Result<Certificate, ErrorStack> {
        Ok(Certificate {
            fingerprint: fingerprint(shown)?,
            common_name: common_name(shown.subject_name()),
            authority: self.authority(shown, chain, now)?,
            not_after: millis(shown.not_after())?,
        })
    }

    /// The authority that the chain leads to.
    fn authority(
        &self,
        shown: &X509Ref,
        chain: Option<&StackRef<X509>>,
        now: Millis,
    ) -> Result<Option<[u8; 32]>, ErrorStack> {
        let mut between = Stack::new()?;
        let mut issuers = vec![shown.issuer_name().to_der()?];
        for link in chain.into_iter().flatten().take(usize::try_from(DEPTH).unwrap_or(0)) {
            issuers.push(link.issuer_name().to_der()?);
            between.push(link.to_owned())?;
        }
        issuers.dedup();
        for authority in issuers.iter().filter_map(|name| self.0.get(name)).flatten() {
            if authority.vouches(shown, &between, now)? {
                return Ok(Some(authority.id));
            }
        }
        Ok(None)
    }
}

impl Authority {
    fn read(der: &[u8]) -> Result<(Vec<u8>, Self), ErrorStack> {
        let certificate = X509::from_der(der)?;
        let mut rules = X509VerifyParam::new()?;
        // The times are looked at by our own clock.
        rules.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
        rules.set_depth(DEPTH);
        rules.set_auth_level(AUTH_LEVEL);
        rules.set_purpose(X509PurposeId::SSL_CLIENT)?;
        let mut store = X509StoreBuilder::new()?;
        store.set_param(&rules)?;
        let id = fingerprint(&certificate)?;
        let subject = certificate.subject_name().to_der()?;
        store.add_cert(certificate)?;
        Ok((subject, Self { id, store: store.build() }))
    }

    fn vouches(
        &self,
        shown: &X509Ref,
        between: &StackRef<X509>,
        now: Millis,
    ) -> Result<bool, ErrorStack> {
        let mut context = X509StoreContext::new()?;
        context.init(&self.store, shown, between, |context| {
            if !context.verify_cert()? {
                tracing::debug!(error = %context.error(), "chain of a client certificate");
                return Ok(false);
            }
            let now = Asn1Time::from_unix(now.div_euclid(1000))?;
            Ok(context.chain().is_some_and(|chain| chain.iter().all(|link| valid(link, &now))))
        })
    }
}

fn valid(certificate: &X509Ref, now: &Asn1Time) -> bool {
    certificate.not_before() <= now && certificate.not_after() >= now
}

fn fingerprint(certificate: &X509Ref) -> Result<[u8; 32], ErrorStack> {
    let digest = certificate.digest(MessageDigest::sha256())?;
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&digest);
    Ok(bytes)
}

/// The one common name; of several none counts.
fn common_name(subject: &X509NameRef) -> Option<String> {
    let mut entries = subject.entries_by_nid(Nid::COMMONNAME);
    let (first, further) = (entries.next()?, entries.next());
    first.data().to_string().ok().filter(|_| further.is_none())
}

fn millis(time: &Asn1TimeRef) -> Result<Millis, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok((Millis::from(since.days) * 86_400 + Millis::from(since.secs)) * 1000)
}
