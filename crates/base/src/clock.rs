//! The only place that reads the clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Where the time comes from: the machine, or a test's hand. Cheap to clone; clones agree.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Millis) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start))))
    }

    /// Now, in milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> Millis {
        match &self.0 {
            Source::Manual(at) => at.load(Ordering::SeqCst),
            Source::System => system_millis(),
        }
    }

    /// Now, in whole seconds since 1970 (the unit of most of the cloud API).
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.now().div_euclid(1000)
    }

    /// Moves a manual clock forward; the machine's clock does not move.
    pub fn advance(&self, by: Millis) {
        if let Source::Manual(at) = &self.0 {
            at.fetch_add(by, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one reader of the clock")]
fn system_millis() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_clones_agree() {
        let clock = Clock::manual(1_500);
        let other = clock.clone();
        assert_eq!((clock.now(), clock.seconds()), (1_500, 1));
        other.advance(500);
        assert_eq!(clock.now(), 2_000);
    }
}
