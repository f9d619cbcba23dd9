//! The place where connections queue: each gets its moment, none sooner than the rate allows.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Slots at equal distances.
#[derive(Debug)]
pub(crate) struct Pacer {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// `rate` slots a second.
    pub(crate) fn new(rate: f64) -> Self {
        Self { gap: Duration::from_secs_f64(1.0 / rate.max(1e-3)), next: Mutex::new(None) }
    }

    /// The next free slot; slots that nobody took are gone.
    pub(crate) fn slot(&self) -> Instant {
        self.after(Instant::now())
    }

    fn after(&self, now: Instant) -> Instant {
        let mut next = self.next.lock();
        let slot = next.map_or(now, |next| next.max(now));
        *next = Some(slot + self.gap);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_keep_their_distance_and_do_not_heap_up() {
        let (pacer, begun) = (Pacer::new(10.0), Instant::now());
        let at = |n: u64| begun + Duration::from_millis(100 * n);
        let early = [0, 0, 0].map(|n| pacer.after(at(n)));
        assert_eq!(early, [at(0), at(1), at(2)]);
        assert_eq!([pacer.after(at(10)), pacer.after(at(10))], [at(10), at(11)]);
    }
}
