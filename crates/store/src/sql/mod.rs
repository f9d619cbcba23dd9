//! The metadata: the place of SQL, one text on SQLite and on PostgreSQL.

/// A query with its arguments, on the engine that the context asks for.
macro_rules! bind {
    ($sql:expr, $args:expr) => {{
        let mut query = sqlx::query($sql);
        for arg in $args {
            query = match *arg {
                $crate::Arg::Int(number) => query.bind(number),
                $crate::Arg::Float(number) => query.bind(number),
                $crate::Arg::Text(text) => query.bind(text),
                $crate::Arg::Bytes(bytes) => query.bind(bytes),
                $crate::Arg::NoInt => query.bind(None::<i64>),
                $crate::Arg::NoText => query.bind(None::<&str>),
            };
        }
        query
    }};
}

mod migrations;
mod postgres;
mod row;
mod sqlite;
#[cfg(test)]
pub(crate) mod tests;

use std::{path::Path, time::Duration};

use base::{Result, Uin};
use sqlx::{Executor, PgPool, Postgres, SqlSafeStr, SqlStr, Sqlite, SqlitePool, Transaction};

use row::database;
pub use row::{Arg, Row};

/// How long closing waits for statements that still run.
const CLOSING: Duration = Duration::from_secs(5);

/// The engine.
#[derive(Debug)]
pub(crate) enum Sql {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

impl Sql {
    /// Opens the file and brings its tables up to date.
    pub(crate) async fn sqlite(file: &Path) -> Result<Self> {
        let (writer, readers) = sqlite::open(file).await?;
        Self::Sqlite { writer, readers }.migrated().await
    }

    /// Connects and brings the tables up to date.
    pub(crate) async fn postgres(url: &str) -> Result<Self> {
        Self::Postgres(postgres::open(url).await?).migrated().await
    }

    async fn migrated(self) -> Result<Self> {
        migrations::run(&self, migrations::of(&self)).await?;
        Ok(self)
    }

    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(Tx(match self {
            Self::Sqlite { writer, .. } => {
                Running::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(database)?)
            }
            Self::Postgres(pool) => Running::Postgres(pool.begin().await.map_err(database)?),
        }))
    }

    pub(crate) async fn query(&self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(database)?;
                sqlite::query(&mut connection, sql, args).await
            }
            Self::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(database)?;
                postgres::query(&mut connection, sql, args).await
            }
        }
    }

    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<()> {
        let sql: SqlStr = sql.into_sql_str();
        match self {
            Self::Sqlite { readers, .. } => readers.prepare(sql).await.map(drop),
            Self::Postgres(pool) => pool.prepare(sql).await.map(drop),
        }
        .map_err(database)
    }

    pub(crate) async fn close(&self) {
        let closing = async {
            match self {
                Self::Sqlite { writer, readers } => {
                    readers.close().await;
                    writer.close().await;
                }
                Self::Postgres(pool) => pool.close().await,
            }
        };
        if tokio::time::timeout(CLOSING, closing).await.is_err() {
            tracing::warn!("metadata was closed while statements were running");
        }
    }
}

/// A metadata transaction. SQLite: BEGIN IMMEDIATE on the one writer; PostgreSQL: BEGIN. Dropped =
/// rolled back.
#[derive(Debug)]
pub struct Tx(Running);

#[derive(Debug)]
enum Running {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Serialises one account's check-then-write (`pg_advisory_xact_lock`; nothing on SQLite, where
    /// the writer is alone already).
    ///
    /// # Errors
    /// The database failed.
    pub async fn lock(&mut self, uin: Uin) -> Result<()> {
        self.turn(i64::from_le_bytes(uin.0.to_le_bytes())).await
    }

    /// Rows.
    ///
    /// # Errors
    /// The database failed.
    pub async fn query(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        match &mut self.0 {
            Running::Sqlite(tx) => sqlite::query(tx, sql, args).await,
            Running::Postgres(tx) => postgres::query(tx, sql, args).await,
        }
    }

    /// Rows affected.
    ///
    /// # Errors
    /// The database failed.
    pub async fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64> {
        match &mut self.0 {
            Running::Sqlite(tx) => sqlite::execute(tx, sql, args).await,
            Running::Postgres(tx) => postgres::execute(tx, sql, args).await,
        }
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// The database failed; whether it was committed is then not known.
    pub async fn commit(self) -> Result<()> {
        match self.0 {
            Running::Sqlite(tx) => tx.commit().await,
            Running::Postgres(tx) => tx.commit().await,
        }
        .map_err(database)
    }

    async fn turn(&mut self, key: i64) -> Result<()> {
        if let Running::Postgres(tx) = &mut self.0 {
            postgres::execute(tx, "SELECT pg_advisory_xact_lock($1)", &[Arg::Int(key)]).await?;
        }
        Ok(())
    }

    /// Several statements, without arguments.
    async fn script(&mut self, sql: &'static str) -> Result<()> {
        let sql = sqlx::raw_sql(sql);
        match &mut self.0 {
            Running::Sqlite(tx) => sql.execute(&mut **tx).await.map(drop),
            Running::Postgres(tx) => sql.execute(&mut **tx).await.map(drop),
        }
        .map_err(database)
    }
}
