//! The place where one round of load is run, in a process of its own, and its outcome read.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, de::DeserializeOwned};

/// A server under load.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) address: String,
    pub(crate) pid: u32,
    pub(crate) devices: PathBuf,
    /// User name and password of those who read.
    pub(crate) reader: Option<(String, String)>,
}

impl Party {
    pub(crate) fn new(address: &str, pid: u32, devices: &Path) -> Self {
        Self { address: address.into(), pid, devices: devices.into(), reader: None }
    }

    /// Runs a round; `before` are arguments for all modes, `mode` is the mode with its own.
    ///
    /// # Errors
    /// The load failed.
    pub(crate) fn load<T: DeserializeOwned>(&self, before: &[String], mode: &[&str]) -> Result<T> {
        let mut command = Command::new("target/release/thingd-load");
        command.args(["--target", &self.address, "--pid", &self.pid.to_string()]);
        command.arg("--devices").arg(&self.devices).args(before).args(mode);
        if let (Some((user, password)), true) = (&self.reader, reads(mode)) {
            command.args(["--user", user, "--password", password]);
        }
        let done = command.output().context("cannot run thingd-load")?;
        let told = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "load {mode:?} on {}: {told}", self.address);
        serde_json::from_slice(&done.stdout).context("the load printed something else")
    }
}

fn reads(mode: &[&str]) -> bool {
    mode.first().is_some_and(|name| matches!(*name, "forward" | "rtt"))
}

/// Of messages in a window.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Flow {
    pub(crate) seconds: f64,
    pub(crate) acknowledged: u64,
    pub(crate) received: u64,
    pub(crate) cpu_seconds: f64,
    pub(crate) total_acknowledged: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
impl Flow {
    /// Messages that came all the way, per second.
    pub(crate) fn rate(&self) -> f64 {
        self.received as f64 / self.seconds
    }

    pub(crate) fn acknowledged_rate(&self) -> f64 {
        self.acknowledged as f64 / self.seconds
    }

    /// Below 1 the server let publishers in faster than readers out.
    pub(crate) fn arrived(&self) -> f64 {
        self.received as f64 / self.acknowledged.max(1) as f64
    }

    /// Microseconds of the server's processor per message.
    pub(crate) fn cpu(&self) -> f64 {
        self.cpu_seconds * 1e6 / (self.received.max(1) as f64)
    }
}

/// Of one message after the other.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Rtt {
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Of clients that come and go.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Connects {
    seconds: f64,
    connects: u64,
    cpu_seconds: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of connects are far below 2^52")]
impl Connects {
    pub(crate) fn rate(&self) -> f64 {
        self.connects as f64 / self.seconds
    }

    pub(crate) fn cpu(&self) -> f64 {
        self.cpu_seconds * 1e6 / (self.connects.max(1) as f64)
    }
}

/// Of clients that only listen.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Idle {
    pub(crate) connections: u64,
    pub(crate) before_bytes: u64,
    pub(crate) after_bytes: u64,
}

#[expect(clippy::cast_precision_loss, reason = "bytes of memory are below 2^52")]
impl Idle {
    /// Bytes per connection.
    pub(crate) fn each(&self) -> f64 {
        let grown = self.after_bytes.saturating_sub(self.before_bytes);
        grown as f64 / self.connections.max(1) as f64
    }
}

/// Of clients that all come back at once.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Storm {
    pub(crate) back_seconds: f64,
    pub(crate) failures: u64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
}
