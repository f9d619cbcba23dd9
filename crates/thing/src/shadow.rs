//! The place where the latest values of one device live (设备影子): what it reported, when that
//! last changed and last came, and what the cloud still wants of it.

use std::fmt;

use base::Millis;

use crate::{
    json,
    record::{self, Reader, Value, put_id, put_varint, put_zigzag},
};

/// First byte of every encoded shadow.
pub const VERSION: u8 = 1;
const DEPTH: u32 = 8;

/// The latest values of one device.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shadow {
    latest: Vec<Latest>,
    desired: Vec<Desired>,
}

#[derive(Clone, PartialEq)]
struct Latest {
    id: Box<str>,
    bytes: Vec<u8>,
    changed: Millis,
    reported: Millis,
}

#[derive(Clone, PartialEq)]
struct Desired {
    id: Box<str>,
    bytes: Vec<u8>,
    since: Millis,
}

impl fmt::Debug for Latest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}@{}/{}", self.id, self.bytes, self.changed, self.reported)
    }
}

impl fmt::Debug for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}@{}", self.id, self.bytes, self.since)
    }
}

/// One latest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry<'a> {
    /// The property.
    pub id: &'a str,
    /// Its value.
    pub value: Value<'a>,
    /// When the value last became another.
    pub changed: Millis,
    /// When the device last reported it.
    pub reported: Millis,
}

impl Shadow {
    /// From a stored row; `None` if the bytes are not ours.
    #[must_use]
    pub fn decode(row: &[u8]) -> Option<Self> {
        let mut reader = Reader(row);
        if reader.byte()? != VERSION {
            return None;
        }
        let mut shadow = Self::default();
        for _ in 0..reader.varint()? {
            let id = reader.id()?.into();
            let (changed, reported) = (reader.int()?, reader.int()?);
            let bytes = reader.spanned(DEPTH)?.1.to_vec();
            shadow.latest.push(Latest { id, bytes, changed, reported });
        }
        for _ in 0..reader.varint()? {
            let (id, since) = (reader.id()?.into(), reader.int()?);
            let bytes = reader.spanned(DEPTH)?.1.to_vec();
            shadow.desired.push(Desired { id, bytes, since });
        }
        reader.0.is_empty().then_some(shadow)
    }

    /// Appends the stored row to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_varint(out, u64::try_from(self.latest.len()).expect("lengths fit"));
        for entry in &self.latest {
            put_id(out, &entry.id);
            put_zigzag(out, entry.changed);
            put_zigzag(out, entry.reported);
            out.extend_from_slice(&entry.bytes);
        }
        put_varint(out, u64::try_from(self.desired.len()).expect("lengths fit"));
        for entry in &self.desired {
            put_id(out, &entry.id);
            put_zigzag(out, entry.since);
            out.extend_from_slice(&entry.bytes);
        }
    }

    /// Takes the fields of a report; calls `changed` for each value that became another, and
    /// returns how many did. Allocates only for what is new.
    pub fn apply_report(
        &mut self,
        record: &[u8],
        at: Millis,
        mut changed: impl FnMut(&str, Value<'_>),
    ) -> usize {
        let mut n = 0;
        for (hint, field) in record::fields(record).enumerate() {
            let place = match self.latest.get(hint) {
                Some(entry) if *entry.id == *field.id => Some(hint),
                _ => self.latest.iter().position(|entry| *entry.id == *field.id),
            };
            match place.and_then(|place| self.latest.get_mut(place)) {
                Some(entry) if entry.bytes == field.bytes => {
                    entry.reported = at;
                    continue;
                }
                Some(entry) => {
                    entry.bytes.clear();
                    entry.bytes.extend_from_slice(field.bytes);
                    (entry.changed, entry.reported) = (at, at);
                }
                None => {
                    let (id, bytes) = (field.id.into(), field.bytes.to_vec());
                    self.latest.push(Latest { id, bytes, changed: at, reported: at });
                }
            }
            n += 1;
            changed(field.id, field.value);
        }
        n
    }

    /// What the cloud wants from now on; each field replaces what it wanted before.
    pub fn set_desired(&mut self, record: &[u8], at: Millis) {
        for field in record::fields(record) {
            let bytes = field.bytes.to_vec();
            match self.desired.iter_mut().find(|entry| *entry.id == *field.id) {
                Some(entry) => (entry.bytes, entry.since) = (bytes, at),
                None => self.desired.push(Desired { id: field.id.into(), bytes, since: at }),
            }
        }
    }

    /// The device has what was wanted; whether anything was.
    pub fn clear_desired(&mut self) -> bool {
        let any = self.has_desired();
        self.desired.clear();
        any
    }

    /// Drops what was wanted and is reported now, with the same value.
    pub fn fulfil(&mut self, record: &[u8]) {
        if self.has_desired() {
            for field in record::fields(record) {
                self.desired.retain(|entry| *entry.id != *field.id || entry.bytes != field.bytes);
            }
        }
    }

    /// Whether the cloud still wants something.
    #[must_use]
    pub fn has_desired(&self) -> bool {
        !self.desired.is_empty()
    }

    /// Whether nothing was ever reported or wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.latest.is_empty() && self.desired.is_empty()
    }

    /// Forgets what the model no longer has; whether anything went.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) -> bool {
        let before = self.latest.len() + self.desired.len();
        self.latest.retain(|entry| keep(&entry.id));
        self.desired.retain(|entry| keep(&entry.id));
        self.latest.len() + self.desired.len() != before
    }

    /// The latest values, in the order they first came.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.latest.iter().filter_map(|entry| {
            let value = Value::decode(&entry.bytes)?;
            let (changed, reported) = (entry.changed, entry.reported);
            Some(Entry { id: &entry.id, value, changed, reported })
        })
    }

    /// One latest value.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Entry<'_>> {
        self.entries().find(|entry| entry.id == id)
    }

    /// What the cloud wants, with the time since when.
    pub fn desired(&self) -> impl Iterator<Item = (&str, Value<'_>, Millis)> {
        self.desired
            .iter()
            .filter_map(|entry| Some((&*entry.id, Value::decode(&entry.bytes)?, entry.since)))
    }

    /// Appends `{"power_switch":1}`: `data.reported` of `get_status_reply`.
    pub fn write_reported(&self, out: &mut Vec<u8>) {
        write_object(out, self.entries().map(|entry| (entry.id, entry.value)));
    }

    /// Appends the wanted values: `data.control` of `get_status_reply`.
    pub fn write_desired(&self, out: &mut Vec<u8>) {
        write_object(out, self.desired().map(|(id, value, _)| (id, value)));
    }

    /// Appends `{"power_switch":{"Value":0,"LastUpdate":1590000000000}}`, the form of
    /// `DescribeDeviceData`; the time is that of the last change.
    pub fn write_latest(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (n, entry) in self.entries().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            json::write_str(out, entry.id);
            out.extend_from_slice(b":{\"Value\":");
            entry.value.write_json(out);
            out.extend_from_slice(b",\"LastUpdate\":");
            json::write_int(out, entry.changed);
            out.push(b'}');
        }
        out.push(b'}');
    }
}

fn write_object<'a>(out: &mut Vec<u8>, values: impl Iterator<Item = (&'a str, Value<'a>)>) {
    out.push(b'{');
    for (n, (id, value)) in values.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        json::write_str(out, id);
        out.push(b':');
        value.write_json(out);
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests;
