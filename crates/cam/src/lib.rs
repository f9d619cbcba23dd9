//! Who and whether: signatures of the cloud API, and the policy decision. No IO, no HTTP library.
//!
//! A caller of the cloud API is known in three steps: [`sign::parse`] reads who claims to call,
//! the caller of this crate looks the key up, [`sign::Signed::verify`] proves it.

pub mod form;
pub mod policy;
pub mod sign;
