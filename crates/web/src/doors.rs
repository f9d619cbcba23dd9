//! The place where HTTP connections are accepted, bounded in number and time.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::{
    front::{Front, Peer},
    tls::Tls,
};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a request's head may take; also how long a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of a request's head, and how many headers.
const HEAD_BYTES: usize = 65_536;
const HEADERS: usize = 128;
/// After an accept that failed (no descriptors left), before the next.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until the doors close.
pub(crate) async fn accept(front: Arc<Front>, listener: TcpListener, tls: Option<Arc<Tls>>) {
    loop {
        let accepted = tokio::select! {
            () = front.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => admit(&front, stream, address, tls.as_ref()),
            Err(error) => {
                tracing::warn!(%error, "an http connection cannot be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

fn admit(front: &Arc<Front>, stream: TcpStream, address: SocketAddr, tls: Option<&Arc<Tls>>) {
    let Ok(permit) = front.connections.clone().try_acquire_owned() else { return };
    let (front, tls) = (front.clone(), tls.map(|tls| tls.acceptor()));
    front.tasks.clone().spawn(async move {
        let peer = Peer { address, secure: tls.is_some() };
        // A peer that is gone already is noticed by the first read.
        drop(stream.set_nodelay(true));
        match tls {
            None => serve(&front, stream, peer).await,
            Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(stream)) => serve(&front, stream, peer).await,
                Ok(Err(error)) => tracing::debug!(%error, %address, "tls handshake failed"),
                Err(_) => tracing::debug!(%address, "tls handshake took too long"),
            },
        }
        drop(permit);
    });
}

async fn serve<S>(front: &Arc<Front>, stream: S, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = front.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, address = %peer.address, "an http connection ended early");
    }
}
