//! The place where flags become a configuration and errors become exit codes (interface.md).

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

use crate::{Options, config, config::Config};

/// The open, self-hosted IoT platform that speaks the wire of Tencent Cloud IoT Explorer.
#[derive(Debug, Parser)]
#[command(name = "thingd", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(Serve),
    /// Print the commented default configuration.
    Config,
    /// Check a configuration file and say what is wrong with it.
    CheckConfig { file: PathBuf },
    /// Keys of service clients: backends that connect over MQTT.
    Key(Box<crate::key::Flags>),
    /// Be many devices: rehearse a product, measure a server.
    Fleet(Box<crate::fleet::Flags>),
    /// Fill a new data folder with devices, to measure with.
    #[command(hide = true)]
    Seed(Seed),
    /// Print the version.
    Version {
        /// `text` or `json`.
        #[arg(long, default_value = "text", value_parser = ["text", "json"])]
        output: String,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// The one folder that is written.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// TOML; each field also as `THINGD_SECTION__FIELD`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Console, Cloud API, device HTTP, MQTT over WebSocket [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// The same over TLS [default: off].
    #[arg(long, value_name = "ADDR")]
    https: Option<String>,
    /// MQTT over TCP [default: 127.0.0.1:1883].
    #[arg(long, value_name = "ADDR")]
    mqtt: Option<String>,
    /// MQTT over TLS [default: 127.0.0.1:8883].
    #[arg(long, value_name = "ADDR")]
    mqtts: Option<String>,
    /// Written once all listeners accept: JSON with the real addresses and the process id.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Seed {
    /// The folder; it must be new.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// How many devices.
    #[arg(long, value_name = "N")]
    devices: u32,
}

/// How long what still blocks a thread may take after everything else has ended.
const LAST: std::time::Duration = std::time::Duration::from_secs(3);
/// Exit code of a wrong command line or configuration.
const WRONG_USE: u8 = 2;

/// Runs the command; one line on stderr says why it failed.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve(serve) => self::serve(&serve),
        Command::Seed(seed) => match fill(&seed) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(1, &error),
        },
        Command::Fleet(flags) => fleet(&flags),
        Command::Key(flags) => key(&flags),
        Command::Config => print(config::EXAMPLE),
        Command::CheckConfig { file } => match Config::load(Some(&file), environment()) {
            Ok(_) => print(&format!("{}: ok\n", file.display())),
            Err(error) => fail(WRONG_USE, &error),
        },
        Command::Version { output } if output == "json" => {
            print(&format!("{{\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION")))
        }
        Command::Version { .. } => print(&format!("thingd {}\n", env!("CARGO_PKG_VERSION"))),
    }
}

fn serve(serve: &Serve) -> ExitCode {
    let options = match options(serve) {
        Ok(options) => options,
        Err(error) => return fail(WRONG_USE, &error),
    };
    match run_server(options, serve.ready_file.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &error),
    }
}

fn options(serve: &Serve) -> Result<Options> {
    let mut config = Config::load(serve.config.as_deref(), environment())?;
    for (flag, given, field) in [
        ("--http", &serve.http, &mut config.http.listen),
        ("--https", &serve.https, &mut config.http.tls_listen),
        ("--mqtt", &serve.mqtt, &mut config.mqtt.listen),
        ("--mqtts", &serve.mqtts, &mut config.mqtt.tls_listen),
    ] {
        if let Some(text) = given {
            config::address(text).with_context(|| flag.to_owned())?;
            field.clone_from(text);
        }
    }
    let root = crate::root::from_environment(environment())?;
    let data = serve.data.clone();
    Ok(Options { data, config, root, clock: base::Clock::system(), seed: None })
}

fn run_server(options: Options, ready_file: Option<&Path>) -> Result<()> {
    crate::telemetry::install(&options.config.log.filter)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut stop = crate::signals::Stop::listen()?;
        let running = crate::start(options).await?;
        running.announce(ready_file)?;
        running.serve(stop.wait()).await
    });
    runtime.shutdown_timeout(LAST);
    ended
}

fn fleet(flags: &crate::fleet::Flags) -> ExitCode {
    match crate::fleet::run(flags, environment()) {
        Ok(report) => print(&report),
        Err(crate::fleet::Failed::WrongUse(error)) => fail(WRONG_USE, &error),
        Err(crate::fleet::Failed::Run(error)) => fail(1, &error),
    }
}

fn key(flags: &crate::key::Flags) -> ExitCode {
    let options = Config::load(flags.config(), environment()).and_then(|config| {
        let root = crate::root::from_environment(environment())?;
        let (data, clock) = (flags.data().to_owned(), base::Clock::system());
        Ok(Options { data, config, root, clock, seed: None })
    });
    let options = match options {
        Ok(options) => options,
        Err(error) => return fail(WRONG_USE, &error),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(crate::key::run(flags, options)));
    match done {
        Ok(text) => print(&text),
        Err(error) => fail(1, &error),
    }
}

fn fill(seed: &Seed) -> Result<()> {
    let config = Config::load(None, environment())?;
    let root = crate::root::from_environment(environment())?;
    let (data, clock) = (seed.data.clone(), base::Clock::system());
    let options = Options { data, config, root, clock, seed: None };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(crate::seed::fill(options, seed.devices))
}

fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(code: u8, error: &anyhow::Error) -> ExitCode {
    // Nothing is left to tell if stderr is gone, so its own error has no reader.
    drop(writeln!(std::io::stderr(), "thingd: {error:#}"));
    ExitCode::from(code)
}
