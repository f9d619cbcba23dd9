//! The place where values cross between SQL rows and the domain.

use base::{Error, Result, Uin};
use store::{Arg, Row};

/// A number that SQL keeps as BIGINT.
pub(crate) fn int(number: u64) -> Result<Arg<'static>> {
    i64::try_from(number).map(Arg::Int).map_err(Error::internal)
}

pub(crate) fn natural(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(Error::internal)
}

/// The one number of a `SELECT count(*)`.
pub(crate) fn number(rows: &[Row]) -> Result<u64> {
    rows.first().map_or(Ok(0), |row| natural(row.int(0)?))
}

pub(crate) fn uin(row: &Row, column: usize) -> Result<Uin> {
    Ok(Uin(natural(row.int(column)?)?))
}

/// A column as searches see it. Letters of ASCII alone are folded: SQLite knows no others, and what
/// PostgreSQL folds would hang on the locale of its database.
macro_rules! folded {
    ($column:literal) => {
        concat!("lower(", $column, " COLLATE \"C\")")
    };
}
pub(crate) use folded;

/// `%text%`, folded, where `%`, `_` and `\` stand for themselves; nothing for no text.
pub(crate) fn pattern(text: Option<&str>) -> String {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return String::new() };
    let mut out = String::from("%");
    for c in text.to_ascii_lowercase().chars() {
        match c {
            '%' | '_' | '\\' => out.extend(['\\', c]),
            // PostgreSQL has no text with it, so nothing that is searched has it.
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(c),
        }
    }
    out.push('%');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_text_stands_for_itself() {
        assert_eq!(pattern(Some("La_1%")), "%la\\_1\\%%");
        assert_eq!(pattern(Some("灯\0")), "%灯\u{fffd}%");
        assert_eq!(pattern(Some("")), "");
        assert_eq!(pattern(None), "");
    }
}
