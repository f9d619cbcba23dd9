//! The place where `thingd fleet` reads its flags and gets its devices; what devices then do is
//! in the crate `fleet`.

pub(crate) mod cloud;
mod flags;
mod stock;
mod verify;

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use base::{Clock, Secret};
use fleet::{
    count::What,
    device::{self, Device},
    plan::Plan,
    run::Status,
    table::{Outcome, mib, ms},
    walk::Script,
};
use serde::Serialize;
use serde_json::Value;

use cloud::Account;
pub(crate) use flags::Flags;
use verify::Verified;

/// How long answers are waited for at the end.
const GRACE: Duration = Duration::from_secs(10);
/// Without a terminal, one line of status in so many seconds.
const SELDOM: u64 = 10;

/// Why a fleet did not come home.
#[derive(Debug)]
pub(crate) enum Failed {
    WrongUse(anyhow::Error),
    Run(anyhow::Error),
}

/// What is printed at the end.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
}

/// Runs a fleet; the text for stdout.
pub(crate) fn run(
    flags: &Flags,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<String, Failed> {
    let account = flags.check().and_then(|()| account(flags, environment));
    let account = account.map_err(Failed::WrongUse)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let report = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(sail(flags, account.as_ref())));
    report.map_err(Failed::Run)
}

/// Who calls the cloud API, from flags, environment or the file of the first login.
fn account(
    flags: &Flags,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Option<Account>> {
    let (mut id, mut key) = (flags.secret_id.clone(), flags.secret_key.clone());
    for (name, value) in environment {
        match name.as_str() {
            "THINGD_SECRET_ID" => id = id.or(Some(value)),
            "THINGD_SECRET_KEY" => key = key.or(Some(value)),
            _ => {}
        }
    }
    if let Some(file) = &flags.login {
        let text =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let login: Value = serde_json::from_slice(&text).context("--login")?;
        let field = |name: &str| Some(login.get(name)?.as_str()?.to_owned());
        (id, key) = (id.or(field("SecretId")), key.or(field("SecretKey")));
    }
    match (id, key) {
        (Some(id), Some(key)) => {
            Account::new(&flags.api, flags.ca.as_deref(), &id, Secret::new(key)).map(Some)
        }
        _ if flags.devices.is_some() && !flags.verify => Ok(None),
        _ => bail!(
            "who calls the cloud API: give --login FILE, or --secret-id and --secret-key (or \
             THINGD_SECRET_ID and THINGD_SECRET_KEY); --devices FILE needs no API"
        ),
    }
}

async fn sail(flags: &Flags, account: Option<&Account>) -> Result<String> {
    let mut stop = crate::signals::Stop::listen()?;
    let (devices, model) = match (&flags.devices, account) {
        (Some(file), _) => from_files(flags, file)?,
        (None, Some(account)) => from_cloud(flags, account).await?,
        (None, None) => bail!("no devices"),
    };
    let script = Script::compile(&model, flags.centre()?)?;
    let witness = script.witness().map(str::to_owned);
    let plan = plan(flags, devices, script).await?;
    let mut line = Line { terminal: std::io::stderr().is_terminal(), seconds: 0 };
    let look = |status: &Status| line.show(flags.quiet, status);
    let done = fleet::run::run(plan, Clock::system(), stop.wait(), look).await?;
    line.end();
    let verified = match (account, witness) {
        (Some(account), Some(witness)) if flags.verify => {
            Some(verify::verify(&mut account.connect().await?, &witness, &done.kept).await?)
        }
        _ => None,
    };
    let report = Report { outcome: done.outcome, verified };
    finish(&report, &render(&report, flags.output == "json")?)
}

/// A fleet that never was at sea, or lost what it was promised, has failed.
fn finish(report: &Report, text: &str) -> Result<String> {
    let Outcome { connects, reasons, .. } = &report.outcome;
    if *connects == 0 {
        let why: Vec<&str> = reasons.keys().map(String::as_str).collect();
        let why = if why.is_empty() { "no answer in time".into() } else { why.join("; ") };
        bail!("no device came online: {why}");
    }
    if let Some(Verified { missing: missing @ 1.., .. }) = report.verified {
        tell(text);
        bail!("{missing} acknowledged reports are not in the history");
    }
    Ok(text.to_owned())
}

fn render(report: &Report, json: bool) -> Result<String> {
    if json {
        return Ok(serde_json::to_string(report)? + "\n");
    }
    let mut text = report.outcome.to_string();
    if let Some(Verified { acknowledged, missing }) = report.verified {
        text.push_str(&format!(
            "\n{:<22}{acknowledged} acknowledged reports, {missing} missing\n",
            "history"
        ));
    }
    Ok(text)
}

fn from_files(flags: &Flags, file: &std::path::Path) -> Result<(Vec<Device>, String)> {
    let read = |file: &std::path::Path| {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
    };
    let all = device::from_csv(&read(file)?).with_context(|| file.display().to_string())?;
    let wanted = flags.count.unwrap_or(all.len());
    ensure!(wanted <= all.len(), "{} names {} devices, not {wanted}", file.display(), all.len());
    let model = flags.model.as_ref().context("--devices needs --model")?;
    Ok((flags.share(all.into_iter().take(wanted)), read(model)?))
}

async fn from_cloud(flags: &Flags, account: &Account) -> Result<(Vec<Device>, String)> {
    let mut cloud = account.connect().await?;
    let product = match &flags.product {
        Some(product) => product.clone(),
        None => stock::product(&mut cloud).await?,
    };
    let model = stock::model(&mut cloud, &product).await?;
    let names = flags.share((1..=flags.number()).map(|n| format!("{}{n:06}", flags.prefix)));
    let devices = stock::devices(account, &mut cloud, &product, names).await?;
    if let (Some(bare), false) =
        (devices.iter().find(|d| d.secret.is_empty()), flags.tls == "certificate")
    {
        bail!("{bare:?} has no secret: its product wants --tls certificate");
    }
    Ok((devices, model))
}

async fn plan(flags: &Flags, devices: Vec<Device>, script: Script) -> Result<Plan> {
    Ok(Plan {
        devices,
        script,
        door: flags.door().await?,
        sources: flags.source.clone(),
        level: flags.level(),
        qos: flags.qos(),
        keep_alive: flags.keep_alive,
        connect_rate: flags.connect_rate / f64::from(flags.of),
        report_rate: flags.report_rate,
        event_rate: flags.event_rate,
        drop_rate: flags.drop_rate,
        storm: flags.storm.map(flags::seconds).transpose()?,
        grace: GRACE,
        duration: flags::seconds(flags.seconds)?,
        seed: flags.seed,
        server: flags.server_pid,
        keep_acknowledged: flags.verify,
    })
}

/// The live status: one line that changes, or a line now and then where lines stay.
struct Line {
    terminal: bool,
    seconds: u64,
}

impl Line {
    fn show(&mut self, quiet: bool, status: &Status) {
        let seldom = !self.seconds.is_multiple_of(SELDOM);
        self.seconds += 1;
        if quiet || (!self.terminal && seldom) {
            return;
        }
        let text = sentence(status);
        // Back to the begin of the line, and clear it.
        tell(&if self.terminal { format!("\r\x1b[K{text}") } else { format!("{text}\n") });
    }

    fn end(&self) {
        if self.terminal {
            tell("\n");
        }
    }
}

fn sentence(status: &Status) -> String {
    let Status { devices, elapsed, numbers, before, acknowledging, server_bytes } = status;
    let of = |what| numbers.of(what);
    let new = |what| numbers.of(what).saturating_sub(before.of(what));
    let server = server_bytes.map(|bytes| format!(" | server {}", mib(bytes)));
    format!(
        "{:>5.0} s | online {} of {devices} | {}/s out, {}/s PUBACK, p99 {} | failed {}, cut off {}{}",
        elapsed.as_secs_f64(),
        of(What::Online),
        new(What::Reports) + new(What::Events),
        new(What::Acknowledged),
        ms(*acknowledging),
        of(What::Failures),
        of(What::CutOff),
        server.unwrap_or_default(),
    )
}

/// Progress is for people; a closed stderr does not stop the work.
fn tell(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}

fn wrong(flag: &str, value: &str, why: &str) -> anyhow::Error {
    anyhow!("{flag} {value}: {why}")
}
