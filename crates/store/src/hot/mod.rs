//! The hot store: the place of everything that messages change. Ordered bytes on one engine behind
//! a private trait; written by one thread, read by all.

mod disk;
mod fjall;
pub(crate) mod key;
pub(crate) mod kv;
mod manifest;
mod mark;
mod retention;
mod series;
mod tail;
mod writer;

use std::{
    ops::{ControlFlow, Range},
    path::Path,
    sync::Arc,
};

use base::{Clock, Code, DeviceNo, OrCode, Result};
use parking_lot::Mutex;

use crate::{Batch, Dir, Record, Series, SeriesQuery, Space};

pub(crate) use disk::{Disk, Probe, probe};
use key::Place;
use kv::Kv;
pub(crate) use retention::Keep;
pub(crate) use writer::{Trouble, Writer};

#[cfg(test)]
pub(crate) use disk::Room;

/// Keys of one page of a deletion: few enough that commits of others hardly wait for it.
const PAGE: usize = 1024;

/// The engine in `data/hot`.
pub(crate) fn engine(data: &Path) -> Result<Arc<dyn Kv>> {
    let folder = data.join("hot");
    let engine = fjall::Fjall::open(&folder).or_code(Code::InternalError, || {
        format!("the hot store in {} cannot be opened", folder.display())
    })?;
    Ok(Arc::new(engine))
}

/// The reading side, and what is done now and then.
#[derive(Debug)]
pub(crate) struct Hot {
    kv: Arc<dyn Kv>,
    clock: Clock,
    keep: Keep,
    /// One housekeeping at a time; it knows whether there is room, and what it saw the last time.
    keeping: Mutex<(Disk, retention::Seen)>,
}

impl Hot {
    /// Opens the engine, and the one writer to it.
    pub(crate) fn open(
        data: &Path,
        keep: Keep,
        clock: Clock,
        disk: Disk,
    ) -> Result<(Self, Writer)> {
        let kv = engine(data)?;
        let writer = Writer::open(kv.clone(), clock.clone(), keep, disk.clone(), data)?;
        Ok((Self { kv, clock, keep, keeping: Mutex::new((disk, Default::default())) }, writer))
    }

    pub(crate) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.kv.get(Place::Space(space), key)
    }

    pub(crate) fn scan(
        &self,
        space: Space,
        keys: Range<&[u8]>,
        dir: Dir,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.kv.range(Place::Space(space), keys, dir, &mut |key, value| {
            found.push((key.to_vec(), value.to_vec()));
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }

    pub(crate) fn series(&self, query: &SeriesQuery) -> Result<Vec<Record>> {
        series::read(&*self.kv, query)
    }

    pub(crate) fn counter(&self, key: &[u8]) -> Result<i64> {
        writer::counter(&*self.kv, key)
    }

    /// Drops what is past its retention and flushes what closed; blocks.
    pub(crate) fn expire(&self) -> Result<()> {
        let _turn = self.keeping.lock();
        retention::expire(&*self.kv, self.keep, &self.clock)?;
        retention::settle(&*self.kv, &self.clock)
    }

    /// Whether the engine still works, also in its background; blocks.
    pub(crate) fn alive(&self) -> Result<()> {
        self.kv.alive()
    }

    /// Moves what many visits left in memory into tables, while there is room for tables; hardly blocks.
    pub(crate) fn tidy(&self) -> Result<()> {
        // Who keeps house at this moment flushes, too.
        let Some(mut turn) = self.keeping.try_lock() else { return Ok(()) };
        let (disk, seen) = &mut *turn;
        if disk.is_low() { Ok(()) } else { retention::tidy(&*self.kv, &self.clock, seen) }
    }

    /// Leaves little for the next start to read again from journals; blocks.
    pub(crate) fn rest(&self) -> Result<()> {
        let _turn = self.keeping.lock();
        retention::rest(&*self.kv)
    }

    /// The keyspaces in which a device may have records.
    pub(crate) fn all_days(&self) -> Vec<(Series, key::Day)> {
        let days = |series| self.kv.days(series).into_iter().map(move |day| (series, day));
        days(Series::Points).chain(days(Series::Logs)).collect()
    }

    /// Adds to `batch` that the next records of a device in a day are removed; gives the last of
    /// their keys, after which to go on, or nothing when none are left. Blocks.
    pub(crate) fn forget_page(
        &self,
        (series, day): (Series, key::Day),
        device: DeviceNo,
        after: Option<&[u8]>,
        batch: &mut Batch,
    ) -> Result<Option<Vec<u8>>> {
        let keys = series::keys_of_device(&*self.kv, (series, day), device, after, PAGE)?;
        keys.iter().for_each(|key| batch.remove(series, key));
        Ok(keys.into_iter().next_back())
    }

    /// What of visits is in memory alone.
    #[cfg(test)]
    pub(crate) fn in_memory(&self) -> u64 {
        retention::of_visits(&self.clock).map(|place| self.kv.in_memory(place)).sum()
    }

    /// The days of a series, oldest first.
    #[cfg(test)]
    pub(crate) fn days(&self, series: Series) -> Vec<String> {
        self.kv.days(series).into_iter().filter_map(key::Day::name).collect()
    }
}
