//! The place where the flags of `thingd fleet` are told, taught and checked.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use fleet::{
    door::{Door, Tls},
    track::Point,
};
use mqtt::{Level, QoS};

use super::wrong;

/// Devices of the fleet when nobody says how many.
const COUNT: usize = 100;
/// A century: no run is longer.
const SECONDS_MOST: f64 = 3.2e9;

const EXAMPLES: &str = "\
Examples:
  A hundred lamps for a minute, on a server of this machine; makes the product `fleet`:
    thingd fleet --login data/first-login.json
  Your product, 5000 devices, a report every 10 s, all drop out after two minutes:
    thingd fleet --login data/first-login.json --product ABCDE12345 --count 5000 \\
      --connect-rate 500 --report-rate 0.1 --storm 120 --seconds 300
  TLS with pre-shared keys, as Tencent's C SDK connects:
    thingd fleet --login data/first-login.json --tls psk
  Devices from a list, no API:
    thingd fleet --devices devices.csv --model model.json --target iot.example.com:1883
  60,000 devices: two processes, two source addresses each (28,000 ports an address):
    thingd fleet ... --count 60000 --index 0 --of 2 --source 127.0.0.2,127.0.0.3
    thingd fleet ... --count 60000 --index 1 --of 2 --source 127.0.0.4,127.0.0.5

The same --seed makes the same values for a device of the same name. Each device is an open
file: the limit is raised as far as the hard limit (ulimit -Hn) allows. Reports faster than
the rate limit of a device are acknowledged and dropped by the server: reports without answer
(MQTT 5.0: rejected).";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Flags {
    /// How many devices [default: 100, or all of --devices].
    #[arg(long, value_name = "N")]
    pub(super) count: Option<usize>,
    /// How long, from the first connection on.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub(super) seconds: f64,

    /// The cloud API, where devices are found or made.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:8080",
        help_heading = "Devices"
    )]
    pub(super) api: String,
    /// The server's first-login.json: who calls the API.
    #[arg(long, value_name = "FILE", help_heading = "Devices")]
    pub(super) login: Option<PathBuf>,
    /// Who calls the API [env: THINGD_SECRET_ID].
    #[arg(long, value_name = "ID", help_heading = "Devices")]
    pub(super) secret_id: Option<String>,
    /// Better in the environment: others see command lines [env: THINGD_SECRET_KEY].
    #[arg(long, value_name = "KEY", help_heading = "Devices")]
    pub(super) secret_key: Option<String>,
    /// Whose devices [default: the product `fleet`, made if it is not there].
    #[arg(long, value_name = "ID", help_heading = "Devices")]
    pub(super) product: Option<String>,
    /// How device names begin; a number of six digits follows.
    #[arg(long, value_name = "TEXT", default_value = "fleet-", help_heading = "Devices")]
    pub(super) prefix: String,
    /// Lines of ProductId,DeviceName,Secret; then the API is not called.
    #[arg(long, value_name = "FILE", requires = "model", help_heading = "Devices")]
    pub(super) devices: Option<PathBuf>,
    /// The thing model of those devices, as JSON.
    #[arg(long, value_name = "FILE", requires = "devices", help_heading = "Devices")]
    pub(super) model: Option<PathBuf>,
    /// This process is one of several; counted from 0.
    #[arg(long, value_name = "I", default_value_t = 0, help_heading = "Devices")]
    pub(super) index: u32,
    /// How many processes share the devices and the connect rate.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Devices")]
    pub(super) of: u32,

    /// The MQTT door [default: 127.0.0.1:1883, or :8883 for TLS].
    #[arg(long, value_name = "HOST:PORT", help_heading = "Connection")]
    pub(super) target: Option<String>,
    /// `server`: the server has a certificate; `psk`: the device secret is the key;
    /// `certificate`: the device has a certificate, too.
    #[arg(long, default_value = "off", value_parser = ["off", "server", "psk", "certificate"], help_heading = "Connection")]
    pub(super) tls: String,
    /// Checks the server's certificate; without it, devices trust any.
    #[arg(long, value_name = "FILE", help_heading = "Connection")]
    pub(super) ca: Option<PathBuf>,
    /// Has DEVICENAME.pem for each device: certificate and key.
    #[arg(
        long,
        value_name = "DIR",
        required_if_eq("tls", "certificate"),
        help_heading = "Connection"
    )]
    pub(super) certificates: Option<PathBuf>,
    /// Local addresses that connections leave from, in turn.
    #[arg(long, value_name = "ADDR", value_delimiter = ',', help_heading = "Connection")]
    pub(super) source: Vec<IpAddr>,
    /// Version of MQTT.
    #[arg(long, default_value = "3.1.1", value_parser = ["3.1", "3.1.1", "5.0"], help_heading = "Connection")]
    pub(super) level: String,
    /// Of all that devices publish and subscribe to.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1), help_heading = "Connection")]
    pub(super) qos: u8,
    /// Seconds; 0: no pings.
    #[arg(long, value_name = "SECONDS", default_value_t = 240, help_heading = "Connection")]
    pub(super) keep_alive: u16,

    /// Connections a second, of the whole fleet.
    #[arg(long, value_name = "RATE", default_value_t = 100.0, help_heading = "Behaviour")]
    pub(super) connect_rate: f64,
    /// Reports a second, of each device.
    #[arg(long, value_name = "RATE", default_value_t = 0.2, help_heading = "Behaviour")]
    pub(super) report_rate: f64,
    /// Events a second, of each device, on average.
    #[arg(long, value_name = "RATE", default_value_t = 0.01, help_heading = "Behaviour")]
    pub(super) event_rate: f64,
    /// Drop-outs a second, of each device, on average; it comes back after 5 to 10 s.
    #[arg(long, value_name = "RATE", default_value_t = 0.0, help_heading = "Behaviour")]
    pub(super) drop_rate: f64,
    /// After so long all connections end at once, and come back at the connect rate.
    #[arg(long, value_name = "SECONDS", help_heading = "Behaviour")]
    pub(super) storm: Option<f64>,
    /// Where devices travel that have a position, in degrees.
    #[arg(
        long,
        value_name = "LAT,LON",
        default_value = "22.54,114.06",
        allow_hyphen_values = true,
        help_heading = "Behaviour"
    )]
    pub(super) around: String,
    /// What chance begins with.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Behaviour")]
    pub(super) seed: u64,

    /// The server's process, if it runs on this machine: its memory and CPU time are told.
    #[arg(long, value_name = "PID", help_heading = "Result")]
    pub(super) server_pid: Option<u32>,
    /// Looks for every acknowledged report in the history of the cloud API.
    #[arg(long, help_heading = "Result")]
    pub(super) verify: bool,
    /// The final table: `text` or `json`. The status goes to stderr.
    #[arg(long, default_value = "text", value_parser = ["text", "json"], help_heading = "Result")]
    pub(super) output: String,
    /// No live status.
    #[arg(long, help_heading = "Result")]
    pub(super) quiet: bool,
}

impl Flags {
    /// What clap cannot know.
    ///
    /// # Errors
    /// A value that makes no sense; the text names the flag.
    pub(super) fn check(&self) -> Result<()> {
        for (flag, rate) in [
            ("--report-rate", self.report_rate),
            ("--event-rate", self.event_rate),
            ("--drop-rate", self.drop_rate),
        ] {
            ensure!((0.0..=1e6).contains(&rate), wrong(flag, &rate.to_string(), "not a rate"));
        }
        let rate = self.connect_rate;
        ensure!(
            (1e-3..=1e6).contains(&rate),
            wrong("--connect-rate", &rate.to_string(), "not a rate")
        );
        ensure!(self.index < self.of, "--index {} is not below --of {}", self.index, self.of);
        // Each would make a product of its own.
        let named = self.product.is_some() || self.devices.is_some();
        ensure!(self.of == 1 || named, "several processes need the same --product");
        let enough = usize::try_from(self.index)?;
        ensure!(
            self.devices.is_some() || self.number() > enough,
            "--count {} is too few",
            self.number()
        );
        seconds(self.seconds).context("--seconds")?;
        self.storm.map(seconds).transpose().context("--storm")?;
        self.centre().map(drop)
    }

    pub(super) fn number(&self) -> usize {
        self.count.unwrap_or(COUNT)
    }

    /// What of `all` is this process's own.
    pub(super) fn share<T>(&self, all: impl Iterator<Item = T>) -> Vec<T> {
        let (index, of) = (usize::try_from(self.index), usize::try_from(self.of));
        all.skip(index.unwrap_or(0)).step_by(of.unwrap_or(1)).collect()
    }

    pub(super) fn centre(&self) -> Result<Point> {
        let parsed = self.around.split_once(',').and_then(|(latitude, longitude)| {
            let (latitude, longitude) =
                (latitude.trim().parse().ok()?, longitude.trim().parse().ok()?);
            let fine = (-85.0..=85.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
            fine.then_some(Point { latitude, longitude })
        });
        parsed.ok_or_else(|| wrong("--around", &self.around, "not LAT,LON in degrees"))
    }

    pub(super) fn level(&self) -> Level {
        match self.level.as_str() {
            "3.1" => Level::V31,
            "5.0" => Level::V5,
            _ => Level::V311,
        }
    }

    pub(super) fn qos(&self) -> QoS {
        if self.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
    }

    /// Looks the target's name up.
    pub(super) async fn door(&self) -> Result<Door> {
        let usual = if self.tls == "off" { "127.0.0.1:1883" } else { "127.0.0.1:8883" };
        let target = self.target.as_deref().unwrap_or(usual);
        let Some((name, _)) = target.rsplit_once(':') else {
            bail!("--target {target}: not HOST:PORT");
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let mut found =
            tokio::net::lookup_host(target).await.with_context(|| format!("--target {target}"))?;
        let address = found.next().with_context(|| format!("--target {target} has no address"))?;
        let tls = match (self.tls.as_str(), &self.certificates) {
            ("server", _) => Tls::server(self.ca.as_deref(), name)?,
            ("psk", _) => Tls::psk()?,
            ("certificate", Some(folder)) => {
                Tls::certificate(self.ca.as_deref(), name, folder.clone())?
            }
            _ => Tls::Off,
        };
        Ok(Door { address, tls })
    }
}

/// A length of time.
pub(super) fn seconds(given: f64) -> Result<Duration> {
    ensure!((0.0..=SECONDS_MOST).contains(&given), "{given} is not a number of seconds");
    Ok(Duration::from_secs_f64(given))
}
