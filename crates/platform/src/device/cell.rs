//! The place where the changing part of a device is shared: its shadow and its times, one cell for
//! all who deal with the device at this moment (connections, API calls).

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use base::{DeviceNo, Millis, Result};
use foldhash::HashMap;
use parking_lot::{Mutex, MutexGuard};
use store::{Batch, Store, Ticket};
use thing::shadow::Shadow;

use super::state::State;
use crate::{data, product};

/// Locked for moments only; who needs both locks takes the shadow's first.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) no: DeviceNo,
    pub(crate) state: Mutex<State>,
    pub(crate) shadow: Mutex<Shadow>,
    /// The version of the product that the shadow was last held against; 0 = none. Changed under the
    /// shadow's lock only.
    model: AtomicU64,
    /// Held by an API call that changes the shadow until its commit is durable or taken back: nobody
    /// else builds on what may be taken back. Made by the first such call.
    changing: OnceLock<Box<tokio::sync::Mutex<()>>>,
    /// The device is deleted: its rows are not written again by a connection that does not know yet.
    gone: AtomicBool,
    /// When an answer that nobody subscribed to was last noted.
    unheard: AtomicI64,
    /// When the device may again connect as often at once as it likes.
    connects: AtomicI64,
}

/// Connects of a device that may follow each other at once.
const CONNECTS: Millis = 5;

/// A device that does not subscribe to its answers is told so in its log at most this often.
const UNHEARD_EVERY: Millis = 60_000;

impl Cell {
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// Notes that the device is deleted: no row of it gets a place in the line of commits any more.
    /// Gives back the times that were counted until now.
    pub(crate) fn set_gone(&self) -> State {
        let (_shadow, mut state) = (self.shadow.lock(), self.state.lock());
        self.gone.store(true, Ordering::SeqCst);
        std::mem::take(&mut *state)
    }

    /// The shadow, locked, without what the model would no longer take.
    pub(crate) fn shadow_of(&self, store: &Store, live: &product::Live) -> MutexGuard<'_, Shadow> {
        let mut shadow = self.shadow.lock();
        let held_against = self.model.load(Ordering::Relaxed);
        if held_against != live.version {
            // Who still has an older model may leave values of it: the next one looks again.
            self.model.store(live.version, Ordering::Relaxed);
            if held_against < live.version && shadow.conform(&live.model) {
                drop(self.commit(store, &shadow, Batch::default()));
            }
        }
        shadow
    }

    /// Commits `batch` and with it the shadow's row as it stands. The caller holds the lock, so the
    /// rows of a device stand in the line of commits in the order of what they say.
    pub(crate) fn commit(
        &self,
        store: &Store,
        shadow: &MutexGuard<'_, Shadow>,
        mut batch: Batch,
    ) -> Ticket {
        if !self.is_gone() {
            data::save(self.no, shadow, &mut batch);
        }
        store.commit(batch)
    }

    /// Commits `batch` and with it the rows that changed, as they stand: the shadow's, the state's.
    /// The locks are held until the batch has its place in the line of commits.
    pub(super) fn commit_rows(
        &self,
        store: &Store,
        (shadow, state): (bool, bool),
        mut batch: Batch,
    ) -> Ticket {
        let shadow = shadow.then(|| self.shadow.lock());
        let state = state.then(|| self.state.lock());
        if !self.is_gone() {
            if let Some(shadow) = &shadow {
                data::save(self.no, shadow, &mut batch);
            }
            if let Some(state) = &state {
                state.save(self.no, &mut batch);
            }
        }
        store.commit(batch)
    }

    /// The turn of an API call that changes the shadow.
    pub(crate) fn changing(&self) -> &tokio::sync::Mutex<()> {
        self.changing.get_or_init(Box::default)
    }

    /// Whether another answer that nobody subscribed to may be noted now.
    pub(crate) fn may_note_unheard(&self, now: Millis) -> bool {
        let last = self.unheard.load(Ordering::Relaxed);
        // Also when the clock was set back.
        let due = !(last..last.saturating_add(UNHEARD_EVERY)).contains(&now);
        due && self
            .unheard
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// Takes one of the device's connects, of which one comes back `every` milliseconds.
    pub(crate) fn may_connect(&self, now: Millis, every: Millis) -> bool {
        let take = |full_at| next_connect(full_at, now, every);
        self.connects.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    fn load(store: &Store, no: DeviceNo) -> Result<Self> {
        let (state, shadow) = (State::load(store, no)?, data::load(store, no)?);
        let (state, shadow) = (Mutex::new(state), Mutex::new(shadow));
        let (gone, unheard) = (AtomicBool::default(), AtomicI64::new(Millis::MIN));
        let (model, changing) = (AtomicU64::default(), OnceLock::new());
        let connects = AtomicI64::default();
        Ok(Self { no, state, shadow, model, changing, gone, unheard, connects })
    }
}

/// Takes one of a handful of connects, of which one comes back `every` milliseconds, and all are there
/// at `full_at`: when they are again. `None`: there is none.
pub(crate) fn next_connect(full_at: Millis, now: Millis, every: Millis) -> Option<Millis> {
    let most = now.saturating_add(every.saturating_mul(CONNECTS));
    // A time that cannot be is from before the clock was set back.
    let full_at = if full_at > most { now } else { full_at.max(now) };
    let next = full_at.saturating_add(every);
    (next <= most).then_some(next)
}

/// Cells kept for a while after their last user, so that whoever comes next finds what is still on
/// its way to the disk, and does not read what was just here. Of devices that are online they take
/// nothing.
const RECENT: usize = 32_768;
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
        if let Some(cell) = self.in_use(no) {
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

    /// The cell of a device, if it is in memory.
    pub(crate) fn in_use(&self, no: DeviceNo) -> Option<Arc<Cell>> {
        self.0.lock().known.get(&no).and_then(Weak::upgrade)
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
