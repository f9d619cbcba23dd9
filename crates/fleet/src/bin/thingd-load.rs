//! One measured round of load: reads the plan from its arguments, prints the outcome as JSON.

use std::{io::Write as _, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Result, ensure};
use clap::{Args, Parser, Subcommand};
use fleet::{
    device::Device,
    door::{Door, Tls},
    load::{Aim, Readers, Topics, connects, flow, idle, rtt, storm},
};
use mqtt::QoS;
use serde::Serialize;

/// A load for `cargo xtask bench`.
#[derive(Debug, Parser)]
struct Load {
    #[arg(long)]
    target: SocketAddr,
    /// The server's process id.
    #[arg(long)]
    pid: u32,
    /// A JSON list of devices: product, name, secret.
    #[arg(long)]
    devices: PathBuf,
    /// Devices of the list that take part; all by default.
    #[arg(long)]
    count: Option<usize>,
    /// Devices come through TLS; the server's certificate is not checked.
    #[arg(long)]
    tls: bool,
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    #[arg(long, default_value = "{product}/{device}/data")]
    topic: String,
    #[command(subcommand)]
    mode: Mode,
}

#[derive(Debug, Subcommand)]
enum Mode {
    /// Property reports, each of which must be answered.
    Reports {
        #[arg(long, default_value_t = 20)]
        window: usize,
    },
    /// Plain messages that readers read, one for each product.
    Forward {
        #[arg(long, default_value_t = 20)]
        window: usize,
        #[command(flatten)]
        readers: ReaderArgs,
    },
    /// One message after the other, and how long each takes to its reader.
    Rtt {
        #[arg(long, default_value_t = 100.0)]
        per_s: f64,
        #[command(flatten)]
        readers: ReaderArgs,
    },
    /// Devices connect and leave, over and over.
    Connects,
    /// Devices connect, subscribe and stay silent; what memory that takes.
    Idle {
        #[arg(long, default_value = "{product}/{device}/control")]
        filter: String,
    },
    /// All devices come back at once, and then publish, each once in a period.
    Storm {
        #[arg(long, default_value = "{product}/{device}/control")]
        filter: String,
        #[arg(long, default_value_t = 5.0)]
        period: f64,
        #[arg(long, default_value_t = 3)]
        times: u32,
    },
}

#[derive(Debug, Args)]
struct ReaderArgs {
    #[arg(long, default_value = "{product}/+/data")]
    filter: String,
    #[arg(long, default_value = "reader")]
    user: String,
    #[arg(long, default_value = "", hide_default_value = true)]
    password: String,
    /// A number follows it.
    #[arg(long, default_value = "reader")]
    client_id: String,
    /// At which the readers subscribe.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    qos: u8,
}

impl ReaderArgs {
    fn split(self, topic: String) -> (Topics, Readers) {
        let Self { filter, user, password, client_id, qos } = self;
        let qos = QoS::from_u8(qos).unwrap_or(QoS::AtLeastOnce);
        (Topics { topic, filter }, Readers { user, password, client_id, qos })
    }
}

fn main() -> Result<()> {
    let load = Load::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(load))
}

async fn run(load: Load) -> Result<()> {
    let Load { target, pid, topic, mode, .. } = load;
    let mut devices: Vec<Device> = serde_json::from_slice(&std::fs::read(&load.devices)?)?;
    let count = load.count.unwrap_or(devices.len());
    ensure!(count <= devices.len(), "the list has only {} devices", devices.len());
    devices.truncate(count);
    let tls = if load.tls { Tls::server(None, "localhost")? } else { Tls::Off };
    let aim = Aim { door: Door { address: target, tls }, pid };
    let [warm_up, measure] = [load.warm_up, load.seconds].map(Duration::from_secs_f64);
    match mode {
        Mode::Reports { window } => {
            let round = flow::Round { window, warm_up, measure };
            print(&flow::reports(aim, &devices, round).await?)
        }
        Mode::Forward { window, readers } => {
            let (topics, readers) = readers.split(topic);
            let round = flow::Round { window, warm_up, measure };
            print(&flow::forward(aim, (&devices, &topics, &readers), round).await?)
        }
        Mode::Rtt { per_s, readers } => {
            let (topics, readers) = readers.split(topic);
            let who = (&devices[..], &topics, &readers);
            print(&rtt::run(&aim, who, per_s, (warm_up, measure)).await?)
        }
        Mode::Connects => print(&connects::run(aim, &devices, (warm_up, measure)).await?),
        Mode::Idle { filter } => {
            print(&idle::run(&aim, &devices, &Topics { topic, filter }, measure).await?)
        }
        Mode::Storm { filter, period, times } => {
            let pace = (Duration::from_secs_f64(period), times);
            print(&storm::run(aim, &devices, &Topics { topic, filter }, pace).await?)
        }
    }
}

fn print(outcome: &impl Serialize) -> Result<()> {
    writeln!(std::io::stdout(), "{}", serde_json::to_string(outcome)?)?;
    Ok(())
}
