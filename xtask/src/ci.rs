//! `cargo xtask ci`: what CI runs.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Each step is a cargo call; the first that fails ends the run.
const STEPS: [&[&str]; 5] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    &["xtask", "codegen", "--check"],
    &["xtask", "tidy"],
    &["test", "--workspace", "--quiet"],
];

pub(crate) fn run() -> Result<()> {
    for step in STEPS {
        crate::say(&format!("cargo {}", step.join(" ")));
        let status = Command::new("cargo")
            .args(step)
            .current_dir(crate::root())
            .env("INSTA_UPDATE", "no")
            .status()
            .context("cargo")?;
        ensure!(status.success(), "cargo {} failed", step.join(" "));
    }
    Ok(())
}
