//! The place where each bar of the broker is measured: thingd, the floor and mosquitto under the
//! same load in the same run, round by round in turn.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::de::DeserializeOwned;

use super::{
    FOLDER, build, cloud,
    figures::Spread,
    idle,
    load::{Connects, Flow, Party, Rtt, Storm},
    page::{self, Bar, Conditions, Row},
    peer::Peer,
    reopen, start,
};

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Rounds that count, after one that does not.
    #[arg(long, default_value_t = 5)]
    pub(super) rounds: usize,
    /// Seconds of a round.
    #[arg(long, default_value_t = 5.0)]
    pub(super) seconds: f64,
    /// Devices that publish.
    #[arg(long, default_value_t = 200)]
    pub(super) publishers: usize,
    /// Devices that only listen, and of the storm.
    #[arg(long, default_value_t = 18_000)]
    pub(super) devices: usize,
    /// QoS at which the readers subscribe.
    #[arg(long, default_value_t = 1)]
    pub(super) qos: u8,
    /// Only these figures; the page is written only with all.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Figure>,
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
    /// Measure what is in target/release, as it is.
    #[arg(long)]
    built: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Plain messages, 20 in flight.
    Plain,
    /// Plain messages, one in flight.
    Single,
    /// Property reports, 20 in flight.
    Reports,
    Rtt,
    Connects,
    /// Plain messages, 20 in flight, content log on.
    Logged,
    Idle,
    Storm,
}

/// In flight.
const MANY: &str = "20";
const ONE: &str = "1";

/// Who is measured.
struct Parties {
    thingd: Party,
    floor: Party,
    mosquitto: Party,
}

/// Builds what is measured, measures it, prints it and writes the page.
///
/// # Errors
/// A build, a server or a round failed.
#[expect(clippy::print_stdout, reason = "this command prints its result")]
pub(crate) fn run(plan: &Plan) -> Result<()> {
    if !plan.built {
        build()?;
    }
    let mut conditions = Conditions::take(plan)?;
    let (folder, devices) = (Path::new(FOLDER), Path::new(FOLDER).join("devices.json"));
    let server = start(folder)?;
    let many = [Figure::Connects, Figure::Idle, Figure::Storm].iter().any(|f| plan.has(*f));
    let count = if many { plan.devices.max(plan.publishers) } else { plan.publishers };
    cloud::prepare(&server, count, &devices)?;
    let reader = Some(cloud::service_client(&server)?);
    let (floor, mosquitto) = (Peer::floor()?, Peer::mosquitto(folder)?);
    let party = |address: &str, pid| Party::new(address, pid, &devices);
    let mut parties = Parties {
        thingd: Party { reader, ..party(&server.mqtt, server.pid()) },
        floor: party(&floor.address, floor.pid()),
        mosquitto: party(&mosquitto.address, mosquitto.pid()),
    };
    let mut rows = quiet(plan, &parties)?;
    server.stop()?;
    if plan.has(Figure::Logged) {
        let server = reopen(folder, &[("THINGD_LOG__CONTENT", "true")])?;
        parties.thingd.address.clone_from(&server.mqtt);
        parties.thingd.pid = server.pid();
        rows.push(logged(plan, &parties)?);
        server.stop()?;
    }
    drop((floor, mosquitto));
    if plan.has(Figure::Idle) {
        rows.extend(memory(folder, &devices)?);
    }
    if plan.has(Figure::Storm) {
        rows.extend(storm(folder, &devices)?);
    }
    conditions.end()?;
    println!("{}", page::text(&conditions, &rows));
    if plan.only.is_empty() {
        std::fs::write(&plan.page, page::markdown(&conditions, &rows))?;
    }
    Ok(())
}

impl Plan {
    fn has(&self, figure: Figure) -> bool {
        self.only.is_empty() || self.only.contains(&figure)
    }

    /// Runs all rounds, the parties in turn, each with its mode; what came of each party.
    fn rounds<T: DeserializeOwned>(&self, turns: &[(&Party, &[&str])]) -> Result<Vec<Vec<T>>> {
        let mut seen: Vec<Vec<T>> = turns.iter().map(|_| Vec::new()).collect();
        for round in 0..=self.rounds {
            for ((party, mode), seen) in turns.iter().zip(&mut seen) {
                let outcome = party.load(&self.flags(mode), mode)?;
                if round > 0 {
                    seen.push(outcome);
                }
            }
        }
        Ok(seen)
    }

    fn flags(&self, mode: &[&str]) -> Vec<String> {
        let mut flags = vec!["--seconds".into(), self.seconds.to_string()];
        if mode.first() != Some(&"connects") {
            flags.extend(["--count".into(), self.publishers.to_string()]);
        }
        flags
    }

    /// The same load for thingd, the floor and mosquitto.
    fn trio<T: DeserializeOwned>(&self, parties: &Parties, mode: &[&str]) -> Result<Trio<T>> {
        let Parties { thingd, floor, mosquitto } = parties;
        let seen = self.rounds(&[(thingd, mode), (floor, mode), (mosquitto, mode)])?;
        Ok(Trio(seen))
    }
}

/// What came of thingd, the floor and mosquitto, in this order.
struct Trio<T>(Vec<Vec<T>>);

/// Places in it.
const FLOOR: usize = 1;
const MOSQUITTO: usize = 2;

impl<T> Trio<T> {
    fn row(
        &self,
        (what, unit): (&'static str, &'static str),
        figure: fn(&T) -> f64,
        beside: usize,
        bar: Bar,
    ) -> Row {
        let all: Vec<Vec<f64>> =
            self.0.iter().map(|seen| seen.iter().map(figure).collect()).collect();
        let cell = |place: usize| Spread::of(all.get(place)?.iter().copied());
        let ratio = || Spread::ratio(all.first()?, all.get(beside)?);
        let name = if beside == FLOOR { "floor" } else { "mosquitto" };
        Row {
            what,
            unit,
            cells: [cell(0), cell(FLOOR), cell(MOSQUITTO)],
            beside: Some((name, ratio())),
            bar,
        }
    }
}

/// What is measured without the content log.
fn quiet(plan: &Plan, parties: &Parties) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let qos = plan.qos.to_string();
    if plan.has(Figure::Plain) {
        let seen = plan.trio::<Flow>(parties, &["forward", "--window", MANY, "--qos", &qos])?;
        let what = "plain messages, 20 in flight";
        rows.push(seen.row((what, "µs CPU"), Flow::cpu, FLOOR, Bar::AtMost(3.2)));
        rows.push(seen.row((what, "per s"), Flow::rate, MOSQUITTO, Bar::AtLeast(10.0)));
        let what = "plain messages, 20 in flight, received of those acknowledged";
        rows.push(seen.row((what, "share"), Flow::arrived, FLOOR, Bar::None));
    }
    if plan.has(Figure::Single) {
        let seen = plan.trio::<Flow>(parties, &["forward", "--window", ONE, "--qos", &qos])?;
        let what = "plain messages, one in flight";
        rows.push(seen.row((what, "µs CPU"), Flow::cpu, FLOOR, Bar::AtMost(2.3)));
        rows.push(seen.row((what, "per s"), Flow::rate, MOSQUITTO, Bar::AtLeast(1.0)));
    }
    if plan.has(Figure::Reports) {
        rows.push(reports(plan, parties, &qos)?);
    }
    if plan.has(Figure::Rtt) {
        let seen = plan.trio::<Rtt>(parties, &["rtt", "--qos", &qos])?;
        let what = "round trip at 100 per s";
        rows.push(seen.row((what, "µs, p50"), |rtt| rtt.p50_us, FLOOR, Bar::AtMost(1.4)));
        rows.push(seen.row((what, "µs, p99"), |rtt| rtt.p99_us, FLOOR, Bar::AtMost(2.0)));
    }
    if plan.has(Figure::Connects) {
        let seen = plan.trio::<Connects>(parties, &["connects"])?;
        let what = "connects with a password";
        rows.push(seen.row((what, "per s"), Connects::rate, MOSQUITTO, Bar::AtLeast(1.0)));
        rows.push(seen.row((what, "µs CPU"), Connects::cpu, FLOOR, Bar::None));
    }
    Ok(rows)
}

/// Reports that thingd stores and answers, beside plain messages that mosquitto forwards.
fn reports(plan: &Plan, parties: &Parties, qos: &str) -> Result<Row> {
    let seen = plan.rounds::<Flow>(&[
        (&parties.thingd, &["reports", "--window", MANY]),
        (&parties.mosquitto, &["forward", "--window", MANY, "--qos", qos]),
    ])?;
    let Ok([ours, theirs]) = <[Vec<Flow>; 2]>::try_from(seen) else {
        anyhow::bail!("a party is missing");
    };
    let seen = Trio(vec![ours, Vec::new(), theirs]);
    let what = "reports of 4 properties, 20 in flight";
    Ok(seen.row((what, "per s"), Flow::rate, MOSQUITTO, Bar::AtLeast(2.0)))
}

fn logged(plan: &Plan, parties: &Parties) -> Result<Row> {
    let qos = plan.qos.to_string();
    let mode = ["forward", "--window", MANY, "--qos", &qos];
    let seen = plan.rounds::<Flow>(&[(&parties.thingd, &mode), (&parties.floor, &mode)])?;
    let what = "plain messages, 20 in flight, content log durable";
    Ok(Trio(seen).row((what, "µs CPU"), Flow::cpu, FLOOR, Bar::AtMost(5.0)))
}

/// Bytes per idle connection.
fn memory(folder: &Path, devices: &Path) -> Result<[Row; 2]> {
    let seen = idle::measure(folder, devices, 3.0)?;
    let once = |idle: &super::load::Idle| Spread::of([idle.each()]);
    let row = |what, cells, bar| Row { what, unit: "bytes", cells, beside: None, bar };
    Ok([
        row(
            "memory of an idle connection",
            [once(&seen.ours), None, once(&seen.theirs)],
            Bar::AtMost(2560.0),
        ),
        row("memory of an idle connection, TLS", [once(&seen.ours_tls), None, None], Bar::None),
    ])
}

/// All devices come back at once.
fn storm(folder: &Path, devices: &Path) -> Result<[Row; 4]> {
    let server = reopen(folder, &[])?;
    let seen: Storm = Party::new(&server.mqtt, server.pid(), devices).load(&[], &["storm"])?;
    server.stop()?;
    let row = |what, unit, figure: f64, bar| {
        let cells = [Spread::of([figure]), None, None];
        Row { what, unit, cells, beside: None, bar }
    };
    let attempts = f64::from(u32::try_from(seen.failures).unwrap_or(u32::MAX));
    Ok([
        row("reconnect storm, all are back", "s", seen.back_seconds, Bar::AtMost(20.0)),
        row("reconnect storm, attempts that failed", "", attempts, Bar::None),
        row("after the storm, PUBACK", "ms, p99", seen.p99_us / 1e3, Bar::None),
        row("after the storm, longest PUBACK", "ms", seen.max_us / 1e3, Bar::AtMost(1000.0)),
    ])
}
