//! The place where a read's bytes become packets, and each PUBLISH gets its verdict.

use bumpalo::Bump;
use mqtt::{
    Disconnect, Frame, Level, Malformed, Packet, Properties, Property, Publish, QoS, encode,
};
use store::{Batch, Space};

use crate::{
    Shared,
    hub::{Access, Burst, Limits, Offline, Reach, Up, Verdict},
    kept,
    link::Link,
    message,
    rate::Rate,
    reason, scratch,
    tree::Wish,
};

/// Refusals per second and client that the product hears of: a flood must not become a flood of
/// diagnosis rows. Those beyond are counted in the metrics.
const COMPLAINTS_PER_S: u32 = 20;
/// Bytes of a packet other than PUBLISH; bounds the filters that one SUBSCRIBE can ask about.
const ORDER_BYTES: usize = 32 * 1024;
/// Messages of a burst that has more than one.
const LIKELY: usize = 24;
/// Types of packets.
const PUBLISH: u8 = 3;
const SUBSCRIBE: u8 = 8;
const UNSUBSCRIBE: u8 = 10;
/// Topics that a client may give a number (5.0).
pub(crate) const ALIASES: u16 = 16;
/// QoS 2 messages that a client may have sent and not released.
pub(crate) const RECEIVE: u16 = 1024;

/// Where one burst of a client comes in.
pub(crate) struct Gate<'a> {
    pub(super) broker: &'a Shared,
    pub(super) link: &'a Link,
    pub(super) inward: &'a mut Inward,
    pub(crate) work: Work,
}

/// What is remembered of a client from burst to burst.
pub(crate) struct Inward {
    qos0: Rate,
    qos1: Rate,
    pub(super) complaints: Rate,
    /// Topics that the client has given a number, less one (5.0).
    aliases: Vec<Option<Box<str>>>,
}

impl Inward {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            qos0: Rate::per_second(limits.up_qos0_per_s),
            qos1: Rate::per_second(limits.up_qos1_per_s),
            complaints: Rate::per_second(COMPLAINTS_PER_S),
            aliases: Vec::new(),
        }
    }
}

/// What a burst asks for beside its messages.
pub(crate) struct Work {
    /// Answers to its packets, encoded, in their order.
    pub(crate) answers: Vec<u8>,
    /// A ping is among them.
    pub(crate) pinged: bool,
    /// QoS 2 messages that it notes (true) or releases.
    pub(crate) ids: Vec<(u16, bool)>,
    /// Subscriptions that get what is retained.
    pub(crate) fetch: Vec<(Box<str>, Wish)>,
    /// It changed the subscriptions.
    pub(crate) changed: bool,
}

/// How far a read was understood.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Bytes of whole packets.
    pub(crate) used: usize,
    pub(crate) packets: usize,
    /// A packet follows that must find the work of those before it done.
    pub(crate) more: bool,
    /// Why nothing more will be read.
    pub(crate) end: Option<End>,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) why: Offline,
    /// What a 5.0 client is told.
    pub(crate) reason: u8,
    /// Whether the client's will is published.
    pub(crate) will: bool,
}

impl End {
    pub(crate) fn new(why: Offline) -> Self {
        Self { why, reason: reason::of(why), will: true }
    }

    /// The client broke the protocol.
    pub(crate) fn fault(reason: u8) -> Self {
        Self { why: Offline::Protocol, reason, will: true }
    }
}

impl<'a> Gate<'a> {
    pub(crate) fn new(broker: &'a Shared, link: &'a Link, inward: &'a mut Inward) -> Self {
        let (ids, fetch) = (Vec::new(), Vec::new());
        let work = Work { answers: scratch::take(), pinged: false, ids, fetch, changed: false };
        Self { broker, link, inward, work }
    }

    /// Takes all whole packets of `bytes`, up to the first that ends the connection.
    pub(crate) fn read<'b>(
        &mut self,
        bytes: &'b [u8],
        bump: &'b Bump,
        burst: &mut Burst<'b>,
    ) -> Progress {
        let mut progress = Progress::default();
        while progress.end.is_none() {
            let rest = bytes.get(progress.used..).unwrap_or_default();
            let packet = match mqtt::frame(rest, self.broker.options.packet_bytes) {
                Ok(None) => break,
                // What was published before a subscription is not for it, and what it retained is.
                Ok(Some(frame)) if self.must_wait(frame, burst) => {
                    progress.more = true;
                    break;
                }
                Ok(Some(frame)) => {
                    progress.used += frame.bytes.len();
                    progress.packets += 1;
                    check_size(frame).and_then(|()| mqtt::decode(self.link.level, frame))
                }
                Err(malformed) => Err(malformed),
            };
            progress.end = match packet {
                Ok(packet) => self.packet(packet, bump, burst),
                Err(malformed) => {
                    tracing::debug!(client = %self.link.grant.client.0, %malformed, "bad packet");
                    Some(End::fault(malformed.reason()))
                }
            };
        }
        progress
    }

    /// Whether a packet's work depends on that of the packets before it in the same burst.
    fn must_wait(&self, frame: Frame<'_>, burst: &Burst<'_>) -> bool {
        match frame.kind() {
            SUBSCRIBE | UNSUBSCRIBE => !burst.up.is_empty() || !self.work.fetch.is_empty(),
            PUBLISH => !self.work.fetch.is_empty(),
            _ => false,
        }
    }

    fn packet<'b>(
        &mut self,
        packet: Packet<'b>,
        bump: &'b Bump,
        burst: &mut Burst<'b>,
    ) -> Option<End> {
        match packet {
            Packet::Publish(publish) => return self.publish(&publish, bump, burst),
            Packet::PubAck(ack) => self.acknowledged(ack.id, &mut burst.batch),
            // Who has no QoS 2 has nothing to say about it.
            Packet::PubRec(_) | Packet::PubRel(_) | Packet::PubComp(_)
                if !self.link.grant.allows.qos2 =>
            {
                return Some(End::fault(reason::PROTOCOL));
            }
            Packet::PubRec(ack) => self.received(ack, &mut burst.batch),
            Packet::PubRel(ack) => self.release(ack.id, &mut burst.batch),
            Packet::PubComp(ack) => self.completed(ack.id, &mut burst.batch),
            Packet::Subscribe(subscribe) => return self.subscribe(&subscribe, burst),
            Packet::Unsubscribe(unsubscribe) => return self.unsubscribe(&unsubscribe, burst),
            Packet::PingReq => {
                encode::pingresp(&mut self.work.answers);
                self.work.pinged = true;
            }
            Packet::Disconnect(disconnect) => return Some(self.disconnect(disconnect)),
            other => {
                // A second CONNECT [MQTT-3.1.0-2], AUTH without a method, or what only a server
                // may send.
                let client = &self.link.grant.client.0;
                tracing::debug!(%client, packet = name(&other), "packet out of place");
                return Some(End::fault(reason::PROTOCOL));
            }
        }
        None
    }

    fn publish<'b>(
        &mut self,
        publish: &Publish<'b>,
        bump: &'b Bump,
        burst: &mut Burst<'b>,
    ) -> Option<End> {
        let allows = self.link.grant.allows;
        if publish.qos == QoS::ExactlyOnce && !allows.qos2 {
            tracing::debug!(client = %self.link.grant.client.0, "qos 2 is not supported");
            return Some(End::fault(reason::QOS));
        }
        if publish.retain && !allows.retained && self.link.level == Level::V5 {
            return Some(End::fault(reason::RETAIN));
        }
        let mut up = Up::new(publish.topic, publish.payload, publish.qos);
        up.retain = publish.retain && allows.retained;
        if !publish.properties.is_empty()
            && let Err(reason) = self.properties(publish.properties, bump, &mut up)
        {
            return Some(End::fault(reason));
        }
        if up.topic.is_empty() {
            return Some(End::fault(reason::PROTOCOL));
        }
        if publish.qos == QoS::ExactlyOnce {
            match self.first(publish.id.unwrap_or_default(), &mut burst.batch) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(reason) => return Some(End::fault(reason)),
            }
        }
        up.verdict = self.verdict(&up, burst.up.last(), burst.now);
        self.answer(publish, up.verdict, &mut burst.batch);
        if up.verdict != Verdict::Accepted {
            self.broker.metrics.messages_refused.add(1);
            if !self.inward.complaints.take(burst.now) {
                return None;
            }
        }
        if burst.up.len() == 1 {
            burst.up.reserve(LIKELY);
        }
        burst.up.push(up);
        None
    }

    fn answer(&mut self, publish: &Publish<'_>, verdict: Verdict, batch: &mut Batch) {
        let (level, Some(id)) = (self.link.level, publish.id) else { return };
        let reason = reason::of_verdict(verdict);
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => encode::puback(&mut self.work.answers, level, id, reason),
            QoS::ExactlyOnce => {
                encode::pubrec(&mut self.work.answers, level, id, reason);
                // A failure ends the exchange at 5.0 [MQTT5-4.3.3]; below, the client goes on.
                if level == Level::V5 && reason >= 0x80 {
                    self.forget(id, batch);
                }
            }
        }
    }

    /// Notes a QoS 2 message: false when it came before, and is only acknowledged again.
    fn first(&mut self, id: u16, batch: &mut Batch) -> Result<bool, u8> {
        let mut inner = self.link.session.lock();
        if !inner.receive(id) {
            encode::pubrec(&mut self.work.answers, self.link.level, id, 0);
            return Ok(false);
        }
        if inner.unreleased() > usize::from(RECEIVE) {
            inner.release(id);
            return Err(reason::RECEIVE_MAXIMUM);
        }
        drop(inner);
        self.work.ids.push((id, true));
        if self.link.session.is_durable() {
            batch.put(Space::Session, &kept::received(&self.link.session.client, id), &[]);
        }
        Ok(true)
    }

    fn forget(&mut self, id: u16, batch: &mut Batch) -> bool {
        let known = self.link.session.lock().release(id);
        if known {
            self.work.ids.push((id, false));
        }
        if known && self.link.session.is_durable() {
            batch.delete(Space::Session, &kept::received(&self.link.session.client, id));
        }
        known
    }

    /// Reads what 5.0 says of a message: its alias ends here, the rest is passed on.
    fn properties<'b>(
        &mut self,
        properties: Properties<'b>,
        bump: &'b Bump,
        up: &mut Up<'b>,
    ) -> Result<(), u8> {
        let mut alias = None;
        let mut stays = true;
        for property in properties.iter() {
            match property {
                Property::TopicAlias(number) => alias = Some(number),
                Property::MessageExpiry(seconds) => up.expiry_s = Some(seconds),
                // A client does not send them [MQTT5-3.3.4-6].
                Property::SubscriptionId(_) => return Err(reason::PROTOCOL),
                _ => continue,
            }
            stays = false;
        }
        up.properties = if stays { properties.bytes() } else { passed_on(properties, bump) };
        match alias {
            None => Ok(()),
            Some(number) => self.alias(number, bump, up),
        }
    }

    fn alias<'b>(&mut self, number: u16, bump: &'b Bump, up: &mut Up<'b>) -> Result<(), u8> {
        if number == 0 || number > ALIASES {
            return Err(reason::TOPIC_ALIAS);
        }
        let place = usize::from(number - 1);
        if self.inward.aliases.len() <= place {
            self.inward.aliases.resize(place + 1, None);
        }
        let slot = &mut self.inward.aliases[place];
        if !up.topic.is_empty() {
            *slot = Some(up.topic.into());
            return Ok(());
        }
        let topic = slot.as_deref().ok_or(reason::PROTOCOL)?;
        up.topic = bump.alloc_str(topic);
        Ok(())
    }

    /// The rates come first, so that refused messages are not free.
    fn verdict(&mut self, up: &Up<'_>, before: Option<&Up<'_>>, now: base::Millis) -> Verdict {
        let limits = &self.link.grant.limits;
        let (rate, per_s) = match up.qos {
            QoS::AtMostOnce => (&mut self.inward.qos0, limits.up_qos0_per_s),
            _ => (&mut self.inward.qos1, limits.up_qos1_per_s),
        };
        if !rate.take(now) {
            return Verdict::TooFast { per_s };
        }
        if self.link.grant.reach == Reach::Own
            && let Err(per_s) = self.link.grant.tenant.take(now)
        {
            return Verdict::TooFast { per_s };
        }
        let (bytes, limit) = (up.payload.len(), widen(limits.payload_bytes));
        if limit != 0 && bytes > limit {
            return Verdict::TooLong { bytes, limit };
        }
        // Most bursts have one topic.
        let known = before
            .is_some_and(|before| before.verdict == Verdict::Accepted && before.topic == up.topic);
        let may = known || self.may(Access::Publish, up.topic);
        if may { Verdict::Accepted } else { Verdict::Unauthorized }
    }

    pub(super) fn may(&self, access: Access, topic: &str) -> bool {
        fits(topic, &self.link.grant.limits) && self.broker.hub.may(&self.link.grant, access, topic)
    }

    fn acknowledged(&mut self, id: u16, batch: &mut Batch) {
        let seq = self.link.session.lock().acknowledged(id);
        self.unqueue(seq, batch);
    }

    fn completed(&mut self, id: u16, batch: &mut Batch) {
        let seq = self.link.session.lock().completed(id);
        self.unqueue(seq, batch);
    }

    fn received(&mut self, ack: mqtt::Ack, batch: &mut Batch) {
        let failed = ack.reason >= 0x80;
        let seq = self.link.session.lock().received(ack.id, failed);
        if failed {
            self.unqueue(seq, batch);
            return;
        }
        if let Some(seq) = seq.filter(|_| self.link.session.is_durable()) {
            let key = kept::queued(&self.link.session.client, seq);
            batch.put(Space::Queue, &key, &message::released());
        }
        let reason = if seq.is_some() { 0 } else { reason::NO_PACKET_ID };
        encode::pubrel(&mut self.work.answers, self.link.level, ack.id, reason);
    }

    fn release(&mut self, id: u16, batch: &mut Batch) {
        let reason = if self.forget(id, batch) { 0 } else { reason::NO_PACKET_ID };
        encode::pubcomp(&mut self.work.answers, self.link.level, id, reason);
    }

    /// The client is done with a message of its queue.
    fn unqueue(&mut self, seq: Option<u64>, batch: &mut Batch) {
        if let Some(seq) = seq.filter(|_| self.link.session.is_durable()) {
            batch.delete(Space::Queue, &kept::queued(&self.link.session.client, seq));
        }
    }

    fn disconnect(&mut self, disconnect: Disconnect<'_>) -> End {
        for property in disconnect.properties.iter() {
            if let Property::SessionExpiry(seconds) = property {
                // [MQTT5-3.14.2-2]: what had none cannot get one.
                if self.link.session_s() == 0 && seconds > 0 {
                    return End::fault(reason::PROTOCOL);
                }
                self.link.session.set_expiry(seconds.min(self.link.grant.limits.session_s));
            }
        }
        let will = disconnect.reason == reason::WITH_WILL;
        End { why: Offline::Disconnect, reason: 0, will }
    }
}

fn passed_on<'b>(properties: Properties<'b>, bump: &'b Bump) -> &'b [u8] {
    let mut bytes = Vec::with_capacity(properties.bytes().len());
    for property in properties.iter() {
        if !matches!(property, Property::TopicAlias(_) | Property::MessageExpiry(_)) {
            property.put(&mut bytes);
        }
    }
    bump.alloc_slice_copy(&bytes)
}

fn check_size(frame: Frame<'_>) -> Result<(), Malformed> {
    let bytes = frame.bytes.len();
    if frame.kind() == PUBLISH || bytes <= ORDER_BYTES {
        return Ok(());
    }
    Err(Malformed::TooLarge { bytes, max: ORDER_BYTES })
}

/// Whether a topic keeps to the limits of length and levels.
fn fits(topic: &str, limits: &Limits) -> bool {
    let levels = || topic.bytes().filter(|byte| *byte == b'/').count() + 1;
    (limits.topic_bytes == 0 || topic.len() <= usize::from(limits.topic_bytes))
        && (limits.topic_levels == 0 || levels() <= usize::from(limits.topic_levels))
}

fn widen(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn name(packet: &Packet<'_>) -> &'static str {
    match packet {
        Packet::Connect(_) => "CONNECT",
        Packet::ConnAck(_) => "CONNACK",
        Packet::SubAck(_) => "SUBACK",
        Packet::UnsubAck(_) => "UNSUBACK",
        Packet::PingResp => "PINGRESP",
        Packet::Auth(_) => "AUTH",
        _ => "unexpected",
    }
}
