//! The place where PostgreSQL is spoken to.

use std::time::Duration;

use base::{Code, OrCode, Result};
use sqlx::{
    PgConnection, PgPool, Row as _, TypeInfo, ValueRef,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};

use super::row::{self, Arg, Row, Value, database};

/// How long a statement waits for a connection.
const TURN: Duration = Duration::from_secs(30);
const CONNECTIONS: u32 = 16;

pub(super) async fn open(url: &str) -> Result<PgPool> {
    // The url may carry a password: the error of its parser is not shown.
    let options: PgConnectOptions = url
        .parse()
        .ok()
        .or_code(Code::InvalidParameterValue, || "the PostgreSQL url cannot be read")?;
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(TURN)
        .connect_with(options.application_name("thingd"))
        .await
        .or_code(Code::InternalErrorDBOpertaionError, || "PostgreSQL does not answer")
}

pub(super) async fn query(
    connection: &mut PgConnection,
    sql: &'static str,
    args: &[Arg<'_>],
) -> Result<Vec<Row>> {
    let rows = bind!(sql, args).fetch_all(connection).await.map_err(database)?;
    rows.iter().map(|found| row::read(found, value)).collect()
}

pub(super) async fn execute(
    connection: &mut PgConnection,
    sql: &'static str,
    args: &[Arg<'_>],
) -> Result<u64> {
    let done = bind!(sql, args).execute(connection).await.map_err(database)?;
    Ok(done.rows_affected())
}

fn value(row: &PgRow, at: usize) -> Result<Option<Value>, sqlx::Error> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Some(Value::Null));
    }
    let kind = raw.type_info().name().to_owned();
    Ok(Some(match kind.as_str() {
        "INT8" => Value::Int(row.try_get(at)?),
        "INT4" => Value::Int(row.try_get::<i32, _>(at)?.into()),
        "INT2" => Value::Int(row.try_get::<i16, _>(at)?.into()),
        "BOOL" => Value::Int(row.try_get::<bool, _>(at)?.into()),
        "FLOAT8" => Value::Float(row.try_get(at)?),
        "FLOAT4" => Value::Float(row.try_get::<f32, _>(at)?.into()),
        "TEXT" | "VARCHAR" | "NAME" => Value::Text(row.try_get(at)?),
        "BYTEA" => Value::Bytes(row.try_get(at)?),
        _ => return Ok(None),
    }))
}
