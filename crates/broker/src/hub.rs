//! The seam between the broker and the product: what the broker asks, and in which words.
//! Hot calls are sync; a future only where waiting is unavoidable.

use std::{
    any::Any,
    fmt,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use base::{Millis, Secret};
/// The packets' words that the product speaks, too.
pub use mqtt::{Level, QoS, topic::first as first_level};
use parking_lot::Mutex;
use store::{Batch, Store, Ticket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::rate::Rate;

/// A future that the broker awaits in the connection's task.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the broker asks of the product. One real implementation: `platform/src/hub.rs`.
pub trait Hub: Send + Sync + 'static {
    /// The pre-shared key of a TLS-PSK identity (`{pid}{dn}`); sync, as OpenSSL's callback is.
    fn secret(&self, identity: &[u8]) -> Option<Secret>;
    /// Decides on a CONNECT.
    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>>;
    /// Whether a client may use a topic (publish, receive) or filter (subscribe). Memory only.
    fn may(&self, who: &Grant, access: Access, topic: &str) -> bool;
    /// The client whose own topic this is: where a message on it goes. Memory only.
    fn owner(&self, _topic: &str) -> Option<ClientKey> {
        None
    }
    /// The standing of a client with [`Reach::Free`] whose session was found at start. `None`: it
    /// may not come back, and the session is deleted.
    fn restore(&self, _client: &ClientKey) -> Option<Grant> {
        None
    }
    /// DER of the certificate authorities whose chains a client may show besides a certificate of
    /// its own; asked at start and at each reload.
    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
    /// The platform's part of one burst. What it gives back must be done before the burst is
    /// acknowledged; nothing more is read meanwhile.
    fn up(&self, who: &Grant, burst: &mut Burst<'_>) -> Option<Answer<'static, ()>>;
    /// Something happened to a client; what must be kept goes into `into`.
    fn event(&self, who: &Grant, what: Event<'_>, into: &mut Batch);
    /// A client, there or not, did not get a message.
    fn lost(&self, _to: &ClientKey, _what: Lost<'_>, _into: &mut Batch) {}
    /// Gives the batch of a burst, of a coming or of a going its place in the line of commits. The product may add rows that must
    /// be as new as that place, and hold its own locks meanwhile: a place is given at once.
    fn commit(&self, _: &Grant, batch: Batch, store: &Store) -> Ticket {
        store.commit(batch)
    }
}

/// Which door a client came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Tcp,
    Tls,
    Ws,
    Wss,
}

/// A CONNECT as the product sees it.
#[derive(Debug, Clone, Copy)]
pub struct Connect<'a> {
    pub door: Door,
    pub peer: SocketAddr,
    /// The instant of arrival.
    pub now: Millis,
    pub level: Level,
    pub client_id: &'a str,
    pub user_name: Option<&'a str>,
    pub password: Option<&'a [u8]>,
    pub keep_alive: u16,
    pub clean: bool,
    pub will: bool,
    /// The PSK identity that the TLS handshake proved, if any.
    pub psk: Option<&'a [u8]>,
    /// The certificate that the TLS handshake proved, if any.
    pub certificate: Option<&'a Certificate>,
}

/// A client certificate whose key the TLS handshake proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of its DER.
    pub fingerprint: [u8; 32],
    pub common_name: Option<String>,
    /// SHA-256 of the DER of the authority (of [`Hub::authorities`]) that its chain leads to.
    pub authority: Option<[u8; 32]>,
    /// When it ends to be valid.
    pub not_after: Millis,
}

/// The name under which one session lives: for devices the client id `{pid}{dn}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientKey(pub Arc<str>);

/// What an accepted client got.
#[derive(Clone)]
pub struct Grant {
    pub client: ClientKey,
    /// Grows with each connection of this client; later events of an older epoch are ignored.
    pub epoch: u64,
    pub limits: Arc<Limits>,
    pub allows: Switches,
    /// Within which it publishes and subscribes.
    pub tenant: Arc<Tenant>,
    pub reach: Reach,
    /// What bounds the sessions of its user; `None`: nothing does.
    pub sessions: Option<Sessions>,
    /// The product's own view of the client (its device session).
    pub data: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("client", &self.client).field("epoch", &self.epoch).finish()
    }
}

/// Clients that may see each other's messages: an instance. Nothing crosses its border.
#[derive(Debug)]
pub struct Tenant {
    pub id: Box<str>,
    /// Whether there is a bound: most tenants have none, and none waits for another's message then.
    bounded: AtomicBool,
    rate: Mutex<Rate>,
}

impl Tenant {
    /// `up_per_s` bounds what all its devices together may publish; 0 = no limit.
    #[must_use]
    pub fn new(id: &str, up_per_s: u32) -> Arc<Self> {
        let (bounded, rate) = (AtomicBool::new(up_per_s > 0), Rate::per_second(up_per_s));
        Arc::new(Self { id: id.into(), bounded, rate: Mutex::new(rate) })
    }

    /// Changes the bound.
    pub fn limit(&self, up_per_s: u32) {
        let mut rate = self.rate.lock();
        if rate.messages() != up_per_s {
            *rate = Rate::per_second(up_per_s);
            self.bounded.store(up_per_s > 0, Ordering::Relaxed);
        }
    }

    /// Takes one message; the bound if there are too many.
    pub(crate) fn take(&self, now: Millis) -> Result<(), u32> {
        if !self.bounded.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut rate = self.rate.lock();
        if rate.take(now) { Ok(()) } else { Err(rate.messages()) }
    }
}

/// The sessions of one user that outlive their connections, within a bound.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<Semaphore>);

impl Sessions {
    #[must_use]
    pub fn at_most(most: u32) -> Self {
        Self(Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(usize::MAX))))
    }

    /// The right to be one of them, as long as it is held.
    pub(crate) fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_owned().ok()
    }
}

/// Which topics a client's subscriptions can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Those that [`Hub::owner`] says are its own: a device.
    #[default]
    Own,
    /// All of the tenant that [`Hub::may`] lets it receive: a service client.
    Free,
}

/// Per-client limits (device-protocol.md 1.6). Rates are messages per second; 0 = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub up_qos0_per_s: u32,
    pub up_qos1_per_s: u32,
    pub down_per_s: u32,
    pub payload_bytes: u32,
    pub topic_bytes: u16,
    pub topic_levels: u8,
    pub subscriptions: u16,
    pub keep_alive_s: u16,
    /// QoS 1 and 2 messages that wait for the client's acknowledgement.
    pub in_flight: u16,
    /// Seconds that a session outlives its connection at most.
    pub session_s: u32,
    /// QoS 1 and 2 messages kept for a session whose client is not there; 0: none.
    pub queue_messages: u32,
    /// Seconds that such a message is kept.
    pub queue_s: u32,
    /// When the queue is full the oldest message goes; else the new one is refused.
    pub queue_drop_oldest: bool,
    /// Milliseconds between two messages of the queue when the client is back.
    pub replay_ms: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            up_qos0_per_s: 30,
            up_qos1_per_s: 10,
            down_per_s: 50,
            payload_bytes: 65_536,
            topic_bytes: 255,
            topic_levels: 10,
            subscriptions: 100,
            keep_alive_s: 900,
            in_flight: 256,
            session_s: 7 * 86_400,
            queue_messages: 150,
            queue_s: 86_400,
            queue_drop_oldest: false,
            replay_ms: 0,
        }
    }
}

/// What an instance allows beyond Tencent's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    pub retained: bool,
    pub will: bool,
    pub qos2: bool,
    pub many_filters: bool,
}

/// Why a CONNECT was refused; the broker picks the code of the client's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    BadIdentifier,
    BadCredentials,
    NotAuthorized,
    Unavailable,
    Busy,
    /// The client connects too often.
    TooOften,
    /// Its user has as many sessions as it may.
    TooMany,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Publish,
    Subscribe,
    /// A message on its way to a subscription with wildcards.
    Receive,
}

/// What happened to a client.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    Online {
        at: Millis,
        peer: SocketAddr,
    },
    Offline {
        at: Millis,
        why: Offline,
    },
    Subscribed {
        at: Millis,
        filter: &'a str,
    },
    Unsubscribed {
        at: Millis,
        filter: &'a str,
    },
    /// A SUBSCRIBE that `may` refused.
    SubscribeRefused {
        at: Millis,
        filter: &'a str,
    },
}

/// A message that a client did not get.
#[derive(Debug, Clone, Copy)]
pub struct Lost<'a> {
    pub at: Millis,
    pub topic: &'a str,
    pub qos: QoS,
    pub why: Undelivered,
}

/// Why a client is gone. The manual's two reasons, and who pulled the plug otherwise (L1210).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offline {
    /// DISCONNECT or a closed socket.
    Disconnect,
    KeepAlive,
    Takeover,
    /// Disabled, deleted or kicked by an operation.
    Kicked,
    Protocol,
    Shutdown,
}

impl Offline {
    /// By their numbers, which the logs on disk have: a new one comes last.
    pub const ALL: [Self; 6] = [
        Self::Disconnect,
        Self::KeepAlive,
        Self::Takeover,
        Self::Kicked,
        Self::Protocol,
        Self::Shutdown,
    ];

    #[must_use]
    pub fn number(self) -> u8 {
        let place = Self::ALL.iter().position(|known| *known == self);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
    }

    #[must_use]
    pub fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    NoSubscriber,
    /// Its queue has all the messages that it may have.
    QueueFull,
    /// More bytes than the client said it takes (5.0).
    TooLarge,
    /// Over its downlink rate, or too much waits for a slow reader.
    TooFast,
}

/// One read's worth of messages: decided on, stored and acknowledged together.
#[derive(Debug)]
pub struct Burst<'b> {
    pub now: Millis,
    pub up: Vec<Up<'b>>,
    pub batch: Batch,
    pub down: Vec<Down>,
}

/// One PUBLISH of a client.
#[derive(Debug)]
pub struct Up<'b> {
    pub topic: &'b str,
    pub payload: &'b [u8],
    pub qos: QoS,
    /// What 5.0 passes on with the message: property bytes without alias and expiry.
    pub properties: &'b [u8],
    /// Seconds after which nobody is to get it any more (5.0).
    pub expiry_s: Option<u32>,
    pub retain: bool,
    /// ACL and limits have spoken before the product sees it. The product logs refused ones too.
    pub verdict: Verdict,
    /// Set by the product when it dealt with the message: it does not go to the owner of its topic.
    pub taken: bool,
}

impl<'b> Up<'b> {
    /// A message without what only 5.0 knows, accepted.
    #[must_use]
    pub fn new(topic: &'b str, payload: &'b [u8], qos: QoS) -> Self {
        Self {
            topic,
            payload,
            qos,
            properties: &[],
            expiry_s: None,
            retain: false,
            verdict: Verdict::Accepted,
            taken: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Unauthorized,
    TooFast { per_s: u32 },
    TooLong { bytes: usize, limit: usize },
}

/// A message that goes down as an effect of a burst: it leaves after the burst's commit.
#[derive(Debug)]
pub struct Down {
    pub to: ClientKey,
    pub topic: Arc<str>,
    pub payload: Vec<u8>,
    pub qos: QoS,
}

/// What became of a message given to [`crate::Handle::publish`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the outbox of an online client that subscribed to the topic.
    Sent,
    /// Kept, durably, until the client can take it.
    Queued,
    /// No subscription of its session covers the topic.
    NoSubscriber,
    /// Not there, and no session waits for it.
    Offline,
    /// The client's outbox is over its cap or its downlink rate.
    Full,
    /// Its queue has all the messages that it may have.
    QueueFull,
    /// More bytes than the client said it takes (5.0).
    TooLarge,
}
