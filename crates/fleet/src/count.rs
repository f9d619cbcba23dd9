//! The place where a run is counted while it goes: events by kind, latencies by size.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use parking_lot::Mutex;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Connections that were accepted.
    Connects,
    /// Attempts that were refused or came to nothing.
    Failures,
    /// Devices that were online at least once.
    Met,
    /// Connections that are open.
    Online,
    /// Connections that a device just left.
    DropOuts,
    /// Connections that the server or the network ended.
    CutOff,
    Reports,
    Events,
    /// `report_reply` with code 0.
    Taken,
    /// `report_reply` with another code.
    Refused,
    /// QoS 1 publishes, of any kind.
    Published,
    /// PUBACKs without fault.
    Acknowledged,
    /// PUBACKs with a reason that means no (5.0).
    Rejected,
    /// QoS 1 publishes that were on their way when their device dropped out.
    DroppedInFlight,
    /// Reports and events that were due while too many had no PUBACK.
    HeldBack,
    Controls,
    Actions,
    /// Always the last.
    Other,
}

const KINDS: usize = What::Other as usize + 1;
/// Different reasons of failure that are kept apart.
const REASONS: usize = 16;

/// All counters of a run.
#[derive(Debug, Default)]
pub struct Counts {
    numbers: [AtomicU64; KINDS],
    reasons: Mutex<BTreeMap<String, u64>>,
    pub connecting: Latencies,
    pub acknowledging: Latencies,
    pub replying: Latencies,
}

/// The numbers at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers([u64; KINDS]);

impl Numbers {
    #[must_use]
    pub fn of(&self, what: What) -> u64 {
        self.0.get(what as usize).copied().unwrap_or(0)
    }
}

impl Counts {
    pub(crate) fn add(&self, what: What, n: u64) {
        if let Some(number) = self.numbers.get(what as usize) {
            number.fetch_add(n, Relaxed);
        }
    }

    pub(crate) fn one(&self, what: What) {
        self.add(what, 1);
    }

    pub(crate) fn gone(&self) {
        if let Some(number) = self.numbers.get(What::Online as usize) {
            number.fetch_sub(1, Relaxed);
        }
    }

    /// Counts a failure under its reason; reasons over [`REASONS`] go together.
    pub(crate) fn because(&self, what: What, reason: &str) {
        self.one(what);
        let mut reasons = self.reasons.lock();
        let known = reasons.contains_key(reason) || reasons.len() < REASONS;
        let short: String = reason.chars().take(160).collect();
        *reasons.entry(if known { short } else { "other reasons".into() }).or_default() += 1;
    }

    #[must_use]
    pub fn numbers(&self) -> Numbers {
        let mut numbers = Numbers::default();
        for (to, from) in numbers.0.iter_mut().zip(&self.numbers) {
            *to = from.load(Relaxed);
        }
        numbers
    }

    #[must_use]
    pub fn reasons(&self) -> BTreeMap<String, u64> {
        self.reasons.lock().clone()
    }
}

/// Slots of one power of two: a slot is at most 1/64 wide of what it holds.
const SLOTS: usize = 64;
/// Up to 2^37 µs, which is 38 hours.
const ALL_SLOTS: usize = SLOTS * 32;

/// How long things took: counts in slots that grow with what they hold.
pub struct Latencies(Box<[AtomicU64]>);

impl std::fmt::Debug for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Latencies({})", self.count())
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self((0..ALL_SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Latencies {
    pub(crate) fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(slot) = self.0.get(slot(micros)) {
            slot.fetch_add(1, Relaxed);
        }
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|slot| slot.load(Relaxed)).sum()
    }

    /// What `part` (0.0 to 1.0) of them did not exceed; `None` without any.
    #[must_use]
    pub fn at(&self, part: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let mut before = 0;
        for (n, slot) in self.0.iter().enumerate() {
            before += slot.load(Relaxed);
            if before as f64 >= part * count as f64 && before > 0 {
                return Some(Duration::from_micros(top(n)));
            }
        }
        None
    }
}

fn slot(micros: u64) -> usize {
    let shift = u64::BITS.saturating_sub(micros.leading_zeros() + 7);
    let within = usize::try_from(micros >> shift).unwrap_or(0);
    let octave = usize::try_from(shift).unwrap_or(0);
    (octave * SLOTS + within).min(ALL_SLOTS - 1)
}

/// The largest value of a slot.
fn top(slot: usize) -> u64 {
    let octave = (slot / SLOTS).saturating_sub(1);
    let within = (slot - octave * SLOTS) as u64;
    ((within + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_holds_what_is_put_into_it() {
        let mut values: Vec<u64> = (0..2_000).collect();
        values.extend((0..37).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]));
        for micros in values.into_iter().filter(|n| *n < 1 << 37) {
            let top = top(slot(micros));
            assert!(micros <= top && top - micros <= micros / 64, "{micros} {top}");
        }
        assert_eq!(slot(u64::MAX), ALL_SLOTS - 1);
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let latencies = Latencies::default();
        assert_eq!(latencies.at(0.5), None);
        for ms in 1..=1000 {
            latencies.add(Duration::from_millis(ms));
        }
        for (part, ms) in [(0.0, 1.0), (0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let at = latencies.at(part).unwrap().as_secs_f64() * 1000.0;
            assert!((at - ms).abs() <= ms / 50.0, "{part}: {at}");
        }
    }

    #[test]
    fn reasons_are_bounded() {
        let counts = Counts::default();
        for n in 0..100 {
            counts.because(What::Failures, &format!("reason {n}"));
        }
        assert_eq!(counts.reasons().len(), REASONS + 1);
        assert_eq!(counts.reasons()["other reasons"], 84);
        assert_eq!(counts.numbers().of(What::Failures), 100);
    }
}
