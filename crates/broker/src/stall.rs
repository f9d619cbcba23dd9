//! The place where a slow disk does not make a connection look dead: the answers to pings may overtake
//! what waits for a commit.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Sleep, sleep};

/// How long the answer to a ping keeps its place behind bursts whose commit is not done.
const PATIENCE: Duration = Duration::from_secs(2);
const PINGREQ: [u8; 2] = [0xC0, 0];
/// Type of a PINGRESP.
const PINGRESP: u8 = 13;

/// Watches over pings that are not answered yet; no timer runs while no answer waits.
#[derive(Default)]
pub(crate) struct Patience {
    waits: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// An answer to a ping is among what waits for a commit.
    pub(crate) fn pinged(&mut self) {
        self.waits = true;
    }

    /// Nothing waits.
    pub(crate) fn rest(&mut self) {
        *self = Self::default();
    }

    /// Ready when the answers are to overtake.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.waits {
            return Poll::Pending;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        timer.as_mut().poll(cx).map(|()| self.rest())
    }
}

/// How many PINGREQs are at the head of a read.
pub(crate) fn pings(bytes: &[u8]) -> usize {
    bytes.chunks(PINGREQ.len()).take_while(|packet| **packet == PINGREQ).count()
}

/// Takes the PINGRESPs out of encoded answers, into `first`.
pub(crate) fn overtake(answers: &mut Vec<u8>, first: &mut Vec<u8>) {
    let (mut kept, mut at) = (Vec::with_capacity(answers.len()), 0);
    while let Ok(Some(frame)) = mqtt::frame(answers.get(at..).unwrap_or_default(), usize::MAX) {
        at += frame.bytes.len();
        let to = if frame.kind() == PINGRESP { &mut *first } else { &mut kept };
        to.extend_from_slice(frame.bytes);
    }
    *answers = kept;
}
