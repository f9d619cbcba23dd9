//! The place where the rest of the server meets a connection: its outbox, its subscriptions and
//! the order to end.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use base::Millis;
use futures_util::task::AtomicWaker;
use mqtt::{Level, QoS, encode};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    hub::{Delivery, Grant, Offline},
    options::Options,
    rate::Rate,
};

/// One connection as others see it. Its task owns the socket; this is what they share.
pub(crate) struct Link {
    pub(crate) grant: Grant,
    pub(crate) level: Level,
    outbox_bytes: usize,
    in_flight: usize,
    out: Mutex<Out>,
    waker: AtomicWaker,
    /// 0, or 1 + the reason to end.
    closing: AtomicU8,
    /// The deadline of an orderly end is over.
    at_once: AtomicBool,
    ended: AtomicBool,
    end: Notify,
}

struct Out {
    /// Encoded packets that the task has not taken yet; freed when it takes them.
    bytes: Vec<u8>,
    subscriptions: Vec<Subscription>,
    /// QoS 1 messages without a PUBACK.
    in_flight: Vec<u16>,
    last_id: u16,
    rate: Rate,
}

struct Subscription {
    filter: Box<str>,
    granted: QoS,
}

const REASONS: [Offline; 6] = [
    Offline::Disconnect,
    Offline::KeepAlive,
    Offline::Takeover,
    Offline::Kicked,
    Offline::Protocol,
    Offline::Shutdown,
];

impl Link {
    pub(crate) fn new(grant: Grant, level: Level, options: &Options) -> Self {
        let out = Out {
            bytes: Vec::new(),
            subscriptions: Vec::new(),
            in_flight: Vec::new(),
            last_id: 0,
            rate: Rate::per_second(grant.limits.down_per_s),
        };
        Self {
            grant,
            level,
            outbox_bytes: options.outbox_bytes,
            // Packet ids are 1 to 65535, and one must be free.
            in_flight: options.in_flight.min(65_534),
            out: Mutex::new(out),
            waker: AtomicWaker::new(),
            closing: AtomicU8::new(0),
            at_once: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            end: Notify::new(),
        }
    }

    /// Puts a message into the outbox if a subscription covers its topic. At most `qos`, at most
    /// what was granted.
    pub(crate) fn publish(&self, topic: &str, payload: &[u8], qos: QoS, now: Millis) -> Delivery {
        if self.closing().is_some() {
            return Delivery::Offline;
        }
        let mut out = self.out.lock();
        let Some(granted) = out.granted(topic) else { return Delivery::NoSubscriber };
        if out.bytes.len() + size(topic, payload) > self.outbox_bytes || !out.rate.take(now) {
            return Delivery::Full;
        }
        let qos = qos.min(granted);
        let Some(id) = out.next_id(qos, self.in_flight) else { return Delivery::Full };
        encode_publish(&mut out.bytes, self.level, (topic, payload), qos, id);
        drop(out);
        self.waker.wake();
        Delivery::Sent
    }

    /// Appends a message of the connection's own task to the bytes that it is about to write.
    /// Its QoS has been granted already; false when too much waits.
    pub(crate) fn answer(
        &self,
        into: &mut Vec<u8>,
        (topic, payload): (&str, &[u8]),
        qos: QoS,
    ) -> bool {
        if into.len() + size(topic, payload) > self.outbox_bytes {
            return false;
        }
        let id = match qos {
            QoS::AtMostOnce => None,
            _ => match self.out.lock().next_id(qos, self.in_flight) {
                Some(id) => id,
                None => return false,
            },
        };
        encode_publish(into, self.level, (topic, payload), qos, id);
        true
    }

    /// Locks the subscriptions for a run of questions.
    pub(crate) fn grants<T>(&self, run: impl FnOnce(&dyn Fn(&str) -> Option<QoS>) -> T) -> T {
        let out = self.out.lock();
        run(&|topic| out.granted(topic))
    }

    /// Adds or replaces a subscription; false when the client has too many.
    pub(crate) fn subscribe(&self, filter: &str, granted: QoS) -> bool {
        let mut out = self.out.lock();
        let limit = usize::from(self.grant.limits.subscriptions);
        if let Some(known) = out.subscriptions.iter_mut().find(|s| &*s.filter == filter) {
            known.granted = granted;
        } else if limit != 0 && out.subscriptions.len() >= limit {
            return false;
        } else {
            out.subscriptions.push(Subscription { filter: filter.into(), granted });
        }
        true
    }

    /// Removes a subscription; false when there was none.
    pub(crate) fn unsubscribe(&self, filter: &str) -> bool {
        let subscriptions = &mut self.out.lock().subscriptions;
        let before = subscriptions.len();
        subscriptions.retain(|s| &*s.filter != filter);
        subscriptions.len() < before
    }

    /// The client has acknowledged a QoS 1 message.
    pub(crate) fn acknowledged(&self, id: u16) {
        let in_flight = &mut self.out.lock().in_flight;
        if let Some(place) = in_flight.iter().position(|known| *known == id) {
            in_flight.swap_remove(place);
        }
    }

    /// Takes what waits in the outbox; `None` when nothing does.
    pub(crate) fn take_outbox(&self) -> Option<Vec<u8>> {
        let bytes = &mut self.out.lock().bytes;
        (!bytes.is_empty()).then(|| std::mem::take(bytes))
    }

    /// Orders the connection to end; the first reason stays.
    pub(crate) fn close(&self, why: Offline) {
        let code = REASONS.iter().position(|known| *known == why).unwrap_or_default() + 1;
        let code = u8::try_from(code).unwrap_or(u8::MAX);
        // Who is second has nothing to add.
        let first = self.closing.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
        if first.is_ok() {
            self.waker.wake();
        }
    }

    /// Ends an orderly end.
    pub(crate) fn abandon(&self) {
        self.at_once.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    pub(crate) fn abandoned(&self) -> bool {
        self.at_once.load(Ordering::SeqCst)
    }

    pub(crate) fn closing(&self) -> Option<Offline> {
        let code = usize::from(self.closing.load(Ordering::SeqCst));
        REASONS.get(code.wrapping_sub(1)).copied()
    }

    /// The task to wake for the outbox and the order to end.
    pub(crate) fn listen(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    /// Nothing of this connection will be heard any more.
    pub(crate) fn set_ended(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.end.notify_waiters();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    pub(crate) async fn ended(&self) {
        // Created before the look at the flag, so that no notice is missed between the two.
        let notice = self.end.notified();
        if !self.has_ended() {
            notice.await;
        }
    }
}

impl Out {
    /// The QoS at which a topic is subscribed to: the highest of the filters that cover it.
    fn granted(&self, topic: &str) -> Option<QoS> {
        let covers =
            |s: &&Subscription| *s.filter == *topic || mqtt::topic::matches(&s.filter, topic);
        self.subscriptions.iter().filter(covers).map(|s| s.granted).max()
    }

    /// A free packet id for QoS 1 (`Some(None)` for QoS 0); `None` when too many are in flight.
    #[expect(clippy::option_option, reason = "no id needed, and no id left, are two things")]
    fn next_id(&mut self, qos: QoS, most: usize) -> Option<Option<u16>> {
        if qos == QoS::AtMostOnce {
            return Some(None);
        }
        if self.in_flight.len() >= most {
            return None;
        }
        loop {
            self.last_id = self.last_id.wrapping_add(1).max(1);
            if !self.in_flight.contains(&self.last_id) {
                break;
            }
        }
        self.in_flight.push(self.last_id);
        Some(Some(self.last_id))
    }
}

/// Bytes of a PUBLISH, fixed header and packet id included.
fn size(topic: &str, payload: &[u8]) -> usize {
    topic.len() + payload.len() + 10
}

fn encode_publish(
    out: &mut Vec<u8>,
    level: Level,
    (topic, payload): (&str, &[u8]),
    qos: QoS,
    id: Option<u16>,
) {
    let publish = mqtt::Publish {
        dup: false,
        qos,
        retain: false,
        topic,
        id,
        properties: mqtt::Properties::default(),
        payload,
    };
    encode::publish(out, level, &publish);
}
