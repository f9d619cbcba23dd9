//! Ids, each its own type, parsed once at the door.

use std::{fmt, str::FromStr};

use crate::{Code, Error};

/// An account number: 12 digits (interface.md, "Identity and defaults").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uin(pub u64);

impl fmt::Display for Uin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A device's number in storage; given once by the metadata, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceNo(pub u64);

/// The id of one API call, a UUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text id: a checked, immutable string behind its own type.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $code:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks `text`; an error names it.
            ///
            /// # Errors
            /// The text has not the form of this id.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    return Ok(Self(text.into()));
                }
                Err(Error::new(Code::$code, format!("{} {:?} is not valid", $what, clip(text))))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id!(
    /// An instance: `ins-` and 10 of `[a-z0-9]`.
    InstanceId, InvalidParameterValue, "instance id", |t| prefixed(t, "ins-", 10)
);
text_id!(
    /// A project: `prj-` and 8 of `[a-z0-9]`.
    ProjectId, InvalidParameterValue, "project id", |t| prefixed(t, "prj-", 8)
);
text_id!(
    /// A product: 10 of `[A-Z0-9]` (device-protocol.md 1.2).
    ProductId, InvalidParameterValue, "product id", |t| {
        t.len() == 10 && t.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    }
);
text_id!(
    /// A device's name, unique in its product: `[a-zA-Z0-9:_-]{1,48}` (L1170, cloud API).
    DeviceName, InvalidParameterValue, "device name", |t| {
        (1..=48).contains(&t.len())
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-'))
    }
);

/// A device by the name the world knows: product and device name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey {
    pub product: ProductId,
    pub name: DeviceName,
}

impl DeviceKey {
    /// Checks both parts.
    ///
    /// # Errors
    /// One of them has not its form.
    pub fn parse(product: &str, name: &str) -> Result<Self, Error> {
        Ok(Self { product: ProductId::parse(product)?, name: DeviceName::parse(name)? })
    }

    /// Splits an MQTT client id or PSK identity `{pid}{dn}` (device-protocol.md 1.2).
    ///
    /// # Errors
    /// It is too short or one of the parts has not its form.
    pub fn from_client_id(id: &str) -> Result<Self, Error> {
        let (product, name) = id.split_at_checked(10).ok_or_else(|| {
            Error::new(
                Code::InvalidParameterValue,
                format!("client id {:?} is not valid", clip(id)),
            )
        })?;
        Self::parse(product, name)
    }

    /// The MQTT client id: `{pid}{dn}`.
    #[must_use]
    pub fn client_id(&self) -> String {
        format!("{}{}", self.product, self.name)
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.product, self.name)
    }
}

fn prefixed(text: &str, prefix: &str, len: usize) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == len && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// What an error message may repeat of a stranger's text.
fn clip(text: &str) -> &str {
    let end = text.char_indices().nth(64).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_accept_their_form_and_nothing_else() {
        assert!(ProductId::parse("HQ0A1B2C3D").is_ok());
        for bad in ["", "hq0a1b2c3d", "HQ0A1B2C3", "HQ0A1B2C3DX", "HQ0A1B2C3€"] {
            assert!(ProductId::parse(bad).is_err(), "{bad}");
        }
        assert!(DeviceName::parse("dev:1_a-B").is_ok());
        for bad in ["", "温度", "a b", "a/b", &"x".repeat(49)] {
            assert!(DeviceName::parse(bad).is_err(), "{bad}");
        }
        assert!(InstanceId::parse("ins-0123456789").is_ok());
        assert!(ProjectId::parse("prj-01234567").is_ok());
        assert!(ProjectId::parse("prj-0123456G").is_err());
    }

    #[test]
    fn a_client_id_splits_into_product_and_name() {
        let key = DeviceKey::from_client_id("HQ0A1B2C3Dlamp1").unwrap();
        assert_eq!((key.product.as_str(), key.name.as_str()), ("HQ0A1B2C3D", "lamp1"));
        assert_eq!(key.client_id(), "HQ0A1B2C3Dlamp1");
        assert!(DeviceKey::from_client_id("HQ0A1B2C3D").is_err());
        assert!(DeviceKey::from_client_id("温温温温温").is_err());
    }

    #[test]
    fn an_error_repeats_only_the_start_of_a_long_value() {
        let error = DeviceName::parse(&"温".repeat(10_000)).unwrap_err();
        assert!(error.message().len() < 400, "{}", error.message());
    }
}
