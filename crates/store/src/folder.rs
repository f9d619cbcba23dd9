//! The place where the data folder is made and locked: one server per folder.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use base::{Code, Error, OrCode, Result};

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
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(data.join("lock"))
        .or_code(Code::InternalError, || {
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
