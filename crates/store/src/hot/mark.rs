//! The place that remembers how far commits got, outside the engine: a recovery that lost
//! acknowledged batches without saying so is found out at the next start.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use base::{Code, Error, Result};

use super::{key::Place, kv::Kv};
use crate::checksum;

const ROW: &[u8] = b"mark";
const BYTES: usize = 16;

/// How far commits got: which opening of the store, which batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Mark {
    pub(crate) epoch: u32,
    /// Never falls, also not over openings.
    pub(crate) seq: u64,
}

impl Mark {
    fn row(self) -> [u8; 12] {
        let mut row = [0; 12];
        let (epoch, seq) = row.split_at_mut(4);
        epoch.copy_from_slice(&self.epoch.to_be_bytes());
        seq.copy_from_slice(&self.seq.to_be_bytes());
        row
    }

    fn parse(row: &[u8]) -> Option<Self> {
        let (epoch, seq) = row.split_at_checked(4)?;
        Some(Self {
            epoch: u32::from_be_bytes(epoch.try_into().ok()?),
            seq: u64::from_be_bytes(seq.try_into().ok()?),
        })
    }

    /// Adds the mark to a batch that is about to be committed.
    pub(crate) fn put(self, batch: &mut dyn super::kv::KvBatch) -> Result<()> {
        batch.put(Place::Meta, ROW, &self.row())
    }

    /// What the engine has.
    pub(crate) fn stored(kv: &dyn Kv) -> Result<Option<Self>> {
        match kv.get(Place::Meta, ROW)? {
            None => Ok(None),
            Some(row) => Self::parse(&row)
                .map(Some)
                .ok_or_else(|| Error::internal("the hot store's mark is unreadable")),
        }
    }
}

/// The file beside the engine. Its mark was durable in the engine before it was written here.
#[derive(Debug)]
pub(crate) struct SideFile(File);

impl SideFile {
    /// Opens the file, made if need be, and what it says. A torn text says nothing: a crash may
    /// come while it is written.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<Mark>)> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(Error::internal)?;
        let bytes = read(&file).map_err(Error::internal)?;
        let mark = parse(&bytes);
        if mark.is_none() && !bytes.is_empty() {
            tracing::warn!(path = %path.display(), "the commit mark is torn and tells nothing");
        }
        Ok((Self(file), mark))
    }

    pub(crate) fn write(&self, mark: Mark) -> io::Result<()> {
        let mut bytes = [0; BYTES];
        let (row, sum) = bytes.split_at_mut(12);
        row.copy_from_slice(&mark.row());
        sum.copy_from_slice(&tail(row));
        self.0.write_all_at(&bytes, 0)?;
        self.0.sync_data()
    }
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; BYTES];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, u64::try_from(filled).unwrap_or(u64::MAX))? {
            0 => break,
            n => filled += n,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<Mark> {
    let (row, sum) = bytes.split_at_checked(12)?;
    if sum != tail(row) {
        return None;
    }
    Mark::parse(row)
}

fn tail(row: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = checksum::of(row).to_le_bytes();
    [a, b, c, d]
}

/// Refuses a store that has less than it acknowledged.
pub(crate) fn check(folder: &Path, stored: Option<Mark>, side: Option<Mark>) -> Result<()> {
    match (stored, side) {
        (_, None) => Ok(()),
        (Some(stored), Some(side)) if stored >= side => Ok(()),
        (stored, Some(side)) => {
            let has = stored.map_or("nothing".into(), |m| format!("{}/{}", m.epoch, m.seq));
            Err(Error::new(
                Code::InternalError,
                format!(
                    "the hot store in {} lost acknowledged data: it has {has}, {}/{} was \
                     acknowledged; restore a backup, or remove hot.mark to go on without the rest",
                    folder.display(),
                    side.epoch,
                    side.seq
                ),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_side_file_says_nothing_and_a_whole_one_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hot.mark");
        let mark = Mark { epoch: 3, seq: 64 };
        let (side, nothing) = SideFile::open(&path).unwrap();
        assert_eq!(nothing, None);
        side.write(mark).unwrap();
        assert_eq!(SideFile::open(&path).unwrap().1, Some(mark));
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len(), 16);
        for keep in 0..16 {
            std::fs::write(&path, &whole[..keep]).unwrap();
            assert_eq!(SideFile::open(&path).unwrap().1, None);
            let mut changed = whole.clone();
            changed[keep] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert_eq!(SideFile::open(&path).unwrap().1, None);
        }
    }

    #[test]
    fn a_store_behind_its_side_file_is_refused() {
        let mark = |epoch, seq| Some(Mark { epoch, seq });
        let check = |stored, side| check(Path::new("data"), stored, side);
        for (stored, side) in
            [(None, None), (mark(1, 5), None), (mark(2, 5), mark(2, 5)), (mark(2, 6), mark(1, 5))]
        {
            assert!(check(stored, side).is_ok());
        }
        assert!(check(None, mark(1, 1)).unwrap_err().message().contains("it has nothing"));
        assert!(check(mark(2, 63), mark(2, 64)).unwrap_err().message().contains("2/64"));
    }
}
