//! The place where the power is cut: what was not yet on the disk is lost, torn or kept, as a disk
//! and its file system may do.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use base::Rand;

const PAGE: u64 = 4096;
const HEAD: usize = 40;

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// All of it is lost.
    Lost,
    /// Each page, each new and each removed file by itself.
    Torn,
    /// All of it got to the disk: a process that was killed, no more.
    Kept,
}

/// A record of `shim.c`.
struct Record {
    kind: u8,
    ino: u64,
    at: u64,
    length: u64,
    bytes: Vec<u8>,
    /// Where it stands in the log.
    place: u64,
}

/// Takes back from `folder/data` what `folder/log` says was not synced.
pub(crate) fn cut(folder: &Path, fate: Fate) {
    let log = read(&fs::read(folder.join("log")).unwrap());
    let rand = Rand::system();
    let lost = || match fate {
        Fate::Lost => true,
        Fate::Torn => rand.bytes::<1>()[0] < 128,
        Fate::Kept => false,
    };
    let synced = Synced::of(&log);
    let mut paths = HashMap::new();
    walk(&folder.join("data"), &mut paths);
    let mut pages: HashMap<(u64, u64), bool> = HashMap::new();
    for record in log.iter().rev().filter(|record| !synced.has(record)) {
        let Some(path) = paths.get(&record.ino) else { continue };
        match record.kind {
            b'W' => {
                let file = OpenOptions::new().write(true).open(path).unwrap();
                for (page, at, old) in pieces(record) {
                    if *pages.entry((record.ino, page)).or_insert_with(lost) {
                        file.write_all_at(old, at).unwrap();
                    }
                }
                if fate == Fate::Lost {
                    file.set_len(record.length).unwrap();
                }
            }
            b'T' if lost() => resize(path, record.length),
            _ => {}
        }
    }
    let entries = log.iter().rev().filter(|record| matches!(record.kind, b'C' | b'U'));
    for record in entries.filter(|record| !synced.has_entry(record)) {
        let path = PathBuf::from(String::from_utf8(record.bytes.clone()).unwrap());
        match record.kind {
            // Unless it was renamed meanwhile: then a file that was there before is in the way.
            b'C' if paths.get(&record.ino) == Some(&path) && lost() => {
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
                    .unwrap_or_default();
            }
            b'U' if !path.exists() && lost() => {
                // Its folder may be gone, too.
                fs::hard_link(folder.join("keep").join(record.ino.to_string()), path)
                    .unwrap_or_default();
            }
            _ => {}
        }
    }
}

/// How far the log is covered, by file.
struct Synced(HashMap<u64, u64>);

impl Synced {
    fn of(log: &[Record]) -> Self {
        let mut until: HashMap<u64, u64> = HashMap::new();
        let mut failed: HashMap<u64, bool> = HashMap::new();
        for record in log {
            match record.kind {
                b'F' => drop(failed.insert(record.ino, true)),
                // After a failure nothing is sure any more.
                b'S' if !failed.contains_key(&record.ino) => {
                    until.insert(record.ino, record.at);
                }
                // The number of a file that is gone was used again.
                b'C' => drop((until.remove(&record.ino), failed.remove(&record.ino))),
                _ => {}
            }
        }
        Self(until)
    }

    fn has(&self, record: &Record) -> bool {
        self.0.get(&record.ino).is_some_and(|until| record.place < *until)
    }

    /// The same for an entry of a folder.
    fn has_entry(&self, record: &Record) -> bool {
        self.0.get(&record.at).is_some_and(|until| record.place < *until)
    }
}

fn read(mut log: &[u8]) -> Vec<Record> {
    let (all, mut records) = (log.len(), Vec::new());
    let number = |head: &[u8], at: usize| {
        u64::from_le_bytes(head.get(at..at + 8).unwrap().try_into().unwrap())
    };
    while let Some((head, rest)) = log.split_at_checked(HEAD) {
        let size = usize::try_from(number(head, 32)).unwrap();
        // The last one may be torn by the kill: then its write did not come.
        let Some((bytes, rest)) = rest.split_at_checked(size) else { break };
        records.push(Record {
            kind: head[0],
            ino: number(head, 8),
            at: number(head, 16),
            length: number(head, 24),
            bytes: bytes.to_vec(),
            place: u64::try_from(all - log.len()).unwrap(),
        });
        log = rest;
    }
    records
}

/// What a write replaced, page by page.
fn pieces(record: &Record) -> Vec<(u64, u64, &[u8])> {
    let (mut at, mut rest, mut pieces) = (record.at, record.bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let here = usize::try_from(PAGE - at % PAGE).unwrap().min(rest.len());
        let (piece, after) = rest.split_at(here);
        pieces.push((at / PAGE, at, piece));
        at += u64::try_from(here).unwrap();
        rest = after;
    }
    pieces
}

fn resize(path: &Path, length: u64) {
    File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}

fn walk(folder: &Path, paths: &mut HashMap<u64, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = fs::symlink_metadata(&path).unwrap();
        paths.insert(found.ino(), path.clone());
        if found.is_dir() {
            walk(&path, paths);
        }
    }
}
