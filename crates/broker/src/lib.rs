//! The MQTT server: doors, connections, router. Knows no product and no thing model.
//!
//! A connection is one task. It reads a burst, gives it to the [`hub::Hub`] as a whole, commits
//! what must be kept, and acknowledges when that is durable.

mod connection;
mod doors;
mod enter;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod greet;
mod handle;
pub mod hub;
mod kept;
mod link;
mod message;
mod metrics;
mod options;
mod post;
mod rate;
mod reason;
mod retained;
mod router;
mod scratch;
mod session;
mod silence;
mod stall;
mod strangers;
mod subscribe;
mod tls;
mod tree;
mod upkeep;
mod will;
mod ws;

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use base::{Clock, Result};
use parking_lot::Mutex;
use store::Store;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    runtime,
    sync::Semaphore,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use handle::Handle;
pub use options::{Addresses, Options, TlsDoor};

use crate::{
    hub::{Door, Hub, Offline},
    metrics::Metrics,
    router::Router,
    silence::Watch,
    strangers::Strangers,
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
    /// Client ids that were made up.
    names: AtomicU64,
    /// How far the kept sessions were looked through for those that are over.
    swept: Mutex<Vec<u8>>,
    connections: Arc<Semaphore>,
    greetings: Arc<Semaphore>,
    strangers: Strangers,
    watch: Watch,
    tls: Option<Arc<Tls>>,
    /// The caller's threads, for what would keep messages waiting: handshakes, upkeep.
    aside: runtime::Handle,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// The running server.
pub struct Broker {
    shared: Arc<Shared>,
    addresses: Addresses,
}

impl Broker {
    /// Binds the doors and accepts.
    ///
    /// # Errors
    /// An address cannot be bound, the TLS files are not usable, or the store is not readable.
    pub fn start(options: Options, store: Store, clock: Clock, hub: Arc<dyn Hub>) -> Result<Self> {
        let aside = runtime::Handle::current();
        let threads = options.threads.clone().unwrap_or_else(|| aside.clone());
        // What is spawned from here on, and by what is spawned, is served by these threads.
        let _inside = threads.enter();
        let tcp = options.tcp.map(doors::listen).transpose()?;
        let tls = match &options.tls {
            Some(door) => {
                let tls = Tls::load(door, hub.clone(), clock.clone())?;
                Some((doors::listen(door.address)?, Arc::new(tls)))
            }
            None => None,
        };
        let address = |listener: &TcpListener| listener.local_addr().ok();
        let addresses = Addresses {
            tcp: tcp.as_ref().and_then(address),
            tls: tls.as_ref().and_then(|(listener, _)| address(listener)),
        };
        let permits = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        let (messages, bytes) = (options.retained_messages, options.retained_bytes);
        let quota = retained::Quota { messages, bytes };
        let kept = retained::load(&store, quota)?;
        let shared = Arc::new(Shared {
            connections: permits(options.connections),
            greetings: permits(options.greetings),
            strangers: Strangers::new(options.greetings_per_address),
            watch: Watch::default(),
            tls: tls.as_ref().map(|(_, tls)| tls.clone()),
            aside,
            options,
            store,
            clock,
            hub,
            router: Router::new(kept, quota),
            names: AtomicU64::new(0),
            swept: Mutex::new(vec![kept::SESSIONS]),
            metrics: Metrics::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        upkeep::recover(&shared)?;
        shared.tasks.spawn_on(upkeep::run(shared.clone()), &shared.aside);
        shared.tasks.spawn(silence::run(shared.clone()));
        if let Some(listener) = tcp {
            shared.tasks.spawn(doors::accept(shared.clone(), listener, None));
        }
        if let Some((listener, tls)) = tls {
            shared.tasks.spawn(doors::accept(shared.clone(), listener, Some(tls)));
        }
        Ok(Self { shared, addresses })
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
        self.shared.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// Ends sessions and messages whose time is over, some at a time; called now and then.
    pub fn sweep(&self) {
        upkeep::sweep(&self.shared);
    }

    /// Closes the doors, sends what is pending, ends all connections, and waits for them.
    pub async fn shutdown(&self, deadline: Duration) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.each_link(|link| link.close(Offline::Shutdown));
        if timeout(deadline, self.shared.tasks.wait()).await.is_ok() {
            return;
        }
        self.shared.each_link(link::Link::abandon);
        if timeout(LAST_CALL, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.shared.tasks.len(), "connections did not end in time");
        }
    }
}

impl Shared {
    fn each_link(&self, mut each: impl FnMut(&link::Link)) {
        for sessions in self.router.sessions() {
            sessions.iter().filter_map(|session| session.link()).for_each(|link| each(&link));
        }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
