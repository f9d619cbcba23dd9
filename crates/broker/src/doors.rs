//! The place where connections come in: listeners, their bounds, and the task of each connection.

use std::{
    future::Future, io, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration,
};

use base::{Code, OrCode as _, Result};
use futures_util::FutureExt as _;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use crate::{
    Shared,
    connection::Connection,
    enter::enter,
    greet::{self, Origin},
    hub::Door,
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

/// The part of the time that those have who come when many are not let in yet.
const HURRY: u32 = 16;

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
    tune(&socket)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Answers leave at once, and a dead peer is noticed even when its client asked for no keepalive.
/// What is accepted has it from the socket that listens.
fn tune(socket: &TcpSocket) -> io::Result<()> {
    let probe = TcpKeepalive::new().with_time(PROBE).with_interval(PROBE / 4);
    socket.set_nodelay(true)?;
    SockRef::from(socket).set_tcp_keepalive(&probe)
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
            broker.metrics.refused.add(1);
            tracing::debug!(%peer, "too many connections");
            continue;
        };
        let Some(stranger) = broker.strangers.come(peer.ip()) else {
            broker.metrics.refused.add(1);
            tracing::debug!(%peer, "too many connections of this address are not accepted yet");
            continue;
        };
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

fn serve_tls(
    broker: Arc<Shared>,
    socket: TcpStream,
    peer: SocketAddr,
    tls: Arc<Tls>,
    permits: Permits,
) -> impl Future<Output = ()> + Send {
    let handshake = Box::pin(async move {
        let time = broker.patience(broker.options.handshake, &permits.stranger);
        let stop = broker.stop.clone();
        let handshake = async move { stop.run_until_cancelled(tls.accept(socket, time)).await };
        match broker.aside.spawn(handshake).await {
            Ok(Some(Some((stream, Proven { psk, certificate })))) => {
                let origin = Origin { door: Door::Tls, peer, psk, certificate };
                Some(serve(broker, stream, origin, permits))
            }
            Ok(_) | Err(_) => {
                broker.metrics.refused.add(1);
                None
            }
        }
    });
    async move {
        if let Some(served) = handshake.await {
            served.await;
        }
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
        broker.metrics.refused.add(1);
        return;
    };
    let most = broker.options.packet_bytes;
    let shared = broker.clone();
    broker.tasks.spawn(async move {
        serve(shared, WsBytes::new(stream, most).await, origin, permits).await;
    });
}

/// Lets a client in and serves it to its end. Each part in a box of its own, so that what was needed
/// to let a client in does not stay with its connection.
fn serve<S: AsyncRead + AsyncWrite + Unpin + Send>(
    broker: Arc<Shared>,
    stream: S,
    origin: Origin,
    permits: Permits,
) -> impl Future<Output = ()> + Send {
    let Permits { connection: permit, greeting, stranger } = permits;
    let admitted = Box::pin(admit(broker, stream, origin, (greeting, stranger)));
    async move {
        if let Some(connection) = admitted.await {
            run(connection).await;
        }
        drop(permit);
    }
}

async fn admit<S: AsyncRead + AsyncWrite + Unpin + Send>(
    broker: Arc<Shared>,
    mut stream: S,
    origin: Origin,
    greeting: (OwnedSemaphorePermit, Stranger),
) -> Option<Box<Connection<S>>> {
    let hello = broker.patience(broker.options.hello, &greeting.1);
    let greet = timeout(hello, greet::greet(&broker, &mut stream, &origin));
    let guest = broker.stop.run_until_cancelled(greet).await;
    drop(greeting);
    let Some(Ok(Some(mut guest))) = guest else {
        broker.metrics.refused.add(1);
        return None;
    };
    let Some(entered) = enter(&broker, &mut guest, origin.peer).await else {
        broker.metrics.refused.add(1);
        return None;
    };
    let rest = (guest.keep_alive, guest.rest);
    Some(Box::new(Connection::new(broker, stream, entered, rest)))
}

async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(mut connection: Box<Connection<S>>) {
    if AssertUnwindSafe(connection.run()).catch_unwind().await.is_err() {
        connection.panicked().await;
    }
}

impl Shared {
    /// How long somebody may take to be let in.
    fn patience(&self, full: Duration, who: &Stranger) -> Duration {
        let places = (self.greetings.available_permits(), self.options.greetings);
        patience(places, who.one_of_many, full)
    }
}

/// All the time there is, as long as half of the places are free; then less for an address that has
/// many of them, so that those who never go on do not keep the others waiting [A5].
fn patience((free, places): (usize, usize), one_of_many: bool, full: Duration) -> Duration {
    if one_of_many && free < places / 2 { full / HURRY } else { full }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a05_who_is_one_of_many_when_half_of_the_places_are_taken_has_less_time() {
        let full = Duration::from_secs(10);
        for (free, millis) in [(100, 10_000), (50, 10_000), (49, 625), (0, 625)] {
            assert_eq!(patience((free, 100), true, full), Duration::from_millis(millis), "{free}");
            assert_eq!(patience((free, 100), false, full), full, "{free}");
        }
        assert_eq!(patience((0, 1), true, full), full, "the only place");
    }
}
