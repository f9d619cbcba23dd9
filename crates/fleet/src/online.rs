//! The place where a connected device talks: what it says when, and how it answers.

use std::{collections::VecDeque, time::Duration};

use anyhow::{Result, bail, ensure};
use base::{Clock, Millis};
use mqtt::{Packet, Publish, QoS};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    chance::Chance,
    count::{Counts, What},
    device::Device,
    life::{Down, Life, Report},
    link::Link,
    plan::Plan,
};

/// Publishes that may wait for their PUBACK, and reports that may wait for their reply.
const IN_FLIGHT: usize = 64;
/// No device has more to do than this, and a timer needs an end.
const FAR: Duration = Duration::from_secs(86_400);

/// What the whole fleet is told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Orders {
    /// Goes up when all drop out at once.
    pub(crate) storms: u32,
    /// Say nothing new, wait for answers until then, leave.
    pub(crate) stop: Option<Instant>,
}

/// Why a connection is over.
#[derive(Debug)]
pub(crate) enum End {
    /// It was told to leave, and did.
    Left,
    /// It dropped out by chance.
    DropOut,
    /// It dropped out with all others.
    Storm,
    /// The server or the network ended it.
    Cut(anyhow::Error),
}

/// What all devices share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) counts: Counts,
    pub(crate) clock: Clock,
}

/// A QoS 1 publish without its PUBACK.
#[derive(Debug)]
struct Flying {
    id: u16,
    sent: Instant,
    /// Of a report.
    report: Option<Millis>,
}

/// When the next of each is due; `None`: never.
#[derive(Debug, Default)]
struct Agenda {
    report: Option<Instant>,
    event: Option<Instant>,
    drop_out: Option<Instant>,
    ping: Option<Instant>,
}

impl Agenda {
    fn next(&self) -> Instant {
        let all = [self.report, self.event, self.drop_out, self.ping];
        all.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + FAR)
    }
}

/// One connection of a device, from its acceptance to its end.
#[derive(Debug)]
pub(crate) struct Online<'a> {
    shared: &'a Shared,
    device: &'a Device,
    life: &'a mut Life,
    times: &'a Chance,
    /// Reports that the server has taken, if they are kept.
    kept: &'a mut Vec<Millis>,
    agenda: Agenda,
    flying: VecDeque<Flying>,
    /// Number, time of sending and `timestamp` of reports without a reply.
    unanswered: VecDeque<(u64, Instant, Millis)>,
    /// The values have changed by order of the cloud.
    changed: bool,
    pinged: bool,
}

impl<'a> Online<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        device: &'a Device,
        life: &'a mut Life,
        times: &'a Chance,
        kept: &'a mut Vec<Millis>,
    ) -> Self {
        Self {
            shared,
            device,
            life,
            times,
            kept,
            agenda: Agenda::default(),
            flying: VecDeque::new(),
            unanswered: VecDeque::new(),
            changed: false,
            pinged: false,
        }
    }

    /// Talks until something ends it. The link is dropped as it is, unless the device leaves.
    pub(crate) async fn run(mut self, mut link: Link, orders: &mut watch::Receiver<Orders>) -> End {
        let storms = orders.borrow_and_update().storms;
        let end = loop {
            let now = *orders.borrow_and_update();
            if now.storms != storms {
                break End::Storm;
            }
            match self.turn(&mut link, now.stop, orders).await {
                Ok(None) => {}
                Ok(Some(End::Left)) => {
                    break link.leave().await.map_or_else(End::Cut, |()| End::Left);
                }
                Ok(Some(end)) => break end,
                Err(error) => break End::Cut(error),
            }
        };
        if matches!(end, End::DropOut | End::Storm) {
            self.shared.counts.add(What::DroppedInFlight, self.flying.len() as u64);
        }
        end
    }

    /// Waits for the next thing and does it.
    async fn turn(
        &mut self,
        link: &mut Link,
        stop: Option<Instant>,
        orders: &mut watch::Receiver<Orders>,
    ) -> Result<Option<End>> {
        let due = match stop {
            Some(end) if self.settled() || end <= Instant::now() => return Ok(Some(End::Left)),
            Some(end) => end,
            None => self.agenda.next(),
        };
        tokio::select! {
            read = link.read() => {
                read?;
                link.packets(|packet, link| self.hear(packet, link))?;
                if std::mem::take(&mut self.changed) {
                    self.report(link);
                }
                link.flush().await?;
            }
            () = sleep_until(due) => {
                if stop.is_none() {
                    return self.act(link).await;
                }
            }
            changed = orders.changed() => changed?,
        }
        Ok(None)
    }

    /// Whether nothing is waited for.
    fn settled(&self) -> bool {
        self.flying.is_empty() && self.unanswered.is_empty()
    }

    /// Subscribes, and sets out what is to be done when.
    pub(crate) async fn begin(&mut self, link: &mut Link) -> Result<()> {
        let plan = &self.shared.plan;
        for family in ["property", "event", "action"] {
            link.subscribe(&self.topic("down", family), plan.qos);
        }
        let now = Instant::now();
        // Any moment of a period, so that the fleet does not speak in chorus.
        self.agenda.report = period(plan.report_rate).map(|p| now + p.mul_f64(self.times.unit()));
        self.agenda.event = self.times.wait(plan.event_rate).map(|wait| now + wait);
        self.agenda.drop_out = self.times.wait(plan.drop_rate).map(|wait| now + wait);
        self.agenda.ping = self.quiet().map(|quiet| now + quiet);
        link.flush().await
    }

    /// Does what is due.
    async fn act(&mut self, link: &mut Link) -> Result<Option<End>> {
        let (plan, now) = (&self.shared.plan, Instant::now());
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.agenda.drop_out) {
            return Ok(Some(End::DropOut));
        }
        if due(self.agenda.report) {
            self.life.walk(&plan.script, self.shared.clock.now());
            self.report(link);
            // A device that was late does not catch up.
            let next = |at: Instant, period| (at + period).max(now);
            self.agenda.report =
                self.agenda.report.zip(period(plan.report_rate)).map(|(at, p)| next(at, p));
        }
        if due(self.agenda.event) {
            self.event(link);
            self.agenda.event = self.times.wait(plan.event_rate).map(|wait| now + wait);
        }
        if due(self.agenda.ping) {
            ensure!(!self.pinged, "the server does not answer pings");
            link.ping();
            self.pinged = true;
            self.agenda.ping = self.quiet().map(|quiet| now + quiet);
        }
        link.flush().await?;
        Ok(None)
    }

    fn report(&mut self, link: &mut Link) {
        if self.held_back() {
            return;
        }
        let shared = self.shared;
        let Report { number, at, payload } =
            self.life.report(&shared.plan.script, shared.clock.now());
        self.publish(link, "property", &payload, Some(at));
        if self.unanswered.len() == IN_FLIGHT {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((number, Instant::now(), at));
        shared.counts.one(What::Reports);
    }

    fn event(&mut self, link: &mut Link) {
        if self.held_back() {
            return;
        }
        let shared = self.shared;
        if let Some(payload) = self.life.event(&shared.plan.script, shared.clock.now()) {
            self.publish(link, "event", &payload, None);
            shared.counts.one(What::Events);
        }
    }

    /// Whether a server that is behind gets nothing more for now.
    fn held_back(&self) -> bool {
        let full = self.flying.len() >= IN_FLIGHT;
        self.shared.counts.add(What::HeldBack, u64::from(full));
        full
    }

    fn publish(&mut self, link: &mut Link, family: &str, payload: &[u8], report: Option<Millis>) {
        let qos = self.shared.plan.qos;
        if let Some(id) = link.publish(&self.topic("up", family), qos, payload) {
            self.shared.counts.one(What::Published);
            self.flying.push_back(Flying { id, sent: Instant::now(), report });
        }
    }

    fn hear(&mut self, packet: Packet<'_>, link: &mut Link) -> Result<()> {
        match packet {
            Packet::Publish(message) => self.message(message, link),
            Packet::PubAck(ack) => self.acknowledged(ack.id, ack.reason),
            Packet::SubAck(ack) => {
                ensure!(ack.codes.iter().all(|code| *code < 0x80), "a subscription was refused");
            }
            Packet::PingResp => self.pinged = false,
            Packet::Disconnect(why) => bail!("the server said goodbye: reason {:#04x}", why.reason),
            _ => bail!("the server sent a packet that no device expects"),
        }
        Ok(())
    }

    fn acknowledged(&mut self, id: u16, reason: u8) {
        let Some(at) = self.flying.iter().position(|flying| flying.id == id) else { return };
        let Some(Flying { sent, report, .. }) = self.flying.remove(at) else { return };
        let counts = &self.shared.counts;
        if reason >= 0x80 {
            return counts.one(What::Rejected);
        }
        counts.one(What::Acknowledged);
        counts.acknowledging.add(sent.elapsed());
        self.keep(report);
    }

    fn keep(&mut self, report: Option<Millis>) {
        if self.shared.plan.keep_acknowledged {
            self.kept.extend(report);
        }
    }

    fn message(&mut self, message: Publish<'_>, link: &mut Link) {
        if let Some(id) = message.id {
            link.acknowledge(id);
        }
        let Ok(down) = serde_json::from_slice::<Down<'_>>(message.payload) else { return };
        let shared = self.shared;
        match &*down.method {
            "report_reply" => self.answered(&down),
            "control" => {
                shared.counts.one(What::Controls);
                let reply = self.life.control(&shared.plan.script, down);
                self.publish(link, "property", &reply, None);
                self.changed = true;
            }
            "action" => {
                shared.counts.one(What::Actions);
                let now = shared.clock.now();
                let reply = self.life.action(&shared.plan.script, &down, now);
                self.publish(link, "action", &reply, None);
            }
            _ => {}
        }
    }

    fn answered(&mut self, down: &Down<'_>) {
        let Some(number) = down.report() else { return };
        let at = self.unanswered.iter().position(|(n, ..)| *n == number);
        let Some((_, sent, report)) = at.and_then(|at| self.unanswered.remove(at)) else { return };
        let counts = &self.shared.counts;
        counts.replying.add(sent.elapsed());
        if down.code == Some(0) {
            counts.one(What::Taken);
            if self.shared.plan.qos == QoS::AtMostOnce {
                self.keep(Some(report));
            }
        } else {
            counts.because(
                What::Refused,
                &format!("report refused: code {}", down.code.unwrap_or(-1)),
            );
            // Acknowledged, too, but not to be found later.
            self.kept.retain(|kept| *kept != report);
        }
    }

    fn topic(&self, way: &str, family: &str) -> String {
        format!("$thing/{way}/{family}/{}/{}", self.device.product, self.device.name)
    }

    /// How long a connection may be silent before a ping.
    fn quiet(&self) -> Option<Duration> {
        let seconds = self.shared.plan.keep_alive;
        (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)).mul_f64(0.75))
    }
}

/// What lies between two of so many a second.
fn period(rate: f64) -> Option<Duration> {
    (rate > 0.0).then(|| Duration::from_secs_f64((1.0 / rate).min(FAR.as_secs_f64())))
}
