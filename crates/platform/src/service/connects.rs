//! The place where a service client's programs that fight over one client id are slowed.

use std::collections::HashMap;

use base::Millis;
use parking_lot::Mutex;

use crate::device;

/// Client ids of which is noted when they connected; one beyond is let in unnoted.
const NOTED: usize = 10_000;

/// Client ids that connected lately, and when each has all its connects at once again.
#[derive(Debug, Default)]
pub(super) struct Connects(Mutex<HashMap<Box<str>, Millis>>);

impl Connects {
    /// Takes one of a client id's connects, of which one comes back `every` milliseconds.
    pub(super) fn take(&self, client_id: &str, now: Millis, every: Millis) -> bool {
        let mut noted = self.0.lock();
        if let Some(full_at) = noted.get_mut(client_id) {
            let next = device::next_connect(*full_at, now, every);
            next.into_iter().for_each(|next| *full_at = next);
            return next.is_some();
        }
        let new = device::next_connect(now, now, every);
        if noted.len() >= NOTED {
            noted.retain(|_, full_at| device::next_connect(*full_at, now, every) != new);
        }
        if let Some(full_at) = new.filter(|_| every > 0 && noted.len() < NOTED) {
            noted.insert(client_id.into(), full_at);
        }
        true
    }

    #[cfg(test)]
    pub(super) fn noted(&self) -> usize {
        self.0.lock().len()
    }
}
