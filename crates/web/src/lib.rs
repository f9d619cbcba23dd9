//! Crate web.
