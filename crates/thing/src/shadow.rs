//! The place where the latest values of one device live (设备影子): what it reported, when that
//! last changed and last came, and what the cloud still wants of it.

use std::fmt;

use base::Millis;

use crate::{
    Model, json,
    record::{self, Reader, Value, put_id, put_varint, put_zigzag},
};

/// First byte of every encoded shadow.
pub const VERSION: u8 = 1;
const DEPTH: u32 = 8;

/// The latest values of one device; a pointer while there are none, since most devices of a large fleet
/// are silent.
#[derive(Debug, Clone, Default)]
pub struct Shadow(Option<Box<Values>>);

#[derive(Debug, Clone, Default)]
struct Values {
    latest: Vec<Latest>,
    desired: Vec<Desired>,
}

impl PartialEq for Shadow {
    fn eq(&self, other: &Self) -> bool {
        self.known() == other.known() && self.wanted() == other.wanted()
    }
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
    fn known(&self) -> &[Latest] {
        self.0.as_ref().map_or(&[], |values| &values.latest)
    }

    fn wanted(&self) -> &[Desired] {
        self.0.as_ref().map_or(&[], |values| &values.desired)
    }

    fn values(&mut self) -> &mut Values {
        self.0.get_or_insert_default()
    }

    /// From a stored row; `None` if the bytes are not ours.
    #[must_use]
    pub fn decode(row: &[u8]) -> Option<Self> {
        let mut reader = Reader(row);
        if reader.byte()? != VERSION {
            return None;
        }
        let mut values = Values::default();
        for _ in 0..reader.varint()? {
            let id = reader.id()?.into();
            let (changed, reported) = (reader.int()?, reader.int()?);
            let bytes = reader.spanned(DEPTH)?.1.to_vec();
            values.latest.push(Latest { id, bytes, changed, reported });
        }
        for _ in 0..reader.varint()? {
            let (id, since) = (reader.id()?.into(), reader.int()?);
            let bytes = reader.spanned(DEPTH)?.1.to_vec();
            values.desired.push(Desired { id, bytes, since });
        }
        let any = !values.latest.is_empty() || !values.desired.is_empty();
        reader.0.is_empty().then_some(Self(any.then(|| Box::new(values))))
    }

    /// Appends the stored row to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_varint(out, u64::try_from(self.known().len()).expect("lengths fit"));
        for entry in self.known() {
            put_id(out, &entry.id);
            put_zigzag(out, entry.changed);
            put_zigzag(out, entry.reported);
            out.extend_from_slice(&entry.bytes);
        }
        put_varint(out, u64::try_from(self.wanted().len()).expect("lengths fit"));
        for entry in self.wanted() {
            put_id(out, &entry.id);
            put_zigzag(out, entry.since);
            out.extend_from_slice(&entry.bytes);
        }
    }

    /// Takes the fields of a report made `at` that came `now`, but for those that were reported of
    /// a later time already; what is taken and has the wanted value is no longer wanted. Calls
    /// `changed` for each value that became another, and returns how many did. Allocates only for
    /// what is new.
    pub fn apply_report(
        &mut self,
        record: &[u8],
        at: Millis,
        now: Millis,
        mut changed: impl FnMut(&str, Value<'_>),
    ) -> usize {
        let mut n = 0;
        let Values { latest, desired } = self.values();
        for (hint, field) in record::fields(record).enumerate() {
            let place = match latest.get(hint) {
                Some(entry) if *entry.id == *field.id => Some(hint),
                _ => latest.iter().position(|entry| *entry.id == *field.id),
            };
            let known = place.and_then(|place| latest.get_mut(place));
            // A time after `now` is of a clock that was set back since: it holds nothing up.
            if known.as_ref().is_some_and(|entry| entry.reported > at && entry.reported <= now) {
                continue;
            }
            desired.retain(|entry| *entry.id != *field.id || entry.bytes != field.bytes);
            match known {
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
                    latest.push(Latest { id, bytes, changed: at, reported: at });
                }
            }
            n += 1;
            changed(field.id, field.value);
        }
        n
    }

    /// What the cloud wants from now on; each field replaces what it wanted before.
    pub fn set_desired(&mut self, record: &[u8], at: Millis) {
        let desired = &mut self.values().desired;
        for field in record::fields(record) {
            let bytes = field.bytes.to_vec();
            match desired.iter_mut().find(|entry| *entry.id == *field.id) {
                Some(entry) => (entry.bytes, entry.since) = (bytes, at),
                None => desired.push(Desired { id: field.id.into(), bytes, since: at }),
            }
        }
    }

    /// The device has what was wanted; whether anything was.
    pub fn clear_desired(&mut self) -> bool {
        let any = self.has_desired();
        if any {
            self.values().desired.clear();
        }
        any
    }

    /// Whether the cloud still wants something.
    #[must_use]
    pub fn has_desired(&self) -> bool {
        !self.wanted().is_empty()
    }

    /// Whether nothing was ever reported or wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known().is_empty() && self.wanted().is_empty()
    }

    /// Forgets what `model` would not take: properties that are gone, values of another type or out
    /// of bounds, wishes for what is read-only. A whole number becomes a float where one is due.
    /// Whether anything changed.
    pub fn conform(&mut self, model: &Model) -> bool {
        let mut changed = false;
        let Some(values) = &mut self.0 else { return false };
        values.latest.retain_mut(|entry| {
            let now = again(&entry.id, &entry.bytes, |text, out| model.check_report(text, out));
            replace(&mut entry.bytes, now, &mut changed)
        });
        values.desired.retain_mut(|entry| {
            let now = again(&entry.id, &entry.bytes, |text, out| model.check_control(text, out));
            replace(&mut entry.bytes, now, &mut changed)
        });
        changed
    }

    /// Takes back what made `after` out of `before`, except where something else came since.
    pub fn revert(&mut self, before: &Self, after: &Self) {
        let values = self.values();
        take_back(&mut values.latest, before.known(), after.known(), |entry| &entry.id);
        take_back(&mut values.desired, before.wanted(), after.wanted(), |entry| &entry.id);
    }

    /// The latest values, in the order they first came.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.known().iter().filter_map(|entry| {
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
        self.wanted()
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

/// The bytes of a value as `check` reads it anew; `None` if it refuses.
fn again<E>(
    id: &str,
    bytes: &[u8],
    check: impl FnOnce(&str, &mut Vec<u8>) -> Result<usize, E>,
) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    write_object(&mut text, Value::decode(bytes).map(|value| (id, value)).into_iter());
    let mut record = Vec::new();
    check(std::str::from_utf8(&text).ok()?, &mut record).ok()?;
    record::fields(&record).next().map(|field| field.bytes.to_vec())
}

/// Whether there still is a value.
fn replace(bytes: &mut Vec<u8>, now: Option<Vec<u8>>, changed: &mut bool) -> bool {
    *changed |= now.as_ref() != Some(bytes);
    now.map(|now| *bytes = now).is_some()
}

fn take_back<T: Clone + PartialEq>(
    list: &mut Vec<T>,
    before: &[T],
    after: &[T],
    id: impl Fn(&T) -> &str,
) {
    let find = |entries: &[T], wanted: &str| entries.iter().position(|e| id(e) == wanted);
    let get = |entries: &[T], wanted: &str| entries.iter().find(|e| id(e) == wanted).cloned();
    let added = after.iter().filter(|entry| find(before, id(entry)).is_none());
    for entry in before.iter().chain(added) {
        let (was, became) = (get(before, id(entry)), get(after, id(entry)));
        if was == became || get(list, id(entry)) != became {
            continue;
        }
        match (find(list, id(entry)), was) {
            (Some(at), Some(was)) => list[at] = was,
            (None, Some(was)) => list.push(was),
            (Some(at), None) => drop(list.remove(at)),
            (None, None) => {}
        }
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
