//! The product: one module per chapter of the manual. `uplink.rs` and `downlink.rs` are the road of
//! a device message, `routes.rs` the last part of the road of an API call.

pub mod account;
pub mod cert;
pub mod data;
pub mod device;
mod downlink;
mod hub;
pub mod instance;
pub mod live;
pub mod log;
pub mod message;
pub mod metrics;
pub mod product;
pub mod project;
pub mod resource;
mod routes;
pub mod service;
mod services;
mod sql;
mod uplink;
mod wire;

#[cfg(test)]
mod tests;

pub use account::{FirstLogin, Root};
pub use hub::PlatformHub;
pub use routes::Routes;
pub use services::{Cx, Doors, Services, Settings};
