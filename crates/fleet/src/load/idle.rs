//! The place where devices connect, subscribe and stay silent: what a connection costs in memory.

use std::time::Duration;

use anyhow::Result;
use mqtt::QoS;
use serde::Serialize;
use tokio::time::sleep;

use super::{Aim, Client, Topics, wire::Wire};
use crate::{device::Device, process::resident};

/// What the server's process takes without and with the connections.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    pub connections: usize,
    pub before_bytes: u64,
    pub after_bytes: u64,
}

/// Connects all devices, with sessions that stay, waits for `settle`, looks at the server, lets
/// them go.
///
/// # Errors
/// The server refused one or went away.
pub async fn run(
    aim: &Aim,
    devices: &[Device],
    topics: &Topics,
    settle: Duration,
) -> Result<Outcome> {
    let before_bytes = resident(aim.pid)?;
    let mut wires = Vec::with_capacity(devices.len());
    for (number, device) in devices.iter().enumerate() {
        let client = Client::writer(device, topics)?.subscribed(topics, QoS::AtLeastOnce).lasting();
        wires.push(Wire::connect(aim, &client, number).await?);
    }
    sleep(settle).await;
    Ok(Outcome { connections: wires.len(), before_bytes, after_bytes: resident(aim.pid)? })
}
