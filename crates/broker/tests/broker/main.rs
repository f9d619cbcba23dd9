//! The broker through real sockets, with a small product behind it and a real store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod connects;
mod downlinks;
mod ends;
mod hostile;
mod persistent;
mod publishes;
mod service;
mod subscribes;
mod tls;
mod transports;
mod v5;
mod wills;
mod world;
