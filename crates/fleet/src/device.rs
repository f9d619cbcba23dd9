//! The place where a simulated device proves who it is, as Tencent's SDKs do.

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;

/// A device that exists on the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Device {
    pub product: String,
    pub name: String,
    /// base64 text.
    pub secret: String,
}

impl Device {
    /// `{pid}{dn}`.
    #[must_use]
    pub fn client_id(&self) -> String {
        format!("{}{}", self.product, self.name)
    }

    /// User name and password (device-protocol.md 1.3, 1.4), valid as long as the Java SDK's.
    ///
    /// # Errors
    /// The secret is not base64.
    pub fn credentials(&self) -> Result<(String, String)> {
        let user = format!("{};12010126;fleet;2147483647", self.client_id());
        let key = STANDARD.decode(&self.secret).context("device secret is not base64")?;
        let mac = Hmac::<Sha1>::new_from_slice(&key)?.chain_update(&user);
        Ok((user, format!("{};hmacsha1", hex::encode(mac.finalize().into_bytes()))))
    }
}
