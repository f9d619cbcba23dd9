//! `cargo xtask ci`: what CI runs, which is `./check`.

use std::process::Command;

use anyhow::{Context, Result, ensure};

pub(crate) fn run() -> Result<()> {
    let status = Command::new("./check").current_dir(crate::root()).status().context("./check")?;
    ensure!(status.success(), "./check failed");
    Ok(())
}
