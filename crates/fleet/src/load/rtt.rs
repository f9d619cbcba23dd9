//! The place where it is measured how long a message takes through an unhurried server: from the
//! write of the one who publishes to the read of the one who subscribed.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Aim, Client, Readers, Topics, report, wire::Wire};
use crate::{count::Latencies, device::Device};

/// What came of it, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    pub messages: u64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Outcome {
    pub(super) fn of(latencies: &Latencies) -> Result<Self> {
        let at = |part| latencies.at(part).map(|took| took.as_secs_f64() * 1e6);
        let [p50_us, p99_us] = [0.5, 0.99].map(at);
        let nothing = "no message was measured";
        let (p50_us, p99_us) = (p50_us.context(nothing)?, p99_us.context(nothing)?);
        Ok(Self { messages: latencies.count(), p50_us, p99_us })
    }
}

/// The first device publishes, its product's reader reads, one message after the other.
///
/// # Errors
/// The server refused someone or went away.
pub async fn run(
    aim: &Aim,
    (devices, topics, readers): (&[Device], &Topics, &Readers),
    per_s: f64,
    (warm_up, measure): (Duration, Duration),
) -> Result<Outcome> {
    let device = devices.first().context("no device")?;
    let client = Client::writer(device, topics)?;
    let topic = client.topic.clone().context("no topic")?;
    let first = std::slice::from_ref(device);
    let reader = Client::readers(first, topics, readers).pop().context("no reader")?;
    let mut reader = Wire::connect(aim, &reader, 0).await?;
    let mut writer = Wire::connect(aim, &client, 1).await?;
    let (latencies, payload) = (Latencies::default(), report());
    let mut tick = interval(Duration::from_secs_f64(1.0 / per_s));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = Instant::now();
    let mut id = 0_u16;
    while begun.elapsed() < warm_up + measure {
        tick.tick().await;
        id = id.checked_add(1).unwrap_or(1);
        writer.publish(id, &topic, &payload);
        let sent = Instant::now();
        writer.flush().await?;
        while reader.exchange(b"").await?.received == 0 {}
        let took = sent.elapsed();
        reader.flush().await?;
        while writer.exchange(b"").await?.acknowledged == 0 {}
        if sent - begun >= warm_up {
            latencies.add(took);
        }
    }
    Outcome::of(&latencies)
}
