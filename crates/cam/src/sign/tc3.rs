//! TC3-HMAC-SHA256: `Authorization: TC3-HMAC-SHA256 Credential=.., SignedHeaders=.., Signature=..`.

use base::{Result, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Parts, SERVICE, Signed, failure, invalid, missing, no_token, shown, timestamp};

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const END: &str = "tc3_request";
/// What a caller may put into `X-TC-Content-SHA256` to leave the body unsigned.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What is needed to compute the signature again.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    parts: Parts<'a>,
    headers: Vec<(&'a str, &'a str)>,
    credential: Credential<'a>,
    timestamp: &'a str,
    payload: &'a [u8],
    signature: [u8; 32],
}

#[derive(Debug)]
struct Credential<'a> {
    secret_id: &'a str,
    date: &'a str,
}

/// The three fields of the header.
struct Fields<'a> {
    credential: &'a str,
    headers: &'a str,
    signature: &'a str,
}

pub(super) fn parse<'a>(parts: &Parts<'a>, authorization: &'a str) -> Result<Signed<'a>> {
    let must = |name: &str| parts.header(name)?.ok_or_else(|| missing(name));
    let fields = Fields::read(authorization)?;
    let action = must("X-TC-Action")?;
    let version = must("X-TC-Version")?;
    let at = must("X-TC-Timestamp")?;
    no_token(parts.header("X-TC-Token")?)?;
    let seconds = timestamp(at)?;
    let credential = Credential::read(fields.credential, seconds)?;
    let unsigned = parts.header("X-TC-Content-SHA256")? == Some(UNSIGNED);
    let mut signature = [0; 32];
    hex::decode_to_slice(fields.signature, &mut signature)
        .map_err(|_| failure("the signature is not 64 hexadecimal digits"))?;
    Ok(Signed {
        action: action.to_owned(),
        version: version.to_owned(),
        language: parts.header("X-TC-Language")?.map(str::to_owned),
        secret_id: credential.secret_id.to_owned(),
        timestamp: seconds,
        proof: super::Proof::Tc3(Proof {
            parts: *parts,
            headers: signed_headers(parts, fields.headers)?,
            credential,
            timestamp: at,
            payload: if unsigned { UNSIGNED.as_bytes() } else { parts.body },
            signature,
        }),
    })
}

impl<'a> Fields<'a> {
    fn read(authorization: &'a str) -> Result<Self> {
        let bad = || invalid("the Authorization header is not in the form of TC3".to_owned());
        let rest = authorization.strip_prefix(ALGORITHM).ok_or_else(bad)?;
        let rest = rest.strip_prefix(' ').ok_or_else(bad)?;
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let (name, value) = part.trim_ascii().split_once('=').ok_or_else(bad)?;
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut headers,
                "Signature" => &mut signature,
                _ => return Err(bad()),
            };
            if slot.replace(value).is_some() {
                return Err(bad());
            }
        }
        match (credential, headers, signature) {
            (Some(credential), Some(headers), Some(signature)) => {
                Ok(Self { credential, headers, signature })
            }
            _ => Err(bad()),
        }
    }
}

impl<'a> Credential<'a> {
    /// `AKID../2026-11-25/iotexplorer/tc3_request`
    fn read(text: &'a str, seconds: i64) -> Result<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[secret_id, date, service, end] = parts.as_slice() else {
            return Err(invalid("the credential does not have four parts".to_owned()));
        };
        if secret_id.is_empty() || end != END {
            return Err(invalid(format!("the credential does not end with {END}")));
        }
        if service != SERVICE {
            return Err(failure("the credential names another service than iotexplorer"));
        }
        if !is_day_of(date, seconds) {
            return Err(failure("the credential's date is not the UTC day of the timestamp"));
        }
        Ok(Self { secret_id, date })
    }
}

fn is_day_of(date: &str, seconds: i64) -> bool {
    let Ok(at) = Timestamp::from_second(seconds) else {
        return false;
    };
    at.to_string().split('T').next() == Some(date)
}

/// The signed headers in the order of their list. `content-type` and `host` must be among them.
fn signed_headers<'a>(parts: &Parts<'a>, list: &'a str) -> Result<Vec<(&'a str, &'a str)>> {
    let mut headers: Vec<(&str, &str)> = Vec::new();
    for name in list.split(';') {
        let twice = headers.iter().any(|(n, _)| *n == name);
        if twice || name.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(invalid(format!("the signed header {} is crooked", shown(name))));
        }
        let value = parts.header(name)?;
        let value = value.ok_or_else(|| invalid(format!("no header {} is sent", shown(name))))?;
        headers.push((name, value));
    }
    for name in ["content-type", "host"] {
        if !headers.iter().any(|(n, _)| *n == name) {
            return Err(invalid(format!("the header {name} is not signed")));
        }
    }
    Ok(headers)
}

/// The `Authorization` header with which `secret_id` calls: the other side of [`super::parse`].
/// `parts` has the headers `content-type` and `host`, which are signed; `seconds` is what
/// `X-TC-Timestamp` says.
///
/// # Errors
/// One of the two headers is absent, or the time has no date.
pub fn authorize(
    parts: &Parts<'_>,
    secret_id: &str,
    secret: &Secret,
    seconds: i64,
) -> Result<String> {
    const HEADERS: &str = "content-type;host";
    let day = Timestamp::from_second(seconds).ok().map(|at| at.to_string());
    let date = day.as_deref().and_then(|text| text.split('T').next());
    let date = date.ok_or_else(|| invalid(format!("the timestamp {seconds} has no date")))?;
    let proof = Proof {
        parts: *parts,
        headers: signed_headers(parts, HEADERS)?,
        credential: Credential { secret_id, date },
        timestamp: &seconds.to_string(),
        payload: parts.body,
        signature: [0; 32],
    };
    let text = proof.text(&proof.canonical(str::to_owned));
    let signature = hex::encode(mac(&proof.key(secret), text.as_bytes()).finalize().into_bytes());
    Ok(format!(
        "{ALGORITHM} Credential={secret_id}/{date}/{SERVICE}/{END}, SignedHeaders={HEADERS}, \
         Signature={signature}"
    ))
}

impl Proof<'_> {
    /// The SDKs sign the header values as they send them; the manual says lower case. Both hold.
    pub(super) fn holds(&self, secret: &Secret) -> bool {
        let key = self.key(secret);
        if self.signs(&key, &self.canonical(str::to_owned)) {
            return true;
        }
        let mixed = |(_, value): &(&str, &str)| value.bytes().any(|b| b.is_ascii_uppercase());
        self.headers.iter().any(mixed) && self.signs(&key, &self.canonical(str::to_lowercase))
    }

    fn signs(&self, key: &[u8], canonical: &str) -> bool {
        mac(key, self.text(canonical).as_bytes()).verify_slice(&self.signature).is_ok()
    }

    /// What is signed.
    fn text(&self, canonical: &str) -> String {
        let Credential { date, .. } = self.credential;
        let hash = hex::encode(Sha256::digest(canonical));
        format!("{ALGORITHM}\n{}\n{date}/{SERVICE}/{END}\n{hash}", self.timestamp)
    }

    fn canonical(&self, written: impl Fn(&str) -> String) -> String {
        let Parts { method, path, query, .. } = self.parts;
        let mut headers = String::new();
        let mut names = Vec::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            headers.push_str(&format!("{name}:{}\n", written(value)));
            names.push(*name);
        }
        let names = names.join(";");
        let payload = hex::encode(Sha256::digest(self.payload));
        format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{payload}")
    }

    /// The key of this day, this service.
    fn key(&self, secret: &Secret) -> Vec<u8> {
        let first = Secret::new([b"TC3", secret.expose()].concat());
        let day = chain(first.expose(), self.credential.date);
        chain(&chain(&day, SERVICE), END)
    }
}

fn chain(key: &[u8], text: &str) -> Vec<u8> {
    mac(key, text.as_bytes()).finalize().into_bytes().to_vec()
}

fn mac(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac
}
