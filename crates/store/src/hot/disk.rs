//! The place that knows whether the disk has room left.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use tokio::time::Instant;

/// Commits stop below this, or below a twentieth of the disk.
const LEAST: u64 = 64 << 20;
/// How long "there is room" is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// Bytes of a file system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) free: u64,
    pub(crate) all: u64,
}

/// Asks for the room; a test answers itself.
pub(crate) type Probe = Arc<dyn Fn() -> io::Result<Room> + Send + Sync>;

/// Asks the file system of `folder`.
pub(crate) fn probe(folder: PathBuf) -> Probe {
    Arc::new(move || {
        let found = rustix::fs::statvfs(&folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Room { free: bytes(found.f_bavail), all: bytes(found.f_blocks) })
    })
}

#[derive(Clone)]
pub(crate) struct Disk {
    probe: Probe,
    /// When there was room for the last time.
    fine: Option<Instant>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disk(fine at {:?})", self.fine)
    }
}

impl Disk {
    pub(crate) fn new(probe: Probe) -> Self {
        Self { probe, fine: None }
    }

    /// Whether nothing more should be written. A disk that cannot be asked has room: the write
    /// itself will tell.
    pub(crate) fn is_low(&mut self) -> bool {
        if self.fine.is_some_and(|at| at.elapsed() < BELIEVED) {
            return false;
        }
        let low = (self.probe)().is_ok_and(|room| room.free < LEAST || room.free < room.all / 20);
        self.fine = (!low).then(Instant::now);
        low
    }
}
