//! The place where the messages of one burst become records of the content log: one record per
//! lane, several messages in each, what they share written once.

use base::{DeviceNo, Millis};
use store::{Batch, Series};

use super::{Direction, content_lane, kept, record::Reader};

/// A record is closed when it has this many bytes, its key's room included; with the last payload it
/// has a little more.
const RECORD_BYTES: usize = 16 << 10;
/// The most messages of a record: the bound of what a page reads for one of them.
const RECORD_MESSAGES: usize = 64;
/// Topics that the messages of a record may refer to by number.
const TOPICS: usize = 15;

/// The first byte of a message: its direction, its QoS, whether its payload was cut (its size
/// follows), and in the upper half the number of its topic.
const DOWN: u8 = 1;
const QOS_SHIFT: u8 = 1;
const CUT: u8 = 8;
const TOPIC_SHIFT: u8 = 4;
/// Instead of a number: the topic follows.
const NEW_TOPIC: u8 = 15;

/// A message as the content log keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) direction: Direction,
    pub(crate) topic: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) qos: u8,
}

/// The messages of one burst of one device, on their way into its content log.
#[derive(Debug)]
pub(crate) struct Contents {
    open: Vec<Open>,
    /// How many messages are about to come.
    expected: usize,
}

/// A record that more messages may join.
#[derive(Debug)]
struct Open {
    lane: u8,
    /// Room for the key, then the record; empty when nothing is in it.
    bytes: Vec<u8>,
    messages: usize,
    /// Where its topics lie in `bytes`: start and end.
    topics: Vec<(usize, usize)>,
}

impl Contents {
    /// Of a burst of so many messages.
    pub(crate) fn of(messages: usize) -> Self {
        Self { open: Vec::new(), expected: messages.min(RECORD_MESSAGES) }
    }

    /// Adds a message; a record that became full goes into the batch.
    pub(crate) fn add(
        &mut self,
        (device, at): (DeviceNo, Millis),
        message: &Message<'_>,
        batch: &mut Batch,
    ) {
        let expected = self.expected;
        let record = self.record_of(message.topic);
        if record.messages == 0 {
            record.begin(message, expected);
        }
        record.push(message);
        if record.is_full() {
            record.end((device, at), batch);
        }
    }

    /// Puts what is open into the batch.
    pub(crate) fn end(mut self, (device, at): (DeviceNo, Millis), batch: &mut Batch) {
        for record in &mut self.open {
            record.end((device, at), batch);
        }
    }

    /// Most messages of a burst have a topic that it had before: then nothing is taken apart.
    fn record_of(&mut self, topic: &str) -> &mut Open {
        let known = self.open.iter().position(|open| open.number(topic).is_some());
        let at = known.unwrap_or_else(|| {
            let lane = content_lane(topic);
            self.open.iter().position(|open| open.lane == lane).unwrap_or_else(|| {
                self.open.push(Open { lane, bytes: Vec::new(), messages: 0, topics: Vec::new() });
                self.open.len() - 1
            })
        });
        &mut self.open[at]
    }
}

impl Open {
    fn number(&self, topic: &str) -> Option<u8> {
        let same = |&(start, end): &(usize, usize)| {
            self.bytes.get(start..end).is_some_and(|known| known == topic.as_bytes())
        };
        self.topics.iter().position(same).and_then(|number| u8::try_from(number).ok())
    }

    /// Takes memory for as many messages as this one.
    fn begin(&mut self, message: &Message<'_>, expected: usize) {
        let each = kept(message.payload).len() + 4;
        // What a first message has besides: the lengths of its topic and of what was cut.
        let room =
            Batch::ROOM + message.topic.len() + 12 + (each * expected).min(RECORD_BYTES + each);
        self.bytes.reserve(room);
        self.bytes.resize(Batch::ROOM, 0);
    }

    fn push(&mut self, message: &Message<'_>) {
        let kept = kept(message.payload);
        let number = self.number(message.topic);
        let cut = kept.len() < message.payload.len();
        self.bytes.push(
            (u8::from(message.direction == Direction::Down) * DOWN)
                | (message.qos << QOS_SHIFT)
                | (u8::from(cut) * CUT)
                | (number.unwrap_or(NEW_TOPIC) << TOPIC_SHIFT),
        );
        if number.is_none() {
            put_length(&mut self.bytes, message.topic.len());
            let start = self.bytes.len();
            self.bytes.extend_from_slice(message.topic.as_bytes());
            if self.topics.len() < TOPICS {
                self.topics.push((start, self.bytes.len()));
            }
        }
        if cut {
            put_length(&mut self.bytes, message.payload.len());
        }
        put_length(&mut self.bytes, kept.len());
        self.bytes.extend_from_slice(kept);
        self.messages += 1;
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= RECORD_BYTES || self.messages >= RECORD_MESSAGES
    }

    fn end(&mut self, (device, at): (DeviceNo, Millis), batch: &mut Batch) {
        if self.messages > 0 {
            batch.append_whole(Series::Logs, (device, self.lane, at), &mut self.bytes);
        }
        self.topics.clear();
        self.messages = 0;
    }
}

/// The messages of a record, in the order of their coming, each with the size that it had. What
/// cannot be read ends them.
pub(super) struct Messages<'a> {
    rest: Reader<'a>,
    topics: Vec<&'a str>,
}

impl<'a> Messages<'a> {
    pub(super) fn of(record: &'a [u8]) -> Self {
        Self { rest: Reader(record), topics: Vec::new() }
    }

    fn topic(&mut self, number: u8) -> Option<&'a str> {
        if number != NEW_TOPIC {
            return self.topics.get(usize::from(number)).copied();
        }
        let length = self.rest.length()?;
        let topic = std::str::from_utf8(self.rest.bytes(length)?).ok()?;
        if self.topics.len() < TOPICS {
            self.topics.push(topic);
        }
        Some(topic)
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = (Message<'a>, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let [head] = self.rest.take()?;
        let direction = if head & DOWN == 0 { Direction::Up } else { Direction::Down };
        let topic = self.topic(head >> TOPIC_SHIFT)?;
        let cut = if head & CUT == 0 { None } else { Some(self.rest.length()?) };
        let length = self.rest.length()?;
        let payload = self.rest.bytes(length)?;
        let message = Message { direction, topic, payload, qos: (head >> QOS_SHIFT) & 3 };
        Some((message, cut.unwrap_or(length)))
    }
}

/// Appends a length, seven bits to a byte, the least first.
fn put_length(row: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        row.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    row.push(u8::try_from(length).unwrap_or_default());
}

impl Reader<'_> {
    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.take()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(length);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(messages: &[Message<'_>]) -> Vec<Open> {
        let (mut contents, mut batch) = (Contents::of(1), Batch::default());
        for message in messages {
            contents.add((DeviceNo(1), 0), message, &mut batch);
        }
        assert!(batch.is_empty());
        contents.open
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let long = vec![b'x'; super::super::CONTENT_BYTES + 1];
        let topics: Vec<_> = (0..20).map(|n| format!("P/d/{n}")).collect();
        let mut messages = Vec::new();
        for round in 0..3_u8 {
            for topic in &topics {
                let payload = if round == 1 { &b""[..] } else { &long[..100] };
                let direction = if round == 2 { Direction::Down } else { Direction::Up };
                messages.push(Message { direction, topic, payload, qos: round });
            }
        }
        messages.push(Message { payload: &long, ..messages[0] });
        let records = written(&messages);
        let [record] = &records[..] else { panic!("{} records", records.len()) };
        let read: Vec<_> = Messages::of(&record.bytes[Batch::ROOM..]).collect();
        assert_eq!(read.len(), messages.len());
        for ((read, size), message) in read.iter().zip(&messages) {
            assert_eq!(*size, message.payload.len());
            assert_eq!(*read, Message { payload: kept(message.payload), ..*message });
        }
    }

    #[test]
    fn a_message_of_a_known_topic_costs_its_payload_and_three_bytes() {
        let message =
            Message { direction: Direction::Up, topic: "P/d/x", payload: &[7; 200], qos: 1 };
        let bytes = |count| written(&vec![message; count])[0].bytes.len();
        assert_eq!(bytes(20) - bytes(19), 203);
    }

    #[test]
    fn a_burst_takes_its_memory_once() {
        let topic = format!("P/d/{}", "x".repeat(200));
        let cut = super::super::CONTENT_BYTES + 1;
        for (count, length) in [(1, 0), (1, 200), (20, 256), (1, cut)] {
            let payload = vec![0; length];
            let message =
                Message { direction: Direction::Up, topic: &topic, payload: &payload, qos: 1 };
            let (mut contents, mut batch) = (Contents::of(count), Batch::default());
            for _ in 0..count {
                contents.add((DeviceNo(1), 0), &message, &mut batch);
            }
            // Memory that had to grow is half empty.
            let bytes = &contents.open[0].bytes;
            let spare = bytes.capacity() - bytes.len();
            assert!(spare <= 16 + 2 * count, "{count} of {length}: {spare} bytes to spare");
        }
    }

    #[test]
    fn a_cut_record_gives_what_is_whole() {
        let message =
            Message { direction: Direction::Up, topic: "P/d/x", payload: b"four", qos: 1 };
        let records = written(&[message; 3]);
        let whole = &records[0].bytes[Batch::ROOM..];
        for length in 0..whole.len() {
            assert!(Messages::of(&whole[..length]).count() < 3, "{length}");
        }
        assert_eq!(Messages::of(whole).count(), 3);
    }

    #[test]
    fn a_record_is_bounded() {
        let (mut contents, mut batch) = (Contents::of(1), Batch::default());
        let to = (DeviceNo(1), 0);
        for length in [0, 4000] {
            let payload = vec![0; length];
            let message =
                Message { direction: Direction::Up, topic: "P/d/x", payload: &payload, qos: 0 };
            for _ in 0..1000 {
                contents.add(to, &message, &mut batch);
                let open = &contents.open[0];
                assert!(open.messages < RECORD_MESSAGES && open.bytes.len() < RECORD_BYTES);
            }
        }
        assert!(!batch.is_empty());
    }
}
