//! `cargo xtask bench`: the place where thingd is measured beside a peer, in the same run, in pairs
//! of rounds. Prints figures and ratios; asserts nothing, since the machines are noisy.

mod broker;
mod cloud;
mod figures;
mod idle;
mod load;
mod page;
mod peer;
mod seed;
mod server;
mod uplink;

use std::{path::Path, process::Command};

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};

use server::Server;

const FOLDER: &str = "target/bench";

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Property reports beside mosquitto's plain forwarding (the default).
    Uplink(uplink::Uplink),
    /// All that the broker promises, beside the floor and mosquitto; writes docs/benchmarks.md.
    Broker(broker::Plan),
    /// Memory of the server per connection that only listens.
    Idle(idle::Idle),
    /// Make a data folder with many devices, for start and list times.
    Seed(seed::Seed),
}

/// Builds what is measured and measures it.
///
/// # Errors
/// A build, a server or a round failed.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    match &bench.what {
        None => uplink::run(&uplink::Uplink::default()),
        Some(What::Uplink(uplink)) => uplink::run(uplink),
        Some(What::Broker(plan)) => broker::run(plan),
        Some(What::Idle(idle)) => idle::run(idle),
        Some(What::Seed(seed)) => seed::run(seed),
    }
}

/// The released server, and the load.
fn build() -> Result<()> {
    let server = outside(&mut Command::new("scripts/release.sh")).status()?;
    ensure!(server.success(), "the server could not be built");
    let load = outside(&mut Command::new("cargo"))
        .args(["build", "--release", "--locked", "-p", "fleet"])
        .status()?;
    ensure!(load.success(), "the load could not be built");
    Ok(())
}

/// Without what cargo tells of the package that it runs: crates that look at that (ring) would be
/// built anew.
fn outside(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Starts the server on an empty folder, with raised buckets and without content log.
fn start(folder: &Path) -> Result<Server> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    reopen(folder, &[])
}

/// Starts the server on what is in the folder; what is in `more` wins.
fn reopen(folder: &Path, more: &[(&str, &str)]) -> Result<Server> {
    let raised = [
        ("THINGD_LIMITS__UP_QOS1_PER_S", "1000000"),
        ("THINGD_LIMITS__DOWN_PER_S", "1000000"),
        ("THINGD_LIMITS__CONNECT_EVERY_S", "0"),
        ("THINGD_LOG__CONTENT", "false"),
        ("THINGD_LOG__FILTER", "warn"),
        ("THINGD_HTTP__METRICS_OPEN", "true"),
    ];
    Server::start(&folder.join("data"), &[&raised, more].concat())
}
