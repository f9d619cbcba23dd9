//! Simulated devices: today the load generator of `cargo xtask bench`.

pub mod device;
pub mod idle;
pub mod load;
