//! The place where the end of fjall's newest journal is mended after a power cut. Each commit is
//! synced before the next is written, so at most the last one is not on the disk; but its pages got
//! there in any order, and where the first and the last did and one between did not, fjall refuses to
//! open. Nobody was told that this commit is durable: it is cut off. If whole commits follow, the
//! damage is another, and nothing is touched.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use base::{Error, Result};
use xxhash_rust::xxh3::xxh3_64;

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const MAGIC: [u8; 4] = *b"FJL\x03";

/// Cuts a torn commit off the newest journal in `folder`; whether there was one.
pub(super) fn mend(folder: &Path) -> Result<bool> {
    let Some(path) = newest(folder)? else { return Ok(false) };
    let bytes = fs::read(&path).map_err(Error::internal)?;
    let Some(whole) = torn_at(&bytes) else { return Ok(false) };
    let length = u64::try_from(whole).map_err(Error::internal)?;
    File::options()
        .write(true)
        .open(&path)
        .and_then(|file| {
            file.set_len(length)?;
            file.sync_all()
        })
        .map_err(Error::internal)?;
    Ok(true)
}

fn newest(folder: &Path) -> Result<Option<PathBuf>> {
    let mut newest = None;
    for entry in fs::read_dir(folder).map_err(Error::internal)? {
        let path = entry.map_err(Error::internal)?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl"));
        if let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) {
            newest = newest.max(Some((number, path)));
        }
    }
    Ok(newest.map(|(_, path)| path))
}

/// Where the whole commits of a journal end, if something else follows that is not one of them.
fn torn_at(bytes: &[u8]) -> Option<usize> {
    // Journals are made full of zeros; no commit ends with one.
    let used = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let bytes = bytes.get(..used)?;
    let mut whole = 0;
    while let Some(length) = bytes.get(whole..).and_then(commit) {
        whole += length;
    }
    let begins = |at: &usize| bytes.get(*at) == Some(&START);
    let more =
        (whole + 1..used).filter(begins).any(|at| bytes.get(at..).and_then(commit).is_some());
    (whole < used && !more).then_some(whole)
}

/// How long the commit is that begins here, if it is whole.
fn commit(bytes: &[u8]) -> Option<usize> {
    let mut rest = Rest(bytes);
    let head: [u8; 13] = rest.take()?;
    let [START, a, b, c, d, ..] = head else { return None };
    let count = u32::from_le_bytes([a, b, c, d]);
    let items = rest.0;
    for _ in 0..count {
        // Tag, kind of value, compression, keyspace, lengths of the key, the value, the value here.
        let [tag, ..]: [u8; 11] = rest.take()?;
        let key = u16::from_le_bytes(rest.take()?);
        let _: [u8; 4] = rest.take()?;
        let value = u32::from_le_bytes(rest.take()?);
        rest.skip(key.into())?;
        rest.skip(usize::try_from(value).ok()?)?;
        if tag != ITEM {
            return None;
        }
    }
    let items = items.get(..items.len() - rest.0.len())?;
    let [tag]: [u8; 1] = rest.take()?;
    let sum = u64::from_le_bytes(rest.take()?);
    let magic: [u8; 4] = rest.take()?;
    let whole = count > 0 && tag == END && magic == MAGIC && sum == xxh3_64(items);
    whole.then_some(bytes.len() - rest.0.len())
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Space, hot::key::Place};

    const PLACE: Place = Place::Space(Space::Queue);

    /// A store of three commits, closed; the whole of its journal, and where each commit begins.
    fn journal(folder: &Path) -> (PathBuf, Vec<u8>, Vec<usize>) {
        let engine = crate::hot::engine(folder).unwrap();
        for key in 1..=3_u8 {
            let mut batch = engine.batch();
            let noise = base::Rand::seeded(key.into()).bytes::<9000>();
            batch.put(PLACE, &[key], &noise).unwrap();
            batch.put(PLACE, &[key, 0], &[]).unwrap();
            batch.commit().unwrap();
        }
        drop(engine);
        let path = newest(&folder.join("hot")).unwrap().unwrap();
        let bytes = fs::read(&path).unwrap();
        let (mut at, mut begins) = (0, Vec::new());
        while let Some(length) = commit(&bytes[at..]) {
            begins.push(at);
            at += length;
        }
        begins.push(at);
        // Not all of the zeros.
        (path, bytes[..at + 5_000].to_vec(), begins)
    }

    fn keys(folder: &Path) -> Result<Vec<u8>> {
        let engine = crate::hot::engine(folder)?;
        let has = |key: &u8| {
            let rows = [vec![*key], vec![*key, 0]].map(|key| engine.get(PLACE, &key).unwrap());
            assert_eq!(rows[0].is_some(), rows[1].is_some(), "half a commit");
            rows[0].is_some()
        };
        Ok((1..=3).filter(has).collect())
    }

    #[test]
    fn f02_a_torn_last_commit_is_cut_off_wherever_it_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let (path, whole, begins) = journal(folder.path());
        let &[.., third, end] = begins.as_slice() else { panic!("{begins:?}") };
        assert_eq!((begins.len(), torn_at(&whole)), (4, None));
        for page in (third..end).step_by(997) {
            let mut torn = whole.clone();
            torn[page..end.min(page + 997)].fill(0);
            fs::write(&path, &torn).unwrap();
            assert_eq!(keys(folder.path()).unwrap(), [1, 2], "torn at {page}");
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(keys(folder.path()).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn f03_damage_before_a_whole_commit_is_not_mended() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut bytes, begins) = journal(folder.path());
        bytes[begins[1] + 100] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(!mend(&folder.path().join("hot")).unwrap());
        assert!(keys(folder.path()).is_err());
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
