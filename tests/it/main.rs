//! The whole server through real sockets: JSON in, JSON out. One file for each chapter.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod account;
mod bad_input;
mod console;
mod data;
mod device;
mod fleet;
mod health;
mod http;
mod live;
mod message;
mod mqtt_ws;
mod page;
mod postgres;
mod process;
mod registry;
mod restart;
mod road;
mod service;
mod sign;
mod signatures;
mod simulated;
mod tls;
mod world;
