//! Every HTTP door: Cloud API, console operations and files, live values, MQTT over WebSocket,
//! health and metrics. Knows HTTP and no business.

mod body;
mod cloud;
mod console;
mod cookie;
mod doors;
mod envelope;
mod front;
mod health;
mod language;
mod live;
mod metrics;
mod proxy;
mod sender;
mod session;
mod tls;
mod upgrade;

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use base::{Error, Result};
use platform::Services;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use proxy::{Network, NoNetwork};

use front::Front;
use tls::Tls;

/// Where to listen and what to allow. Port 0 takes a free port.
#[derive(Debug, Clone)]
pub struct Options {
    pub http: Option<SocketAddr>,
    pub https: Option<TlsDoor>,
    /// Callers that are not on this machine may read `/metrics`.
    pub metrics_open: bool,
    /// Connections at the same time; further ones are closed at once.
    pub connections: usize,
    /// Reverse proxies that are believed when they say for whom they call.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            http: None,
            https: None,
            metrics_open: false,
            connections: 20_000,
            trusted_proxies: Vec::new(),
        }
    }
}

/// The HTTPS door: where, and the PEM files of its certificate chain and key.
#[derive(Debug, Clone)]
pub struct TlsDoor {
    pub address: SocketAddr,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Where the doors are, with their real ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Addresses {
    pub http: Option<SocketAddr>,
    pub https: Option<SocketAddr>,
}

/// Doors that are bound but do not answer yet.
pub struct Bound {
    http: Option<TcpListener>,
    https: Option<(TcpListener, Arc<Tls>)>,
    addresses: Addresses,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Bound {
    /// Where the doors are, with their real ports.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }
}

/// The running doors.
pub struct Web {
    stop: CancellationToken,
    tasks: TaskTracker,
    tls: Option<Arc<Tls>>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

/// Binds the doors, and begins to record metrics.
///
/// # Errors
/// An address cannot be bound, or the TLS files are not usable.
pub async fn bind(options: &Options) -> Result<Bound> {
    metrics::handle();
    let http = match options.http {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let https = match &options.https {
        Some(door) => Some((listen(door.address).await?, Arc::new(Tls::load(door)?))),
        None => None,
    };
    let address = |listener: &TcpListener| listener.local_addr().ok();
    let addresses = Addresses {
        http: http.as_ref().and_then(address),
        https: https.as_ref().and_then(|(listener, _)| address(listener)),
    };
    Ok(Bound { http, https, addresses })
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let text = format!("cannot listen on {address}: {error}");
        Error::new(base::Code::InternalError, text).with_source(error)
    })
}

/// Opens the doors that were bound.
#[must_use]
pub fn start(bound: Bound, options: &Options, services: Arc<Services>) -> Web {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let front = Arc::new(Front::new(options, services, stop.clone(), tasks.clone()));
    if let Some(listener) = bound.http {
        tasks.spawn(doors::accept(front.clone(), listener, None));
    }
    let tls = bound.https.map(|(listener, tls)| {
        tasks.spawn(doors::accept(front.clone(), listener, Some(tls.clone())));
        tls
    });
    tasks.spawn(metrics::upkeep(stop.clone()));
    Web { stop, tasks, tls }
}

impl Web {
    /// Reads the files of the HTTPS door again; on an error the former certificate stays.
    ///
    /// # Errors
    /// The files are not usable.
    pub fn reload_tls(&self) -> Result<()> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// Closes the doors, lets calls in progress end, and waits for them.
    pub async fn shutdown(&self, deadline: Duration) {
        self.stop.cancel();
        self.tasks.close();
        if timeout(deadline, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "http connections did not end in time");
        }
    }
}
