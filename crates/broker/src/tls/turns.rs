//! The place where the cost of handshakes is bounded: a flood of them must leave time for the clients
//! that are in.

use std::{future::poll_fn, pin::pin, task::Poll, thread::available_parallelism};

use tokio::sync::Semaphore;

/// A step of a handshake computes for a moment (key exchange, signatures) and then waits for the
/// peer. It computes only in its turn, and there are turns for half of the processors.
pub(super) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self(Semaphore::new((processors / 2).max(1)))
    }
}

impl Turns {
    /// Drives `handshake` to its end.
    pub(super) async fn take<F: Future>(&self, handshake: F) -> F::Output {
        let mut handshake = pin!(handshake);
        loop {
            let turn = self.0.acquire().await;
            let step = poll_fn(|cx| Poll::Ready(handshake.as_mut().poll(cx))).await;
            drop(turn);
            match step {
                Poll::Ready(done) => return done,
                Poll::Pending => woken().await,
            }
        }
    }
}

/// Waits until this task is woken: what was polled before has registered for that.
async fn woken() {
    let mut again = false;
    poll_fn(|_| if std::mem::replace(&mut again, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}
