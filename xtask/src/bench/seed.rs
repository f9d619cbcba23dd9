//! The place where a data folder with many devices is made, and the start on it is timed.

use std::{path::PathBuf, process::Command};

use anyhow::{Result, ensure};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// The folder; it must not exist.
    #[arg(long, default_value = "target/bench/seed")]
    data: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    devices: u32,
}

/// Lets the released server fill the folder.
///
/// # Errors
/// The folder exists, or the server failed.
pub(crate) fn run(seed: &Seed) -> Result<()> {
    super::build()?;
    let filled = Command::new("target/release/thingd")
        .arg("seed")
        .arg("--data")
        .arg(&seed.data)
        .args(["--devices", &seed.devices.to_string()])
        .status()?;
    ensure!(filled.success(), "thingd seed failed");
    Ok(())
}
