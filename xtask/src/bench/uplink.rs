//! The place where property reports are measured beside mosquitto's plain forwarding.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::{
    FOLDER, build, cloud,
    figures::Spread,
    load::{Flow, Party},
    peer::Peer,
    start,
};

/// The metric of durable groups.
const GROUPS: &str = "thingd_store_commits_total";

#[derive(Debug, Args, Clone)]
pub(crate) struct Uplink {
    /// Pairs of rounds that count, after one that does not.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of a round.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Devices that publish.
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
pub(crate) fn run(plan: &Uplink) -> Result<()> {
    build()?;
    let folder = Path::new(FOLDER);
    let server = start(folder)?;
    let devices = folder.join("devices.json");
    cloud::prepare(&server, plan.publishers, &devices)?;
    let peer = Peer::mosquitto(folder)?;
    let ours = Party::new(&server.mqtt, server.pid(), &devices);
    let theirs = Party::new(&peer.address, peer.pid(), &devices);
    let (seconds, window) = (plan.seconds.to_string(), plan.window.to_string());
    let before = ["--seconds".to_owned(), seconds];
    let (mut mine, mut others, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let begun = server.metric(GROUPS)?;
        let flow: Flow = ours.load(&before, &["reports", "--window", &window])?;
        let fsyncs = server.metric(GROUPS)? - begun;
        let forward = ["forward", "--qos", "0", "--window", &window];
        let other: Flow = theirs.load(&before, &forward)?;
        if round > 0 {
            mine.push(flow);
            others.push(other);
            groups.push(per_fsync(&flow, fsyncs));
        }
    }
    report(plan, (&mine, &groups), &others);
    server.stop()
}

/// Reports that shared one fsync.
#[expect(clippy::cast_precision_loss, reason = "counts of messages are far below 2^52")]
fn per_fsync(flow: &Flow, fsyncs: f64) -> f64 {
    flow.total_acknowledged as f64 / fsyncs.max(1.0)
}

#[expect(clippy::print_stdout, reason = "this command prints its result")]
fn report(plan: &Uplink, (ours, groups): (&[Flow], &[f64]), theirs: &[Flow]) {
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
    let all = |flows: &[Flow], figure: fn(&Flow) -> f64| flows.iter().map(figure).collect();
    let (mine, other): (Vec<f64>, Vec<f64>) = (all(ours, Flow::rate), all(theirs, Flow::rate));
    row("thingd, reports answered/s", Spread::of(mine.iter().copied()));
    let acknowledged: Vec<f64> = all(ours, Flow::acknowledged_rate);
    row("thingd, reports acknowledged/s", Spread::of(acknowledged));
    row("mosquitto, messages forwarded/s", Spread::of(other.iter().copied()));
    row("thingd, reports per fsync", Spread::of(groups.iter().copied()));
    row("thingd, CPU µs per report", Spread::of(all(ours, Flow::cpu)));
    row("mosquitto, CPU µs per message", Spread::of(all(theirs, Flow::cpu)));
    row("rate, thingd / mosquitto, by pair", Spread::ratio(&mine, &other));
}

#[expect(clippy::print_stdout, reason = "this command prints its result")]
fn row(name: &str, spread: Option<Spread>) {
    println!("{name:<36}{}", spread.map_or("-".into(), |spread| spread.to_string()));
}
