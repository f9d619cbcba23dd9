//! The wiring: configuration, telemetry, TLS material, and the order in which parts start and stop.

pub mod cli;
pub mod config;
mod root;
mod server;
mod signals;
mod telemetry;
mod tls;

pub use server::{Addresses, Options, Running, start};
