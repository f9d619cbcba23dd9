//! The place where this crate's metrics are named.

use std::time::Duration;

const COMMITS: &str = "thingd_store_commits_total";
const COMMITS_FAILED: &str = "thingd_store_commits_failed_total";
const COMMIT_ROWS: &str = "thingd_store_commit_rows";
const COMMIT_SECONDS: &str = "thingd_store_commit_seconds";
const COMMIT_WAIT: &str = "thingd_store_commit_wait_seconds";
const QUEUE_BYTES: &str = "thingd_store_queue_bytes";
const LEFT_OUT: &str = "thingd_store_records_left_out_total";
const JOURNALS: &str = "thingd_store_journals_count";
const JOURNAL_BYTES: &str = "thingd_store_journal_bytes";

/// A group of `rows` was made durable: how long its first commit waited, the writing included, and
/// how long the writing took.
pub(crate) fn committed(rows: usize, (waited, took): (Duration, Duration), queued: usize) {
    metrics::counter!(COMMITS).increment(1);
    metrics::histogram!(COMMIT_ROWS).record(float(rows));
    metrics::histogram!(COMMIT_SECONDS).record(took.as_secs_f64());
    metrics::histogram!(COMMIT_WAIT).record(waited.as_secs_f64());
    metrics::gauge!(QUEUE_BYTES).set(float(queued));
}

/// A group was refused or the engine failed.
pub(crate) fn failed() {
    metrics::counter!(COMMITS_FAILED).increment(1);
}

/// A record was too old or too far ahead.
pub(crate) fn left_out() {
    metrics::counter!(LEFT_OUT).increment(1);
}

/// What the engine still has to write into tables.
pub(crate) fn journals(count: usize, bytes: u64) {
    metrics::gauge!(JOURNALS).set(float(count));
    metrics::gauge!(JOURNAL_BYTES).set(float(usize::try_from(bytes).unwrap_or(usize::MAX)));
}

/// Gauges are floats; beyond 2^32 steps of a metric nobody looks at the last digits.
fn float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}
