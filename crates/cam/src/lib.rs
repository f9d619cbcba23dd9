//! Crate cam.
