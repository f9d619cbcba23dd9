//! The place where rows that sessions leave on the disk are read from any bytes: what is a row is
//! written again, and read the same. Here for the fuzz target, and for the tests of its corpus.

use mqtt::Level;

use crate::{
    kept::{self, Kept},
    message::Message,
    retained,
    will::Will,
};

const TENANT: &str = "tenant";

/// `bytes` as each kind of row, and as a key. True if they are of any kind.
///
/// # Panics
/// A row is not read as it was written, or is larger than what it was read from.
#[must_use]
pub fn row(bytes: &[u8]) -> bool {
    key(bytes);
    // Not lazily: bytes may be rows of several kinds.
    session(bytes) | message(bytes) | will(bytes) | last(bytes)
}

fn session(bytes: &[u8]) -> bool {
    let Some(kept) = Kept::parse(bytes) else { return false };
    let row = kept.row();
    assert_eq!(row.len(), bytes.len());
    assert!(kept.subscriptions.iter().all(|(filter, _)| mqtt::topic::valid_filter(filter)));
    assert!(kept.ends_at() >= kept.left_at);
    assert_eq!(Kept::parse(&row), Some(kept));
    true
}

fn message(bytes: &[u8]) -> bool {
    let Some(stored) = Message::parse(bytes) else { return false };
    let row = stored.message.row(stored.until);
    assert_eq!(row.len(), bytes.len());
    let same = Message::parse(&row).map(|same| (same.message, same.until));
    assert_eq!(same, Some((stored.message, stored.until)));
    for level in [Level::V31, Level::V311, Level::V5] {
        let mut out = Vec::new();
        stored.message.encode(&mut out, level, 0, Some(1), (false, None));
        assert!(out.len() <= stored.message.packet_bytes());
    }
    true
}

fn will(bytes: &[u8]) -> bool {
    let Some(will) = Will::parse(bytes) else { return false };
    let row = will.row();
    assert!(row.len() <= bytes.len());
    assert_eq!(Will::parse(&row), Some(will));
    true
}

/// A retained message: its topic is in the key as well.
fn last(bytes: &[u8]) -> bool {
    let Some(stored) = Message::parse(bytes) else { return false };
    let key = retained::key(TENANT, stored.message.topic);
    let Some((tenant, kept)) = retained::parse(&key, bytes) else { return false };
    let row = kept.row();
    assert!(row.len() <= bytes.len());
    assert_eq!(tenant, TENANT);
    assert_eq!(retained::parse(&key, &row), Some((TENANT, kept)));
    true
}

fn key(bytes: &[u8]) {
    let known = kept::client(kept::SESSIONS, bytes);
    assert!(known.is_none_or(|client| kept::key(kept::SESSIONS, &client) == bytes));
    assert_eq!(kept::seq(bytes).is_some(), bytes.len() >= 8);
    drop(retained::parse(bytes, bytes));
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_corpus_has_rows_of_each_kind() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/session_file");
        let all: Vec<Vec<u8>> = fs::read_dir(folder)
            .unwrap()
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect();
        for kind in [session, message, will, last] {
            assert!(all.iter().any(|bytes| kind(bytes)));
        }
        assert!(all.iter().any(|bytes| !row(bytes)));
    }
}
