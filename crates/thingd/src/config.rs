//! The place where the configuration is read: file, then environment, then flags.

use std::{fmt, net::SocketAddr, path::Path};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use web::Network;

/// What `thingd config` prints. A test holds it equal to [`Config::default`].
pub const EXAMPLE: &str = include_str!("../config.example.toml");

/// Everything that can be set. See `config.example.toml` for what each field means.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub http: Http,
    pub mqtt: Mqtt,
    pub tls: Tls,
    pub metadata: Metadata,
    pub retention: Retention,
    pub commit: Commit,
    pub log: Log,
    pub limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    pub listen: String,
    pub tls_listen: String,
    pub metrics_open: bool,
    pub trusted_proxies: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    pub listen: String,
    pub tls_listen: String,
    pub psk: bool,
    pub greetings_per_address: usize,
    pub host: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    pub names: Vec<String>,
}

#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metadata {
    pub url: String,
}

// The url carries a password, so it is not shown.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.url.is_empty() { "Metadata(sqlite)" } else { "Metadata(..)" })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    pub points_days: u32,
    pub logs_days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Commit {
    pub messages: usize,
    pub bytes: usize,
    pub delay_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub content: bool,
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub up_qos0_per_s: u32,
    pub up_qos1_per_s: u32,
    pub down_per_s: u32,
    pub payload_bytes: u32,
    pub instance_rate: bool,
    pub connect_every_s: u32,
    pub service_sessions: u32,
    pub in_flight: u16,
    pub session_s: u32,
    pub queue_messages: u32,
    pub queue_s: u32,
    pub queue_drop_oldest: bool,
    pub replay_ms: u16,
    pub projects: u32,
    pub products_per_project: u32,
    pub devices_per_product: u32,
    pub action_timeout_s: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            tls_listen: String::new(),
            metrics_open: false,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Http {
    /// Who is believed when it says for whom it calls.
    ///
    /// # Errors
    /// A text is no network.
    pub fn proxies(&self) -> Result<Vec<Network>> {
        let parse = |text: &String| text.parse().context("http.trusted_proxies");
        self.trusted_proxies.iter().map(parse).collect()
    }
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:1883".into(),
            tls_listen: "127.0.0.1:8883".into(),
            psk: true,
            greetings_per_address: 1024,
            host: String::new(),
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { points_days: 30, logs_days: 7 }
    }
}

impl Default for Commit {
    fn default() -> Self {
        Self { messages: 1000, bytes: 1 << 20, delay_ms: 0 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { content: true, filter: "info".into() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            up_qos0_per_s: 30,
            up_qos1_per_s: 10,
            down_per_s: 50,
            payload_bytes: 65_536,
            instance_rate: true,
            connect_every_s: 5,
            service_sessions: 1000,
            in_flight: 256,
            session_s: 604_800,
            queue_messages: 150,
            queue_s: 86_400,
            queue_drop_oldest: false,
            replay_ms: 500,
            projects: 1000,
            products_per_project: 1000,
            devices_per_product: 2_000_000,
            action_timeout_s: 5,
        }
    }
}

impl Config {
    /// Reads `file` (if any) and lays `env` over it: `THINGD_SECTION__FIELD` = value.
    ///
    /// # Errors
    /// Names the file and line, or the variable, that is wrong.
    pub fn load(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let text = match file {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read config {}", path.display()))?,
        };
        Self::parse(&text, &file.map_or("-".into(), |f| f.display().to_string()), env)
    }

    /// Like [`Config::load`], from text; `name` is what errors call it.
    ///
    /// # Errors
    /// Names the line or the variable that is wrong.
    pub fn parse(
        text: &str,
        name: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self> {
        let from_file: Self = toml::from_str(text).map_err(|e| at_line(name, text, &e))?;
        let mut table = toml::Table::try_from(&from_file)?;
        let mut seen = Vec::new();
        for (variable, value) in env {
            let Some((section, field)) =
                variable.strip_prefix("THINGD_").and_then(|rest| rest.split_once("__"))
            else {
                continue;
            };
            overlay(&mut table, section, field, &value)
                .with_context(|| format!("environment variable {variable}"))?;
            seen.push(variable);
        }
        let config: Self = table.try_into().with_context(|| seen.join(", "))?;
        config.check()?;
        Ok(config)
    }

    /// The rules that types alone do not hold.
    fn check(&self) -> Result<()> {
        for (field, text) in [
            ("http.listen", &self.http.listen),
            ("http.tls_listen", &self.http.tls_listen),
            ("mqtt.listen", &self.mqtt.listen),
            ("mqtt.tls_listen", &self.mqtt.tls_listen),
        ] {
            address(text).with_context(|| field.to_owned())?;
        }
        if self.http.listen.is_empty() && self.http.tls_listen.is_empty() {
            bail!("http.listen and http.tls_listen are both off: nothing to serve the console on");
        }
        self.http.proxies()?;
        for (field, days) in [
            ("retention.points_days", self.retention.points_days),
            ("retention.logs_days", self.retention.logs_days),
        ] {
            if !(1..=3650).contains(&days) {
                bail!("{field}: {days} is not between 1 and 3650");
            }
        }
        if !(1..=100_000).contains(&self.commit.messages) {
            bail!("commit.messages: {} is not between 1 and 100000", self.commit.messages);
        }
        if !(4096..=67_108_864).contains(&self.commit.bytes) {
            bail!("commit.bytes: {} is not between 4096 and 67108864", self.commit.bytes);
        }
        if self.commit.delay_ms > 1000 {
            bail!("commit.delay_ms: {} is more than 1000", self.commit.delay_ms);
        }
        if !(1024..=262_144).contains(&self.limits.payload_bytes) {
            bail!(
                "limits.payload_bytes: {} is not between 1024 and 262144",
                self.limits.payload_bytes
            );
        }
        if !(1..=60).contains(&self.limits.action_timeout_s) {
            bail!(
                "limits.action_timeout_s: {} is not between 1 and 60",
                self.limits.action_timeout_s
            );
        }
        let url = &self.metadata.url;
        if !url.is_empty() && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            bail!("metadata.url: only postgres:// is known, or \"\" for SQLite");
        }
        Ok(())
    }

    /// What is allowed and yet deserves a thought: the fields, and what follows from them.
    #[must_use]
    pub fn risks(&self) -> Vec<&'static str> {
        let open = |text: &str| matches!(address(text), Ok(Some(at)) if !at.ip().to_canonical().is_loopback());
        let (plain, tls) = (open(&self.http.listen), open(&self.http.tls_listen));
        let mut risks = Vec::new();
        if plain {
            risks.push("http.listen: passwords of the console cross the network in clear text");
        }
        if self.http.metrics_open && (plain || tls) {
            risks.push("http.metrics_open: everyone who reaches the http door reads the metrics");
        }
        risks
    }
}

/// A listening address; "" is none.
///
/// # Errors
/// `text` is not `host:port` with a numeric host.
pub fn address(text: &str) -> Result<Option<SocketAddr>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| anyhow!("{text:?} is not an address such as 127.0.0.1:8080"))
}

/// Sets one field, in the type that the default has.
fn overlay(table: &mut toml::Table, section: &str, field: &str, value: &str) -> Result<()> {
    let (section, field) = (section.to_lowercase(), field.to_lowercase());
    let place = table
        .get_mut(&section)
        .and_then(toml::Value::as_table_mut)
        .with_context(|| format!("there is no section {section}"))?
        .get_mut(&field)
        .with_context(|| format!("section {section} has no field {field}"))?;
    *place = match place {
        toml::Value::Integer(_) => {
            toml::Value::Integer(value.parse().map_err(|_| anyhow!("{value:?} is not a number"))?)
        }
        toml::Value::Boolean(_) => toml::Value::Boolean(
            value.parse().map_err(|_| anyhow!("{value:?} is not true or false"))?,
        ),
        toml::Value::Array(_) => toml::Value::Array(
            value.split(',').map(str::trim).filter(|v| !v.is_empty()).map(Into::into).collect(),
        ),
        _ => toml::Value::String(value.to_owned()),
    };
    Ok(())
}

fn at_line(name: &str, text: &str, error: &toml::de::Error) -> anyhow::Error {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|b| *b == b'\n').count();
    anyhow!("{name}:{line}: {}", error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, env: &[(&str, &str)]) -> Result<Config> {
        Config::parse(text, "t.toml", env.iter().map(|(k, v)| ((*k).into(), (*v).into())))
    }

    #[test]
    fn the_printed_example_is_the_default_and_names_every_field() {
        assert_eq!(parse(EXAMPLE, &[]).unwrap(), Config::default());
        let given: toml::Table = EXAMPLE.parse().unwrap();
        let whole = toml::Table::try_from(Config::default()).unwrap();
        for (section, fields) in &whole {
            for field in fields.as_table().unwrap().keys() {
                assert!(given[section].get(field).is_some(), "{section}.{field}");
            }
        }
    }

    #[test]
    fn an_unknown_field_names_file_and_line() {
        let error = parse("[http]\nlisten = \"127.0.0.1:1\"\nlisten2 = 1\n", &[]).unwrap_err();
        assert!(error.to_string().starts_with("t.toml:3: unknown field `listen2`"), "{error}");
    }

    #[test]
    fn the_environment_wins_over_the_file_and_keeps_its_type() {
        let env = [("THINGD_LIMITS__UP_QOS1_PER_S", "0"), ("THINGD_TLS__NAMES", "a, b"), ("X", "")];
        let config = parse("[limits]\nup_qos1_per_s = 3", &env).unwrap();
        assert_eq!(config.limits.up_qos1_per_s, 0);
        assert_eq!(config.tls.names, ["a", "b"]);
    }

    #[test]
    fn a_wrong_variable_is_named() {
        for (variable, value, says) in [
            ("THINGD_LIMITS__UP_QOS1_PER_S", "ten", "\"ten\" is not a number"),
            ("THINGD_NO__SUCH", "1", "there is no section no"),
            ("THINGD_HTTP__SUCH", "1", "section http has no field such"),
        ] {
            let error = format!("{:#}", parse("", &[(variable, value)]).unwrap_err());
            assert!(error.contains(variable) && error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_password_of_the_database_is_not_shown() {
        let env = [("THINGD_METADATA__URL", "postgres://thingd:canary@db/thingd")];
        assert!(!format!("{:?}", parse("", &env).unwrap()).contains("canary"));
    }

    #[test]
    fn a_door_to_the_network_is_a_risk_that_is_told() {
        let risks = |text: &str| {
            let all = parse(text, &[]).unwrap().risks();
            all.iter().map(|risk| risk.split(':').next().unwrap()).collect::<Vec<_>>()
        };
        assert!(risks("[http]\nmetrics_open = true").is_empty());
        assert!(risks("[http]\ntls_listen = \"0.0.0.0:443\"").is_empty());
        assert_eq!(risks("[http]\nlisten = \"0.0.0.0:80\""), ["http.listen"]);
        let both = "[http]\nlisten = \"[::]:80\"\nmetrics_open = true";
        assert_eq!(risks(both), ["http.listen", "http.metrics_open"]);
    }

    #[test]
    fn values_out_of_range_are_refused_by_name() {
        for (text, field) in [
            ("[http]\nlisten = \"nowhere\"", "http.listen"),
            ("[http]\ntrusted_proxies = [\"10.0.0.0/33\"]", "http.trusted_proxies"),
            ("[retention]\nlogs_days = 0", "retention.logs_days"),
            ("[metadata]\nurl = \"mysql://x\"", "metadata.url"),
            ("[commit]\nbytes = 1", "commit.bytes"),
        ] {
            let error = format!("{:#}", parse(text, &[]).unwrap_err());
            assert!(error.contains(field), "{error}");
        }
    }
}
