//! The wire of the cloud API: generated types, the registry of actions, the parameter check.
//!
//! A field that the schema calls required is a plain type, every other one an `Option`. In an
//! answer `None` leaves the field out, except where the schema allows null: there it is `null`.

pub mod params;
pub mod registry;
pub mod shape;

mod r#gen;

pub use r#gen::{
    account, call, cert, common, data, device, family, gateway, instance, license, location, log,
    lora, message, ota, product, production, project, rule, service, stats, topic, video,
};
pub use registry::{ActionInfo, Request};
