//! One measured round of load: reads the plan from its arguments, prints the outcome as JSON.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::Parser;
use fleet::load::{Load, Plan};
use serde::Serialize;

/// A load for `cargo xtask bench`.
#[derive(Debug, Parser)]
struct Args {
    #[arg(long)]
    target: SocketAddr,
    /// The server's process id.
    #[arg(long)]
    pid: u32,
    /// A JSON list of devices that report; without it, plain messages are published.
    #[arg(long)]
    devices: Option<PathBuf>,
    #[arg(long, default_value_t = 200)]
    publishers: usize,
    #[arg(long, default_value_t = 2)]
    subscribers: usize,
    #[arg(long, default_value_t = 20)]
    window: usize,
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Only connect the devices and see what memory that takes.
    #[arg(long, requires = "devices")]
    idle: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let load = match &args.devices {
        Some(file) => Load::Reports(serde_json::from_slice(&std::fs::read(file)?)?),
        None => Load::Plain { publishers: args.publishers, subscribers: args.subscribers },
    };
    let measure = Duration::from_secs_f64(args.seconds);
    if let (true, Load::Reports(devices)) = (args.idle, &load) {
        let idle = fleet::idle::run(args.target, devices, measure, args.pid);
        return print(&runtime.block_on(idle)?);
    }
    let plan = Plan {
        target: args.target,
        load,
        window: args.window,
        warm_up: Duration::from_secs_f64(args.warm_up),
        measure,
        pid: args.pid,
    };
    print(&runtime.block_on(fleet::load::run(&plan))?)
}

fn print(outcome: &impl Serialize) -> Result<()> {
    writeln!(std::io::stdout(), "{}", serde_json::to_string(outcome)?)?;
    Ok(())
}
