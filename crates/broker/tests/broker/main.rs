//! The broker through real sockets, with a small product behind it and a real store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod attacks;
mod client;
mod conformance311;
mod conformance5;
mod connects;
mod downlinks;
mod ends;
mod faults;
mod hostile;
mod model;
mod persistent;
mod publishes;
mod review;
mod service;
mod subscribes;
mod tls;
mod transports;
mod v5;
mod wills;
mod world;
