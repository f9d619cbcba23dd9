//! The seam between the broker and the product: what the broker asks, and in which words.
//! Hot calls are sync; a future only where waiting is unavoidable.

use std::{any::Any, fmt, future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use base::{Millis, Secret};
/// The packets' words that the product speaks, too.
pub use mqtt::{Level, QoS};
use store::{Batch, Store, Ticket};

/// A future that the broker awaits in the connection's task.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the broker asks of the product. One real implementation: `platform/src/hub.rs`.
pub trait Hub: Send + Sync + 'static {
    /// The pre-shared key of a TLS-PSK identity (`{pid}{dn}`); sync, as OpenSSL's callback is.
    fn secret(&self, identity: &[u8]) -> Option<Secret>;
    /// Decides on a CONNECT.
    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>>;
    /// Whether a client may use a topic (publish) or filter (subscribe). Memory only.
    fn may(&self, who: &Grant, access: Access, topic: &str) -> bool;
    /// The platform's part of one burst. `None`: done already.
    fn up<'a, 'b: 'a>(&'a self, who: &'a Grant, burst: &'a mut Burst<'b>)
    -> Option<Answer<'a, ()>>;
    /// Something happened to a client; what must be kept goes into `into`.
    fn event(&self, who: &Grant, what: Event<'_>, into: &mut Batch);
    /// Gives a burst's batch its place in the line of commits. The product may add rows that must
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
    pub limits: Limits,
    pub allows: Switches,
    /// The product's own view of the client (its device session).
    pub data: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("client", &self.client).field("epoch", &self.epoch).finish()
    }
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
        }
    }
}

/// What an instance allows beyond Tencent's limits. Asked for by nobody yet: wills and QoS 2 are
/// refused, the retain flag is dropped, and several filters are accepted, for every client.
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Publish,
    Subscribe,
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
    /// A message to this client that it did not get.
    NotDelivered {
        at: Millis,
        topic: &'a str,
        qos: QoS,
        why: Undelivered,
    },
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    NoSubscriber,
    QueueFull,
    TooLarge,
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
    /// ACL and limits have spoken before the product sees it. The product logs refused ones too.
    pub verdict: Verdict,
    /// Set by the product when it dealt with the message: the router does not forward it.
    pub taken: bool,
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
    /// Online, but no subscription covers the topic.
    NoSubscriber,
    Offline,
    /// The client's outbox is over its cap or its downlink rate.
    Full,
}
