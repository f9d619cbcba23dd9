//! `cargo xtask soak`: the place where what `./check` does for a short time is done for long.

use std::process::Command;

use anyhow::{Result, ensure};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// How often the released server is killed in the middle of a load.
    #[arg(long, default_value_t = 1000)]
    kills: u32,
    /// How many times a thousand comings and goings of devices are watched for what they leave behind.
    #[arg(long, default_value_t = 1000)]
    churns: u32,
    /// Where the random moments begin; printed when a kill finds a loss.
    #[arg(long)]
    seed: Option<u32>,
}

/// Runs the kill test of the black box, and the one that looks for what connections leave behind, as
/// often as asked (after `./check blackbox` set it up).
///
/// # Errors
/// Something acknowledged was lost, something grows, or the test could not run.
pub(crate) fn run(soak: &Soak) -> Result<()> {
    let mut command = Command::new(".venv/bin/python");
    command.args([
        "-m",
        "pytest",
        "-c",
        "tests/blackbox/pytest.ini",
        "tests/blackbox/test_kill.py",
        "tests/blackbox/test_faults.py",
        "-k",
        "f01 or f30",
    ]);
    command.env("THINGD_KILL_ROUNDS", soak.kills.to_string());
    command.env("THINGD_SOAK_ROUNDS", soak.churns.to_string());
    if let Some(seed) = soak.seed {
        command.env("THINGD_KILL_SEED", seed.to_string());
    }
    ensure!(command.current_dir(crate::root()).status()?.success(), "the soak failed");
    Ok(())
}
