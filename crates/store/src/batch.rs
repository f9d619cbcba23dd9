//! The place where the changes of one burst are gathered: one flat arena, no allocation per row.

use std::fmt;

use base::{DeviceNo, Millis};

use crate::hot::key;

/// Key spaces of the hot store that are not partitioned by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// The latest values of a device.
    Shadow,
    /// What a door must know of a device.
    Credential,
    /// When a device was online.
    DeviceState,
    /// Sessions that outlive their connection.
    Session,
    /// Messages for subscribers that are offline.
    Queue,
    /// The last message of a topic, for those who subscribe later.
    Retained,
    /// Work that must be done at least once.
    Outbox,
}

/// Day-partitioned, append-only: one keyspace per day (UTC, by the record's time) and class;
/// expired by dropping the keyspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// What devices reported.
    Points,
    /// The devices' cloud logs.
    Logs,
}

/// All that one read burst changes: one atomic batch, one fsync.
///
/// A key has 1 to 65535 bytes, and a device whose records are appended a number of at most 40 bits;
/// [`crate::Store::commit`] refuses a batch with another.
#[derive(Default)]
pub struct Batch {
    /// Keys and values, in the order of `rows`.
    arena: Vec<u8>,
    rows: Vec<Head>,
    misfit: bool,
    relaxed: bool,
}

#[derive(Clone, Copy)]
struct Head {
    kind: Kind,
    key: u32,
    value: u32,
}

/// What a row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Put(Space),
    Delete(Space),
    /// The key still lacks its sequence number.
    Append(Series),
    /// Takes one record, by its whole key, out of its series.
    Remove(Series),
    /// The value is an `i64`, little-endian.
    Count,
}

/// One change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) kind: Kind,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

impl Batch {
    /// What a record leaves free at its beginning for [`Batch::append_whole`], in bytes.
    pub const ROOM: usize = key::STEM;

    /// Sets a row. Of several changes of one key the last one stays.
    pub fn put(&mut self, space: Space, key: &[u8], value: &[u8]) {
        self.push(Kind::Put(space), key, value);
    }

    /// Removes a row, if it is there.
    pub fn delete(&mut self, space: Space, key: &[u8]) {
        self.push(Kind::Delete(space), key, &[]);
    }

    /// Appends a record under `(device, lane, at)`; the committer adds a sequence number that makes
    /// the key unique and ordered. `lane` tells kinds of record apart (a log type).
    ///
    /// A record that is older than its series is kept, or more than a day ahead of the clock, is
    /// left out (and counted in a metric): the caller clamps what it wants kept.
    pub fn append(&mut self, series: Series, device: DeviceNo, lane: u8, at: Millis, value: &[u8]) {
        self.misfit |= device.0 >= key::DEVICES;
        self.push(Kind::Append(series), &key::stem(device, lane, at), value);
    }

    /// The same for a record that was written behind [`Batch::ROOM`] bytes, where its key comes:
    /// when it is the first row, its memory becomes the batch's, and nothing is copied. Leaves
    /// `record` empty.
    pub fn append_whole(
        &mut self,
        series: Series,
        (device, lane, at): (DeviceNo, u8, Millis),
        record: &mut Vec<u8>,
    ) {
        let sizes = (u32::try_from(Self::ROOM), u32::try_from(record.len()));
        let (Some(room), (Ok(key), Ok(whole))) = (record.first_chunk_mut(), sizes) else {
            self.misfit = true;
            return record.clear();
        };
        *room = key::stem(device, lane, at);
        self.misfit |= device.0 >= key::DEVICES;
        if self.arena.is_empty() {
            std::mem::swap(&mut self.arena, record);
        } else {
            self.arena.append(record);
        }
        self.rows.push(Head { kind: Kind::Append(series), key, value: whole - key });
    }

    /// Adds to a counter, in the committer, so that concurrent batches add up.
    pub fn count(&mut self, key: &[u8], by: i64) {
        self.relaxed = false;
        self.push(Kind::Count, key, &by.to_le_bytes());
    }

    /// Nobody waits for this batch, nor was told of it: it may wait a moment for company. Not with what
    /// is counted after this: whoever counts remembers that it did.
    pub fn relax(&mut self) {
        self.relaxed = true;
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Moves all of `other` to the end of this batch.
    pub fn absorb(&mut self, mut other: Batch) {
        if self.rows.is_empty() {
            self.relaxed = other.relaxed;
            if self.arena.capacity() == 0 {
                *self = other;
                return;
            }
        }
        self.arena.append(&mut other.arena);
        self.rows.append(&mut other.rows);
        self.misfit |= other.misfit;
        self.relaxed &= other.relaxed;
    }

    /// Takes all out of it and leaves its memory for another one.
    pub(crate) fn clear(&mut self) {
        self.arena.clear();
        self.rows.clear();
        (self.misfit, self.relaxed) = (false, false);
    }

    pub(crate) fn remove(&mut self, series: Series, key: &[u8]) {
        self.push(Kind::Remove(series), key, &[]);
    }

    /// How many rows it has.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.arena.len() + self.rows.len() * size_of::<Head>()
    }

    /// Whether nobody needs to wait for it.
    #[must_use]
    pub fn is_relaxed(&self) -> bool {
        self.relaxed
    }

    /// Whether a key or value has a size that cannot be stored.
    pub(crate) fn misfit(&self) -> bool {
        self.misfit
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let mut rest = self.arena.as_slice();
        self.rows.iter().map_while(move |head| {
            let (key, tail) = rest.split_at_checked(usize::try_from(head.key).ok()?)?;
            let (value, tail) = tail.split_at_checked(usize::try_from(head.value).ok()?)?;
            rest = tail;
            Some(Change { kind: head.kind, key, value })
        })
    }

    fn push(&mut self, kind: Kind, key: &[u8], value: &[u8]) {
        let (Ok(key_len), Ok(value_len)) = (u16::try_from(key.len()), u32::try_from(value.len()))
        else {
            self.misfit = true;
            return;
        };
        self.misfit |= key.is_empty();
        self.arena.extend_from_slice(key);
        self.arena.extend_from_slice(value);
        self.rows.push(Head { kind, key: key_len.into(), value: value_len });
    }
}

/// Only sizes: values may be secrets.
impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} rows, {} bytes)", self.rows.len(), self.arena.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(batch: &Batch) -> Vec<(Kind, Vec<u8>, Vec<u8>)> {
        batch.changes().map(|c| (c.kind, c.key.to_vec(), c.value.to_vec())).collect()
    }

    #[test]
    fn an_absorbed_batch_follows_in_order() {
        let (mut a, mut b) = (Batch::default(), Batch::default());
        assert!(a.is_empty());
        a.put(Space::Shadow, b"k", b"v");
        a.delete(Space::Queue, b"gone");
        b.count(b"n", -2);
        b.append(Series::Logs, DeviceNo(1), 2, 3, b"");
        a.absorb(Batch::default());
        a.absorb(b);
        let expected = [
            (Kind::Put(Space::Shadow), b"k".to_vec(), b"v".to_vec()),
            (Kind::Delete(Space::Queue), b"gone".to_vec(), vec![]),
            (Kind::Count, b"n".to_vec(), (-2_i64).to_le_bytes().to_vec()),
            (Kind::Append(Series::Logs), key::stem(DeviceNo(1), 2, 3).to_vec(), vec![]),
        ];
        assert_eq!(seen(&a), expected);
        assert_eq!(a.len(), 4);
    }

    #[test]
    fn memory_that_is_used_again_has_nothing_of_before() {
        let mut room = Batch::default();
        room.put(Space::Queue, b"", b"old");
        room.relax();
        room.clear();
        assert!(room.is_empty() && room.arena.capacity() > 0);
        for relaxed in [false, true] {
            let mut next = Batch::default();
            next.put(Space::Shadow, b"k", b"v");
            next.relaxed = relaxed;
            room.absorb(next);
            let expected = [(Kind::Put(Space::Shadow), b"k".to_vec(), b"v".to_vec())];
            assert_eq!(seen(&room), expected);
            assert_eq!((room.is_relaxed(), room.misfit()), (relaxed, false));
            room.clear();
        }
    }

    #[test]
    fn keys_that_cannot_be_stored_are_noticed() {
        for key in [Vec::new(), vec![0; 65_536]] {
            let (mut batch, mut all) = (Batch::default(), Batch::default());
            batch.put(Space::Queue, &key, b"v");
            all.put(Space::Queue, b"k", b"v");
            all.absorb(batch);
            assert!(all.misfit());
        }
        let mut batch = Batch::default();
        batch.put(Space::Queue, &[0; 65_535], b"v");
        batch.append(Series::Points, DeviceNo(key::DEVICES - 1), 1, 1, b"v");
        assert!(!batch.misfit());
        batch.append(Series::Points, DeviceNo(key::DEVICES), 1, 1, b"v");
        assert!(batch.misfit());
    }

    #[test]
    fn a_record_with_room_for_its_key_is_a_row_as_any() {
        let record = || [&[0xff; Batch::ROOM][..], b"value"].concat();
        let of = |device| (DeviceNo(device), 2, 3);
        for first in [true, false] {
            let (mut batch, mut plain) = (Batch::default(), Batch::default());
            for batch in [&mut batch, &mut plain] {
                if !first {
                    batch.put(Space::Shadow, b"k", b"v");
                }
            }
            for device in [7, 8] {
                let mut record = record();
                batch.append_whole(Series::Logs, of(device), &mut record);
                assert!(record.is_empty());
                plain.append(Series::Logs, DeviceNo(device), 2, 3, b"value");
            }
            assert_eq!(seen(&batch), seen(&plain));
            assert!(!batch.misfit());
        }
        for (device, mut record) in [(7, vec![0; Batch::ROOM - 1]), (key::DEVICES, record())] {
            let mut batch = Batch::default();
            batch.append_whole(Series::Logs, of(device), &mut record);
            assert!(batch.misfit() && record.is_empty());
        }
    }

    #[test]
    fn a_batch_does_not_show_its_values() {
        let mut batch = Batch::default();
        batch.put(Space::Credential, b"k", b"hunter2");
        assert_eq!(format!("{batch:?}"), "Batch(1 rows, 8 bytes)");
    }
}
