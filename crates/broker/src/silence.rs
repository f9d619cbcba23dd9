//! The place where clients are noticed that are silent for too long: one timer for all of them, since
//! most are silent most of the time, and a timer for each is memory.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::{MissedTickBehavior, interval};

use crate::{Shared, link::Link};

/// How exact it is.
const TICK: Duration = Duration::from_millis(250);
/// Ticks in a second.
const SECOND: u32 = 4;

/// The ticks since the start, and whom to wake at which one.
#[derive(Default)]
pub(crate) struct Watch {
    now: AtomicU32,
    numbers: AtomicU32,
    due: Mutex<BTreeMap<Place, Arc<Link>>>,
}

/// The tick at which a connection is looked at, and the connection's number.
type Place = (u32, u32);

/// What a connection knows of its client's silence, in ticks.
pub(crate) struct Silence {
    limit: u32,
    heard: u32,
    place: Place,
}

/// Counts until the server stops. Time in which the server did not run does not count: what clients
/// said meanwhile is not read yet.
pub(crate) async fn run(broker: Arc<Shared>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while broker.stop.run_until_cancelled(ticks.tick()).await.is_some() {
        broker.watch.tick().iter().for_each(|link| link.wake());
    }
}

impl Watch {
    /// Watches over a client; one without keepalive may be silent for ever.
    pub(crate) fn begin(&self, link: &Arc<Link>, keep_alive: u16) -> Option<Silence> {
        if keep_alive == 0 {
            return None;
        }
        // One and a half times as long; and the present tick has begun already.
        let limit = u32::from(keep_alive) * SECOND * 3 / 2 + 1;
        let (heard, number) = (self.now.load(Relaxed), self.numbers.fetch_add(1, Relaxed));
        let place = (heard.saturating_add(limit), number);
        self.due.lock().insert(place, link.clone());
        Some(Silence { limit, heard, place })
    }

    fn tick(&self) -> Vec<Arc<Link>> {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        let mut due = self.due.lock();
        let later = due.split_off(&(now + 1, 0));
        std::mem::replace(&mut *due, later).into_values().collect()
    }
}

impl Silence {
    pub(crate) fn hear(&mut self, watch: &Watch) {
        self.heard = watch.now.load(Relaxed);
    }

    /// Ready when the client was silent for too long. `excused`: it was not read, so its silence is
    /// ours.
    pub(crate) fn poll(&mut self, watch: &Watch, link: &Arc<Link>, excused: bool) -> Poll<()> {
        let now = watch.now.load(Relaxed);
        if excused {
            self.heard = now;
        }
        if now < self.place.0 {
            return Poll::Pending;
        }
        let due = self.heard.saturating_add(self.limit);
        if due <= now {
            return Poll::Ready(());
        }
        self.place.0 = due;
        watch.due.lock().insert(self.place, link.clone());
        Poll::Pending
    }

    /// The connection ends.
    pub(crate) fn end(&self, watch: &Watch) {
        watch.due.lock().remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::tests::{broker, link};

    /// Ticks until somebody is to be looked at; how many ticks that took.
    fn until_due(watch: &Watch) -> u32 {
        (1..).find(|_| !watch.tick().is_empty()).unwrap()
    }

    /// [MQTT-3.1.2-24]
    #[tokio::test]
    async fn a_client_is_silent_when_its_ticks_are_over_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path()).await;
        let (watch, link) = (Watch::default(), link(&broker.shared, "lamp"));
        let mut silence = watch.begin(&link, 1).unwrap();
        for _ in 0..6 {
            assert!(watch.tick().is_empty());
        }
        silence.hear(&watch);
        assert_eq!(until_due(&watch), 1, "it is looked at as if it had said nothing");
        assert!(silence.poll(&watch, &link, false).is_pending());
        assert_eq!(until_due(&watch), 6, "7 ticks after it was heard");
        assert!(silence.poll(&watch, &link, true).is_pending(), "it was not read");
        assert_eq!(until_due(&watch), 7);
        assert!(silence.poll(&watch, &link, false).is_ready());
    }

    #[tokio::test]
    async fn who_has_ended_or_may_be_silent_is_not_watched() {
        let folder = tempfile::tempdir().unwrap();
        let broker = broker(folder.path()).await;
        let (watch, link) = (Watch::default(), link(&broker.shared, "lamp"));
        assert!(watch.begin(&link, 0).is_none());
        let silence = watch.begin(&link, u16::MAX).unwrap();
        assert_eq!(watch.due.lock().len(), 1);
        silence.end(&watch);
        assert!(watch.due.lock().is_empty());
    }
}
