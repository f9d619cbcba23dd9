//! The place where a load is made: publishers that keep a window of QoS 1 messages in flight, and
//! subscribers that read what a broker forwards. One thread: what is measured is the server.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use mqtt::{Level, Packet, QoS, encode};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Barrier,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::device::Device;

/// What the publishers send.
#[derive(Debug, Clone)]
pub enum Load {
    /// Property reports of devices; each is answered by a `report_reply`.
    Reports(Vec<Device>),
    /// The same bytes on plain topics, read by subscribers that share them.
    Plain { publishers: usize, subscribers: usize },
}

/// One measured round.
#[derive(Debug, Clone)]
pub struct Plan {
    pub target: SocketAddr,
    pub load: Load,
    /// Messages that one publisher has in flight.
    pub window: usize,
    pub warm_up: Duration,
    pub measure: Duration,
    /// The server's process, whose CPU time is counted.
    pub pid: u32,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    pub seconds: f64,
    /// PUBACKs.
    pub acknowledged: u64,
    /// `report_reply`s, or messages that reached a subscriber.
    pub received: u64,
    /// User and system time of the server.
    pub cpu_seconds: f64,
    /// PUBACKs of the whole load, the warm-up too.
    pub total_acknowledged: u64,
}

#[derive(Debug, Default)]
struct Counters {
    acknowledged: AtomicU64,
    received: AtomicU64,
    stop: AtomicBool,
}

/// Runs one round on the current thread's runtime.
///
/// # Errors
/// The server refused someone or went away.
pub async fn run(plan: &Plan) -> Result<Outcome> {
    let counters = Arc::new(Counters::default());
    let mut tasks = JoinSet::new();
    let clients = clients(&plan.load)?;
    let ready = Arc::new(Barrier::new(clients.len() + 1));
    for client in clients {
        let (target, window) = (plan.target, plan.window);
        let (counters, ready) = (counters.clone(), ready.clone());
        tasks.spawn(async move { client.run(target, window, &counters, &ready).await });
    }
    tokio::select! {
        _ = ready.wait() => {}
        Some(ended) = tasks.join_next() => {
            ended??;
            bail!("a client ended before the load began");
        }
    }
    sleep(plan.warm_up).await;
    let before = Snapshot::take(&counters, plan.pid)?;
    sleep(plan.measure).await;
    let after = Snapshot::take(&counters, plan.pid)?;
    counters.stop.store(true, Relaxed);
    // Nobody was awaited since: who has ended by now has failed.
    if let Some(ended) = tasks.try_join_next() {
        ended??;
    }
    tasks.shutdown().await;
    Ok(before.until(&after))
}

struct Snapshot {
    at: Instant,
    acknowledged: u64,
    received: u64,
    cpu_seconds: f64,
}

impl Snapshot {
    fn take(counters: &Counters, pid: u32) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            acknowledged: counters.acknowledged.load(Relaxed),
            received: counters.received.load(Relaxed),
            cpu_seconds: cpu_seconds(pid)?,
        })
    }

    fn until(&self, after: &Self) -> Outcome {
        Outcome {
            seconds: (after.at - self.at).as_secs_f64(),
            acknowledged: after.acknowledged - self.acknowledged,
            received: after.received - self.received,
            cpu_seconds: after.cpu_seconds - self.cpu_seconds,
            total_acknowledged: after.acknowledged,
        }
    }
}

/// User and system time of a process, from `/proc/PID/stat` (fields 14 and 15, in ticks of 10 ms).
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    let after_name = stat.rsplit_once(')').context("unknown form of /proc/PID/stat")?.1;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let (user, system): (u32, u32) = (
        fields.next().context("no user time")?.parse()?,
        fields.next().context("no system time")?.parse()?,
    );
    Ok(f64::from(user + system) / 100.0)
}

/// One connection of the load.
pub(crate) struct Client {
    id: String,
    login: Option<(String, String)>,
    subscribe: Option<(String, QoS)>,
    publish: Option<(String, Vec<u8>)>,
    /// How every message that comes must end.
    good: &'static [u8],
}

/// The end of a `report_reply` of a report that was taken.
const TAKEN: &[u8] = br#""code":0,"status":""}"#;

fn clients(load: &Load) -> Result<Vec<Client>> {
    match load {
        Load::Reports(devices) => devices.iter().map(reporter).collect(),
        Load::Plain { publishers, subscribers } => {
            let reading = (0..*subscribers).map(|s| Client {
                id: format!("reader{s}"),
                login: None,
                subscribe: Some((format!("shard{s}/#"), QoS::AtMostOnce)),
                publish: None,
                good: b"",
            });
            let writing = (0..*publishers).map(|p| Client {
                id: format!("writer{p}"),
                login: None,
                subscribe: None,
                publish: Some((format!("shard{}/data/writer{p}", p % subscribers), report())),
                good: b"",
            });
            Ok(reading.chain(writing).collect())
        }
    }
}

pub(crate) fn reporter(device: &Device) -> Result<Client> {
    let Device { product, name, .. } = device;
    Ok(Client {
        id: device.client_id(),
        login: Some(device.credentials()?),
        subscribe: Some((format!("$thing/down/property/{product}/{name}"), QoS::AtMostOnce)),
        publish: Some((format!("$thing/up/property/{product}/{name}"), report())),
        good: TAKEN,
    })
}

/// A report of four properties, 256 bytes long.
fn report() -> Vec<u8> {
    let text = |fill: &str| {
        format!(
            "{{\"method\":\"report\",\"clientToken\":\"HQ0A1B2C3D-00000000\",\"params\":{{\
             \"power_switch\":1,\"brightness\":68,\"temperature\":21.5,\"note\":\"{fill}\"}}}}"
        )
    };
    let fill = 256 - text("").len();
    text(&"x".repeat(fill)).into_bytes()
}

impl Client {
    async fn run(
        self,
        target: SocketAddr,
        window: usize,
        counters: &Counters,
        ready: &Barrier,
    ) -> Result<()> {
        let mut wire = Wire::connect(target, &self).await?;
        ready.wait().await;
        let mut next_id = 0_u16;
        let mut in_flight = 0;
        while !counters.stop.load(Relaxed) {
            if let Some((topic, payload)) = &self.publish {
                while in_flight < window {
                    next_id = next_id.checked_add(1).unwrap_or(1);
                    wire.publish(next_id, topic, payload);
                    in_flight += 1;
                }
            }
            let (acknowledged, received) = wire.exchange(self.good).await?;
            in_flight -= acknowledged;
            counters.acknowledged.fetch_add(acknowledged as u64, Relaxed);
            counters.received.fetch_add(received as u64, Relaxed);
        }
        Ok(())
    }
}

/// A client's open socket.
pub(crate) struct Wire {
    stream: TcpStream,
    out: Vec<u8>,
    input: Vec<u8>,
}

/// What one frame may have.
const FRAME_BYTES: usize = 1 << 20;

impl Wire {
    /// Connects and subscribes.
    pub(crate) async fn connect(target: SocketAddr, client: &Client) -> Result<Self> {
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        let mut wire = Self { stream, out: Vec::new(), input: Vec::with_capacity(65_536) };
        encode::connect(
            &mut wire.out,
            &mqtt::Connect {
                level: Level::V311,
                clean: true,
                keep_alive: 60,
                client_id: &client.id,
                will: None,
                user_name: client.login.as_ref().map(|l| l.0.as_str()),
                password: client.login.as_ref().map(|l| l.1.as_bytes()),
                properties: mqtt::Properties::default(),
            },
        );
        wire.expect(&client.id, |packet| match packet {
            Packet::ConnAck(ack) => Some(ack.code == 0),
            _ => None,
        })
        .await?;
        if let Some((filter, qos)) = &client.subscribe {
            encode::subscribe(&mut wire.out, Level::V311, 1, &[(filter.as_str(), *qos)]);
            wire.expect(&client.id, |packet| match packet {
                Packet::SubAck(ack) => Some(ack.codes.iter().all(|code| *code < 0x80)),
                _ => None,
            })
            .await?;
        }
        Ok(wire)
    }

    /// Sends what is waiting and reads the one answer.
    async fn expect(
        &mut self,
        who: &str,
        good: impl Fn(&Packet<'_>) -> Option<bool>,
    ) -> Result<()> {
        self.stream.write_all(&self.out).await?;
        self.out.clear();
        loop {
            if let Some(frame) = mqtt::frame(&self.input, FRAME_BYTES)? {
                let length = frame.bytes.len();
                let answer = good(&mqtt::decode(Level::V311, frame)?);
                self.input.drain(..length);
                ensure!(answer == Some(true), "client {who} was refused");
                return Ok(());
            }
            ensure!(self.stream.read_buf(&mut self.input).await? > 0, "client {who} was cut off");
        }
    }

    fn publish(&mut self, id: u16, topic: &str, payload: &[u8]) {
        encode::publish(
            &mut self.out,
            Level::V311,
            &mqtt::Publish {
                dup: false,
                qos: QoS::AtLeastOnce,
                retain: false,
                topic,
                id: Some(id),
                properties: mqtt::Properties::default(),
                payload,
            },
        );
    }

    /// Sends what is waiting, reads once; how many PUBACKs and PUBLISHes came.
    async fn exchange(&mut self, good: &[u8]) -> Result<(usize, usize)> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.out.clear();
        }
        ensure!(self.stream.read_buf(&mut self.input).await? > 0, "the server closed a connection");
        let (mut acknowledged, mut received, mut at) = (0, 0, 0);
        while let Some(frame) = mqtt::frame(self.input.get(at..).unwrap_or_default(), FRAME_BYTES)?
        {
            at += frame.bytes.len();
            match mqtt::decode(Level::V311, frame)? {
                Packet::PubAck(_) => acknowledged += 1,
                Packet::Publish(message) => {
                    ensure!(message.payload.ends_with(good), "a report was refused");
                    received += 1;
                    if let Some(id) = message.id {
                        encode::puback(&mut self.out, Level::V311, id, 0);
                    }
                }
                _ => {}
            }
        }
        self.input.drain(..at);
        Ok((acknowledged, received))
    }
}
