//! Crate thingd.
