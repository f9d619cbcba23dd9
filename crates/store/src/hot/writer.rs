//! The place where a group of commits becomes one durable batch: sequence numbers, counters,
//! the day of each record, the mark.

use std::{path::Path, sync::Arc};

use base::{Clock, Code, Result};
use foldhash::{HashMap, HashMapExt as _};

use super::{
    disk::Disk,
    key::{self, Day, Place},
    kv::{Kv, KvBatch},
    mark::{self, Mark, SideFile},
    retention::{self, Keep},
};
use crate::{
    Batch, Series,
    batch::{Change, Kind},
    metrics,
    ticket::Failure,
};

/// Groups between two marks. The engine keeps each version of a row in memory until it is flushed: a
/// mark in every group would take more than what most groups bring.
const MARK_EVERY: u64 = 64;
/// Counters whose value is remembered; beyond, all are read again.
const COUNTERS: usize = 65_536;
/// Bits of a record's sequence number that tell the rows of one group apart.
const ROW_BITS: u32 = 24;

/// Why a group was not written.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// This time not; nothing changed.
    Refused(Failure),
    /// The engine failed; what it holds is known only after a restart.
    Fatal(Failure),
}

#[derive(Debug)]
pub(crate) struct Writer {
    kv: Arc<dyn Kv>,
    clock: Clock,
    keep: Keep,
    disk: Disk,
    /// How far commits got.
    mark: Mark,
    /// The last mark that the engine has.
    marked: Mark,
    side: SideFile,
    counters: HashMap<Vec<u8>, i64>,
}

impl Writer {
    /// Takes the store over: refuses it if it lost something, and begins an epoch.
    pub(crate) fn open(
        kv: Arc<dyn Kv>,
        clock: Clock,
        keep: Keep,
        disk: Disk,
        data: &Path,
    ) -> Result<Self> {
        let stored = Mark::stored(&*kv)?;
        let (side, known) = SideFile::open(&data.join("hot.mark"))?;
        mark::check(data, stored, known)?;
        let last = stored.unwrap_or_default();
        // Above all groups that followed the last mark.
        let seq = last.seq + MARK_EVERY;
        let mark = Mark { epoch: last.epoch.saturating_add(1), seq };
        let mut batch = kv.batch();
        mark.put(&mut *batch)?;
        batch.commit()?;
        side.write(mark).map_err(base::Error::internal)?;
        let (marked, counters) = (mark, HashMap::new());
        Ok(Self { kv, clock, keep, disk, mark, marked, side, counters })
    }

    /// Writes a group; durable and visible when it returns.
    pub(crate) fn write(&mut self, group: &Batch) -> Result<(), Trouble> {
        self.room()?;
        let next = Mark { seq: self.mark.seq + 1, ..self.mark };
        self.commit(group, next).map_err(|error| {
            tracing::error!(error = ?error, "the hot store failed; nothing is committed any more");
            Trouble::Fatal(Failure::new(Code::InternalError, "internal error"))
        })?;
        self.mark = next;
        if is_marked(next) { self.note() } else { Ok(()) }
    }

    /// Notes how far commits got: in the engine, unless its last group said so, then in the side file.
    pub(crate) fn note(&mut self) -> Result<(), Trouble> {
        if let Ok((count, bytes)) = self.kv.journals() {
            metrics::journals(count, bytes);
        }
        self.write_mark().map_err(|error| {
            tracing::error!(
                ?error,
                "the commit mark cannot be written; nothing is committed any more"
            );
            Trouble::Fatal(Failure::new(Code::InternalError, "internal error"))
        })
    }

    fn write_mark(&mut self) -> Result<()> {
        if self.marked != self.mark {
            let mut batch = self.kv.batch();
            self.mark.put(&mut *batch)?;
            batch.commit()?;
            self.marked = self.mark;
        }
        self.side.write(self.mark).map_err(base::Error::internal)
    }

    /// Refuses when the disk is nearly full, after dropping what may go.
    fn room(&mut self) -> Result<(), Trouble> {
        if !self.disk.is_low() {
            return Ok(());
        }
        if let Err(error) = retention::expire(&*self.kv, self.keep, &self.clock) {
            tracing::error!(error = ?error, "old days cannot be dropped");
        }
        if self.disk.is_low() {
            return Err(Trouble::Refused(Failure::new(
                Code::ResourceInsufficient,
                "disk is nearly full, nothing is stored until there is room",
            )));
        }
        Ok(())
    }

    fn commit(&mut self, group: &Batch, mark: Mark) -> Result<()> {
        let kv = self.kv.clone();
        let mut batch = kv.batch();
        let sums = self.rows(group, mark, &mut *batch)?;
        self.add(sums, &mut *batch)?;
        if !is_marked(mark) {
            return batch.commit();
        }
        mark.put(&mut *batch)?;
        batch.commit()?;
        self.marked = mark;
        Ok(())
    }

    /// Everything but the counters, which are returned: how much each grows.
    fn rows<'a>(
        &self,
        group: &'a Batch,
        mark: Mark,
        batch: &mut dyn KvBatch,
    ) -> Result<HashMap<&'a [u8], i64>> {
        let now = self.clock.now();
        let last = last_of_each_key(group);
        let mut sums: HashMap<&[u8], i64> = HashMap::new();
        for (row, Change { kind, key, value }) in (0_u64..).zip(group.changes()) {
            let is_last = |place| last.get(&(place, key)) == Some(&row);
            match kind {
                Kind::Count => {
                    let sum = sums.entry(key).or_default();
                    *sum = sum.saturating_add(value.try_into().map_or(0, i64::from_le_bytes));
                }
                Kind::Append(series) => {
                    let at = key::time(key).unwrap_or_default();
                    match self.keep.day(series, at, now) {
                        Some(day) => {
                            let key = key::whole(key, (mark.seq << ROW_BITS) | row);
                            batch.put(Place::Day(series, day), &key, value)?;
                        }
                        None => metrics::left_out(),
                    }
                }
                Kind::Put(space) if is_last(Place::Space(space)) => {
                    batch.put(Place::Space(space), key, value)?;
                }
                Kind::Delete(space) if is_last(Place::Space(space)) => {
                    batch.delete(Place::Space(space), key)?;
                }
                Kind::Remove(series) => {
                    let place = day_of(series, key);
                    if is_last(place) && self.kv.has(place) {
                        batch.delete(place, key)?;
                    }
                }
                Kind::Put(_) | Kind::Delete(_) => {}
            }
        }
        Ok(sums)
    }

    fn add(&mut self, sums: HashMap<&[u8], i64>, batch: &mut dyn KvBatch) -> Result<()> {
        if self.counters.len() > COUNTERS {
            self.counters.clear();
        }
        for (key, by) in sums {
            let value = match self.counters.get(key) {
                Some(value) => *value,
                None => counter(&*self.kv, key)?,
            };
            let value = value.saturating_add(by);
            self.counters.insert(key.to_vec(), value);
            batch.put(Place::Counters, key, &value.to_le_bytes())?;
        }
        Ok(())
    }
}

/// Whether a group says how far commits got.
fn is_marked(mark: Mark) -> bool {
    mark.seq.is_multiple_of(MARK_EVERY)
}

/// The row of the last change of each key: the engine takes a key once per batch, and latest values
/// change often in one group.
fn last_of_each_key(group: &Batch) -> HashMap<(Place, &[u8]), u64> {
    let mut last = HashMap::new();
    for (row, change) in (0..).zip(group.changes()) {
        let place = match change.kind {
            Kind::Put(space) | Kind::Delete(space) => Place::Space(space),
            Kind::Remove(series) => day_of(series, change.key),
            Kind::Append(_) | Kind::Count => continue,
        };
        last.insert((place, change.key), row);
    }
    last
}

fn day_of(series: Series, key: &[u8]) -> Place {
    Place::Day(series, Day::of(key::time(key).unwrap_or_default()))
}

/// What a counter stands at.
pub(super) fn counter(kv: &dyn Kv, key: &[u8]) -> Result<i64> {
    let row = kv.get(Place::Counters, key)?;
    Ok(row.and_then(|row| row.as_slice().try_into().ok()).map_or(0, i64::from_le_bytes))
}
