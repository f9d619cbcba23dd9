//! The MQTT server: doors, connections, router. Knows no product and no thing model.
//!
//! A connection is one task. It reads a burst, gives it to the [`hub::Hub`] as a whole, commits
//! what must be kept, and acknowledges when that is durable.

mod connection;
mod doors;
mod gate;
mod greet;
pub mod hub;
mod link;
mod metrics;
mod options;
mod rate;
mod router;
mod scratch;
mod tls;
mod ws;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use base::{Clock, Millis, Result};
use mqtt::QoS;
use store::Store;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use options::{Addresses, Options, TlsDoor};

use crate::{
    greet::Origin,
    hub::{ClientKey, Delivery, Door, Hub, Offline},
    metrics::Metrics,
    router::Router,
    tls::Tls,
};

/// How long connections that missed the deadline of a shutdown have to notice it.
const LAST_CALL: Duration = Duration::from_secs(2);

/// What all connections share.
pub(crate) struct Shared {
    options: Options,
    store: Store,
    clock: Clock,
    hub: Arc<dyn Hub>,
    router: Router,
    metrics: Metrics,
    connections: Arc<Semaphore>,
    greetings: Arc<Semaphore>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// The running server.
pub struct Broker {
    shared: Arc<Shared>,
    addresses: Addresses,
    tls: Option<Arc<Tls>>,
}

impl Broker {
    /// Binds the doors and accepts.
    ///
    /// # Errors
    /// An address cannot be bound, or the TLS files are not usable.
    pub fn start(options: Options, store: Store, clock: Clock, hub: Arc<dyn Hub>) -> Result<Self> {
        let tcp = options.tcp.map(doors::listen).transpose()?;
        let tls = match &options.tls {
            Some(door) => Some((doors::listen(door.address)?, Arc::new(Tls::load(door)?))),
            None => None,
        };
        let address = |listener: &TcpListener| listener.local_addr().ok();
        let addresses = Addresses {
            tcp: tcp.as_ref().and_then(address),
            tls: tls.as_ref().and_then(|(listener, _)| address(listener)),
        };
        let permits = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let shared = Arc::new(Shared {
            connections: permits(options.connections),
            greetings: permits(options.greetings),
            options,
            store,
            clock,
            hub,
            router: Router::new(),
            metrics: Metrics::resolve(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        if let Some(listener) = tcp {
            shared.tasks.spawn(doors::accept(shared.clone(), listener, None));
        }
        let tls = tls.map(|(listener, tls)| {
            shared.tasks.spawn(doors::accept(shared.clone(), listener, Some(tls.clone())));
            tls
        });
        Ok(Self { shared, addresses, tls })
    }

    /// Where the doors are, with their real ports.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What the product talks to.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(self.shared.clone())
    }

    /// See [`Handle::accept_ws`].
    pub fn accept_ws<S>(&self, stream: S, peer: SocketAddr, door: Door)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.handle().accept_ws(stream, peer, door);
    }

    /// Reads the files of the TLS door again; on an error the former certificate stays.
    ///
    /// # Errors
    /// The files are not usable.
    pub fn reload_tls(&self) -> Result<()> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// Closes the doors, sends what is pending, ends all connections, and waits for them.
    pub async fn shutdown(&self, deadline: Duration) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.router.for_each(|link| link.close(Offline::Shutdown));
        if timeout(deadline, self.shared.tasks.wait()).await.is_ok() {
            return;
        }
        self.shared.router.for_each(link::Link::abandon);
        if timeout(LAST_CALL, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.shared.tasks.len(), "connections did not end in time");
        }
    }
}

/// What the product may do with clients; cheap to clone.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Sends a message to a client, at the lower of `qos` and what it subscribed with.
    pub fn publish(&self, client: &ClientKey, topic: &str, payload: &[u8], qos: QoS) -> Delivery {
        self.0.publish(client, topic, payload, qos, self.0.clock.now())
    }

    /// Ends a client's connection, if it has one.
    pub fn kick(&self, client: &ClientKey, why: Offline) {
        if let Some(link) = self.0.router.find(client) {
            link.close(why);
        }
    }

    #[must_use]
    pub fn is_online(&self, client: &ClientKey) -> bool {
        self.0.router.find(client).is_some_and(|link| link.closing().is_none())
    }

    /// How many clients are online.
    #[must_use]
    pub fn online(&self) -> usize {
        self.0.router.count()
    }

    /// Serves an upgraded WebSocket whose HTTP side agreed on the subprotocol `mqtt`.
    pub fn accept_ws<S>(&self, stream: S, peer: SocketAddr, door: Door)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        doors::accept_ws(&self.0, Box::new(stream), Origin { door, peer });
    }
}

impl Shared {
    fn publish(
        &self,
        client: &ClientKey,
        topic: &str,
        payload: &[u8],
        qos: QoS,
        now: Millis,
    ) -> Delivery {
        let Some(link) = self.router.find(client) else { return Delivery::Offline };
        let delivery = link.publish(topic, payload, qos, now);
        if delivery == Delivery::Sent {
            self.metrics.messages_out.increment(1);
        }
        delivery
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("online", &self.online()).finish_non_exhaustive()
    }
}
