//! The place where the broker's metrics are named and counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ::metrics::{Counter, counter, gauge};

const CONNECTIONS: &str = "thingd_broker_connections";
const ACCEPTED: &str = "thingd_broker_accepted_total";
const REFUSED: &str = "thingd_broker_refused_total";
const MESSAGES_IN: &str = "thingd_broker_messages_in_total";
const MESSAGES_OUT: &str = "thingd_broker_messages_out_total";
const MESSAGES_REFUSED: &str = "thingd_broker_messages_refused_total";
const UNDELIVERED: &str = "thingd_broker_messages_undelivered_total";
const BYTES_IN: &str = "thingd_broker_bytes_in_total";
const BYTES_OUT: &str = "thingd_broker_bytes_out_total";

/// Counted beside each other, and told only when somebody asks: every message passes here.
#[derive(Default)]
pub(crate) struct Metrics {
    /// Connections that became online.
    pub(crate) accepted: Count,
    /// Connections that ended before they were online.
    pub(crate) refused: Count,
    pub(crate) messages_in: Count,
    pub(crate) messages_out: Count,
    /// PUBLISHes with a verdict other than accepted.
    pub(crate) messages_refused: Count,
    pub(crate) undelivered: Count,
    pub(crate) bytes_in: Count,
    pub(crate) bytes_out: Count,
}

/// Something that only grows.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Metrics {
    /// Brings what the process shows up to date; so many clients are online.
    pub(crate) fn tell(&self, online: usize) {
        let told: [(&Count, Counter); 8] = [
            (&self.accepted, counter!(ACCEPTED)),
            (&self.refused, counter!(REFUSED)),
            (&self.messages_in, counter!(MESSAGES_IN)),
            (&self.messages_out, counter!(MESSAGES_OUT)),
            (&self.messages_refused, counter!(MESSAGES_REFUSED)),
            (&self.undelivered, counter!(UNDELIVERED)),
            (&self.bytes_in, counter!(BYTES_IN)),
            (&self.bytes_out, counter!(BYTES_OUT)),
        ];
        told.into_iter().for_each(|(count, shown)| shown.absolute(count.get()));
        gauge!(CONNECTIONS).set(float(online));
    }
}

#[expect(clippy::cast_precision_loss, reason = "connections are far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}
