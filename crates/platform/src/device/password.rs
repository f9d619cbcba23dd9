//! The place where a device's MQTT password is made and checked (device-protocol.md 1.3, 1.4).

use base::Millis;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// `{clientId};{sdkappid};{connid};{expiry}`, of which nothing but the first and last part counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserName<'a> {
    pub(crate) client_id: &'a str,
    expiry: &'a str,
}

/// The longest user name that is looked at: 58 bytes of client id and generous other parts.
const USER_NAME_BYTES: usize = 256;
/// A signature of SHA-256 in hex and the longest suffix.
const PASSWORD_BYTES: usize = 96;
/// A signature of RSA with 4096 bits in hex and its suffix.
const RSA_BYTES: usize = 1040;
/// What the C SDK sends as expiry, cut wherever its buffer ends.
const LONG_MAX: &str = "9223372036854775807";
/// What the Java SDK sends when it reconnects by itself.
const INT_MAX: &str = "2147483647";

impl<'a> UserName<'a> {
    /// Takes `text` apart; `None` when it has not the form.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > USER_NAME_BYTES {
            return None;
        }
        let mut parts = text.split(';');
        let (client_id, _, _, expiry) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let number = !expiry.is_empty() && expiry.bytes().all(|b| b.is_ascii_digit());
        (parts.next().is_none() && number).then_some(Self { client_id, expiry })
    }

    /// Whether the user name's time is over. The SDKs send seconds, milliseconds, or a maximum cut
    /// short; whatever reads as a later time than now is valid.
    pub(crate) fn expired(&self, now: Millis) -> bool {
        if self.expiry == INT_MAX || LONG_MAX.starts_with(self.expiry) {
            return false;
        }
        let digits = self.expiry.trim_start_matches('0');
        digits.len() <= 18 && digits.parse::<i64>().unwrap_or(0) < now.div_euclid(1000)
    }
}

/// Whether `password` is `hex(HMAC(secret, user_name));hmacsha1|hmacsha256`. `secret` is the base64
/// text; the bytes of the user name are signed as they came.
pub(crate) fn matches(secret: &[u8], user_name: &str, password: &[u8]) -> bool {
    if password.len() > PASSWORD_BYTES {
        return false;
    }
    let Some((hex_text, method)) =
        std::str::from_utf8(password).ok().and_then(|text| text.split_once(';'))
    else {
        return false;
    };
    let Ok(key) = STANDARD.decode(secret) else { return false };
    if method.eq_ignore_ascii_case("hmacsha1") {
        signed::<Hmac<Sha1>, 20>(&key, user_name, hex_text)
    } else if method.eq_ignore_ascii_case("hmacsha256") {
        signed::<Hmac<Sha256>, 32>(&key, user_name, hex_text)
    } else {
        false
    }
}

/// Whether `hex_text` is the signature of `user_name`, of `N` bytes.
fn signed<M: Mac + KeyInit, const N: usize>(key: &[u8], user_name: &str, hex_text: &str) -> bool {
    let mut given = [0; N];
    hex::decode_to_slice(hex_text, &mut given).is_ok()
        && <M as KeyInit>::new_from_slice(key)
            .is_ok_and(|mac| mac.chain_update(user_name).verify_slice(&given).is_ok())
}

/// The signature in a password `hex(RSA-SHA256(user_name));rsa-sha256`.
pub(crate) fn rsa_sha256(password: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(password).ok().filter(|text| text.len() <= RSA_BYTES)?;
    let (hex_text, method) = text.split_once(';')?;
    let known = method.eq_ignore_ascii_case("rsa-sha256");
    known.then(|| hex::decode(hex_text).ok()).flatten()
}

/// The password that the console shows: the `;hmacsha1` form. `None` when the secret is not base64.
pub(crate) fn sign(secret: &[u8], user_name: &str) -> Option<String> {
    let key = STANDARD.decode(secret).ok()?;
    let mac = Hmac::<Sha1>::new_from_slice(&key).ok()?.chain_update(user_name);
    Some(format!("{};hmacsha1", hex::encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"GTnp7I+yckhF3LrmHRtYBQ==";

    fn sha256(user: &str) -> String {
        let key = STANDARD.decode(SECRET).unwrap();
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(user);
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn the_forms_of_the_three_sdks_are_accepted() {
        for user in [
            "HQ0A1B2C3Dlamp1;21010406;a1B2c;92233720368547758",
            "HQ0A1B2C3Dlamp1;21010406;a1B2c;1764000000123",
            "HQ0A1B2C3Dlamp1;12010126;a1B2c;2147483647",
            "HQ0A1B2C3Dlamp1;12010126;a1B2c;1764000600",
        ] {
            let name = UserName::parse(user).unwrap();
            assert_eq!(name.client_id, "HQ0A1B2C3Dlamp1");
            assert!(!name.expired(1_764_000_000_000), "{user}");
            let sha1 = sign(SECRET, user).unwrap();
            assert!(matches(SECRET, user, sha1.as_bytes()), "{user}");
            assert!(matches(SECRET, user, sha1.to_uppercase().as_bytes()), "{user}");
            assert!(matches(SECRET, user, format!("{};HmacSHA256", sha256(user)).as_bytes()));
        }
    }

    /// Computed with Python's hmac module.
    #[test]
    fn a_known_vector_matches() {
        let user = "HQ0A1B2C3Dlamp1;12010126;B335D;1764000600";
        assert_eq!(
            sign(SECRET, user).unwrap(),
            "9f443b1b52f61e2eed649b87c222fd56e035f1bf;hmacsha1"
        );
        assert_eq!(
            sha256(user),
            "f9120ceb8b84655ea9e5de79e83a175fdecbd456140e4cb43e5d30f9ef235b08"
        );
    }

    #[test]
    fn a09_a_wrong_password_is_refused_whatever_its_form() {
        let user = "HQ0A1B2C3Dlamp1;12010126;B335D;1764000600";
        let good = sign(SECRET, user).unwrap();
        let other = sign(b"AAAAAAAAAAAAAAAAAAAAAA==", user).unwrap();
        let as_256 = good.replace("sha1", "sha256");
        for bad in ["", ";", ";hmacsha1", "zz;hmacsha1", &other, &as_256, &format!("{good} ")] {
            assert!(!matches(SECRET, user, bad.as_bytes()), "{bad}");
        }
        assert!(!matches(SECRET, user, &[0xff; 40]) && !matches(SECRET, user, &[b'0'; 4096]));
        assert!(!matches(b"not base64!", user, good.as_bytes()));
    }

    #[test]
    fn a09_only_a_time_clearly_past_is_expired() {
        let check = |expiry: &str, expired: bool| {
            let text = format!("c;a;b;{expiry}");
            assert_eq!(
                UserName::parse(&text).unwrap().expired(1_764_000_000_000),
                expired,
                "{expiry}"
            );
        };
        check("1763999999", true);
        check("0", true);
        check("00001763999999", true);
        check("1764000000", false);
        check("922337203", false);
        check("9223372036854775807", false);
        check("99999999999999999999999999", false);
    }

    #[test]
    fn a_user_name_of_another_form_is_refused() {
        let long = format!("{};a;b;1", "x".repeat(300));
        for bad in ["", "a", "a;b;c", "a;b;c;", "a;b;c;x", "a;b;c;-1", "a;b;c;1;", &long] {
            assert_eq!(UserName::parse(bad), None, "{bad}");
        }
    }
}
