//! Crate thing.
