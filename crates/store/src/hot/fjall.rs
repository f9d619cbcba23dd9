//! The place where fjall is spoken to.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use base::{Error, Result};
use fjall::{
    AbstractTree as _, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions,
    OwnedWriteBatch, PersistMode,
};
use parking_lot::RwLock;
use tokio::time::Instant;

use super::{
    key::{Day, Place},
    kv::{Kv, KvBatch, See},
    manifest, tail,
};
use crate::{Dir, Series, Space};

/// Memory for blocks that were read.
const CACHE_BYTES: u64 = 64 << 20;
/// Small spaces are flushed earlier than fjall's 64 MiB, so that they pin fewer journals.
const SPACE_MEMTABLE_BYTES: u64 = 16 << 20;
/// Those that a connection writes to when it comes and goes are flushed earlier still, however many
/// come within a second: [`super::Hot::tidy`] sees to the rest.
const VISIT_MEMTABLE_BYTES: u64 = 2 << 20;
/// Threads that flush and compact. With more than one, fjall 3.1 keeps one for flushes that passes
/// a compaction on to itself, over and over, while the others are busy: a core is spent on nothing.
/// One is enough for correctness, too: if it dies, fjall refuses every later commit.
const WORKERS: usize = 1;

/// The longest that a flush may wait for its turn: a worker that died without a word writes never.
const FLUSHING: Duration = Duration::from_secs(600);

pub(super) struct Fjall {
    db: Database,
    meta: Keyspace,
    counters: Keyspace,
    spaces: Spaces,
    days: RwLock<BTreeMap<(Series, Day), Keyspace>>,
    /// The folder of their folders.
    keyspaces: PathBuf,
}

struct Spaces {
    shadow: Keyspace,
    credential: Keyspace,
    device_state: Keyspace,
    session: Keyspace,
    queue: Keyspace,
    retained: Keyspace,
    outbox: Keyspace,
}

impl fmt::Debug for Fjall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fjall({} days)", self.days.read().len())
    }
}

impl Fjall {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        manifest::check(&folder.join("keyspaces"))?;
        let db = match database(folder) {
            Err(fjall::Error::JournalRecovery(why)) if tail::mend(folder)? => {
                tracing::warn!(%why, "took away the last commit, which was torn; nobody was told that it was durable");
                database(folder)
            }
            opened => opened,
        }
        .map_err(Error::internal)?;
        let sized = |name: &str, bytes| {
            db.keyspace(name, || KeyspaceCreateOptions::default().max_memtable_size(bytes))
                .map_err(Error::internal)
        };
        let space = |name: &str| sized(name, SPACE_MEMTABLE_BYTES);
        let spaces = Spaces {
            shadow: space("shadow")?,
            credential: space("credential")?,
            device_state: sized("device-state", VISIT_MEMTABLE_BYTES)?,
            session: sized("session", VISIT_MEMTABLE_BYTES)?,
            queue: space("queue")?,
            retained: space("retained")?,
            outbox: space("outbox")?,
        };
        let (meta, counters) = (space("meta")?, sized("counters", VISIT_MEMTABLE_BYTES)?);
        let keyspaces = folder.join("keyspaces");
        sync(&keyspaces)?;
        let mut days = BTreeMap::new();
        for name in db.list_keyspace_names() {
            if let Some(day) = day_of(&name) {
                let keyspace = db.keyspace(&name, || for_day(day.0)).map_err(Error::internal)?;
                days.insert(day, keyspace);
            }
        }
        Ok(Self { meta, counters, spaces, days: RwLock::new(days), keyspaces, db })
    }

    /// The keyspace of `place`, if there is one.
    fn find(&self, place: Place) -> Option<Keyspace> {
        let fixed = match place {
            Place::Meta => &self.meta,
            Place::Counters => &self.counters,
            Place::Space(Space::Shadow) => &self.spaces.shadow,
            Place::Space(Space::Credential) => &self.spaces.credential,
            Place::Space(Space::DeviceState) => &self.spaces.device_state,
            Place::Space(Space::Session) => &self.spaces.session,
            Place::Space(Space::Queue) => &self.spaces.queue,
            Place::Space(Space::Retained) => &self.spaces.retained,
            Place::Space(Space::Outbox) => &self.spaces.outbox,
            Place::Day(series, day) => return self.days.read().get(&(series, day)).cloned(),
        };
        Some(fixed.clone())
    }

    /// The same, made if it is a day that is not there yet.
    fn ensure(&self, place: Place) -> Result<Keyspace> {
        if let Some(keyspace) = self.find(place) {
            return Ok(keyspace);
        }
        let Place::Day(series, day) = place else {
            return Err(Error::internal(format!("no keyspace for {place:?}")));
        };
        let name = day.name().ok_or_else(|| Error::internal(format!("no name for {day:?}")))?;
        let keyspace = self
            .db
            .keyspace(&format!("{}{name}", prefix(series)), || for_day(series))
            .map_err(Error::internal)?;
        sync(&self.keyspaces)?;
        self.days.write().insert((series, day), keyspace.clone());
        Ok(keyspace)
    }
}

fn database(folder: &Path) -> fjall::Result<Database> {
    Database::builder(folder)
        .cache_size(CACHE_BYTES)
        .manual_journal_persist(true)
        .worker_threads(WORKERS)
        .open()
}

/// Makes the entries of a folder durable: fjall does so within a keyspace, and not for the keyspace.
fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::internal)
}

/// A record of the logs holds a whole burst: apart from its key it is written once, and no compaction
/// copies it again.
fn for_day(series: Series) -> KeyspaceCreateOptions {
    let plain = KeyspaceCreateOptions::default();
    match series {
        Series::Points => plain,
        Series::Logs => plain.with_kv_separation(Some(KvSeparationOptions::default())),
    }
}

fn prefix(series: Series) -> &'static str {
    match series {
        Series::Points => "points-",
        Series::Logs => "logs-",
    }
}

fn day_of(name: &str) -> Option<(Series, Day)> {
    [Series::Points, Series::Logs]
        .into_iter()
        .find_map(|series| Some((series, Day::parse(name.strip_prefix(prefix(series))?)?)))
}

impl Kv for Fjall {
    fn batch(&self) -> Box<dyn KvBatch + '_> {
        let batch = self.db.batch().durability(Some(PersistMode::SyncData));
        Box::new(Writing { fjall: self, batch, last: None })
    }

    fn get(&self, place: Place, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(keyspace) = self.find(place).filter(|_| !key.is_empty()) else { return Ok(None) };
        let found = keyspace.get(key).map_err(Error::internal)?;
        Ok(found.map(|value| value.to_vec()))
    }

    fn range(&self, place: Place, keys: Range<&[u8]>, dir: Dir, see: &mut See<'_>) -> Result<()> {
        let Some(keyspace) = self.find(place).filter(|_| keys.start < keys.end) else {
            return Ok(());
        };
        let mut rows = keyspace.range(keys);
        while let Some(row) = match dir {
            Dir::Forward => rows.next(),
            Dir::Backward => rows.next_back(),
        } {
            let (key, value) = row.into_inner().map_err(Error::internal)?;
            if see(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn has(&self, place: Place) -> bool {
        self.find(place).is_some()
    }

    fn days(&self, series: Series) -> Vec<Day> {
        self.days.read().keys().filter(|(of, _)| *of == series).map(|(_, day)| *day).collect()
    }

    /// fjall's own waiting never ends when its worker died.
    fn flush(&self, place: Place) -> Result<()> {
        let Some(keyspace) = self.find(place) else { return Ok(()) };
        keyspace.rotate_memtable().map_err(Error::internal)?;
        let begun = Instant::now();
        while keyspace.sealed_memtable_count() > 0 {
            self.alive()?;
            if begun.elapsed() > FLUSHING {
                return Err(Error::internal(format!("{place:?} is not written into tables")));
            }
            pause();
        }
        Ok(())
    }

    fn in_memory(&self, place: Place) -> u64 {
        self.find(place).map_or(0, |keyspace| keyspace.tree.active_memtable().size())
    }

    fn start_flush(&self, place: Place) -> Result<()> {
        // One after the other: while four of them wait, the engine holds up commits.
        if let Some(keyspace) = self.find(place).filter(|k| k.sealed_memtable_count() == 0) {
            keyspace.rotate_memtable().map_err(Error::internal)?;
        }
        Ok(())
    }

    fn alive(&self) -> Result<()> {
        // It looks at fjall's mark of failure first; what is buffered was persisted by its commit.
        self.db.persist(PersistMode::Buffer).map_err(Error::internal)
    }

    fn drop_day(&self, series: Series, day: Day) -> Result<()> {
        match self.days.write().remove(&(series, day)) {
            Some(keyspace) => self.db.delete_keyspace(keyspace).map_err(Error::internal),
            None => Ok(()),
        }
    }

    fn journals(&self) -> Result<(usize, u64)> {
        let bytes = self.db.journal_disk_space().map_err(Error::internal)?;
        Ok((self.db.journal_count(), bytes))
    }
}

#[expect(clippy::disallowed_methods, reason = "flushes have a thread of their own")]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

struct Writing<'a> {
    fjall: &'a Fjall,
    batch: OwnedWriteBatch,
    /// Neighbours mostly lie in the same place.
    last: Option<(Place, Keyspace)>,
}

impl Writing<'_> {
    fn keyspace(&mut self, place: Place) -> Result<Keyspace> {
        if let Some((last, keyspace)) = &self.last
            && *last == place
        {
            return Ok(keyspace.clone());
        }
        let keyspace = self.fjall.ensure(place)?;
        self.last = Some((place, keyspace.clone()));
        Ok(keyspace)
    }
}

impl KvBatch for Writing<'_> {
    fn put(&mut self, place: Place, key: &[u8], value: &[u8]) -> Result<()> {
        let keyspace = self.keyspace(place)?;
        self.batch.insert(&keyspace, key, value);
        Ok(())
    }

    fn delete(&mut self, place: Place, key: &[u8]) -> Result<()> {
        let keyspace = self.keyspace(place)?;
        self.batch.remove(&keyspace, key);
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        self.batch.commit().map_err(Error::internal)
    }
}
