//! The place where devices connect, subscribe and stay silent: what a connection costs in memory.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::time::sleep;

use crate::{
    device::Device,
    load::{Wire, reporter},
};

/// What the server's process takes without and with the connections.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Idle {
    pub connections: usize,
    pub before_bytes: u64,
    pub after_bytes: u64,
}

/// Connects all devices, waits for `settle`, looks at the server, lets them go.
///
/// # Errors
/// The server refused one or went away.
pub async fn run(
    target: SocketAddr,
    devices: &[Device],
    settle: Duration,
    pid: u32,
) -> Result<Idle> {
    let before_bytes = resident(pid)?;
    let mut wires = Vec::with_capacity(devices.len());
    for device in devices {
        wires.push(Wire::connect(target, &reporter(device)?).await?);
    }
    sleep(settle).await;
    Ok(Idle { connections: wires.len(), before_bytes, after_bytes: resident(pid)? })
}

/// Resident memory of a process, from `/proc/PID/status`.
fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kib * 1024)
}
