//! The place where all devices lose their connections at once and come back at once, and then go on
//! with their work.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use mqtt::QoS;
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{Aim, Client, Topics, report, rtt, wire::Wire};
use crate::{count::Latencies, device::Device};

/// Devices that connect at the same time before the storm.
const CALM: usize = 100;
/// Who was turned away tries again after so long, and then after twice as long, and so on.
const AGAIN: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);
/// Who has no answer by then tries again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    pub devices: usize,
    /// From the loss of the connections until the last device was back.
    pub back_seconds: f64,
    /// Attempts that were refused or came to nothing.
    pub failures: u64,
    /// Afterwards: from PUBLISH to PUBACK.
    pub messages: u64,
    pub p50_us: f64,
    pub p99_us: f64,
    pub max_us: f64,
}

/// All connect with sessions that stay, lose their connections, come back; then each publishes once
/// in `period`, so many times.
///
/// # Errors
/// The server refused someone who came in good order, or went away.
pub async fn run(
    aim: Aim,
    devices: &[Device],
    topics: &Topics,
    (period, times): (Duration, u32),
) -> Result<Outcome> {
    let aim = Arc::new(aim);
    let client =
        |device| Ok(Client::writer(device, topics)?.subscribed(topics, QoS::AtLeastOnce).lasting());
    let clients: Vec<Client> = devices.iter().map(client).collect::<Result<_>>()?;
    let clients: Arc<[Client]> = clients.into();
    drop(arrive(&aim, &clients).await?);
    let begun = Instant::now();
    let (wires, failures) = storm(&aim, &clients).await?;
    let back_seconds = begun.elapsed().as_secs_f64();
    let latencies = Arc::new(Latencies::default());
    work(wires, &clients, &latencies, (period, times)).await?;
    let rtt::Outcome { messages, p50_us, p99_us } = rtt::Outcome::of(&latencies)?;
    let max_us = latencies.at(1.0).context("no message was measured")?.as_secs_f64() * 1e6;
    let devices = clients.len();
    Ok(Outcome { devices, back_seconds, failures, messages, p50_us, p99_us, max_us })
}

/// Everybody connects, some at a time.
async fn arrive(aim: &Arc<Aim>, clients: &Arc<[Client]>) -> Result<Vec<Wire>> {
    let mut tasks = JoinSet::new();
    for lane in 0..CALM {
        let (aim, clients) = (aim.clone(), clients.clone());
        tasks.spawn(async move {
            let mut wires = Vec::new();
            for (number, client) in clients.iter().enumerate().skip(lane).step_by(CALM) {
                wires.push(Wire::connect(&aim, client, number).await?);
            }
            Ok::<_, anyhow::Error>(wires)
        });
    }
    let mut wires = Vec::with_capacity(clients.len());
    while let Some(done) = tasks.join_next().await {
        wires.extend(done??);
    }
    Ok(wires)
}

/// Everybody connects at once, until all are in; with the number of failures.
async fn storm(aim: &Arc<Aim>, clients: &Arc<[Client]>) -> Result<(Vec<(usize, Wire)>, u64)> {
    let mut tasks = JoinSet::new();
    for number in 0..clients.len() {
        let (aim, clients) = (aim.clone(), clients.clone());
        tasks.spawn(async move {
            let client = clients.get(number)?;
            let (mut pause, mut failures) = (AGAIN, 0_u64);
            loop {
                let attempt = timeout(PATIENCE, Wire::connect(&aim, client, number)).await;
                if let Ok(Ok(wire)) = attempt {
                    return Some((number, wire, failures));
                }
                failures += 1;
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST);
            }
        });
    }
    let (mut wires, mut failures) = (Vec::with_capacity(clients.len()), 0);
    while let Some(done) = tasks.join_next().await {
        let (number, wire, failed) = done?.context("no such client")?;
        failures += failed;
        wires.push((number, wire));
    }
    Ok((wires, failures))
}

/// Each publishes in its own part of the period, and waits for the PUBACK; all stay to the end.
async fn work(
    wires: Vec<(usize, Wire)>,
    clients: &Arc<[Client]>,
    latencies: &Arc<Latencies>,
    (period, times): (Duration, u32),
) -> Result<()> {
    let begun = Instant::now();
    let share = period / u32::try_from(wires.len().max(1))?;
    let mut tasks = JoinSet::<Result<Wire>>::new();
    for (place, (number, mut wire)) in (0..).zip(wires) {
        let (clients, latencies) = (clients.clone(), latencies.clone());
        tasks.spawn(async move {
            let topic = clients.get(number).and_then(|client| client.topic.as_deref());
            let (topic, payload) = (topic.context("no topic")?, report());
            for turn in 0..times {
                sleep_until(begun + period * turn + share * place).await;
                wire.publish(u16::try_from(turn % 60_000)? + 1, topic, &payload);
                let sent = Instant::now();
                while wire.exchange(b"").await?.acknowledged == 0 {}
                latencies.add(sent.elapsed());
            }
            Ok(wire)
        });
    }
    // Who is done stays until all are: what is measured is publishing, not a second storm.
    let mut stay = Vec::with_capacity(tasks.len());
    while let Some(done) = tasks.join_next().await {
        stay.push(done??);
    }
    Ok(())
}
