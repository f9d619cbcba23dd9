//! The engines: SQL metadata (SQLite | PostgreSQL) and the hot store (points, logs, shadow,
//! credentials, counters). Nothing above this crate names an engine.
//!
//! CONTRACT (to be filled in; names and shapes are fixed, other crates are written against them).

use std::{future::Future, ops::Range, path::PathBuf, pin::Pin, task::{Context, Poll}, time::Duration};

use base::{DeviceNo, Millis, Result, Uin};

/// Where the metadata lives.
#[derive(Debug, Clone)]
pub enum Metadata { Sqlite, Postgres { url: String } }

#[derive(Debug, Clone)]
pub struct Options {
    /// The one folder that is written. Locked: a second opener is refused with a clear message.
    pub data: PathBuf,
    pub metadata: Metadata,
    /// Days that [`Series::Points`] and [`Series::Logs`] are kept.
    pub points_days: u32,
    pub logs_days: u32,
    /// Group commit: at most this many messages, bytes, and this long after the first.
    pub group_messages: usize,
    pub group_bytes: usize,
    pub group_delay: Duration,
}

/// A handle on both stores; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store;

/// Key spaces of the hot store that are not partitioned by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space { Shadow, Credential, DeviceState, Session, Queue, Outbox }

/// Day-partitioned, append-only: one keyspace per day and class; expired by dropping the keyspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Series { Points, Logs }

/// All that one read burst changes: one atomic batch, one fsync. One flat arena, no allocation per op.
#[derive(Debug, Default)]
pub struct Batch;

impl Batch {
    pub fn put(&mut self, space: Space, key: &[u8], value: &[u8]) { todo!() }
    pub fn delete(&mut self, space: Space, key: &[u8]) { todo!() }
    /// Appends a record under `(device, lane, at)`; the committer adds a sequence number that makes
    /// the key unique and ordered. `lane` tells kinds of record apart (a log type).
    pub fn append(&mut self, series: Series, device: DeviceNo, lane: u8, at: Millis, value: &[u8]) { todo!() }
    /// Adds to a counter, in the committer, so that concurrent batches add up.
    pub fn count(&mut self, key: &[u8], by: i64) { todo!() }
    pub fn is_empty(&self) -> bool { todo!() }
    /// Moves all of `other` to the end of this batch.
    pub fn absorb(&mut self, other: Batch) { todo!() }
}

/// Resolves when the batch is durable (an empty batch: at once).
#[derive(Debug)]
pub struct Ticket;
impl Ticket { pub fn is_done(&self) -> bool { todo!() } }
impl Future for Ticket {
    type Output = Result<()>;
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> { todo!() }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dir { Forward, Backward }

/// A page of a series. `after` is the cursor of the last page.
#[derive(Debug, Clone)]
pub struct SeriesQuery { pub series: Series, pub device: DeviceNo, pub lane: u8, pub time: Range<Millis>, pub dir: Dir, pub after: Option<Cursor>, pub limit: usize }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);
#[derive(Debug)]
pub struct Record { pub at: Millis, pub cursor: Cursor, pub value: Vec<u8> }

impl Store {
    pub async fn open(options: Options, clock: base::Clock) -> Result<Self> { todo!() }
    pub async fn begin(&self) -> Result<Tx> { todo!() }
    /// One read outside a transaction.
    pub async fn query(&self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>> { todo!() }
    pub fn commit(&self, batch: Batch) -> Ticket { todo!() }
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> { todo!() }
    /// Keys and values in `from..to`, at most `limit`.
    pub fn scan(&self, space: Space, keys: Range<&[u8]>, dir: Dir, limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> { todo!() }
    /// Blocking (microseconds when warm): call through `tokio::task::spawn_blocking` for long ranges.
    pub fn series(&self, query: &SeriesQuery) -> Result<Vec<Record>> { todo!() }
    pub fn counter(&self, key: &[u8]) -> Result<i64> { todo!() }
    /// Drops the days that are past their retention.
    pub async fn expire(&self) -> Result<()> { todo!() }
    /// Removes what the hot store keeps of a device (idempotent; deletes page by page).
    pub async fn forget_device(&self, device: DeviceNo) -> Result<()> { todo!() }
    /// Flushes and stops the commit thread; later commits fail.
    pub async fn close(&self) -> Result<()> { todo!() }
}

/// A metadata transaction. SQLite: BEGIN IMMEDIATE on the one writer; PostgreSQL: BEGIN. Dropped = rolled back.
#[derive(Debug)]
pub struct Tx;
impl Tx {
    /// Serialises one account's check-then-write (pg_advisory_xact_lock; nothing on SQLite).
    pub async fn lock(&mut self, uin: Uin) -> Result<()> { todo!() }
    pub async fn query(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>> { todo!() }
    /// Rows affected.
    pub async fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64> { todo!() }
    pub async fn commit(self) -> Result<()> { todo!() }
}

/// A bound value. SQL text uses `$1` on both engines.
#[derive(Debug, Clone, Copy)]
pub enum Arg<'a> { Int(i64), Float(f64), Text(&'a str), Bytes(&'a [u8]), NoInt, NoText }

/// An owned row; columns by position. Types: BIGINT, DOUBLE, TEXT, BYTEA/BLOB; times are epoch ms.
#[derive(Debug)]
pub struct Row;
impl Row {
    pub fn int(&self, column: usize) -> Result<i64> { todo!() }
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>> { todo!() }
    pub fn float(&self, column: usize) -> Result<f64> { todo!() }
    pub fn text(&self, column: usize) -> Result<&str> { todo!() }
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>> { todo!() }
    pub fn bytes(&self, column: usize) -> Result<&[u8]> { todo!() }
}
