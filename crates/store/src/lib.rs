//! The engines: SQL metadata (SQLite | PostgreSQL) and the hot store (points, logs, shadow,
//! credentials, counters). Nothing above this crate names an engine.
//!
//! Two truths, no shared transaction: what API calls change is SQL ([`Store::begin`]), what messages
//! change is a [`Batch`] ([`Store::commit`]). Effects across them go through an outbox row in the one
//! that commits first.

mod batch;
mod checksum;
mod commit;
mod folder;
mod hot;
mod metrics;
mod sql;
#[cfg(test)]
mod tests;
mod ticket;

use std::{fmt, ops::Range, path::PathBuf, sync::Arc, time::Duration};

use base::{Code, DeviceNo, Error, Millis, OrCode as _, Result};
use tokio::time::{Instant, sleep, timeout};

pub use batch::{Batch, Series, Space};
pub use sql::{Arg, Row, Tx};
pub use ticket::Ticket;

use commit::{Commits, Limits};
use hot::{Disk, Hot, Keep, Probe};
use sql::Sql;

/// How long closing waits for the hot store to write its tables; on a broken disk it never does.
const RESTING: Duration = Duration::from_secs(2);

/// How long commits have for writing what waits, when the store is closed.
const CLOSING: Duration = Duration::from_secs(60);
/// How often the engine is asked whether it works (not all that it does is a commit of ours), and what
/// visits left in memory is moved into tables: at most one table for each of a few keyspaces.
const WATCHING: Duration = Duration::from_secs(1);
/// A deletion rests this many times as long as its last page took.
const REST: u32 = 3;
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Where the metadata lives.
#[derive(Clone)]
pub enum Metadata {
    /// A file in the data folder.
    Sqlite,
    /// A server.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: String,
    },
}

// The url carries a password, so it is not shown.
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres { .. } => "Postgres(..)",
        })
    }
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The one folder that is written. Locked: a second opener is refused with a clear message.
    pub data: PathBuf,
    /// Where the metadata lives.
    pub metadata: Metadata,
    /// Days before today that [`Series::Points`] are kept.
    pub points_days: u32,
    /// Days before today that [`Series::Logs`] are kept.
    pub logs_days: u32,
    /// A group of commits has at most this many rows (a larger batch goes alone).
    pub group_messages: usize,
    /// A group of commits has at most this many bytes (a larger batch goes alone).
    pub group_bytes: usize,
    /// A group waits at most this long after its first commit.
    pub group_delay: Duration,
}

/// A handle on both stores; cheap to clone. The folder is free again when the last one is dropped.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

/// In the order in which it is taken down.
#[derive(Debug)]
struct Inner {
    commits: Commits,
    hot: Hot,
    sql: Sql,
    #[expect(dead_code, reason = "held until all else is closed")]
    lock: folder::Lock,
}

/// The order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir {
    /// Oldest or least first.
    Forward,
    /// Newest or greatest first.
    Backward,
}

/// A page of a series.
#[derive(Debug, Clone)]
pub struct SeriesQuery {
    /// Which series.
    pub series: Series,
    /// Whose records.
    pub device: DeviceNo,
    /// Which kind of record.
    pub lane: u8,
    /// From, inclusive, to, exclusive.
    pub time: Range<Millis>,
    /// Oldest or newest first.
    pub dir: Dir,
    /// The cursor of the last record that was read; records that come or expire do not move it.
    pub after: Option<Cursor>,
    /// The most records.
    pub limit: usize,
}

/// A place in a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);

impl Cursor {
    /// The place just before it: a page after that begins with this record again.
    #[must_use]
    pub fn before(&self, dir: Dir) -> Self {
        let mut key = self.0.clone();
        for byte in key.iter_mut().rev() {
            let carry;
            (*byte, carry) = match dir {
                Dir::Forward => byte.overflowing_sub(1),
                Dir::Backward => byte.overflowing_add(1),
            };
            if !carry {
                break;
            }
        }
        Self(key)
    }
}

/// One record of a series.
#[derive(Debug)]
pub struct Record {
    /// Its time.
    pub at: Millis,
    /// Its place.
    pub cursor: Cursor,
    /// What was appended.
    pub value: Vec<u8>,
}

impl Store {
    /// Opens both stores, made and brought up to date if need be.
    ///
    /// # Errors
    /// Another server has the folder, an engine does not open, the database is newer than this
    /// program, or the hot store has less than it acknowledged.
    pub async fn open(options: Options, clock: base::Clock) -> Result<Self> {
        let probe = hot::probe(options.data.clone());
        Self::open_with(options, clock, probe).await
    }

    async fn open_with(options: Options, clock: base::Clock, probe: Probe) -> Result<Self> {
        let Options { data, metadata, points_days, logs_days, .. } = options;
        let keep = Keep { points_days, logs_days };
        let limits = Limits {
            rows: options.group_messages,
            bytes: options.group_bytes,
            delay: options.group_delay,
        };
        let folder = data.clone();
        let (lock, hot, writer) = blocking(move || {
            let lock = folder::lock(&folder)?;
            let (hot, writer) = Hot::open(&folder, keep, clock, Disk::new(probe))?;
            Ok((lock, hot, writer))
        })
        .await?;
        let sql = match metadata {
            Metadata::Sqlite => {
                let file = data.join("meta.sqlite");
                folder::private(&file).or_code(Code::InternalErrorDBOpertaionError, || {
                    format!("{} cannot be written", file.display())
                })?;
                Sql::sqlite(&file).await?
            }
            Metadata::Postgres { url } => Sql::postgres(&url).await?,
        };
        let commits = Commits::start(writer, limits)?;
        Ok(Self(Arc::new(Inner { commits, hot, sql, lock })))
    }

    /// Begins a metadata transaction.
    ///
    /// # Errors
    /// The database failed.
    pub async fn begin(&self) -> Result<Tx> {
        self.0.sql.begin().await
    }

    /// One read outside a transaction.
    ///
    /// # Errors
    /// The database failed.
    pub async fn query(&self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        self.0.sql.query(sql, args).await
    }

    /// Whether the engine understands a statement: what a test asks of each one.
    ///
    /// # Errors
    /// It does not.
    pub async fn prepare(&self, sql: &'static str) -> Result<()> {
        self.0.sql.prepare(sql).await
    }

    /// Hands a batch to the commit thread. It joins others in a group: one atomic, durable write.
    /// When the ticket resolves, reads see it.
    ///
    /// At most 64 MiB wait for the disk; beyond, the ticket resolves at once with
    /// `ServiceUnavailable`. While the disk is nearly full it resolves with `ResourceInsufficient`.
    /// Dropping the ticket does not take the batch back.
    #[must_use = "a dropped ticket tells nobody whether the batch is durable"]
    pub fn commit(&self, batch: Batch) -> Ticket {
        self.0.commits.commit(batch)
    }

    /// A row.
    ///
    /// # Errors
    /// The engine failed.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.0.hot.get(space, key)
    }

    /// Keys and values in `from..to`, at most `limit`.
    ///
    /// # Errors
    /// The engine failed.
    pub fn scan(
        &self,
        space: Space,
        keys: Range<&[u8]>,
        dir: Dir,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.0.hot.scan(space, keys, dir, limit)
    }

    /// Blocking (microseconds when warm): call through `tokio::task::spawn_blocking` for long ranges.
    ///
    /// # Errors
    /// The cursor is not of this query, or the engine failed.
    pub fn series(&self, query: &SeriesQuery) -> Result<Vec<Record>> {
        self.0.hot.series(query)
    }

    /// What a counter stands at; 0 before it was first counted.
    ///
    /// # Errors
    /// The engine failed.
    pub fn counter(&self, key: &[u8]) -> Result<i64> {
        self.0.hot.counter(key)
    }

    /// Drops the days that are past their retention, and flushes those that closed so that their
    /// journals can go. Call it at start and every hour.
    ///
    /// # Errors
    /// The engine failed, and so did the store.
    pub async fn expire(&self) -> Result<()> {
        let store = self.clone();
        blocking(move || store.0.hot.expire()).await.inspect_err(|_| self.0.commits.fail())
    }

    /// Removes the records that the hot store keeps of a device (idempotent; deletes page by page, and
    /// rests after each for longer than it took, so that others are hardly slower). Rows of a
    /// [`Space`] are their chapter's to delete.
    ///
    /// # Errors
    /// The engine failed.
    pub async fn forget_device(&self, device: DeviceNo) -> Result<()> {
        for day in self.0.hot.all_days() {
            let mut last = None;
            loop {
                let begun = Instant::now();
                let store = self.clone();
                let (page, batch) = blocking(move || {
                    let mut batch = Batch::default();
                    let page = store.0.hot.forget_page(day, device, last.as_deref(), &mut batch)?;
                    Ok((page, batch))
                })
                .await?;
                if page.is_none() {
                    break;
                }
                self.commit(batch).await?;
                last = page;
                sleep((begun.elapsed() * REST).min(LONGEST_REST)).await;
            }
        }
        Ok(())
    }

    /// Waits until the hot store fails, after which nothing is committed any more: the server must
    /// end, and a restart recovers what was acknowledged. Never resolves on a healthy store, but sees
    /// to it meanwhile that little of what visits wrote stays in memory.
    pub async fn failed(&self) {
        let mut failed = self.0.commits.failed();
        loop {
            match timeout(WATCHING, failed.wait_for(|failed| *failed)).await {
                Ok(Ok(_)) => return,
                Ok(Err(_)) => std::future::pending().await,
                Err(_) => {}
            }
            let store = self.clone();
            let look = move || store.0.hot.alive().and_then(|()| store.0.hot.tidy());
            if let Err(error) = blocking(look).await {
                tracing::error!(?error, "the hot store failed in its background");
                self.0.commits.fail();
            }
        }
    }

    /// Flushes and stops the commit thread; later commits and statements fail.
    ///
    /// # Errors
    /// The engine failed, or the runtime is going down.
    pub async fn close(&self) -> Result<()> {
        let (store, hot) = (self.clone(), self.clone());
        let closed = blocking(move || {
            store.0.commits.close();
            Ok(())
        });
        if let Ok(closed) = timeout(CLOSING, closed).await {
            closed?;
        } else {
            tracing::error!("the hot store does not answer, what was not acknowledged is lost");
        }
        let rested = timeout(RESTING, blocking(move || hot.0.hot.rest())).await;
        self.0.sql.close().await;
        // What was acknowledged is in the journals, so nothing is lost when the disk is too slow.
        rested.unwrap_or_else(|_| {
            tracing::warn!("the hot store did not come to rest, the next start is slower");
            Ok(())
        })
    }
}

/// Runs work that blocks, off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
