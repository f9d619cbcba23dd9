//! The wiring: configuration, telemetry, TLS material, and the order in which parts start and stop.

pub mod cli;
pub mod config;
mod fleet;
mod key;
mod root;
mod seed;
mod server;
mod signals;
mod telemetry;
mod tls;
mod watch;

pub use server::{Addresses, Options, Running, start};
