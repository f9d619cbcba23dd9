//! The place where messages per second are counted (generic cell rate algorithm, 16 bytes each).

use base::Millis;

const SECOND: i64 = 1_000_000_000;

/// A bucket that holds one second's worth of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// Nanoseconds that one message costs; 0 is no limit.
    cost: i64,
    /// When the bucket will be full again, in nanoseconds since 1970.
    full_at: i64,
}

impl Rate {
    pub(crate) fn per_second(messages: u32) -> Self {
        let cost = if messages == 0 { 0 } else { (SECOND / i64::from(messages)).max(1) };
        Self { cost, full_at: 0 }
    }

    /// What it was made with.
    pub(crate) fn messages(&self) -> u32 {
        if self.cost == 0 { 0 } else { u32::try_from(SECOND / self.cost).unwrap_or(u32::MAX) }
    }

    /// Takes one message out of the bucket, or says that it is empty.
    pub(crate) fn take(&mut self, now: Millis) -> bool {
        let now = now.saturating_mul(1_000_000);
        // More than empty it is only when the clock was set back, which is not the client's doing.
        if self.full_at < now || self.full_at > now.saturating_add(SECOND) {
            self.full_at = now;
        }
        if self.full_at - now > SECOND - self.cost {
            return false;
        }
        self.full_at += self.cost;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rate: &mut Rate, now: Millis, tries: usize) -> usize {
        (0..tries).filter(|_| rate.take(now)).count()
    }

    #[test]
    fn a_bucket_holds_one_second_and_fills_evenly() {
        let mut rate = Rate::per_second(10);
        assert_eq!(taken(&mut rate, 1_000_000, 50), 10);
        assert_eq!(taken(&mut rate, 1_000_099, 50), 0);
        assert_eq!(taken(&mut rate, 1_000_100, 50), 1);
        assert_eq!(taken(&mut rate, 1_000_600, 50), 5);
        assert_eq!(taken(&mut rate, 1_060_000, 50), 10);
    }

    #[test]
    fn zero_is_no_limit_and_the_largest_rate_does_not_overflow() {
        assert_eq!(taken(&mut Rate::per_second(0), 5, 10_000), 10_000);
        assert_eq!(taken(&mut Rate::per_second(u32::MAX), 5, 10_000), 10_000);
    }

    #[test]
    fn f11_a_clock_set_back_does_not_lock_the_client_out() {
        let mut rate = Rate::per_second(10);
        assert_eq!(taken(&mut rate, 9_000_000, 50), 10);
        assert_eq!(taken(&mut rate, 1_000_000, 50), 10);
        assert_eq!(taken(&mut rate, 1_000_000, 50), 0);
        assert_eq!(taken(&mut rate, 1_001_000, 50), 10);
    }
}
