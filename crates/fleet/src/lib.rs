//! Simulated devices: `thingd fleet`, which lives like many devices, and the load generator of
//! `cargo xtask bench`. Neither calls the cloud API: devices and model are given as data.

pub mod count;
pub mod descriptors;
pub mod device;
pub mod door;
pub mod load;
pub mod plan;
pub mod process;
pub mod run;
pub mod table;
pub mod track;
pub mod walk;

mod chance;
mod life;
mod link;
mod online;
mod pacer;
