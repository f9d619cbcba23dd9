//! The place where the figures of the broker become a page, with the conditions they hold under.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::{broker::Plan, figures::Spread, peer};

/// What is promised of a figure, or of its ratio beside another server's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
    None,
}

/// One figure of all servers.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    /// thingd, floor, mosquitto.
    pub(crate) cells: [Option<Spread>; 3],
    /// Beside whom the bar is, and the ratio by pair of rounds.
    pub(crate) beside: Option<(&'static str, Option<Spread>)>,
    pub(crate) bar: Bar,
}

impl Row {
    /// What the bar is about.
    fn judged(&self) -> Option<f64> {
        match &self.beside {
            Some((_, ratio)) => ratio.map(|ratio| ratio.median),
            None => self.cells.first().copied().flatten().map(|spread| spread.median),
        }
    }

    fn bar(&self) -> String {
        match self.bar {
            Bar::AtMost(bar) => format!("≤ {bar}"),
            Bar::AtLeast(bar) => format!("≥ {bar}"),
            Bar::None => "-".into(),
        }
    }

    fn holds(&self) -> &'static str {
        let holds = match (self.bar, self.judged()) {
            (Bar::AtMost(bar), Some(figure)) => figure <= bar,
            (Bar::AtLeast(bar), Some(figure)) => figure >= bar,
            _ => return "-",
        };
        if holds { "yes" } else { "no" }
    }

    fn columns(&self) -> [String; 8] {
        let cell = |spread: &Option<Spread>| spread.map_or("-".into(), |s| s.to_string());
        let [thingd, floor, mosquitto] = self.cells.each_ref().map(cell);
        let ratio = match &self.beside {
            Some((name, ratio)) => format!("{} × {name}", cell(ratio)),
            None => "-".into(),
        };
        let (what, unit) = (self.what.into(), self.unit.into());
        [what, unit, thingd, floor, mosquitto, ratio, self.bar(), self.holds().into()]
    }
}

const HEAD: [&str; 8] =
    ["what", "unit", "thingd", "floor", "mosquitto", "thingd beside", "bar", "holds"];

/// What the figures hold under.
#[derive(Debug)]
pub(crate) struct Conditions {
    date: String,
    machine: String,
    versions: String,
    load_before: String,
    load_after: String,
    rounds: String,
}

impl Conditions {
    /// Looks at the machine before the run.
    ///
    /// # Errors
    /// Something cannot be read.
    pub(crate) fn take(plan: &Plan) -> Result<Self> {
        let cores = std::thread::available_parallelism()?;
        let cpu = line("/proc/cpuinfo", "model name")?;
        let memory = line("/proc/meminfo", "MemTotal")?;
        let kernel = told("uname", &["-sr"])?;
        let commit = told("git", &["describe", "--always", "--dirty"])?;
        let (rustc, mosquitto) = (told("rustc", &["--version"])?, peer::mosquitto_version()?);
        Ok(Self {
            date: told("date", &["-u", "+%Y-%m-%d %H:%M UTC"])?,
            machine: format!("{cores} cores, {cpu}, memory {memory}, {kernel}"),
            versions: format!("thingd {commit}, {mosquitto}, {rustc}"),
            load_before: load()?,
            load_after: String::new(),
            rounds: format!(
                "{} rounds of {} s that count after one that does not, the servers in turn; {} \
                 publishers, each on its own topic, 2 readers through wildcards, which share the \
                 reading; 256 bytes, published at QoS 1, read at QoS {}; {} devices for \
                 connects, memory and storm",
                plan.rounds, plan.seconds, plan.publishers, plan.qos, plan.devices
            ),
        })
    }

    /// Looks at it after the run.
    ///
    /// # Errors
    /// The load cannot be read.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.load_after = load()?;
        Ok(())
    }

    fn lines(&self) -> [String; 5] {
        [
            format!("Date: {}", self.date),
            format!("Machine: {}", self.machine),
            format!("Versions: {}", self.versions),
            format!(
                "Load average (1, 5, 15 minutes) before: {}; after: {}",
                self.load_before, self.load_after
            ),
            format!("Rounds: {}", self.rounds),
        ]
    }
}

/// For the terminal.
pub(crate) fn text(conditions: &Conditions, rows: &[Row]) -> String {
    let mut out = conditions.lines().join("\n");
    for row in rows {
        let [what, unit, thingd, floor, mosquitto, ratio, bar, holds] = row.columns();
        let line = format!(
            "\n{what}, {unit}\n    thingd {thingd} | floor {floor} | mosquitto {mosquitto}\n    \
             {ratio}; bar {bar}: {holds}"
        );
        out.push_str(&line);
    }
    out
}

/// For docs/benchmarks.md.
pub(crate) fn markdown(conditions: &Conditions, rows: &[Row]) -> String {
    let mut out = String::from(TOP);
    for line in conditions.lines() {
        out.push_str(&format!("- {line}\n"));
    }
    let table = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    out.push_str("\n## Figures\n\nMedian (least .. greatest).\n\n");
    out.push_str(&table(&HEAD.map(String::from)));
    out.push_str(&table(&HEAD.map(|_| "---".to_owned())));
    for row in rows {
        out.push_str(&table(&row.columns()));
    }
    out.push_str(BOTTOM);
    out
}

const TOP: &str = "\
# Benchmarks of the broker

Written by `cargo xtask bench broker`. Do not edit: run it.

## Conditions

";

const BOTTOM: &str = "
## How to read it

- Server, load generator and peers share the machine, all over loopback. Compare ratios, not
  absolute figures; on a busy machine not even those of one round. Ratios are taken round by round.
- CPU is user and system time of the server process per message that reached its reader, of
  connects per CONNACK.
- Of the messages acknowledged to publishers in a round, those that did not reach a reader in it
  wait in the server or were dropped for a reader that is too slow.
- The floor is `thingd-floor`: one thread that moves bytes between sockets and looks at no topic.
  It is the limit of the machine for this traffic, not a broker.
- thingd checks who may publish and subscribe, and the rates, whose limits are raised. A report is
  validated, stored, on disk before its PUBACK, and answered. The floor and mosquitto check nobody,
  nor the password.
- thingd is built as it is released, after a profile of such loads (decision 9); the floor and
  the load are not. mosquitto is Debian's.
- mosquitto runs without persistence, with `TCP_NODELAY` and unlimited queues.
- Clients that connect come from four threads of the load; other loads have one. With fewer the load
  is the limit, and the ratio depends on how many they are: decision 8 has it for 2, 4 and 8.
- Memory is what the server's resident memory grows by in a fresh process, per connection with a
  persistent session and one subscription. It includes what thingd learns of a device by its first
  connect. The sockets' memory in the kernel is not part of it.
- After the storm each device publishes three times, 5 s apart; the longest wait for a PUBACK
  stands for the worst device.
";

fn line(file: &str, name: &str) -> Result<String> {
    let text = std::fs::read_to_string(file)?;
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    Ok(found.with_context(|| format!("no {name} in {file}"))?.1.trim().to_owned())
}

fn load() -> Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

fn told(program: &str, arguments: &[&str]) -> Result<String> {
    let told = Command::new(program).args(arguments).output();
    let told = told.with_context(|| format!("cannot run {program}"))?;
    Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(beside: Option<f64>, bar: Bar) -> Row {
        let cells = [Spread::of([1.0, 2.0, 3.0]), Spread::of([1.0]), None];
        let beside = beside.map(|ratio| ("floor", Spread::of([ratio])));
        Row { what: "w", unit: "u", cells, beside, bar }
    }

    #[test]
    fn a_bar_is_about_the_ratio_or_else_the_figure() {
        assert_eq!(row(Some(3.2), Bar::AtMost(3.2)).holds(), "yes");
        assert_eq!(row(Some(3.3), Bar::AtMost(3.2)).holds(), "no");
        assert_eq!(row(None, Bar::AtLeast(2.5)).holds(), "no");
        assert_eq!(row(None, Bar::AtLeast(2.0)).holds(), "yes");
        assert_eq!(row(None, Bar::None).holds(), "-");
    }

    #[test]
    fn the_page_has_a_line_for_each_row() {
        let text = String::new;
        let conditions = Conditions {
            date: text(),
            machine: "2 cores".into(),
            versions: text(),
            load_before: text(),
            load_after: text(),
            rounds: text(),
        };
        let page = markdown(&conditions, &[row(Some(2.0), Bar::AtMost(3.2))]);
        assert!(page.contains("- Machine: 2 cores\n"));
        assert!(
            page.contains(
                "| w | u | 2.00 (1.00 .. 3.00) | 1.00 | - | 2.00 × floor | ≤ 3.2 | yes |\n"
            )
        );
    }
}
