//! The place where the words of this chapter are types.

use base::Millis;

/// A property of the model and what is known of it. Values are JSON text, empty when there is none;
/// times are 0 then.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shown {
    pub id: String,
    pub value: String,
    /// When the value last became another.
    pub changed: Millis,
    /// When the device last reported it.
    pub reported: Millis,
    /// What the cloud still wants.
    pub desired: String,
}
