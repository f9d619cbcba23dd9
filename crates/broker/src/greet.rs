//! The place where a CONNECT is answered: from the open socket to the accepted client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use mqtt::{Level, Malformed, encode};
use store::Batch;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use crate::{
    Shared,
    hub::{Connect, Door, Event, Grant, Offline, Refusal},
    link::Link,
};

/// Bytes of a CONNECT. Names and password are short, and wills are refused.
const CONNECT_BYTES: usize = 16 * 1024;
/// First byte of a CONNECT; anything else is not MQTT or out of order [MQTT-3.1.0-1].
const CONNECT: u8 = 0x10;
/// How long a client waits for the end of its former connection.
const TAKEOVER: Duration = Duration::from_secs(1);

/// Where a connection came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) door: Door,
    pub(crate) peer: SocketAddr,
}

/// A client that was let in.
pub(crate) struct Guest {
    pub(crate) link: Arc<Link>,
    pub(crate) keep_alive: u16,
    /// The CONNACK, not sent yet.
    pub(crate) hello: Vec<u8>,
    /// What came behind the CONNECT in the same read.
    pub(crate) rest: Vec<u8>,
}

/// Why a connection ends before its client was let in.
enum Never {
    /// With this answer.
    Refused(Level, u8),
    /// Without a word.
    Silent(&'static str),
}

/// Reads the CONNECT and decides; a refused one is answered here.
pub(crate) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    broker: &Arc<Shared>,
    stream: &mut S,
    origin: Origin,
) -> Option<Guest> {
    let peer = origin.peer;
    match decide(broker, stream, origin).await {
        Ok(guest) => Some(guest),
        Err(Never::Silent(why)) => {
            tracing::debug!(%peer, why, "connection ended before it was accepted");
            None
        }
        Err(Never::Refused(level, code)) => {
            tracing::debug!(%peer, code, "connection refused");
            let mut answer = Vec::new();
            encode::connack(&mut answer, level, false, code);
            if stream.write_all(&answer).await.is_ok() && stream.flush().await.is_ok() {
                // The client may be gone already; the answer was sent.
                drop(stream.shutdown().await);
            }
            None
        }
    }
}

async fn decide<S: AsyncRead + Unpin>(
    broker: &Arc<Shared>,
    stream: &mut S,
    origin: Origin,
) -> Result<Guest, Never> {
    let mut bytes = Vec::with_capacity(512);
    let used = first_packet(stream, &mut bytes).await?;
    let connect = match mqtt::frame(&bytes, CONNECT_BYTES) {
        Ok(Some(frame)) => mqtt::connect(frame).map_err(malformed)?,
        _ => return Err(Never::Silent("bad connect")),
    };
    let (level, keep_alive) = (connect.level, connect.keep_alive);
    let grant = admit(broker, &connect, origin)
        .await
        .map_err(|refusal| Never::Refused(level, code(level, refusal)))?;
    let link = Arc::new(Link::new(grant, level, &broker.options));
    let mut hello = Vec::new();
    encode::connack(&mut hello, level, false, 0);
    let rest = bytes.get(used..).unwrap_or_default().to_vec();
    Ok(Guest { link, keep_alive, hello, rest })
}

/// Reads until the first packet is whole; gives out its length.
async fn first_packet<S: AsyncRead + Unpin>(
    stream: &mut S,
    bytes: &mut Vec<u8>,
) -> Result<usize, Never> {
    loop {
        if bytes.first().is_some_and(|first| *first != CONNECT) {
            return Err(Never::Silent("first packet is not a connect"));
        }
        match mqtt::frame(bytes, CONNECT_BYTES) {
            Ok(Some(frame)) => return Ok(frame.bytes.len()),
            Ok(None) => {}
            Err(_) => return Err(Never::Silent("bad connect")),
        }
        match stream.read_buf(bytes).await {
            Ok(0) | Err(_) => return Err(Never::Silent("closed before connect")),
            Ok(_) => {}
        }
    }
}

fn malformed(malformed: Malformed) -> Never {
    match malformed {
        // [MQTT-3.1.2-2]: the one fault that is answered.
        Malformed::Level(_) => Never::Refused(Level::V311, 0x01),
        _ => Never::Silent("bad connect"),
    }
}

/// The broker's own conditions, then the product's.
async fn admit(
    broker: &Shared,
    connect: &mqtt::Connect<'_>,
    origin: Origin,
) -> Result<Grant, Denied> {
    if connect.level == Level::V5 {
        return Err(Denied::Level);
    }
    if connect.client_id.is_empty() {
        return Err(Refusal::BadIdentifier.into());
    }
    let hello = Connect {
        door: origin.door,
        peer: origin.peer,
        now: broker.clock.now(),
        level: connect.level,
        client_id: connect.client_id,
        user_name: connect.user_name,
        password: connect.password,
        keep_alive: connect.keep_alive,
        clean: connect.clean,
        will: connect.will.is_some(),
        psk: None,
    };
    let grant = broker.hub.connect(&hello).await?;
    let longest = grant.limits.keep_alive_s;
    // Wills are not kept yet, so that even a client that may have one is told so.
    if connect.will.is_some() || (longest != 0 && connect.keep_alive > longest) {
        return Err(Refusal::NotAuthorized.into());
    }
    Ok(grant)
}

enum Denied {
    Level,
    By(Refusal),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::By(refusal)
    }
}

/// The CONNACK code of a refusal at the client's level.
fn code(level: Level, denied: Denied) -> u8 {
    let (old, new) = match denied {
        Denied::Level => (0x01, 0x84),
        Denied::By(Refusal::BadIdentifier) => (0x02, 0x85),
        Denied::By(Refusal::BadCredentials) => (0x04, 0x86),
        Denied::By(Refusal::NotAuthorized) => (0x05, 0x87),
        Denied::By(Refusal::Unavailable) => (0x03, 0x88),
        Denied::By(Refusal::Busy) => (0x03, 0x89),
    };
    if level == Level::V5 { new } else { old }
}

/// Takes the client's place; the former holder is gone, with its last word, before we go on.
/// False when the client came back or was sent away meanwhile.
pub(crate) async fn enter(broker: &Shared, link: &Arc<Link>, peer: SocketAddr) -> bool {
    let Ok(former) = broker.router.enter(link) else { return false };
    // Whoever stops the broker looks at the router after it said so: one of us sees the other.
    if broker.stop.is_cancelled() {
        link.close(Offline::Shutdown);
    }
    if let Some(former) = former {
        former.close(Offline::Takeover);
        if timeout(TAKEOVER, former.ended()).await.is_err() {
            tracing::warn!(client = %link.grant.client.0, "former connection is slow to end");
        }
    }
    if link.closing().is_some() {
        broker.router.leave(link);
        link.set_ended();
        return false;
    }
    let mut batch = Batch::default();
    let event = Event::Online { at: broker.clock.now(), peer };
    broker.hub.event(&link.grant, event, &mut batch);
    // In order before all that this client will store; nothing waits for it.
    drop(broker.store.commit(batch));
    broker.metrics.accepted.increment(1);
    broker.metrics.connections.increment(1.0);
    true
}
