//! The place where the names of this crate's metrics are.

/// Logins that were refused: wrong name or password, or too many of them.
pub const LOGINS_REFUSED: &str = "thingd_platform_logins_refused_total";
