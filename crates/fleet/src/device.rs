//! The place where a simulated device proves who it is, as Tencent's SDKs do.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A device that exists on the server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Device {
    pub product: String,
    pub name: String,
    /// base64 text.
    pub secret: String,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({}/{})", self.product, self.name)
    }
}

impl Device {
    /// `{pid}{dn}`.
    #[must_use]
    pub fn client_id(&self) -> String {
        format!("{}{}", self.product, self.name)
    }

    /// Valid as long as the Java SDK's.
    #[must_use]
    pub fn user_name(&self) -> String {
        format!("{};12010126;fleet;2147483647", self.client_id())
    }

    /// User name and password, as of the Java SDK.
    ///
    /// # Errors
    /// The secret is not base64.
    pub fn credentials(&self) -> Result<(String, String)> {
        let user = self.user_name();
        let mac = Hmac::<Sha256>::new_from_slice(&self.key()?)?.chain_update(&user);
        Ok((user, format!("{};hmacsha256", hex::encode(mac.finalize().into_bytes()))))
    }

    /// The bytes of the secret: the key of the password and of TLS-PSK.
    ///
    /// # Errors
    /// The secret is not base64.
    pub fn key(&self) -> Result<Vec<u8>> {
        let key = STANDARD.decode(&self.secret);
        key.ok().with_context(|| format!("the secret of {} is not base64", self.name))
    }
}

/// Reads `ProductId,DeviceName,Secret` lines; a first line of just these names is passed over.
///
/// # Errors
/// A line of another form; the text names its number, not its content.
pub fn from_csv(text: &str) -> Result<Vec<Device>> {
    let mut devices = Vec::new();
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let fields: Vec<&str> = line.split(',').map(|f| f.trim().trim_matches('"')).collect();
        match fields.as_slice() {
            [""] | ["ProductId", "DeviceName", ..] => {}
            [product, name, secret] => {
                let device = Device {
                    product: (*product).into(),
                    name: (*name).into(),
                    secret: (*secret).into(),
                };
                device.key().with_context(|| format!("line {}", n + 1))?;
                devices.push(device);
            }
            _ => anyhow::bail!("line {}: expected ProductId,DeviceName,Secret", n + 1),
        }
    }
    ensure!(!devices.is_empty(), "the file names no device");
    Ok(devices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_a_bad_line_named_without_its_secret() {
        let text = "ProductId,DeviceName,Secret\nABCDE12345,lamp1,c2VjcmV0\n\n\"X\", b ,AA==\r\n";
        let devices = from_csv(text).unwrap();
        let names: Vec<_> = devices.iter().map(Device::client_id).collect();
        assert_eq!(names, ["ABCDE12345lamp1", "Xb"]);
        assert_eq!(format!("{:?}", devices[0]), "Device(ABCDE12345/lamp1)");
        let error = format!("{:#}", from_csv("p,d,not base64!").unwrap_err());
        assert!(error.contains("line 1") && !error.contains("not base64!"), "{error}");
        assert!(from_csv("p,d").is_err() && from_csv("").is_err());
    }

    #[test]
    fn the_password_is_the_hmac_of_the_user_name() {
        let device = Device { product: "P".into(), name: "d".into(), secret: "a2V5".into() };
        let (user, password) = device.credentials().unwrap();
        assert_eq!(user, "Pd;12010126;fleet;2147483647");
        let (mac, kind) = password.split_once(';').unwrap();
        assert_eq!((mac.len(), kind), (64, "hmacsha256"));
    }
}
