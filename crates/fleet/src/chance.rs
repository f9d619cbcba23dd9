//! The place where chance comes from: one seeded source for each device and purpose, so that a
//! run with the same seed does the same, whatever the network does in between.

use std::{fmt, time::Duration};

use base::Rand;

/// What a source decides. Each purpose has its own, or a late packet would bend the walk.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Values that are reported.
    Values,
    /// Events and answers: what else is said.
    Words,
    /// When something happens.
    Times,
}

/// A device's source.
pub(crate) struct Chance(Rand);

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}

impl Chance {
    pub(crate) fn new(seed: u64, device: u64, purpose: Purpose) -> Self {
        // Odd factors keep neighbours apart; the generator itself mixes.
        let lane = device.wrapping_mul(3).wrapping_add(purpose as u64);
        Self(Rand::seeded(seed.wrapping_add(lane.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
    }

    /// In `0..n`; 0 if `n` is 0.
    pub(crate) fn below(&self, n: u64) -> u64 {
        u64::from_le_bytes(self.0.bytes()).checked_rem(n).unwrap_or(0)
    }

    /// In `0.0..1.0`.
    pub(crate) fn unit(&self) -> f64 {
        (u64::from_le_bytes(self.0.bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In `low..high`.
    pub(crate) fn between(&self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// How long until the next of events that come `rate` times a second on average, without
    /// memory of the last one; `None`: never.
    pub(crate) fn wait(&self, rate: f64) -> Option<Duration> {
        if rate <= 0.0 {
            return None;
        }
        // A century is never, and no sum with an instant overflows.
        let seconds = (-(1.0 - self.unit()).ln() / rate).min(3.0e9);
        Some(Duration::from_secs_f64(seconds))
    }

    /// `len` letters and digits.
    pub(crate) fn text(&self, len: usize) -> String {
        self.0.lower(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_decides_the_same_and_devices_differ() {
        let draw = |device, purpose| {
            let chance = Chance::new(7, device, purpose);
            (0..8).map(|_| chance.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, Purpose::Values), draw(1, Purpose::Values));
        assert_ne!(draw(1, Purpose::Values), draw(2, Purpose::Values));
        assert_ne!(draw(1, Purpose::Values), draw(1, Purpose::Times));
    }

    #[test]
    fn waits_have_the_mean_of_their_rate() {
        let chance = Chance::new(1, 1, Purpose::Times);
        let sum: f64 = (0..10_000).map(|_| chance.wait(2.0).unwrap().as_secs_f64()).sum();
        assert!((sum / 10_000.0 - 0.5).abs() < 0.05, "{sum}");
        assert_eq!(chance.wait(0.0), None);
    }
}
