//! The place where a fleet sets out, is watched, and comes home.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use base::{Clock, Millis};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

use crate::{
    chance::{Chance, Purpose},
    count::{Counts, Numbers, What},
    descriptors,
    device::Device,
    life::Life,
    link::Link,
    online::{End, Online, Orders, Shared},
    pacer::Pacer,
    plan::Plan,
    process,
    table::{Outcome, Server},
};

/// An attempt to connect may take so long.
const CONNECTING: Duration = Duration::from_secs(30);
/// A server lets a device connect once in 5 s (device-protocol.md 1.6); each wait is this much
/// times 1 to 2, twice as much after each failure.
const BACK_OFF: Duration = Duration::from_secs(5);
const BACK_OFF_MOST: Duration = Duration::from_secs(60);
/// How often the run is looked at.
const TICK: Duration = Duration::from_millis(100);
const TICKS_OF_STATUS: u64 = 10;

/// What the run looks like at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    pub devices: usize,
    pub elapsed: Duration,
    pub numbers: Numbers,
    /// One second ago.
    pub before: Numbers,
    /// 99 % of PUBACKs came within so long.
    pub acknowledging: Option<Duration>,
    /// Memory of the server.
    pub server_bytes: Option<u64>,
}

/// A finished run.
#[derive(Debug)]
pub struct Done {
    pub outcome: Outcome,
    /// The devices' reports that the server has taken, by `timestamp`, if they were kept.
    pub kept: Vec<(Device, Vec<Millis>)>,
}

/// Runs the plan until its end or until `stop`; `look` is shown the run once a second.
///
/// # Errors
/// Not enough descriptors, or the watched server is gone at the start.
pub async fn run(
    plan: Plan,
    clock: Clock,
    stop: impl Future<Output = ()>,
    mut look: impl FnMut(&Status),
) -> Result<Done> {
    ensure!(!plan.devices.is_empty(), "the fleet has no device");
    descriptors::raise(plan.devices.len())?;
    let mut watcher = Watcher::new(&plan)?;
    let (orders, told) = watch::channel(Orders::default());
    let pacer = Arc::new(Pacer::new(plan.connect_rate));
    let shared = Arc::new(Shared { plan, counts: Counts::default(), clock });
    let mut devices = JoinSet::new();
    for index in 0..shared.plan.devices.len() {
        devices.spawn(live(index, shared.clone(), pacer.clone(), told.clone()));
    }
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    tokio::pin!(stop);
    while watcher.begun.elapsed() < shared.plan.duration {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut stop => break,
            ended = devices.join_next() => {
                ended.context("no device is left")??;
                anyhow::bail!("a device ended before the fleet did");
            }
        }
        if watcher.tick(&shared, &mut look) {
            orders.send_modify(|orders| orders.storms += 1);
        }
    }
    watcher.end(&shared.counts);
    orders.send_modify(|orders| orders.stop = Some(Instant::now() + shared.plan.grace));
    let mut kept = Vec::new();
    while let Some(ended) = devices.join_next().await {
        let (index, times) = ended?;
        let device = shared.plan.devices.get(index).context("no such device")?;
        kept.push((device.clone(), times));
    }
    let server = watcher.server()?;
    Ok(Done { outcome: watcher.outcome(&shared, server), kept })
}

/// A device's life, until the fleet is told to stop; its reports that the server has taken.
async fn live(
    index: usize,
    shared: Arc<Shared>,
    pacer: Arc<Pacer>,
    mut orders: watch::Receiver<Orders>,
) -> (usize, Vec<Millis>) {
    let (plan, counts) = (&shared.plan, &shared.counts);
    let Some(device) = plan.devices.get(index) else { return (index, Vec::new()) };
    let lane = lane(device);
    let mut life = Life::new(&plan.script, plan.seed, lane, shared.clock.now());
    let times = Chance::new(plan.seed, lane, Purpose::Times);
    let (mut kept, mut failures, mut met) = (Vec::new(), 0, false);
    while until(pacer.slot(), &mut orders).await {
        let connecting = Box::pin(timeout(CONNECTING, connect(index, device, &shared)));
        let connected = tokio::select! {
            connected = connecting => connected,
            () = stopped(&mut orders) => break,
        };
        match connected {
            Err(_) => counts.because(What::Failures, "no answer to CONNECT in time"),
            Ok(Err(error)) => counts.because(What::Failures, &format!("{error:#}")),
            Ok(Ok(mut link)) => {
                failures = 0;
                counts.one(What::Connects);
                counts.add(What::Met, u64::from(!std::mem::replace(&mut met, true)));
                counts.one(What::Online);
                let mut online = Online::new(&shared, device, &mut life, &times, &mut kept);
                let end = match online.begin(&mut link).await {
                    Ok(()) => online.run(link, &mut orders).await,
                    Err(error) => End::Cut(error),
                };
                counts.gone();
                match end {
                    End::Left => break,
                    End::DropOut => counts.one(What::DropOuts),
                    End::Storm => {
                        counts.one(What::DropOuts);
                        continue;
                    }
                    End::Cut(error) => counts.because(What::CutOff, &format!("{error:#}")),
                }
            }
        }
        let wait = BACK_OFF.saturating_mul(1 << failures.min(4)).min(BACK_OFF_MOST);
        failures += 1;
        if !until(Instant::now() + wait.mul_f64(times.between(1.0, 2.0)), &mut orders).await {
            break;
        }
    }
    (index, kept)
}

/// Chance of its own for each device, whatever its place in the list.
fn lane(device: &Device) -> u64 {
    let name = device.product.bytes().chain(device.name.bytes());
    // FNV-1a.
    name.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

async fn connect(index: usize, device: &Device, shared: &Shared) -> Result<Link> {
    let (plan, begun) = (&shared.plan, Instant::now());
    let source = index.checked_rem(plan.sources.len()).and_then(|at| plan.sources.get(at));
    let stream = plan.door.enter(device, source.copied()).await?;
    let link = Link::greet(stream, plan, device).await?;
    shared.counts.connecting.add(begun.elapsed());
    Ok(link)
}

/// Waits; `false` if the fleet stops first.
async fn until(at: Instant, orders: &mut watch::Receiver<Orders>) -> bool {
    tokio::select! {
        () = stopped(orders) => false,
        () = sleep_until(at) => true,
    }
}

/// Waits for the end of the run.
async fn stopped(orders: &mut watch::Receiver<Orders>) {
    // Nobody to give orders is an end, too.
    drop(orders.wait_for(|orders| orders.stop.is_some()).await);
}

/// Sees what the devices cannot: the fleet as a whole, and the server.
#[derive(Debug)]
struct Watcher {
    begun: Instant,
    ticks: u64,
    before: Numbers,
    ramp: Option<(Duration, Numbers)>,
    storm: Storm,
    ended: Option<(Duration, Numbers)>,
    server: Option<(u32, Server)>,
    cpu_before: f64,
}

#[derive(Debug)]
enum Storm {
    None,
    /// Since when, and at which number of connects all are back.
    Raging(Instant, u64),
    /// Seconds until all were back.
    Over(f64),
}

impl Watcher {
    fn new(plan: &Plan) -> Result<Self> {
        let (mut server, mut cpu_before) = (None, 0.0);
        if let Some(pid) = plan.server {
            let bytes = process::resident(pid)?;
            cpu_before = process::cpu_seconds(pid)?;
            let seen = Server {
                before_bytes: bytes,
                after_bytes: bytes,
                most_bytes: bytes,
                cpu_seconds: 0.0,
            };
            server = Some((pid, seen));
        }
        Ok(Self {
            begun: Instant::now(),
            ticks: 0,
            before: Numbers::default(),
            ramp: None,
            storm: Storm::None,
            ended: None,
            server,
            cpu_before,
        })
    }

    /// Looks at everything; whether the storm breaks now.
    fn tick(&mut self, shared: &Shared, look: &mut impl FnMut(&Status)) -> bool {
        let (plan, elapsed, numbers) =
            (&shared.plan, self.begun.elapsed(), shared.counts.numbers());
        if self.ramp.is_none() && numbers.of(What::Met) >= plan.devices.len() as u64 {
            self.ramp = Some((elapsed, numbers));
        }
        let breaks = self.storm(plan.storm, elapsed, &numbers);
        if self.ticks.is_multiple_of(TICKS_OF_STATUS) {
            let server_bytes = self.look_at_server();
            look(&Status {
                devices: plan.devices.len(),
                elapsed,
                numbers,
                before: self.before,
                acknowledging: shared.counts.acknowledging.at(0.99),
                server_bytes,
            });
            self.before = numbers;
        }
        self.ticks += 1;
        breaks
    }

    fn storm(&mut self, at: Option<Duration>, elapsed: Duration, numbers: &Numbers) -> bool {
        match self.storm {
            Storm::None if at.is_some_and(|at| at <= elapsed) => {
                let all_back = numbers.of(What::Connects) + numbers.of(What::Online);
                self.storm = Storm::Raging(Instant::now(), all_back);
                true
            }
            Storm::Raging(since, all_back) if numbers.of(What::Connects) >= all_back => {
                self.storm = Storm::Over(since.elapsed().as_secs_f64());
                false
            }
            _ => false,
        }
    }

    fn look_at_server(&mut self) -> Option<u64> {
        let (pid, seen) = self.server.as_mut()?;
        let bytes = process::resident(*pid).ok()?;
        seen.after_bytes = bytes;
        seen.most_bytes = seen.most_bytes.max(bytes);
        Some(bytes)
    }

    /// The devices are about to stop.
    fn end(&mut self, counts: &Counts) {
        self.ended = Some((self.begun.elapsed(), counts.numbers()));
        self.look_at_server();
    }

    /// What the server has used; an error if it is gone.
    fn server(&mut self) -> Result<Option<Server>> {
        let Some((pid, mut seen)) = self.server.take() else { return Ok(None) };
        seen.cpu_seconds = process::cpu_seconds(pid)? - self.cpu_before;
        Ok(Some(seen))
    }

    fn outcome(self, shared: &Shared, server: Option<Server>) -> Outcome {
        let (seconds, at_end) = self.ended.unwrap_or_default();
        let mut outcome = Outcome::new(&shared.counts, shared.plan.devices.len());
        outcome.seconds = seconds.as_secs_f64();
        outcome.online_at_end = at_end.of(What::Online);
        outcome.ramp_seconds = self.ramp.map(|(ramp, _)| ramp.as_secs_f64());
        outcome.stormed = !matches!(self.storm, Storm::None);
        if let Storm::Over(seconds) = self.storm {
            outcome.storm_seconds = Some(seconds);
        }
        // What is said of the rate holds for the time after the ramp, if there is one.
        let (from, at_ramp) = self.ramp.unwrap_or_default();
        let measured = (seconds - from).as_secs_f64().max(1e-3);
        let said = |at: &Numbers| at.of(What::Reports) + at.of(What::Events);
        outcome.messages_per_second = (said(&at_end) - said(&at_ramp)) as f64 / measured;
        outcome.server = server;
        outcome
    }
}

#[cfg(test)]
mod tests;
