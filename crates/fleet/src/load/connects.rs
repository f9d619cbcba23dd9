//! The place where it is measured how many clients a server lets in per second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{Aim, Client, Topics, wire::Wire};
use crate::{device::Device, process::cpu_seconds};

/// Clients that are on their way in at the same time.
const AT_ONCE: usize = 50;

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Outcome {
    pub seconds: f64,
    /// CONNACKs.
    pub connects: u64,
    /// User and system time of the server.
    pub cpu_seconds: f64,
}

/// Devices connect with their passwords (made before) and leave, over and over.
///
/// # Errors
/// The server refused someone or went away.
pub async fn run(
    aim: Aim,
    devices: &[Device],
    (warm_up, measure): (Duration, Duration),
) -> Result<Outcome> {
    ensure!(devices.len() >= AT_ONCE, "fewer than {AT_ONCE} devices");
    let topics = Topics { topic: String::new(), filter: String::new() };
    let mut lanes = vec![Vec::new(); AT_ONCE];
    for (lane, device) in (0..AT_ONCE).cycle().zip(devices) {
        let lane = lanes.get_mut(lane).context("no lane")?;
        lane.push(Client::writer(device, &topics)?);
    }
    let (aim, connects) = (Arc::new(aim), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::<Result<()>>::new();
    for (number, lane) in lanes.into_iter().enumerate() {
        let (aim, connects) = (aim.clone(), connects.clone());
        tasks.spawn(async move {
            for client in lane.iter().cycle() {
                let wire = Wire::connect(&aim, client, number).await?;
                connects.fetch_add(1, Relaxed);
                wire.leave().await?;
            }
            Ok(())
        });
    }
    let look =
        || Ok::<_, anyhow::Error>((Instant::now(), connects.load(Relaxed), cpu_seconds(aim.pid)?));
    sleep(warm_up).await;
    let (begun, before, cpu) = look()?;
    sleep(measure).await;
    let (ended, after, total) = look()?;
    // They go on for ever: who has ended by now has failed.
    if let Some(ended) = tasks.try_join_next() {
        ended??;
    }
    tasks.shutdown().await;
    let seconds = (ended - begun).as_secs_f64();
    Ok(Outcome { seconds, connects: after - before, cpu_seconds: total - cpu })
}
