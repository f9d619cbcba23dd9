//! The place where the broker's metrics are named; handles are resolved once, at start.

use ::metrics::{Counter, Gauge, counter, gauge};

const CONNECTIONS: &str = "thingd_broker_connections";
const ACCEPTED: &str = "thingd_broker_accepted_total";
const REFUSED: &str = "thingd_broker_refused_total";
const MESSAGES_IN: &str = "thingd_broker_messages_in_total";
const MESSAGES_OUT: &str = "thingd_broker_messages_out_total";
const MESSAGES_REFUSED: &str = "thingd_broker_messages_refused_total";
const UNDELIVERED: &str = "thingd_broker_messages_undelivered_total";
const BYTES_IN: &str = "thingd_broker_bytes_in_total";
const BYTES_OUT: &str = "thingd_broker_bytes_out_total";

pub(crate) struct Metrics {
    /// Clients that are online.
    pub(crate) connections: Gauge,
    pub(crate) accepted: Counter,
    /// Connections that ended before they were online.
    pub(crate) refused: Counter,
    pub(crate) messages_in: Counter,
    pub(crate) messages_out: Counter,
    /// PUBLISHes with a verdict other than accepted.
    pub(crate) messages_refused: Counter,
    pub(crate) undelivered: Counter,
    pub(crate) bytes_in: Counter,
    pub(crate) bytes_out: Counter,
}

impl Metrics {
    pub(crate) fn resolve() -> Self {
        Self {
            connections: gauge!(CONNECTIONS),
            accepted: counter!(ACCEPTED),
            refused: counter!(REFUSED),
            messages_in: counter!(MESSAGES_IN),
            messages_out: counter!(MESSAGES_OUT),
            messages_refused: counter!(MESSAGES_REFUSED),
            undelivered: counter!(UNDELIVERED),
            bytes_in: counter!(BYTES_IN),
            bytes_out: counter!(BYTES_OUT),
        }
    }
}
