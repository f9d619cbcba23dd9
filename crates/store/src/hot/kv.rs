//! The place of the one seam under the hot store: ordered bytes in named keyspaces, blocking.

use std::{fmt, ops::ControlFlow, ops::Range};

use base::Result;

use super::key::{Day, Place};
use crate::{Dir, Series};

/// Is shown a key and its value; says whether to go on.
pub(crate) type See<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// What an engine must do. Reads see what was written, never half of a batch of one keyspace.
pub(crate) trait Kv: fmt::Debug + Send + Sync {
    /// Begins an atomic batch. A key may stand in it only once.
    fn batch(&self) -> Box<dyn KvBatch + '_>;

    fn get(&self, place: Place, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Shows keys and values of `keys`, in the order of `dir`, until told to stop.
    fn range(&self, place: Place, keys: Range<&[u8]>, dir: Dir, see: &mut See<'_>) -> Result<()>;

    /// Whether there is such a keyspace; only days can be missing.
    fn has(&self, place: Place) -> bool;

    /// The days of a series that have a keyspace, oldest first.
    fn days(&self, series: Series) -> Vec<Day>;

    /// Moves what is in memory into tables, so that journals can go. An error means that the engine
    /// failed.
    fn flush(&self, place: Place) -> Result<()>;

    /// Bytes that lie in memory and are in no table yet, and are on no way there.
    fn in_memory(&self, place: Place) -> u64;

    /// Begins what [`Kv::flush`] does, and waits for nothing.
    fn start_flush(&self, place: Place) -> Result<()>;

    /// An error once the engine failed, also behind our back: what it does in the background.
    fn alive(&self) -> Result<()>;

    /// Drops a day with all its records.
    fn drop_day(&self, series: Series, day: Day) -> Result<()>;

    /// How many journals there are, and their bytes.
    fn journals(&self) -> Result<(usize, u64)>;
}

/// Changes on their way. A day's keyspace is made when its first record comes.
pub(crate) trait KvBatch {
    fn put(&mut self, place: Place, key: &[u8], value: &[u8]) -> Result<()>;

    fn delete(&mut self, place: Place, key: &[u8]) -> Result<()>;

    /// Durable when it returns.
    fn commit(self: Box<Self>) -> Result<()>;
}
