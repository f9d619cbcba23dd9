//! The place where SQLite is spoken to: one file, one writing connection, some that only read.

use std::{path::Path, time::Duration};

use base::{Code, Error, OrCode, Result};
use sqlx::{
    Executor, Row as _, SqliteConnection, SqlitePool, TypeInfo, ValueRef,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use super::row::{self, Arg, Row, Value, database};

const BUSY: Duration = Duration::from_secs(10);
/// How long a statement waits for a connection.
const TURN: Duration = Duration::from_secs(30);
const READERS: u32 = 4;
/// Before this one, a write-ahead log with more than one connection could lose commits.
const OLDEST: (u32, u32, u32) = (3, 51, 3);

/// The writer's pool of one, and the readers'.
pub(super) async fn open(file: &Path) -> Result<(SqlitePool, SqlitePool)> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What PostgreSQL calls so, and what SQLite does anyway: bytes compare, ASCII folds.
        .collation("C", str::cmp)
        .busy_timeout(BUSY);
    let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(TURN);
    let writer = pool(1)
        .connect_with(options.clone())
        .await
        .or_code(Code::InternalErrorDBOpertaionError, || {
            format!("{} cannot be opened", file.display())
        })?;
    check_version(&writer).await?;
    let reading = options.pragma("query_only", "on");
    let readers = pool(READERS).connect_with(reading).await.map_err(database)?;
    Ok((writer, readers))
}

async fn check_version(pool: &SqlitePool) -> Result<()> {
    let row = pool.fetch_one("SELECT sqlite_version()").await.map_err(database)?;
    let text: String = row.try_get(0).map_err(database)?;
    if version(&text).is_none_or(|version| version < OLDEST) {
        let message = format!("SQLite {text} may lose commits, 3.51.3 is needed");
        return Err(Error::new(Code::InternalError, message));
    }
    Ok(())
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

pub(super) async fn query(
    connection: &mut SqliteConnection,
    sql: &'static str,
    args: &[Arg<'_>],
) -> Result<Vec<Row>> {
    let rows = bind!(sql, args).fetch_all(connection).await.map_err(database)?;
    rows.iter().map(|found| row::read(found, value)).collect()
}

pub(super) async fn execute(
    connection: &mut SqliteConnection,
    sql: &'static str,
    args: &[Arg<'_>],
) -> Result<u64> {
    let done = bind!(sql, args).execute(connection).await.map_err(database)?;
    Ok(done.rows_affected())
}

/// By the type that the value has; the column's may differ.
fn value(row: &SqliteRow, at: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Some(Value::Null));
    }
    let kind = raw.type_info().name().to_owned();
    Ok(Some(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => Value::Int(row.try_get_unchecked(at)?),
        "REAL" => Value::Float(row.try_get_unchecked(at)?),
        "TEXT" => Value::Text(row.try_get_unchecked(at)?),
        "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version("3.51.3"), Some(OLDEST));
        assert!(version("3.6.23").is_some_and(|v| v < OLDEST));
        assert_eq!(version("3.x"), None);
    }
}
