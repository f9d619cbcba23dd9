//! The words everybody speaks: ids, topics, time, randomness, errors, secrets. No IO.

mod clock;
mod code;
mod error;
mod ids;
mod rand;
mod secret;
pub mod topic;

pub use clock::{Clock, Millis};
pub use code::Code;
pub use error::{Error, OrCode, Result};
pub use ids::{DeviceKey, DeviceName, DeviceNo, InstanceId, ProductId, ProjectId, RequestId, Uin};
pub use rand::Rand;
pub use secret::Secret;
