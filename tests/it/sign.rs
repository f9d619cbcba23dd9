//! The test's own signer of cloud API calls, written from the manual alone.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::http::Ask;

/// A key, and what a test may bend of a signature.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) service: &'static str,
    pub(crate) signed: Vec<&'static str>,
}

impl Key {
    pub(crate) fn new(id: &str, key: &str) -> Self {
        let signed = vec!["content-type", "host"];
        Self { id: id.to_owned(), key: key.to_owned(), service: "iotexplorer", signed }
    }

    /// Adds the headers of a TC3 call to `action` at `now`, and signs it.
    pub(crate) fn tc3(&self, ask: Ask, action: &str, now: i64) -> Ask {
        let ask = ask
            .header("x-tc-action", action)
            .header("x-tc-version", "2019-04-23")
            .header("x-tc-timestamp", &now.to_string())
            .header("x-tc-region", "ap-guangzhou")
            .header("x-tc-language", "en-US");
        let authorization = self.authorization(&ask, now);
        ask.header("authorization", &authorization)
    }

    fn authorization(&self, ask: &Ask, now: i64) -> String {
        let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
        let lines: String =
            self.signed.iter().map(|name| format!("{name}:{}\n", ask.get(name))).collect();
        let (names, body) = (self.signed.join(";"), hex::encode(Sha256::digest(&ask.body)));
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{body}", ask.method);
        let day = Timestamp::from_second(now).unwrap().to_string();
        let scope = format!("{}/{}/tc3_request", day.split('T').next().unwrap(), self.service);
        let hash = hex::encode(Sha256::digest(canonical));
        let mut key = format!("TC3{}", self.key).into_bytes();
        for part in scope.split('/') {
            key = hmac256(&key, part);
        }
        let signature = hmac256(&key, &format!("TC3-HMAC-SHA256\n{now}\n{scope}\n{hash}"));
        format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            self.id,
            hex::encode(signature)
        )
    }

    /// The pairs of an older call (HmacSHA1), its signature among them, as a query or form.
    pub(crate) fn v1(
        &self,
        method: &str,
        host: &str,
        action: &str,
        params: &[(&str, &str)],
        now: i64,
    ) -> String {
        let now = now.to_string();
        let mut pairs: Vec<(&str, &str)> = vec![
            ("Action", action),
            ("Version", "2019-04-23"),
            ("Region", "ap-guangzhou"),
            ("Timestamp", &now),
            ("Nonce", "11886"),
            ("SecretId", &self.id),
            ("SignatureMethod", "HmacSHA1"),
        ];
        pairs.extend_from_slice(params);
        pairs.sort_unstable();
        let joined: Vec<String> =
            pairs.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let mac = Hmac::<Sha1>::new_from_slice(self.key.as_bytes()).unwrap();
        let mac = mac.chain_update(format!("{method}{host}/?{}", joined.join("&")));
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        pairs.push(("Signature", &signature));
        let escaped: Vec<String> =
            pairs.iter().map(|(name, text)| format!("{name}={}", escape(text))).collect();
        escaped.join("&")
    }
}

fn hmac256(key: &[u8], text: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

/// Percent-encodes all but what no encoding touches.
pub(crate) fn escape(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
