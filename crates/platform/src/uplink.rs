//! The place where the road of a device message is readable on one screen: each step is a chapter.
//! Called by `Hub::up` once for all messages that one read brought; all of it in memory.

use std::sync::{Arc, atomic::Ordering};

use base::{
    Millis,
    topic::{Kind, Thing, Topic},
};
use broker::hub::{Answer, Burst, Down, QoS, Up, Verdict};
use parking_lot::MutexGuard;
use store::Batch;
use thing::{Model, shadow::Shadow};

use crate::{
    Services, data,
    device::{self, Session},
    downlink, live,
    log::{self, Diagnosis, Direction, Message},
    message, product,
};

/// The platform's part of one burst; `None`: done already.
pub(crate) fn up(
    services: &Arc<Services>,
    session: &Session,
    burst: &mut Burst<'_>,
) -> Option<Answer<'static, ()>> {
    if session.cell.is_gone() || is_of_no_interest(services, session, burst) {
        return None;
    }
    let product = product::named(services, session.product());
    let nothing = Model::empty();
    let mut road =
        Road::new(services, session, product.as_deref(), &nothing, (burst.now, burst.up.len()));
    (road.batch, road.down) = (std::mem::take(&mut burst.batch), std::mem::take(&mut burst.down));
    // Most bursts have one topic.
    let (mut topic, mut kind) = ("", None);
    for up in &mut burst.up {
        if !road.accepts(up) {
            continue;
        }
        up.taken = true;
        if topic != up.topic {
            (topic, kind) = (up.topic, Topic::parse(up.topic).map(|topic| topic.kind));
        }
        match kind {
            Some(Kind::ThingUp(Thing::Property)) => data::on_property(&mut road, up),
            Some(Kind::ThingUp(Thing::Event)) => data::on_event(&mut road, up),
            Some(Kind::ThingUp(Thing::Action)) => message::on_action(&mut road, up),
            Some(Kind::Sys) => device::on_sys(&mut road, up),
            // Services, raw bytes, firmware, gateway, shadow documents, configuration: not built.
            _ => up.taken = false,
        }
    }
    let later;
    (burst.batch, burst.down, later) = road.end();
    later.map(|version| -> Answer<'static, ()> {
        let (services, no) = (services.clone(), session.no());
        Box::pin(async move {
            if let Err(error) = device::set_version(&services, no, &version).await {
                tracing::error!(?error, "reported firmware version is not stored");
                device::forget_info(&services, no);
            }
        })
    })
}

/// Custom topics are the broker's alone, unless the content log or an open page wants them.
fn is_of_no_interest(services: &Services, session: &Session, burst: &Burst<'_>) -> bool {
    let custom = |up: &Up<'_>| up.verdict == Verdict::Accepted && !up.topic.starts_with('$');
    !session.content_log && !services.live.listening() && burst.up.iter().all(custom)
}

/// What the chapters get of a burst, and where they leave what they made of it.
pub(crate) struct Road<'a> {
    pub(crate) services: &'a Services,
    pub(crate) session: &'a Session,
    /// None when the product is gone; then the model is empty.
    live: Option<&'a product::Live>,
    pub(crate) model: &'a Model,
    pub(crate) now: Millis,
    pub(crate) batch: Batch,
    /// For the record of a message: reused between messages.
    pub(crate) record: Vec<u8>,
    /// A reported firmware version on its way to the metadata.
    pub(crate) version: Option<String>,
    down: Vec<Down>,
    /// Locked from the first message that needs it to the end of the burst.
    shadow: Option<MutexGuard<'a, Shadow>>,
    changed: bool,
    row: Vec<u8>,
    contents: log::Contents,
    watched: bool,
    diagnoses: usize,
}

/// Rows of the diagnosis log that one burst may make: a flood is noted, not copied.
const DIAGNOSES: usize = 8;

impl<'a> Road<'a> {
    fn new(
        services: &'a Services,
        session: &'a Session,
        live: Option<&'a product::Live>,
        nothing: &'a Model,
        (now, messages): (Millis, usize),
    ) -> Self {
        let pages = &services.live;
        let watched = pages.listening() && pages.looked_at(&live::Topic::Messages(session.key()));
        Self {
            services,
            session,
            live,
            model: live.map_or(nothing, |live| &live.model),
            now,
            batch: Batch::default(),
            record: Vec::new(),
            version: None,
            down: Vec::new(),
            shadow: None,
            changed: false,
            row: Vec::new(),
            contents: log::Contents::of(messages),
            watched,
            diagnoses: 0,
        }
    }

    /// Notes a message; a refused one gets a row in the diagnosis log and goes no further.
    fn accepts(&mut self, up: &Up<'_>) -> bool {
        if let Some(what) = Diagnosis::of(up.verdict, up.topic, level(up.qos)) {
            self.diagnose(what);
            return false;
        }
        self.note(Direction::Up, up.topic, up.payload, up.qos);
        true
    }

    /// Content log and open pages.
    fn note(&mut self, direction: Direction, topic: &str, payload: &[u8], qos: QoS) {
        let message = Message { direction, topic, payload, qos: level(qos) };
        if self.session.content_log {
            self.contents.add((self.session.no(), self.now), &message, &mut self.batch);
        }
        if self.watched {
            downlink::look(self.services, &self.session.key(), self.now, &message);
        }
    }

    /// Adds a row to the device's diagnosis log.
    pub(crate) fn diagnose(&mut self, what: Diagnosis<'_>) {
        self.diagnoses += 1;
        if self.diagnoses <= DIAGNOSES {
            log::diagnose(self.session.no(), self.now, what, &mut self.batch);
        }
    }

    /// Answers on one of the device's own topics, after the commit.
    pub(crate) fn reply(&mut self, topic: &Arc<str>, payload: Vec<u8>) {
        let qos = QoS::AtMostOnce;
        self.note(Direction::Down, topic, &payload, qos);
        let (to, topic) = (self.session.client.clone(), topic.clone());
        self.down.push(Down { to, topic, payload, qos });
    }

    /// The latest values, locked until the end of the burst.
    pub(crate) fn shadow(&mut self) -> &mut Shadow {
        self.shadow.get_or_insert_with(|| lock(self.services, self.session, self.live))
    }

    /// The parts that taking a report needs at the same time. The shadow's row will be written.
    pub(crate) fn report(&mut self) -> (&mut Shadow, &[u8], &mut Batch) {
        self.changed = true;
        let shadow: &mut Shadow =
            self.shadow.get_or_insert_with(|| lock(self.services, self.session, self.live));
        (shadow, &self.record, &mut self.batch)
    }

    /// The row of an event goes the same way as a message's: through the reused buffer.
    pub(crate) fn event(&mut self, at: Millis, kind: thing::EventKind, id: &str, params: &str) {
        let what = (kind, id, params);
        log::event(self.session.no(), at, what, &mut self.row, &mut self.batch);
    }

    /// The shadow's row is added once for all reports of the burst, when its batch is committed.
    fn end(mut self) -> (Batch, Vec<Down>, Option<String>) {
        self.contents.end((self.session.no(), self.now), &mut self.batch);
        if self.changed {
            self.session.changed.store(true, Ordering::Relaxed);
        }
        (self.batch, self.down, self.version)
    }
}

fn lock<'a>(
    services: &Services,
    session: &'a Session,
    live: Option<&product::Live>,
) -> MutexGuard<'a, Shadow> {
    match live {
        Some(live) => session.cell.shadow_of(&services.store, live),
        None => session.cell.shadow.lock(),
    }
}

/// The number of a QoS, as logs show it.
pub(crate) fn level(qos: QoS) -> u8 {
    qos.number()
}
