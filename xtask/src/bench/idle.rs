//! The place where the memory of connections that only listen is measured.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Deserialize;

use super::{FOLDER, build, cloud, start};

#[derive(Debug, Args)]
pub(crate) struct Idle {
    #[arg(long, default_value_t = 5000)]
    devices: usize,
    /// Seconds between the last connect and the look at the server.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    connections: u64,
    before_bytes: u64,
    after_bytes: u64,
}

/// Connects the devices twice: the first time fills what the server keeps of devices anyway.
///
/// # Errors
/// A build, the server or a connection failed.
#[expect(clippy::print_stdout, reason = "this command prints its result")]
pub(crate) fn run(idle: &Idle) -> Result<()> {
    build()?;
    let folder = Path::new(FOLDER);
    let server = start(folder)?;
    let devices = folder.join("devices.json");
    cloud::prepare(&server, idle.devices, &devices)?;
    for name in ["first", "again"] {
        let seen = connect(idle, &server.mqtt, server.pid(), &devices)?;
        let grown = seen.after_bytes.saturating_sub(seen.before_bytes);
        println!(
            "{name}: {} idle connections, resident {} -> {} KiB, {} bytes each",
            seen.connections,
            seen.before_bytes / 1024,
            seen.after_bytes / 1024,
            grown / seen.connections.max(1)
        );
    }
    server.stop()
}

fn connect(idle: &Idle, target: &str, pid: u32, devices: &Path) -> Result<Outcome> {
    let done = Command::new("target/release/thingd-load")
        .args(["--idle", "--target", target, "--pid", &pid.to_string()])
        .args(["--seconds", &idle.seconds.to_string()])
        .arg("--devices")
        .arg(devices)
        .output()
        .context("cannot run thingd-load")?;
    ensure!(done.status.success(), "load failed: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).context("the load printed something else")
}
