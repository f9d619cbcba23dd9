//! The place where the wire's habits are dealt with: pages, ids that are left out, whole seconds.

use base::{Code, Error, Millis, Result};

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub offset: u64,
    pub limit: u64,
}

/// Entries of a page when the caller names no number (or 0), and the most.
const LIMIT: u64 = 100;
const MOST: u64 = 1000;

impl Default for Page {
    fn default() -> Self {
        Self { offset: 0, limit: LIMIT }
    }
}

impl Page {
    /// From the wire, where the schema sets no bounds.
    ///
    /// # Errors
    /// The offset is negative, or the limit is negative or too large.
    pub(crate) fn parse(offset: Option<i64>, limit: Option<i64>) -> Result<Self> {
        let bad = |what: &str, n: i64| {
            Error::new(Code::InvalidParameterValue, format!("{what} {n} is not allowed"))
        };
        let (offset, limit) = (offset.unwrap_or(0), limit.unwrap_or(0));
        let limit = match u64::try_from(limit) {
            Ok(0) => LIMIT,
            Ok(n) if n <= MOST => n,
            _ => return Err(bad("limit", limit)),
        };
        let offset = u64::try_from(offset).map_err(|_| bad("offset", offset))?;
        Ok(Self { offset, limit })
    }

    /// From the wire, where the schema says that numbers are natural.
    ///
    /// # Errors
    /// The limit is too large.
    pub(crate) fn natural(offset: Option<u64>, limit: Option<u64>) -> Result<Self> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Self::parse(offset.map(signed), limit.map(signed))
    }
}

/// What an error message may repeat of a stranger's text.
pub(crate) fn clip(text: &str) -> &str {
    let end = text.char_indices().nth(64).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

/// An id that may be left out; the SDKs send an empty text for that, too.
pub(crate) fn optional<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T>,
) -> Result<Option<T>> {
    text.filter(|text| !text.is_empty()).map(parse).transpose()
}

/// The cloud API's times.
pub(crate) fn seconds(at: Millis) -> u64 {
    u64::try_from(at.div_euclid(1000)).unwrap_or(0)
}

/// The cloud API's numbers are signed, even where they count.
pub(crate) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_bounds() {
        assert_eq!(Page::parse(None, None).unwrap(), Page { offset: 0, limit: LIMIT });
        assert_eq!(Page::parse(Some(5), Some(0)).unwrap(), Page { offset: 5, limit: LIMIT });
        assert_eq!(Page::natural(Some(5), Some(7)).unwrap(), Page { offset: 5, limit: 7 });
        for (offset, limit) in [(-1, 10), (0, -1), (0, 1001)] {
            let error = Page::parse(Some(offset), Some(limit)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidParameterValue);
        }
        assert!(Page::natural(Some(0), Some(u64::MAX)).is_err());
    }
}
