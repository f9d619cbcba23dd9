//! The place where the device chapter's memory is: credentials, cells, calls in flight.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base::{DeviceNo, Millis, ProductId, Result};
use foldhash::HashMap;
use parking_lot::Mutex;
use store::Store;

use super::{
    cell::{Cell, Cells},
    mirror::{Credential, Mirror},
    purge::Purging,
};
use crate::message::Calls;

/// What the platform remembers of devices, bounded.
#[derive(Debug, Default)]
pub struct Devices {
    pub(super) mirror: Mirror,
    cells: Cells,
    pub(crate) calls: Calls,
    pub(super) purging: Purging,
    epoch: AtomicU64,
    complaints: Mutex<HashMap<DeviceNo, Millis>>,
    /// Connections by product; during a takeover a device counts twice for a moment.
    online: Mutex<HashMap<Box<str>, u64>>,
}

/// A device's refused connects are noted at most this often.
const COMPLAINT_EVERY: Millis = 5_000;
const COMPLAINTS: usize = 4096;

impl Devices {
    /// The credential of a client id, from memory or the mirror.
    pub(crate) fn credential(
        &self,
        store: &Store,
        client_id: &str,
    ) -> Result<Option<Arc<Credential>>> {
        self.mirror.get(store, client_id)
    }

    pub(crate) fn cell(&self, store: &Store, no: DeviceNo) -> Result<Arc<Cell>> {
        self.cells.get(store, no)
    }

    pub(super) fn cell_in_use(&self, no: DeviceNo) -> Option<Arc<Cell>> {
        self.cells.in_use(no)
    }

    /// A number above all earlier ones, across restarts too: it follows the clock, and is above
    /// `last`, the device's own, when the clock was set back.
    pub(crate) fn next_epoch(&self, now: Millis, last: u64) -> u64 {
        let floor = u64::try_from(now).unwrap_or(0).saturating_mul(1000).max(last);
        self.epoch.fetch_max(floor, Ordering::SeqCst);
        self.epoch.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(super) fn connected(&self, product: &str) {
        let mut online = self.online.lock();
        match online.get_mut(product) {
            Some(count) => *count += 1,
            None => drop(online.insert(product.into(), 1)),
        }
    }

    pub(super) fn disconnected(&self, product: &str) {
        let mut online = self.online.lock();
        if let Some(count) = online.get_mut(product) {
            *count -= 1;
            if *count == 0 {
                online.remove(product);
            }
        }
    }

    pub(super) fn online(&self, product: &ProductId) -> u64 {
        self.online.lock().get(product.as_str()).copied().unwrap_or(0)
    }

    /// Whether another refused connect of this device may be noted now.
    pub(crate) fn may_complain(&self, no: DeviceNo, now: Millis) -> bool {
        let mut complaints = self.complaints.lock();
        if complaints.get(&no).is_some_and(|at| (0..COMPLAINT_EVERY).contains(&(now - at))) {
            return false;
        }
        if complaints.len() >= COMPLAINTS {
            complaints.clear();
        }
        complaints.insert(no, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_grow_even_when_the_clock_stands() {
        let devices = Devices::default();
        let first = devices.next_epoch(5, 0);
        assert!(devices.next_epoch(5, 0) > first);
        // The clock was set back: still above the device's last connection.
        assert!(devices.next_epoch(4, first + 9_000) > first + 9_000);
        assert!(Devices::default().next_epoch(60, 0) > devices.next_epoch(5, 0));
    }

    #[test]
    fn complaints_of_one_device_are_thinned() {
        let devices = Devices::default();
        assert!(devices.may_complain(DeviceNo(1), 0));
        assert!(!devices.may_complain(DeviceNo(1), 4_999));
        assert!(devices.may_complain(DeviceNo(2), 4_999));
        assert!(devices.may_complain(DeviceNo(1), 5_000));
    }
}
