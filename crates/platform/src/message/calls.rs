//! The place where calls of actions wait for their reply. Keyed by device and client token, never
//! by the token alone (device-protocol.md 3.1); bounded, and forgotten after a while.

use std::collections::{HashMap, VecDeque};

use base::{DeviceNo, Millis};
use parking_lot::Mutex;
use store::Ticket;
use tokio::sync::oneshot;

/// What a device answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: i64,
    pub(crate) status: String,
    /// The `response` object as JSON text.
    pub(crate) response: String,
}

/// A call that was sent.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) input: String,
    pub(crate) waiter: Option<Waiter>,
}

/// Who waits for a reply gets it with the ticket of the commit that keeps it.
pub(crate) type Waiter = oneshot::Sender<(Reply, Ticket)>;

/// Replies of one burst on their way to waiting callers; as many at most as calls are in flight. Boxed,
/// since hardly a burst has one and each connection has a place for them.
#[derive(Debug, Default)]
pub(crate) struct Replies(Mutex<Option<Box<Waiting>>>);

type Waiting = Vec<(Waiter, Reply)>;

impl Replies {
    pub(super) fn put(&self, waiter: Waiter, reply: Reply) {
        self.0.lock().get_or_insert_default().push((waiter, reply));
    }

    /// Lets the callers go, to wait for the commit of the burst.
    pub(crate) fn release(&self, commit: &Ticket) {
        let replies = self.0.lock().take();
        for (waiter, reply) in replies.into_iter().flat_map(|replies| *replies) {
            // The caller may have given up in this very moment; the log has the reply.
            drop(waiter.send((reply, commit.another())));
        }
    }
}

/// Calls in flight on this node; the oldest are forgotten beyond this, or after [`KEEP`].
const CALLS: usize = 10_000;
const KEEP: Millis = 300_000;

/// All calls in flight.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Inside>);

type Key = (DeviceNo, Box<str>);

#[derive(Debug, Default)]
struct Inside {
    waiting: HashMap<Key, Call>,
    order: VecDeque<(Millis, Key)>,
}

impl Calls {
    /// Remembers a call before it is sent.
    pub(crate) fn put(&self, device: DeviceNo, token: &str, now: Millis, call: Call) {
        let mut inside = self.0.lock();
        while let Some((at, _)) = inside.order.front() {
            if *at + KEEP > now && inside.order.len() < CALLS {
                break;
            }
            if let Some((_, key)) = inside.order.pop_front() {
                inside.waiting.remove(&key);
            }
        }
        let key: Key = (device, token.into());
        inside.order.push_back((now, key.clone()));
        inside.waiting.insert(key, call);
    }

    /// Takes the call that a reply answers, or that is given up.
    pub(crate) fn take(&self, device: DeviceNo, token: &str) -> Option<Call> {
        self.0.lock().waiting.remove(&(device, token.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(action: &str) -> Call {
        Call { action: action.into(), input: String::new(), waiter: None }
    }

    #[test]
    fn a_call_belongs_to_its_device_and_is_taken_once() {
        let calls = Calls::default();
        calls.put(DeviceNo(1), "123", 0, call("a"));
        calls.put(DeviceNo(2), "123", 0, call("b"));
        assert_eq!(calls.take(DeviceNo(2), "123").unwrap().action, "b");
        assert!(calls.take(DeviceNo(2), "123").is_none());
        assert_eq!(calls.take(DeviceNo(1), "123").unwrap().action, "a");
    }

    #[test]
    fn old_and_surplus_calls_are_forgotten() {
        let calls = Calls::default();
        calls.put(DeviceNo(1), "old", 0, call("a"));
        calls.put(DeviceNo(1), "new", KEEP, call("a"));
        assert!(calls.take(DeviceNo(1), "old").is_none());
        for n in 0..=CALLS {
            calls.put(DeviceNo(2), &n.to_string(), KEEP, call("a"));
        }
        assert!(calls.take(DeviceNo(2), "0").is_none());
        assert!(calls.0.lock().order.len() <= CALLS);
    }
}
