//! The place where a read's bytes become packets, and each PUBLISH gets its verdict.

use std::sync::Arc;

use mqtt::{Frame, Malformed, Packet, Publish, QoS, Subscribe, Unsubscribe, encode};

use crate::{
    Shared,
    hub::{Access, Burst, Event, Limits, Offline, Up, Verdict},
    link::Link,
    rate::Rate,
};

/// SUBACK of a refused filter. Level 3.1 does not know it, but Tencent sends it there too.
const REFUSED: u8 = 0x80;
/// UNSUBACK of a filter that was not subscribed to (5.0).
const NO_SUBSCRIPTION: u8 = 0x11;

/// Refusals per second and client that the product hears of: a flood must not become a flood of
/// diagnosis rows. Those beyond are counted in the metrics.
const COMPLAINTS_PER_S: u32 = 20;
/// Bytes of a packet other than PUBLISH; bounds the filters that one SUBSCRIBE can ask about.
const ORDER_BYTES: usize = 32 * 1024;
/// Type of a PUBLISH.
const PUBLISH: u8 = 3;

/// The inward half of a connection.
pub(crate) struct Gate {
    broker: Arc<Shared>,
    link: Arc<Link>,
    qos0: Rate,
    qos1: Rate,
    complaints: Rate,
    /// Answers to the packets of the present burst, encoded, in their order.
    pub(crate) answers: Vec<u8>,
}

/// How far a read was understood.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Bytes of whole packets.
    pub(crate) used: usize,
    pub(crate) packets: usize,
    /// Why nothing more will be read.
    pub(crate) end: Option<Offline>,
}

impl Gate {
    pub(crate) fn new(broker: Arc<Shared>, link: Arc<Link>) -> Self {
        let limits = link.grant.limits;
        Self {
            broker,
            link,
            qos0: Rate::per_second(limits.up_qos0_per_s),
            qos1: Rate::per_second(limits.up_qos1_per_s),
            complaints: Rate::per_second(COMPLAINTS_PER_S),
            answers: Vec::new(),
        }
    }

    /// Takes all whole packets of `bytes`, up to the first that ends the connection.
    pub(crate) fn read<'b>(&mut self, bytes: &'b [u8], burst: &mut Burst<'b>) -> Progress {
        let mut progress = Progress::default();
        while progress.end.is_none() {
            let rest = bytes.get(progress.used..).unwrap_or_default();
            let packet = match mqtt::frame(rest, self.broker.options.packet_bytes) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    progress.used += frame.bytes.len();
                    progress.packets += 1;
                    check_size(frame).and_then(|()| mqtt::decode(self.link.level, frame))
                }
                Err(malformed) => Err(malformed),
            };
            progress.end = match packet {
                Ok(packet) => self.packet(packet, burst),
                Err(malformed) => {
                    tracing::debug!(client = %self.link.grant.client.0, %malformed, "bad packet");
                    Some(Offline::Protocol)
                }
            };
        }
        progress
    }

    fn packet<'b>(&mut self, packet: Packet<'b>, burst: &mut Burst<'b>) -> Option<Offline> {
        match packet {
            Packet::Publish(publish) => return self.publish(&publish, burst),
            Packet::PubAck(ack) => self.link.acknowledged(ack.id),
            Packet::Subscribe(subscribe) => self.subscribe(&subscribe, burst),
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(&unsubscribe, burst),
            Packet::PingReq => encode::pingresp(&mut self.answers),
            Packet::Disconnect(_) => return Some(Offline::Disconnect),
            other => {
                // A second CONNECT [MQTT-3.1.0-2], QoS 2, or what only a server may send.
                let client = &self.link.grant.client.0;
                tracing::debug!(%client, packet = name(&other), "packet out of place");
                return Some(Offline::Protocol);
            }
        }
        None
    }

    fn publish<'b>(&mut self, publish: &Publish<'b>, burst: &mut Burst<'b>) -> Option<Offline> {
        if publish.qos == QoS::ExactlyOnce {
            tracing::debug!(client = %self.link.grant.client.0, "qos 2 is not supported");
            return Some(Offline::Protocol);
        }
        let verdict = self.verdict(publish, burst.now);
        if let Some(id) = publish.id {
            encode::puback(&mut self.answers, self.link.level, id, reason(verdict));
        }
        if verdict != Verdict::Accepted {
            self.broker.metrics.messages_refused.increment(1);
            if !self.complaints.take(burst.now) {
                return None;
            }
        }
        burst.up.push(Up {
            topic: publish.topic,
            payload: publish.payload,
            qos: publish.qos,
            verdict,
            taken: false,
        });
        None
    }

    /// The rate comes first, so that refused messages are not free.
    fn verdict(&mut self, publish: &Publish<'_>, now: base::Millis) -> Verdict {
        let limits = &self.link.grant.limits;
        let (rate, per_s) = match publish.qos {
            QoS::AtMostOnce => (&mut self.qos0, limits.up_qos0_per_s),
            _ => (&mut self.qos1, limits.up_qos1_per_s),
        };
        if !rate.take(now) {
            return Verdict::TooFast { per_s };
        }
        let (bytes, limit) = (publish.payload.len(), widen(limits.payload_bytes));
        if limit != 0 && bytes > limit {
            return Verdict::TooLong { bytes, limit };
        }
        if self.may(Access::Publish, publish.topic) {
            Verdict::Accepted
        } else {
            Verdict::Unauthorized
        }
    }

    fn may(&self, access: Access, topic: &str) -> bool {
        fits(topic, &self.link.grant.limits) && self.broker.hub.may(&self.link.grant, access, topic)
    }

    fn subscribe(&mut self, subscribe: &Subscribe<'_>, burst: &mut Burst<'_>) {
        let mut codes = Vec::new();
        for wanted in subscribe.filters() {
            let filter = wanted.filter;
            let granted = wanted.qos.min(QoS::AtLeastOnce);
            let event =
                if self.may(Access::Subscribe, filter) && self.link.subscribe(filter, granted) {
                    codes.push(granted.number());
                    Event::Subscribed { at: burst.now, filter }
                } else {
                    codes.push(REFUSED);
                    if !self.complaints.take(burst.now) {
                        continue;
                    }
                    Event::SubscribeRefused { at: burst.now, filter }
                };
            self.broker.hub.event(&self.link.grant, event, &mut burst.batch);
        }
        encode::suback(&mut self.answers, self.link.level, subscribe.id, &codes);
    }

    fn unsubscribe(&mut self, unsubscribe: &Unsubscribe<'_>, burst: &mut Burst<'_>) {
        let mut codes = Vec::new();
        for filter in unsubscribe.filters() {
            if self.link.unsubscribe(filter) {
                codes.push(0);
                let event = Event::Unsubscribed { at: burst.now, filter };
                self.broker.hub.event(&self.link.grant, event, &mut burst.batch);
            } else {
                codes.push(NO_SUBSCRIPTION);
            }
        }
        encode::unsuback(&mut self.answers, self.link.level, unsubscribe.id, &codes);
    }
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

/// The reason code of a PUBACK; levels 3.1 and 3.1.1 do not carry it.
fn reason(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Accepted => 0x00,
        Verdict::Unauthorized => 0x87,
        Verdict::TooFast { .. } | Verdict::TooLong { .. } => 0x97,
    }
}

fn widen(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn name(packet: &Packet<'_>) -> &'static str {
    match packet {
        Packet::Connect(_) => "CONNECT",
        Packet::ConnAck(_) => "CONNACK",
        Packet::PubRec(_) => "PUBREC",
        Packet::PubRel(_) => "PUBREL",
        Packet::PubComp(_) => "PUBCOMP",
        Packet::SubAck(_) => "SUBACK",
        Packet::UnsubAck(_) => "UNSUBACK",
        Packet::PingResp => "PINGRESP",
        Packet::Auth(_) => "AUTH",
        _ => "unexpected",
    }
}
