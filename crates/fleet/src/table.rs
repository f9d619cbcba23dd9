//! The place where a run becomes a table, for people and for programs.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use crate::count::{Counts, Latencies, What};

/// What came of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    pub devices: usize,
    /// Until the devices stopped reporting.
    pub seconds: f64,
    /// Until every device had been online.
    pub ramp_seconds: Option<f64>,
    /// Whether all dropped out at once.
    pub stormed: bool,
    /// From the storm until as many had come back as were online; none if they had not.
    pub storm_seconds: Option<f64>,
    pub online_at_end: u64,
    pub connects: u64,
    pub failures: u64,
    pub drop_outs: u64,
    pub cut_off: u64,
    pub reports: u64,
    pub events: u64,
    /// Reports and events, after the ramp.
    pub messages_per_second: f64,
    /// Reports answered with code 0.
    pub taken: u64,
    /// Reports answered with another code.
    pub refused: u64,
    /// Reports that were not answered.
    pub unanswered: u64,
    /// Publishes at QoS 1: reports, events and replies.
    pub published: u64,
    pub acknowledged: u64,
    pub rejected: u64,
    /// Not acknowledged, because the device dropped out.
    pub dropped_in_flight: u64,
    /// Not acknowledged, without an excuse.
    pub lost: u64,
    /// Not sent: too many had no answer.
    pub held_back: u64,
    pub controls: u64,
    pub actions: u64,
    /// TCP, TLS and CONNACK.
    pub connect_ms: Spread,
    /// Publish to PUBACK.
    pub acknowledge_ms: Spread,
    /// Report to `report_reply`.
    pub reply_ms: Spread,
    pub server: Option<Server>,
    /// Why connections failed or ended, and how often.
    pub reasons: BTreeMap<String, u64>,
}

/// How latencies are spread, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Spread {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

/// What a server on this machine took.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Server {
    /// Before the first connection.
    pub before_bytes: u64,
    /// Before the last reports ended.
    pub after_bytes: u64,
    pub most_bytes: u64,
    /// User and system time.
    pub cpu_seconds: f64,
}

impl Spread {
    fn of(latencies: &Latencies) -> Self {
        let at = |part| latencies.at(part).map_or(0.0, |took| took.as_micros() as f64 / 1000.0);
        Self {
            count: latencies.count(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}

impl Outcome {
    /// All that counters tell.
    pub(crate) fn new(counts: &Counts, devices: usize) -> Self {
        let numbers = counts.numbers();
        let of = |what| numbers.of(what);
        let answered = of(What::Taken) + of(What::Refused);
        let known = of(What::Acknowledged) + of(What::Rejected) + of(What::DroppedInFlight);
        Self {
            devices,
            connects: of(What::Connects),
            failures: of(What::Failures),
            drop_outs: of(What::DropOuts),
            cut_off: of(What::CutOff),
            reports: of(What::Reports),
            events: of(What::Events),
            taken: of(What::Taken),
            refused: of(What::Refused),
            unanswered: of(What::Reports).saturating_sub(answered),
            published: of(What::Published),
            acknowledged: of(What::Acknowledged),
            rejected: of(What::Rejected),
            dropped_in_flight: of(What::DroppedInFlight),
            lost: of(What::Published).saturating_sub(known),
            held_back: of(What::HeldBack),
            controls: of(What::Controls),
            actions: of(What::Actions),
            connect_ms: Spread::of(&counts.connecting),
            acknowledge_ms: Spread::of(&counts.acknowledging),
            reply_ms: Spread::of(&counts.replying),
            reasons: counts.reasons(),
            ..Self::default()
        }
    }
}

impl Outcome {
    /// Who was there, line by line: a name and what is told of it.
    fn attendance(&self) -> Vec<(&'static str, String)> {
        let ramp = self.ramp_seconds.map_or_else(|| "never".into(), |n| format!("after {n:.1} s"));
        let ends = format!("{} dropped out, {} cut off", self.drop_outs, self.cut_off);
        let mut rows = vec![
            ("devices", format!("{}; {} online at the end", self.devices, self.online_at_end)),
            ("time", format!("{:.1} s; all had been online {ramp}", self.seconds)),
            ("connections", format!("{}; {} failed, {ends}", self.connects, self.failures)),
        ];
        if self.stormed {
            let back = self.storm_seconds.map(|n| format!("all back after {n:.1} s"));
            rows.push(("storm", back.unwrap_or_else(|| "not all came back in time".into())));
        }
        rows
    }

    /// What was said.
    fn conversation(&self) -> Vec<(&'static str, String)> {
        let Self { reports, events, taken, refused, unanswered, .. } = self;
        let Self { published, acknowledged, rejected, dropped_in_flight, lost, .. } = self;
        let rate = self.messages_per_second;
        let answers = format!("{taken} taken, {refused} refused, {unanswered} without answer");
        let mut rows = vec![
            ("messages", format!("{rate:.1} a second; {reports} reports, {events} events")),
            ("reports answered", answers),
        ];
        if *published > 0 {
            let open = format!("{dropped_in_flight} in flight at a drop-out, {lost} lost");
            let text = format!("{acknowledged} of {published}; {rejected} rejected, {open}");
            rows.push(("QoS 1 acknowledged", text));
        }
        if self.held_back > 0 {
            rows.push(("held back", format!("{}: too many without answer", self.held_back)));
        }
        if self.controls + self.actions > 0 {
            let text = format!("{} controls, {} actions", self.controls, self.actions);
            rows.push(("from the cloud", text));
        }
        rows
    }

    fn latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:<22}{:>9}", "latency (ms)", "count")?;
        for column in ["p50", "p90", "p99", "p99.9", "max"] {
            write!(f, "{column:>10}")?;
        }
        writeln!(f)?;
        for (name, spread) in [
            ("connect", &self.connect_ms),
            ("publish to PUBACK", &self.acknowledge_ms),
            ("report to reply", &self.reply_ms),
        ] {
            let Spread { count, p50, p90, p99, p999, max } = spread;
            if *count == 0 {
                continue;
            }
            write!(f, "{name:<22}{count:>9}")?;
            for took in [p50, p90, p99, p999, max] {
                write!(f, "{took:>10.1}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in self.attendance().into_iter().chain(self.conversation()) {
            writeln!(f, "{name:<22}{text}")?;
        }
        self.latencies(f)?;
        if let Some(server) = &self.server {
            let [before, after, most] =
                [server.before_bytes, server.after_bytes, server.most_bytes].map(mib);
            let cpu = server.cpu_seconds;
            writeln!(
                f,
                "\n{:<22}{before} before, {after} at the end, {most} at most",
                "server memory"
            )?;
            writeln!(f, "{:<22}{cpu:.1} s", "server CPU time")?;
        }
        if !self.reasons.is_empty() {
            writeln!(f, "\nwhat went wrong")?;
        }
        for (reason, times) in &self.reasons {
            writeln!(f, "{times:>8} x {reason}")?;
        }
        Ok(())
    }
}

/// Bytes as people read them.
#[must_use]
pub fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}

/// A time as people read it.
#[must_use]
pub fn ms(took: Option<Duration>) -> String {
    took.map_or_else(|| "-".into(), |took| format!("{:.1} ms", took.as_secs_f64() * 1000.0))
}
