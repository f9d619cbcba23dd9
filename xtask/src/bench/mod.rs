//! `cargo xtask bench`: the place where thingd is measured beside a peer, in the same run, in pairs
//! of rounds. Prints figures and ratios; asserts nothing, since the machines are noisy.

mod cloud;
mod idle;
mod peer;
mod seed;
mod server;

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use serde::Deserialize;

use server::Server;

const FOLDER: &str = "target/bench";
/// The metric of durable groups.
const GROUPS: &str = "thingd_store_commits_total";

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Property reports beside mosquitto's plain forwarding (the default).
    Uplink(Uplink),
    /// Memory of the server per connection that only listens.
    Idle(idle::Idle),
    /// Make a data folder with many devices, for start and list times.
    Seed(seed::Seed),
}

#[derive(Debug, Args, Clone)]
struct Uplink {
    /// Pairs of rounds that count, after one that does not.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of a round.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Devices, and publishers of the peer.
    #[arg(long, default_value_t = 200)]
    publishers: usize,
    /// Messages in flight for each.
    #[arg(long, default_value_t = 20)]
    window: usize,
}

impl Default for Uplink {
    fn default() -> Self {
        Self { rounds: 5, seconds: 5.0, publishers: 200, window: 20 }
    }
}

/// Builds what is measured and measures it.
///
/// # Errors
/// A build, a server or a round failed.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    match &bench.what {
        None => uplink(&Uplink::default()),
        Some(What::Uplink(uplink)) => self::uplink(uplink),
        Some(What::Idle(idle)) => idle::run(idle),
        Some(What::Seed(seed)) => seed::run(seed),
    }
}

/// `cargo build --release` of the server and the load.
fn build() -> Result<()> {
    let built = Command::new("cargo")
        .args(["build", "--release", "--locked", "-p", "thingd", "-p", "fleet"])
        .status()?;
    ensure!(built.success(), "cargo build failed");
    Ok(())
}

/// What the load prints.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Outcome {
    seconds: f64,
    acknowledged: u64,
    received: u64,
    cpu_seconds: f64,
    total_acknowledged: u64,
    /// Durable groups of commits during the load.
    #[serde(skip)]
    groups: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
impl Outcome {
    /// Messages that came all the way, per second.
    fn rate(&self) -> f64 {
        self.received as f64 / self.seconds
    }

    fn acknowledged_rate(&self) -> f64 {
        self.acknowledged as f64 / self.seconds
    }

    /// Reports that shared one fsync.
    fn group(&self) -> f64 {
        self.total_acknowledged as f64 / self.groups.max(1.0)
    }

    /// Microseconds of the server's processor per message.
    fn cpu(&self) -> f64 {
        self.cpu_seconds * 1e6 / (self.received.max(1) as f64)
    }
}

fn uplink(plan: &Uplink) -> Result<()> {
    build()?;
    let folder = Path::new(FOLDER);
    let server = start(folder)?;
    let devices = folder.join("devices.json");
    cloud::prepare(&server, plan.publishers, &devices)?;
    let peer = peer::Mosquitto::start(folder)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let groups = server.metric(GROUPS)?;
        let mut mine = load(plan, &server.mqtt, server.pid(), Some(&devices))?;
        mine.groups = server.metric(GROUPS)? - groups;
        let other = load(plan, &peer.address, peer.pid(), None)?;
        if round > 0 {
            ours.push(mine);
            theirs.push(other);
        }
    }
    report(plan, &ours, &theirs);
    server.stop()
}

/// Starts the server on an empty folder, with raised buckets and without content log.
fn start(folder: &Path) -> Result<Server> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    Server::start(
        &folder.join("data"),
        &[
            ("THINGD_LIMITS__UP_QOS1_PER_S", "1000000"),
            ("THINGD_LIMITS__DOWN_PER_S", "1000000"),
            ("THINGD_LOG__CONTENT", "false"),
            ("THINGD_LOG__FILTER", "warn"),
            ("THINGD_HTTP__METRICS_OPEN", "true"),
        ],
    )
}

fn load(plan: &Uplink, target: &str, pid: u32, devices: Option<&Path>) -> Result<Outcome> {
    let mut command = Command::new("target/release/thingd-load");
    command.args(["--target", target, "--pid", &pid.to_string()]);
    command.args(["--publishers", &plan.publishers.to_string()]);
    command.args(["--window", &plan.window.to_string()]);
    command.args(["--seconds", &plan.seconds.to_string()]);
    if let Some(file) = devices {
        command.arg("--devices").arg(file);
    }
    let done = command.output().context("cannot run thingd-load")?;
    ensure!(done.status.success(), "load failed: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).context("the load printed something else")
}

#[expect(clippy::print_stdout, reason = "this command prints its result")]
fn report(plan: &Uplink, ours: &[Outcome], theirs: &[Outcome]) {
    println!(
        "{} publishers, QoS 1, {} in flight each, 256-byte payload; {} pairs of rounds of {} s",
        plan.publishers, plan.window, plan.rounds, plan.seconds
    );
    println!(
        "thingd: reports of 4 properties, validated, stored, durable before PUBACK, answered;"
    );
    println!("        ACL and limiter on (raised buckets), content log off");
    println!(
        "mosquitto: plain forwarding to 2 subscribers (QoS 0), persistence off, TCP_NODELAY on"
    );
    println!("{:<34}{:>12}{:>12}{:>12}", "median (min .. max)", "median", "min", "max");
    row("thingd, reports answered/s", ours, Outcome::rate);
    row("thingd, reports acknowledged/s", ours, Outcome::acknowledged_rate);
    row("mosquitto, messages forwarded/s", theirs, Outcome::rate);
    row("thingd, reports per fsync", ours, Outcome::group);
    row("thingd, CPU µs per report", ours, Outcome::cpu);
    row("mosquitto, CPU µs per message", theirs, Outcome::cpu);
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a.rate() / b.rate()).collect();
    spread("rate, thingd / mosquitto, by pair", ratios);
}

fn row(name: &str, rounds: &[Outcome], figure: fn(&Outcome) -> f64) {
    spread(name, rounds.iter().map(figure).collect());
}

#[expect(clippy::print_stdout, reason = "this command prints its result")]
fn spread(name: &str, mut figures: Vec<f64>) {
    figures.sort_by(f64::total_cmp);
    let (min, max) = (figures.first().copied(), figures.last().copied());
    let median = figures.get(figures.len() / 2).copied();
    let show = |figure: Option<f64>| {
        figure.map_or("-".into(), |f| if f < 100.0 { format!("{f:.2}") } else { format!("{f:.0}") })
    };
    println!("{name:<34}{:>12}{:>12}{:>12}", show(median), show(min), show(max));
}
