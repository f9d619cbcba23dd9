//! The place where publishers keep a window of QoS 1 messages in flight: property reports, which are
//! answered, or plain messages, which others read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Result, bail};
use mqtt::QoS;
use serde::Serialize;
use tokio::{
    sync::Barrier,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{Aim, Client, Readers, Topics, report, wire::Wire};
use crate::{device::Device, process::cpu_seconds};

/// One measured round.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Messages that one publisher has in flight.
    pub window: usize,
    pub warm_up: Duration,
    pub measure: Duration,
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

/// The end of a `report_reply` of a report that was taken.
const TAKEN: &[u8] = br#""code":0,"status":""}"#;

/// Property reports of devices; each must be answered by a good `report_reply`.
///
/// # Errors
/// The server refused someone or something, or went away.
pub async fn reports(aim: Aim, devices: &[Device], round: Round) -> Result<Outcome> {
    let topics = Topics {
        topic: "$thing/up/property/{product}/{device}".into(),
        filter: "$thing/down/property/{product}/{device}".into(),
    };
    let client = |device| Ok(Client::writer(device, &topics)?.subscribed(&topics, QoS::AtMostOnce));
    let clients = devices.iter().map(client).collect::<Result<Vec<_>>>()?;
    run(aim, clients, round, TAKEN).await
}

/// The same bytes on plain topics, read by the readers.
///
/// # Errors
/// The server refused someone or went away.
pub async fn forward(
    aim: Aim,
    (devices, topics, readers): (&[Device], &Topics, &Readers),
    round: Round,
) -> Result<Outcome> {
    let mut clients = Client::readers(devices, topics, readers);
    for device in devices {
        clients.push(Client::writer(device, topics)?);
    }
    run(aim, clients, round, b"").await
}

async fn run(aim: Aim, clients: Vec<Client>, round: Round, good: &'static [u8]) -> Result<Outcome> {
    let counters = Arc::new(Counters::default());
    let mut tasks = JoinSet::new();
    let ready = Arc::new(Barrier::new(clients.len() + 1));
    let aim = Arc::new(aim);
    for (number, client) in clients.into_iter().enumerate() {
        let (aim, counters, ready) = (aim.clone(), counters.clone(), ready.clone());
        tasks.spawn(async move {
            let wire = Wire::connect(&aim, &client, number).await?;
            ready.wait().await;
            turn(wire, client.topic.as_deref(), (round.window, good), &counters).await
        });
    }
    tokio::select! {
        _ = ready.wait() => {}
        Some(ended) = tasks.join_next() => {
            ended??;
            bail!("a client ended before the load began");
        }
    }
    sleep(round.warm_up).await;
    let before = Snapshot::take(&counters, aim.pid)?;
    sleep(round.measure).await;
    let after = Snapshot::take(&counters, aim.pid)?;
    counters.stop.store(true, Relaxed);
    // Nobody was awaited since: who has ended by now has failed.
    if let Some(ended) = tasks.try_join_next() {
        ended??;
    }
    tasks.shutdown().await;
    Ok(before.until(&after))
}

/// Keeps the window full and counts what comes.
async fn turn(
    mut wire: Wire,
    topic: Option<&str>,
    (window, good): (usize, &[u8]),
    counters: &Counters,
) -> Result<()> {
    let payload = report();
    let (mut next_id, mut in_flight) = (0_u16, 0);
    while !counters.stop.load(Relaxed) {
        if let Some(topic) = topic {
            while in_flight < window {
                next_id = next_id.checked_add(1).unwrap_or(1);
                wire.publish(next_id, topic, &payload);
                in_flight += 1;
            }
        }
        let seen = wire.exchange(good).await?;
        in_flight -= seen.acknowledged;
        counters.acknowledged.fetch_add(seen.acknowledged as u64, Relaxed);
        counters.received.fetch_add(seen.received as u64, Relaxed);
    }
    Ok(())
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
