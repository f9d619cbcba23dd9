//! The place where the changing part of a device is shared: its shadow and its times, one cell for
//! all who deal with the device at this moment (connections, API calls).

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use base::{DeviceNo, Result};
use parking_lot::Mutex;
use store::Store;
use thing::shadow::Shadow;

use super::state::State;
use crate::data;

/// Locked for moments only; what is changed under the lock goes into a batch under the same lock.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) no: DeviceNo,
    pub(crate) state: Mutex<State>,
    pub(crate) shadow: Mutex<Shadow>,
    /// Whether somebody else than the device's connection wrote the shadow's row. A burst commits
    /// after it gave up the lock, so its older row may follow a newer one into the store; whoever
    /// deals with the device next writes the row again.
    pub(crate) touched: AtomicBool,
    /// The device is deleted: its rows are not written again by a connection that does not know yet.
    pub(crate) gone: AtomicBool,
}

impl Cell {
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    fn load(store: &Store, no: DeviceNo) -> Result<Self> {
        let (state, shadow) = (State::load(store, no)?, data::load(store, no)?);
        let (state, shadow) = (Mutex::new(state), Mutex::new(shadow));
        let (touched, gone) = (AtomicBool::default(), AtomicBool::default());
        Ok(Self { no, state, shadow, touched, gone })
    }
}

/// Cells kept for a while after their last user, so that whoever comes next finds what is still on
/// its way to the disk.
const RECENT: usize = 4096;
/// Dead entries are swept when the map has doubled, at first at this size.
const SWEEP: usize = 8192;

/// The cells in use.
#[derive(Debug, Default)]
pub(crate) struct Cells(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    known: HashMap<DeviceNo, Weak<Cell>>,
    recent: VecDeque<Arc<Cell>>,
    sweep_at: usize,
}

impl Cells {
    /// The one cell of a device.
    pub(crate) fn get(&self, store: &Store, no: DeviceNo) -> Result<Arc<Cell>> {
        if let Some(cell) = self.0.lock().known.get(&no).and_then(Weak::upgrade) {
            return Ok(cell);
        }
        let loaded = Arc::new(Cell::load(store, no)?);
        let mut inside = self.0.lock();
        if let Some(cell) = inside.known.get(&no).and_then(Weak::upgrade) {
            return Ok(cell);
        }
        inside.add(&loaded);
        Ok(loaded)
    }
}

impl Inside {
    fn add(&mut self, cell: &Arc<Cell>) {
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(cell.clone());
        if self.known.len() >= self.sweep_at.max(SWEEP) {
            self.known.retain(|_, cell| cell.strong_count() > 0);
            self.sweep_at = self.known.len() * 2;
        }
        self.known.insert(cell.no, Arc::downgrade(cell));
    }
}
