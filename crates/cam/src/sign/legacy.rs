//! The older signatures, HmacSHA1 and HmacSHA256: everything in the query (GET) or form (POST),
//! the signature over `METHOD + host + path + ? + sorted pairs`.

use base::{Code, Error, Result, Secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use super::{Given, Parts, Signed, failure, missing, no_token, shown, timestamp};

/// What is needed to compute the signature again.
#[derive(Debug)]
pub(super) struct Proof {
    text: String,
    method: Method,
    signature: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Method {
    Sha1,
    Sha256,
}

pub(super) fn parse<'a>(parts: &Parts<'_>) -> Result<Signed<'a>> {
    let Given::Pairs(pairs) = parts.given()? else {
        return Err(missing("Authorization"));
    };
    let get = |name: &str| once(&pairs, name);
    let must = |name: &str| get(name)?.ok_or_else(|| missing(name));
    let signature = must("Signature")?;
    let method = match get("SignatureMethod")? {
        None | Some("HmacSHA1") => Method::Sha1,
        Some("HmacSHA256") => Method::Sha256,
        Some(other) => {
            let text = format!("the signature method {} is not known", shown(other));
            return Err(Error::new(Code::InvalidParameter, text));
        }
    };
    must("Nonce")?;
    no_token(get("Token")?)?;
    Ok(Signed {
        action: must("Action")?.to_owned(),
        version: must("Version")?.to_owned(),
        language: get("Language")?.map(str::to_owned),
        secret_id: must("SecretId")?.to_owned(),
        timestamp: timestamp(must("Timestamp")?)?,
        proof: super::Proof::Legacy(Proof {
            text: text(parts, &pairs)?,
            method,
            signature: STANDARD
                .decode(signature)
                .map_err(|_| failure("the signature is not base64"))?,
        }),
    })
}

/// A common parameter; twice would leave open which one counts.
fn once<'p>(pairs: &'p [(String, String)], name: &str) -> Result<Option<&'p str>> {
    let mut found = pairs.iter().filter(|(n, _)| n == name);
    let first = found.next().map(|(_, value)| value.as_str());
    if found.next().is_some() {
        let text = format!("the parameter `{name}` is given twice");
        return Err(Error::new(Code::InvalidParameter, text));
    }
    Ok(first)
}

/// The signed text: decoded values, sorted by name. A `_` in a name is signed as `.`, as the SDKs
/// do.
fn text(parts: &Parts<'_>, pairs: &[(String, String)]) -> Result<String> {
    let host = parts.header("host")?.ok_or_else(|| missing("Host"))?;
    let mut signed: Vec<(String, &str)> = pairs
        .iter()
        .filter(|(name, _)| name != "Signature")
        .map(|(name, value)| (name.replace('_', "."), value.as_str()))
        .collect();
    signed.sort();
    let pairs: Vec<String> =
        signed.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(format!("{}{host}{}?{}", parts.method, parts.path, pairs.join("&")))
}

impl Proof {
    pub(super) fn holds(&self, secret: &Secret) -> bool {
        let (key, text) = (secret.expose(), self.text.as_bytes());
        match self.method {
            Method::Sha1 => {
                let mac = Hmac::<Sha1>::new_from_slice(key).expect("any key length");
                mac.chain_update(text).verify_slice(&self.signature).is_ok()
            }
            Method::Sha256 => {
                let mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
                mac.chain_update(text).verify_slice(&self.signature).is_ok()
            }
        }
    }
}
