//! A row that a session left on the disk: of a session, of a queue, a will, a retained message. It
//! is written again as it was read, and little more memory is taken than it has bytes.

#![no_main]

use allocation_counter::measure;
use libfuzzer_sys::fuzz_target;

/// A subscription of ten bytes is a text, options and its place in a list, which grows by doubling;
/// and it is there as it was read, as a row, and as read again.
const FACTOR: usize = 32;
const FIXED: usize = 1024;

fuzz_target!(|bytes: &[u8]| {
    let taken = measure(|| {
        // Whether they are a row is told by what it asserts.
        let _ = broker::fuzzing::row(bytes);
    });
    let most = (FIXED + FACTOR * bytes.len()) as u64;
    assert!(taken.bytes_max <= most, "{} bytes for a row of {}", taken.bytes_max, bytes.len());
});
