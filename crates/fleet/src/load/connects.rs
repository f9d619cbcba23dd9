//! The place where it is measured how many clients a server lets in per second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Aim, Client, Topics, wire::Wire};
use crate::{device::Device, process::cpu_seconds};

/// Clients that are on their way in at the same time.
const AT_ONCE: usize = 50;
/// A thread whose clients all wait for the server leaves its core idle; four keep two cores busy
/// (decision 8).
const THREADS: usize = 4;

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
    let mut lanes: Vec<_> = (0..AT_ONCE).map(|number| (number, Vec::new())).collect();
    for (lane, device) in (0..AT_ONCE).cycle().zip(devices) {
        let (_, lane) = lanes.get_mut(lane).context("no lane")?;
        lane.push(Client::writer(device, &topics)?);
    }
    let visits = Arc::new(Visits { aim, connects: AtomicU64::new(0) });
    let stop = CancellationToken::new();
    let _stopped = stop.clone().drop_guard();
    let threads: Vec<_> = lanes
        .chunks(AT_ONCE.div_ceil(THREADS))
        .map(|lanes| {
            let (visits, lanes, stop) = (visits.clone(), lanes.to_vec(), stop.clone());
            thread::spawn(move || visits.run(lanes, &stop))
        })
        .collect();
    let look = || {
        Ok::<_, anyhow::Error>((
            Instant::now(),
            visits.connects.load(Relaxed),
            cpu_seconds(visits.aim.pid)?,
        ))
    };
    sleep(warm_up).await;
    let (begun, before, cpu) = look()?;
    sleep(measure).await;
    let (ended, after, total) = look()?;
    stop.cancel();
    for thread in threads {
        thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
    }
    let seconds = (ended - begun).as_secs_f64();
    Ok(Outcome { seconds, connects: after - before, cpu_seconds: total - cpu })
}

/// Clients that come and go.
struct Visits {
    aim: Aim,
    connects: AtomicU64,
}

impl Visits {
    /// The work of one thread, until it is told to stop, or someone is refused.
    fn run(
        self: Arc<Self>,
        lanes: Vec<(usize, Vec<Client>)>,
        stop: &CancellationToken,
    ) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut tasks = JoinSet::<Result<()>>::new();
            for (number, lane) in lanes {
                tasks.spawn(self.clone().cycle(lane, number));
            }
            match stop.run_until_cancelled(tasks.join_next()).await {
                None => Ok(()),
                // They go on for ever: who has ended has failed.
                Some(Some(ended)) => ended?,
                Some(None) => bail!("nobody connects"),
            }
        })
    }

    async fn cycle(self: Arc<Self>, lane: Vec<Client>, number: usize) -> Result<()> {
        for client in lane.iter().cycle() {
            let wire = Wire::connect(&self.aim, client, number).await?;
            self.connects.fetch_add(1, Relaxed);
            wire.leave().await?;
        }
        Ok(())
    }
}
