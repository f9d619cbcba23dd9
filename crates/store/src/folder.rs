//! The place where the data folder is made and locked: one server per folder.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base::{Code, Error, OrCode, Result};

const LOCK: &str = "lock";
/// What a group and others may do, and what tells a folder that many share.
const OTHERS: u32 = 0o077;
const STICKY: u32 = 0o1000;

/// Held as long as the store is open; the system lets go of it when the process dies.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

/// Makes the folder, for its owner only, and takes its lock.
pub(crate) fn lock(data: &Path) -> Result<Lock> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .or_code(Code::InternalError, || {
            format!("data folder {} cannot be made", data.display())
        })?;
    tighten(data).or_code(Code::InternalError, || {
        format!("data folder {} cannot be read", data.display())
    })?;
    let file = private(&data.join(LOCK)).or_code(Code::InternalError, || {
        format!("data folder {} cannot be written", data.display())
    })?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Code::ResourceInUse,
            format!("another thingd serves {}", data.display()),
        )),
        Err(TryLockError::Error(error)) => Err(Error::internal(error)),
    }
}

/// A file that its owner alone may read, made if need be.
pub(crate) fn private(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & OTHERS != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Closes a wider folder to others, if it is ours: empty, or served before; a folder that others
/// share (`/tmp`) is not closed to them.
fn tighten(data: &Path) -> io::Result<()> {
    let mode = fs::metadata(data)?.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let ours = data.join(LOCK).exists() || fs::read_dir(data)?.next().is_none();
    let shared = mode & STICKY != 0;
    let closed =
        ours && !shared && fs::set_permissions(data, Permissions::from_mode(0o700)).is_ok();
    if closed {
        tracing::info!(data = %data.display(), "the data folder is closed to other users now");
    } else {
        tracing::warn!(
            data = %data.display(),
            "other users of this machine may look into the data folder"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::Clock;
    use tempfile::TempDir;

    use super::*;
    use crate::{Metadata, Options, Store};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn widen(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    async fn open(data: &Path) -> Store {
        Store::open(options(data, Metadata::Sqlite), Clock::manual(0)).await.unwrap()
    }

    fn options(data: &Path, metadata: Metadata) -> Options {
        Options {
            data: data.to_owned(),
            metadata,
            points_days: 1,
            logs_days: 1,
            group_messages: 1,
            group_bytes: 4096,
            group_delay: Duration::ZERO,
        }
    }

    #[tokio::test]
    async fn the_metadata_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        for name in ["meta.sqlite", "meta.sqlite-wal", "lock", "hot.mark"] {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
        }
        store.close().await.unwrap();
        drop(store);
        widen(&folder.path().join("meta.sqlite"), 0o644);
        let store = open(folder.path()).await;
        assert_eq!(mode(&folder.path().join("meta.sqlite")), 0o600, "one of a former version");
        store.close().await.unwrap();
    }

    #[test]
    fn a_wide_folder_is_closed_when_it_is_ours() {
        let folder = TempDir::new().unwrap();
        widen(folder.path(), 0o755);
        drop(lock(folder.path()).unwrap());
        assert_eq!(mode(folder.path()), 0o700, "it was empty");
        widen(folder.path(), 0o750);
        drop(lock(folder.path()).unwrap());
        assert_eq!(mode(folder.path()), 0o700, "it was served before");
    }

    #[test]
    fn a_folder_of_others_is_not_closed_to_them() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("letter"), "").unwrap();
        for wide in [0o755, 0o1777] {
            widen(folder.path(), wide);
            drop(lock(folder.path()).unwrap());
            assert_eq!(mode(folder.path()), wide);
        }
    }

    #[test]
    fn the_password_of_the_database_is_not_shown() {
        let url = "postgres://thingd:canary@db/thingd".to_owned();
        let options = options(Path::new("data"), Metadata::Postgres { url });
        assert!(!format!("{options:?}").contains("canary"));
    }
}
