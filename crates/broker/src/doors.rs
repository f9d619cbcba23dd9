//! The place where connections come in: listeners, their bounds, and the task of each connection.

use std::{io, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use base::{Code, OrCode as _, Result};
use futures_util::FutureExt as _;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};
use tracing::Instrument as _;

use crate::{
    Shared,
    connection::Connection,
    enter::{enter, leave},
    greet::{self, Origin},
    hub::{Door, Offline},
    strangers::Stranger,
    tls::{Proven, Tls},
    ws::{Wire, WsBytes},
};

/// Connections that the kernel holds while we are busy.
const BACKLOG: u32 = 4096;
/// Pause after a failed accept: out of file descriptors, mostly.
const PAUSE: Duration = Duration::from_millis(100);
/// Silence after which the kernel asks whether the peer is still there (keepalive 0).
const PROBE: Duration = Duration::from_secs(60);

/// The right to be one more connection, and one more that is not accepted yet.
pub(crate) struct Permits {
    connection: OwnedSemaphorePermit,
    greeting: OwnedSemaphorePermit,
    stranger: Stranger,
}

pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener> {
    bind(address).or_code(Code::InternalError, || format!("cannot listen on {address}"))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts until the broker stops.
pub(crate) async fn accept(broker: Arc<Shared>, listener: TcpListener, tls: Option<Arc<Tls>>) {
    let stop = broker.stop.clone();
    stop.run_until_cancelled(accept_all(&broker, &listener, tls)).await;
}

async fn accept_all(broker: &Arc<Shared>, listener: &TcpListener, tls: Option<Arc<Tls>>) {
    loop {
        let Ok(greeting) = broker.greetings.clone().acquire_owned().await else { return };
        let (socket, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(connection) = broker.connections.clone().try_acquire_owned() else {
            broker.metrics.refused.increment(1);
            tracing::debug!(%peer, "too many connections");
            continue;
        };
        let Some(stranger) = broker.strangers.come(peer.ip()) else {
            broker.metrics.refused.increment(1);
            tracing::debug!(%peer, "too many connections of this address are not accepted yet");
            continue;
        };
        if let Err(error) = tune(&socket) {
            tracing::debug!(%peer, %error, "connection was lost at once");
            continue;
        }
        let permits = Permits { connection, greeting, stranger };
        let broker = broker.clone();
        match &tls {
            None => {
                let origin = Origin::new(Door::Tcp, peer);
                broker.tasks.spawn(serve(broker.clone(), socket, origin, permits));
            }
            Some(tls) => {
                broker.tasks.spawn(serve_tls(broker.clone(), socket, peer, tls.clone(), permits));
            }
        }
    }
}

/// Answers leave at once, and a dead peer is noticed even when its client asked for no keepalive.
fn tune(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let probe = TcpKeepalive::new().with_time(PROBE).with_interval(PROBE / 4);
    SockRef::from(socket).set_tcp_keepalive(&probe)
}

async fn serve_tls(
    broker: Arc<Shared>,
    socket: TcpStream,
    peer: SocketAddr,
    tls: Arc<Tls>,
    permits: Permits,
) {
    let handshake = Box::pin(tls.accept(socket, broker.options.handshake));
    match broker.stop.run_until_cancelled(handshake).await.flatten() {
        Some((stream, Proven { psk, certificate })) => {
            let origin = Origin { door: Door::Tls, peer, psk, certificate };
            serve(broker, stream, origin, permits).await;
        }
        None => broker.metrics.refused.increment(1),
    }
}

/// Serves an upgraded WebSocket of the HTTP door.
pub(crate) fn accept_ws(broker: &Arc<Shared>, stream: Box<dyn Wire>, origin: Origin) {
    let permits = || {
        let connection = broker.connections.clone().try_acquire_owned().ok()?;
        let greeting = broker.greetings.clone().try_acquire_owned().ok()?;
        let stranger = broker.strangers.come(origin.peer.ip())?;
        Some(Permits { connection, greeting, stranger })
    };
    let Some(permits) = permits() else {
        broker.metrics.refused.increment(1);
        return;
    };
    let most = broker.options.packet_bytes;
    let shared = broker.clone();
    broker.tasks.spawn(async move {
        serve(shared, WsBytes::new(stream, most).await, origin, permits).await;
    });
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send>(
    broker: Arc<Shared>,
    mut stream: S,
    origin: Origin,
    permits: Permits,
) {
    let Permits { connection, greeting, stranger } = permits;
    let span = tracing::debug_span!("connection", peer = %origin.peer, door = ?origin.door);
    async {
        // Boxed, so that the memory of the greeting does not stay with the connection.
        let greet =
            Box::pin(timeout(broker.options.hello, greet::greet(&broker, &mut stream, &origin)));
        let guest = broker.stop.run_until_cancelled(greet).await;
        drop((greeting, stranger));
        let Some(Ok(Some(mut guest))) = guest else {
            broker.metrics.refused.increment(1);
            return;
        };
        let entering = Box::pin(enter(&broker, &mut guest, origin.peer));
        let Some(entered) = entering.await else {
            broker.metrics.refused.increment(1);
            return;
        };
        let link = entered.link.clone();
        let (keep_alive, rest) = (guest.keep_alive, guest.rest);
        let mut connection = Connection::new(broker.clone(), stream, entered, keep_alive);
        let served = AssertUnwindSafe(connection.run(rest)).catch_unwind().await;
        if served.is_err() && !link.has_ended() {
            // The client must not stay in the router as if it were served.
            tracing::error!(client = %link.grant.client.0, "connection task panicked");
            drop(leave(&broker, &link, Offline::Shutdown, None));
        }
    }
    .instrument(span)
    .await;
    drop(connection);
}
