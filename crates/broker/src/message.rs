//! The place where a message is on its way to a client: as bytes of a packet, and as a row of a
//! queue.

use base::Millis;
use mqtt::{Level, Properties, Property, Publish, QoS, encode, property::Place};

/// `Message::expires` of a message that never does.
pub(crate) const NEVER: Millis = Millis::MAX;

const VERSION: u8 = 1;
const HEAD: usize = 30;
const RETAIN: u8 = 0x04;
const RELEASED: u8 = 0x08;
/// Bytes of a topic at most [MQTT-1.5.3].
const LONGEST: usize = 65_535;
/// Bytes of a PUBLISH beside topic, properties and payload.
const FRAME: usize = 16;

/// A message to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) topic: &'a str,
    /// Property bytes of 5.0 that are passed on.
    pub(crate) properties: &'a [u8],
    /// Property bytes that tell the client which of its subscriptions it is for.
    pub(crate) ids: &'a [u8],
    pub(crate) payload: &'a [u8],
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) expires: Millis,
}

impl<'a> Message<'a> {
    pub(crate) fn new(topic: &'a str, payload: &'a [u8], qos: QoS) -> Self {
        let (properties, ids, retain, expires) = (&[][..], &[][..], false, NEVER);
        Self { topic, properties, ids, payload, qos, retain, expires }
    }

    /// Bytes that it takes on the wire, roughly and at most.
    pub(crate) fn size(&self) -> usize {
        self.topic.len() + self.properties.len() + self.ids.len() + self.payload.len() + FRAME
    }

    /// Bytes of its PUBLISH at 5.0, without an alias.
    pub(crate) fn packet_bytes(&self) -> usize {
        let expiry = if self.expires == NEVER { 0 } else { 5 };
        let properties = self.properties.len() + self.ids.len() + expiry;
        let id = if self.qos == QoS::AtMostOnce { 0 } else { 2 };
        let head = 2 + self.topic.len() + id + digits(properties);
        let body = head + properties + self.payload.len();
        1 + digits(body) + body
    }

    /// The row of a queue that keeps it `until` then; parsed by [`Message::parse`].
    pub(crate) fn row(&self, until: Millis) -> Vec<u8> {
        let mut row = Vec::with_capacity(HEAD + self.size());
        row.push(VERSION);
        row.push(self.qos.number() | if self.retain { RETAIN } else { 0 });
        row.extend_from_slice(&until.to_be_bytes());
        row.extend_from_slice(&self.expires.to_be_bytes());
        put(&mut row, self.topic.as_bytes());
        put(&mut row, self.properties);
        put(&mut row, self.ids);
        row.extend_from_slice(self.payload);
        row
    }

    /// Reads a row; `None` if it is not one.
    pub(crate) fn parse(row: &'a [u8]) -> Option<Stored<'a>> {
        let (&[version, flags], rest) = row.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        let (until, rest) = rest.split_first_chunk::<8>()?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let (until, expires) = (Millis::from_be_bytes(*until), Millis::from_be_bytes(*expires));
        let qos = QoS::from_u8(flags & 3)?;
        let (topic, rest) = take(rest).filter(|(topic, _)| topic.len() <= LONGEST)?;
        let (properties, rest) = take(rest)?;
        let (ids, payload) = take(rest)?;
        let (topic, retain) = (std::str::from_utf8(topic).ok()?, flags & RETAIN != 0);
        Properties::new(Place::Publish, properties).ok()?;
        Properties::new(Place::Publish, ids).ok()?;
        let message = Self { topic, properties, ids, payload, qos, retain, expires };
        Some(Stored { message, until, released: flags & RELEASED != 0 })
    }

    /// Appends the PUBLISH; `alias` is what the connection makes of its topic (5.0).
    pub(crate) fn encode(
        &self,
        out: &mut Vec<u8>,
        level: Level,
        now: Millis,
        id: Option<u16>,
        (dup, alias): (bool, Option<Alias>),
    ) {
        let mut extra = Vec::new();
        let mut properties = self.properties;
        let told = alias.is_some() || self.expires != NEVER || !self.ids.is_empty();
        if level == Level::V5 && told {
            extra.extend_from_slice(self.properties);
            extra.extend_from_slice(self.ids);
            if self.expires != NEVER {
                let left = self.expires.saturating_sub(now).max(0) / 1000;
                Property::MessageExpiry(u32::try_from(left).unwrap_or(u32::MAX)).put(&mut extra);
            }
            if let Some(alias) = alias {
                Property::TopicAlias(alias.number).put(&mut extra);
            }
            properties = &extra;
        }
        let topic = if alias.is_some_and(|alias| alias.known) { "" } else { self.topic };
        // What is kept and passed on was checked when it came in.
        let properties = Properties::new(Place::Publish, properties).unwrap_or_default();
        let (qos, retain, payload) = (self.qos, self.retain, self.payload);
        let packet = Publish { dup, qos, retain, topic, id, properties, payload };
        encode::publish(out, level, &packet);
    }
}

/// A row of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    pub(crate) message: Message<'a>,
    /// When it leaves the queue unsent.
    pub(crate) until: Millis,
    /// At QoS 2: the client has it, only the release is outstanding.
    pub(crate) released: bool,
}

/// The row that takes the place of a QoS 2 message once the client has it.
pub(crate) fn released() -> Vec<u8> {
    let mut row = Message::new("", &[], QoS::ExactlyOnce).row(NEVER);
    if let Some(flags) = row.get_mut(1) {
        *flags |= RELEASED;
    }
    row
}

/// A number that stands for a topic (5.0).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alias {
    pub(crate) number: u16,
    /// The client has been told what it stands for.
    pub(crate) known: bool,
}

/// The property bytes of a subscription's id; none for 0.
pub(crate) fn put_id(ids: &mut Vec<u8>, id: u32) {
    if id != 0 {
        Property::SubscriptionId(id).put(ids);
    }
}

/// Bytes of a length on the wire.
fn digits(length: usize) -> usize {
    match length {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

/// With a length of four bytes before it.
pub(crate) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

pub(crate) fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let (mut properties, mut ids) = (Vec::new(), Vec::new());
        Property::ContentType("text").put(&mut properties);
        put_id(&mut ids, 7);
        put_id(&mut ids, 0);
        let message = Message {
            properties: &properties,
            ids: &ids,
            retain: true,
            expires: 5_000,
            ..Message::new("a/温度", b"21", QoS::AtLeastOnce)
        };
        let row = message.row(9_000);
        assert_eq!(Message::parse(&row), Some(Stored { message, until: 9_000, released: false }));
        for cut in 0..row.len() - message.payload.len() {
            assert_eq!(Message::parse(&row[..cut]), None, "{cut}");
        }
        assert!(Message::parse(&released()).unwrap().released);
    }

    #[test]
    fn a_packet_says_what_is_left_of_the_expiry() {
        let message = Message { expires: 5_000, ..Message::new("a", b"x", QoS::AtMostOnce) };
        let mut out = Vec::new();
        message.encode(&mut out, Level::V5, 2_000, None, (false, None));
        assert_eq!(out.len(), message.packet_bytes());
        let frame = mqtt::frame(&out, 100).unwrap().unwrap();
        let mqtt::Packet::Publish(publish) = mqtt::decode(Level::V5, frame).unwrap() else {
            panic!("not a publish")
        };
        let seen: Vec<_> = publish.properties.iter().collect();
        assert_eq!(seen, [Property::MessageExpiry(3)]);
    }
}
