//! The place where it is told from the head of a request how much of its body may be read: all of it
//! of those who are known, little of strangers.

use std::sync::Arc;

use cam::sign;
use hyper::{HeaderMap, http::request::Parts};
use platform::{Services, account};
use tokio::{
    sync::Semaphore,
    time::{Duration, Instant},
};

use crate::{cookie, language};

/// Who sends a body, as far as its head tells; nothing of it is proved yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    /// Has a session, or names a key that exists.
    Known,
    /// Names its key in the body: the older signatures.
    Form,
    /// Wants to log in, or has no business here.
    Stranger,
}

/// How long a body may take.
const TIME: Duration = Duration::from_secs(60);
/// Who is not known yet has to send so many bytes a second, after a while.
const PACE: u64 = 8 << 10;
const GRACE: Duration = Duration::from_secs(5);

impl Sender {
    pub(crate) fn of(services: &Services, head: &Parts) -> Self {
        let known = if is_page(head) {
            cookie::token(&head.headers).and_then(|token| account::peek(services, token)).is_some()
        } else {
            names_key(services, head)
        };
        match known {
            true => Self::Known,
            false if !is_page(head) && language::is_form(&head.headers) => Self::Form,
            false => Self::Stranger,
        }
    }

    /// Bytes of a body: what Tencent allows a POST of either kind of signature, and what a login has.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Known => 10 << 20,
            Self::Form => 1 << 20,
            Self::Stranger => 16 << 10,
        }
    }

    /// When the next bytes have to be there, of a body that was begun then and has so many.
    pub(crate) fn deadline(self, begun: Instant, read: usize) -> Instant {
        let paced = GRACE + Duration::from_secs(u64::try_from(read).unwrap_or(u64::MAX) / PACE);
        begun + if self == Self::Known { TIME } else { TIME.min(paced) }
    }
}

/// A call of the console.
fn is_page(head: &Parts) -> bool {
    head.uri.path() == "/api" && !head.headers.contains_key("authorization")
}

fn names_key(services: &Services, head: &Parts) -> bool {
    let headers = texts(&head.headers);
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let parts =
        sign::Parts { method: head.method.as_str(), path, query, headers: &headers, body: &[] };
    sign::parse(&parts).is_ok_and(|signed| account::key(services, signed.secret_id()).is_some())
}

/// The headers that are text; others are as good as none.
pub(crate) fn texts(headers: &HeaderMap) -> Vec<(&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}

/// What room is counted in.
pub(crate) const UNIT: usize = 1024;

/// Bytes of bodies that may be in memory, in [`UNIT`]s: each kind of sender has its own, so that
/// none waits for another.
#[derive(Debug)]
pub(crate) struct Rooms {
    known: Arc<Semaphore>,
    forms: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Default for Rooms {
    fn default() -> Self {
        let room = |mebibytes: usize| Arc::new(Semaphore::new((mebibytes << 20) / UNIT));
        Self { known: room(256), forms: room(32), strangers: room(16) }
    }
}

impl Rooms {
    pub(crate) fn of(&self, sender: Sender) -> &Arc<Semaphore> {
        match sender {
            Sender::Known => &self.known,
            Sender::Form => &self.forms,
            Sender::Stranger => &self.strangers,
        }
    }
}
