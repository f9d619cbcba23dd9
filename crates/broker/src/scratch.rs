//! The place where read and write buffers come from, so that an idle connection holds none.

use std::cell::RefCell;

/// Bytes of a buffer: one read takes at most so much.
pub(crate) const SIZE: usize = 64 * 1024;
/// Buffers that a thread keeps; more than a burst or two are never in use at the same time.
const KEPT: usize = 8;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer of [`SIZE`] bytes.
pub(crate) fn take() -> Vec<u8> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(SIZE))
}

/// Takes a buffer back; one that grew or is small is freed.
pub(crate) fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() == SIZE {
        buffer.clear();
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < KEPT {
                spare.push(buffer);
            }
        });
    }
}
