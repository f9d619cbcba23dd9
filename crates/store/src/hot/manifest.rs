//! The place where a keyspace that lost its manifest is noticed. fjall takes a folder without the file
//! `current` for one whose making, or whose removal, was cut short, deletes it, and begins anew without
//! a word.

use std::{fs, io, path::Path};

use base::{Error, Result};

/// Names the tables that belong to a keyspace; fjall writes it before them.
const MANIFEST: &str = "current";
const TABLES: [&str; 2] = ["tables", "blobs"];
/// The first folders are fjall's own and those of the spaces, made before any day's; only days are
/// ever removed.
const SPACES: u64 = 9;

/// Looks through the folders of keyspaces before the engine does.
///
/// # Errors
/// A keyspace that is never removed has tables and no manifest.
pub(super) fn check(keyspaces: &Path) -> Result<()> {
    let folders = match fs::read_dir(keyspaces) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        folders => folders.map_err(Error::internal)?,
    };
    for folder in folders {
        let folder = folder.map_err(Error::internal)?;
        let (path, name) = (folder.path(), folder.file_name());
        let Some(id) = name.to_str().and_then(|name| name.parse::<u64>().ok()) else { continue };
        if path.join(MANIFEST).exists() || !has_tables(&path).map_err(Error::internal)? {
            continue;
        }
        let path = path.display();
        if id <= SPACES {
            return Err(Error::internal(format!(
                "{path} has tables, but its file {MANIFEST} is gone"
            )));
        }
        tracing::error!(
            "{path} has tables and no file {MANIFEST}: the removal of an old day was cut short, or a day is lost"
        );
    }
    Ok(())
}

fn has_tables(keyspace: &Path) -> io::Result<bool> {
    for kind in TABLES {
        let tables = keyspace.join(kind);
        if tables.exists() && fs::read_dir(tables)?.next().is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot;

    #[test]
    fn the_folders_of_spaces_come_before_those_of_days() {
        let data = tempfile::tempdir().unwrap();
        drop(hot::engine(data.path()).unwrap());
        let mut ids: Vec<u64> = fs::read_dir(data.path().join("hot/keyspaces"))
            .unwrap()
            .map(|folder| folder.unwrap().file_name().to_str().unwrap().parse().unwrap())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..=SPACES).collect::<Vec<_>>());
    }

    #[test]
    fn f04_a_space_with_tables_and_no_manifest_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let keyspaces = folder.path().join("keyspaces");
        assert!(check(&keyspaces).is_ok(), "nothing was made yet");
        for id in ["0", "9", "10", "stray"] {
            let keyspace = keyspaces.join(id);
            fs::create_dir_all(keyspace.join("tables")).unwrap();
            assert!(check(&keyspaces).is_ok(), "{id}: its making was cut short");
            fs::write(keyspace.join("tables/1"), "").unwrap();
            let told = check(&keyspaces).map_err(|error| format!("{error:?}"));
            if id == "0" || id == "9" {
                assert!(told.unwrap_err().contains(&format!("keyspaces/{id} has tables")));
            } else {
                assert!(told.is_ok(), "{id}: a day may have been on its way out");
            }
            fs::write(keyspace.join(MANIFEST), "").unwrap();
        }
        assert!(check(&keyspaces).is_ok());
    }
}
