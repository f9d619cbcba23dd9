//! The place where somebody waits for a batch to be durable: one shared state per group of commits.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

use base::{Code, Error, Result};
use parking_lot::Mutex;

/// Resolves when the batch is durable (an empty batch: at once).
#[derive(Debug)]
pub struct Ticket(State);

#[derive(Debug)]
enum State {
    Durable,
    Refused(Failure),
    Waiting { done: Arc<Done>, seat: Option<usize> },
}

/// Why a commit did not happen; many tickets may carry the same.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<Failure> for Error {
    #[track_caller]
    fn from(failure: Failure) -> Self {
        Error::new(failure.code, failure.message)
    }
}

/// What became of a group of commits, and who waits for it.
#[derive(Default)]
pub(crate) struct Done {
    outcome: OnceLock<Result<(), Failure>>,
    waiting: Mutex<Vec<Waker>>,
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Done({:?})", self.outcome.get())
    }
}

impl Done {
    /// Tells everybody who waits; only the first outcome counts.
    pub(crate) fn resolve(&self, outcome: Result<(), Failure>) {
        if self.outcome.set(outcome).is_err() {
            return;
        }
        let waiting = std::mem::take(&mut *self.waiting.lock());
        waiting.into_iter().for_each(Waker::wake);
    }

    fn poll(&self, seat: &mut Option<usize>, cx: &Context<'_>) -> Poll<Result<()>> {
        if self.outcome.get().is_none() {
            let mut waiting = self.waiting.lock();
            // Looked at again under the lock, since `resolve` takes the wakers under it.
            if self.outcome.get().is_none() {
                match seat.and_then(|seat| waiting.get_mut(seat)) {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => {
                        *seat = Some(waiting.len());
                        waiting.push(cx.waker().clone());
                    }
                }
                return Poll::Pending;
            }
        }
        match self.outcome.get() {
            Some(Err(failure)) => Poll::Ready(Err(failure.clone().into())),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl Ticket {
    /// Of nothing: it resolves at once.
    #[must_use]
    pub fn durable() -> Self {
        Self(State::Durable)
    }

    pub(crate) fn refused(failure: Failure) -> Self {
        Self(State::Refused(failure))
    }

    pub(crate) fn waiting(done: Arc<Done>) -> Self {
        Self(State::Waiting { done, seat: None })
    }

    /// Another ticket of the same batch, for somebody else who waits.
    #[must_use]
    pub fn another(&self) -> Self {
        match &self.0 {
            State::Durable => Self::durable(),
            State::Refused(failure) => Self::refused(failure.clone()),
            State::Waiting { done, .. } => Self::waiting(done.clone()),
        }
    }

    /// Whether there was nothing to write.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        matches!(self.0, State::Durable)
    }

    /// Whether waiting would end at once.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match &self.0 {
            State::Durable | State::Refused(_) => true,
            State::Waiting { done, .. } => done.outcome.get().is_some(),
        }
    }
}

impl Future for Ticket {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut self.0 {
            State::Durable => Poll::Ready(Ok(())),
            State::Refused(failure) => Poll::Ready(Err(failure.clone().into())),
            State::Waiting { done, seat } => done.poll(seat, cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_ticket_of_a_group_hears_the_first_outcome() {
        let done = Arc::new(Done::default());
        let mut first = Ticket::waiting(done.clone());
        assert!(!first.is_done());
        for _ in 0..2 {
            let mut cx = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut first).poll(&mut cx).is_pending());
        }
        assert_eq!(done.waiting.lock().len(), 1);
        let second = tokio::spawn(first.another());
        done.resolve(Err(Failure::new(Code::InternalError, "no")));
        done.resolve(Ok(()));
        assert_eq!(first.await.unwrap_err().message(), "no");
        assert_eq!(second.await.unwrap().unwrap_err().message(), "no");
    }
}
