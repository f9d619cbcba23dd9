//! The place where the queue of a client leaves for its connection, as fast as its window, its rate
//! and its pace allow.

use std::{future::Future as _, task::Context, time::Duration};

use store::{Batch, Space};
use tokio::time::sleep;

use super::Connection;
use crate::{
    hub::{Offline, Undelivered},
    kept,
    message::Message,
    session::{Due, Tried},
};

/// How long the queue rests when it is over the client's rate.
const RATE_PAUSE: Duration = Duration::from_millis(20);

impl<S> Connection<S> {
    /// Sends from the queue what the client's window has room for; false when that is nothing.
    pub(super) fn pump(&mut self, cx: &mut Context<'_>, due: Due) -> bool {
        if let Some(pace) = &mut self.pace {
            if pace.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.pace = None;
        }
        let (tried, sent) = match due {
            Due::Nothing => return false,
            Due::Held => self.pump_held(),
            Due::Stored(first) => match self.pump_stored(first) {
                Ok(done) => done,
                Err(error) => {
                    tracing::error!(?error, client = %self.link.grant.client.0, "queue is unreadable");
                    self.link.close(Offline::Shutdown);
                    return false;
                }
            },
        };
        let pause = match (tried, due) {
            (Tried::Rate, _) => RATE_PAUSE,
            (_, Due::Stored(_)) => Duration::from_millis(self.link.grant.limits.replay_ms.into()),
            _ => Duration::ZERO,
        };
        if !pause.is_zero() {
            let mut pace = Box::pin(sleep(pause));
            // Asked at once, so that it wakes us.
            self.pace = pace.as_mut().poll(cx).is_pending().then_some(pace);
        }
        sent
    }

    fn pump_held(&self) -> (Tried, bool) {
        let (now, mut sent) = (self.broker.clock.now(), false);
        for _ in 0..kept::PAGE {
            let tried = self.link.session.lock().send_held(now);
            match tried {
                Tried::Sent | Tried::Gone | Tried::TooLarge => sent = true,
                other => return (other, sent),
            }
            if !matches!(self.link.session.lock().due(false), Due::Held) {
                break;
            }
        }
        (Tried::Sent, sent)
    }

    fn pump_stored(&self, first: u64) -> base::Result<(Tried, bool)> {
        let (client, now) = (&self.link.session.client, self.broker.clock.now());
        // What waits now is in the store; what comes while we read may not be in what we read.
        let waiting = self.link.session.lock().waiting(first);
        let page = kept::page(&self.broker.store, client, first)?;
        let last = match page.last() {
            Some((key, _)) if page.len() >= kept::PAGE => kept::seq(key).unwrap_or(u64::MAX),
            _ => u64::MAX,
        };
        let mut rows = page.iter().filter_map(|(key, value)| Some((kept::seq(key)?, value)));
        let mut row = rows.next();
        let (mut batch, mut tried, mut sent) = (Batch::default(), Tried::Sent, false);
        for seq in waiting.into_iter().take_while(|seq| *seq <= last) {
            while row.is_some_and(|(at, _)| at < seq) {
                row = rows.next();
            }
            let value = row.filter(|(at, _)| *at == seq).map(|(_, value)| &value[..]);
            tried = self.link.session.lock().send_stored(seq, value, now);
            match tried {
                Tried::Sent => sent = true,
                Tried::Gone | Tried::TooLarge => {
                    sent = true;
                    batch.delete(Space::Queue, &kept::queued(client, seq));
                    if let Some(stored) = value.and_then(Message::parse)
                        && tried == Tried::TooLarge
                    {
                        let why = Undelivered::TooLarge;
                        self.broker.lost(client, (&stored.message, why), (now, &mut batch));
                    }
                }
                Tried::Window | Tried::Rate => break,
            }
            if self.link.grant.limits.replay_ms > 0 {
                break;
            }
        }
        if !batch.is_empty() {
            drop(self.broker.store.commit(batch));
        }
        Ok((tried, sent))
    }
}
