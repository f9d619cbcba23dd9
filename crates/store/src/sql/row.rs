//! The place where rows and bound values are the same on both engines.

use std::fmt;

use base::{Code, Error, Result};

/// A bound value. SQL text uses `$1` on both engines.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    /// BIGINT.
    Int(i64),
    /// DOUBLE.
    Float(f64),
    /// TEXT.
    Text(&'a str),
    /// BYTEA or BLOB.
    Bytes(&'a [u8]),
    /// NULL where a BIGINT may stand.
    NoInt,
    /// NULL where a TEXT may stand.
    NoText,
}

/// Not its value, which may be a secret.
impl fmt::Debug for Arg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int(_) => "Int",
            Self::Float(_) => "Float",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
            Self::NoInt => "NoInt",
            Self::NoText => "NoText",
        })
    }
}

/// An owned row; columns by position. Types: BIGINT, DOUBLE, TEXT, BYTEA/BLOB; times are epoch ms.
/// PostgreSQL's `sum` of BIGINT is none of them: cast it.
pub struct Row(pub(super) Vec<Value>);

pub(super) enum Value {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// Not its values, which may be secrets.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Row").field(&self.0.iter().map(Value::name).collect::<Vec<_>>()).finish()
    }
}

impl Row {
    /// An integer, or a truth as 0 or 1.
    ///
    /// # Errors
    /// The column is something else.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self.value(column)? {
            Value::Int(number) => Ok(*number),
            other => Err(wrong(column, other, "an integer")),
        }
    }

    /// An integer or null.
    ///
    /// # Errors
    /// The column is something else.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// A float.
    ///
    /// # Errors
    /// The column is something else.
    pub fn float(&self, column: usize) -> Result<f64> {
        match self.value(column)? {
            Value::Float(number) => Ok(*number),
            other => Err(wrong(column, other, "a float")),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// The column is something else.
    pub fn text(&self, column: usize) -> Result<&str> {
        match self.value(column)? {
            Value::Text(text) => Ok(text),
            other => Err(wrong(column, other, "a text")),
        }
    }

    /// A text or null.
    ///
    /// # Errors
    /// The column is something else.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// The column is something else.
    pub fn bytes(&self, column: usize) -> Result<&[u8]> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(wrong(column, other, "bytes")),
        }
    }

    fn value(&self, column: usize) -> Result<&Value> {
        self.0.get(column).ok_or_else(|| database(format!("there is no column {column}")))
    }
}

fn wrong(column: usize, value: &Value, wanted: &str) -> Error {
    database(format!("column {column} is {}, not {wanted}", value.name()))
}

/// Tencent's code for a database that failed; the cause is for the log.
#[track_caller]
pub(super) fn database(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Code::InternalErrorDBOpertaionError, "internal error").with_source(source)
}

/// All columns of a row, each read by `value`, which knows the engine's types.
pub(super) fn read<R: sqlx::Row>(
    row: &R,
    value: impl Fn(&R, usize) -> Result<Option<Value>, sqlx::Error>,
) -> Result<Row> {
    let mut values = Vec::with_capacity(row.columns().len());
    for column in 0..row.columns().len() {
        match value(row, column).map_err(database)? {
            Some(found) => values.push(found),
            None => return Err(database(format!("column {column} has no type of ours, cast it"))),
        }
    }
    Ok(Row(values))
}
