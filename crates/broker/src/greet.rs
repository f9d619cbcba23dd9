//! The place where a CONNECT is answered: from the open socket to the accepted client.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use mqtt::{Level, Malformed, Properties, Property, QoS, encode, property::Place};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::OwnedSemaphorePermit,
};

use crate::{
    Shared,
    gate::{ALIASES, RECEIVE},
    hub::{Certificate, Connect, Door, Grant, Reach, Refusal},
    link::Peer,
    reason,
    will::Will,
};

/// Bytes of a CONNECT beside its will.
const CONNECT_BYTES: usize = 16 * 1024;
/// Bytes of a CONNECT with the largest will.
const WILL_BYTES: usize = CONNECT_BYTES + 70 * 1024;
/// First byte of a CONNECT; anything else is not MQTT or out of order [MQTT-3.1.0-1].
const CONNECT: u8 = 0x10;

/// Where a connection came from.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) door: Door,
    pub(crate) peer: SocketAddr,
    /// What the TLS handshake proved.
    pub(crate) psk: Option<Box<[u8]>>,
    pub(crate) certificate: Option<Box<Certificate>>,
}

impl Origin {
    /// A peer that has proved nothing yet.
    pub(crate) fn new(door: Door, peer: SocketAddr) -> Self {
        Self { door, peer, psk: None, certificate: None }
    }
}

/// A client that was let in.
pub(crate) struct Guest {
    pub(crate) grant: Grant,
    pub(crate) level: Level,
    pub(crate) peer: Peer,
    pub(crate) will: Option<Will>,
    /// The right of its session to outlive the connection, if there is a bound and it has none yet.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
    /// Seconds; 0 is none.
    pub(crate) keep_alive: u16,
    /// What the client is told of it at 5.0: it is shorter than what it asked for.
    imposed: bool,
    /// The client id that the server made up.
    assigned: Option<String>,
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
    origin: &Origin,
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
    origin: &Origin,
) -> Result<Guest, Never> {
    let mut bytes = Vec::with_capacity(512);
    let used = first_packet(stream, &mut bytes).await?;
    let connect = match mqtt::frame(&bytes, WILL_BYTES) {
        Ok(Some(frame)) => mqtt::connect(frame).map_err(malformed)?,
        _ => return Err(Never::Silent("bad connect")),
    };
    let level = connect.level;
    let assigned = name(broker, &connect)?;
    let client_id = assigned.as_deref().unwrap_or(connect.client_id);
    let grant = admit(broker, &connect, client_id, origin).await?;
    let (keep_alive, imposed) = keep_alive(&connect, &grant)?;
    let will = will(&connect, &grant)?;
    let rest = bytes.get(used..).unwrap_or_default().to_vec();
    let peer = Peer::of(&connect);
    let permit = permit(broker, level, &grant, peer)?;
    let guest = Guest { grant, level, peer, will, permit, keep_alive, imposed, assigned, rest };
    if peer.packet != 0 && !peer.takes(guest.welcome(broker, false).len()) {
        return Err(Never::Silent("the answer is larger than what the client takes"));
    }
    Ok(guest)
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
        match mqtt::frame(bytes, WILL_BYTES) {
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

/// The id of a client that has none; `None`: it has one.
fn name(broker: &Shared, connect: &mqtt::Connect<'_>) -> Result<Option<String>, Never> {
    if !connect.client_id.is_empty() {
        return Ok(None);
    }
    let nameless = match connect.level {
        Level::V31 => false,
        Level::V311 => connect.clean,
        Level::V5 => true,
    };
    if !nameless {
        let code = reason::of_refusal(connect.level, Refusal::BadIdentifier);
        return Err(Never::Refused(connect.level, code));
    }
    let number = broker.names.fetch_add(1, Ordering::Relaxed);
    Ok(Some(format!("auto-{:x}-{number:x}", broker.clock.now())))
}

/// The product's conditions, and those of the broker that need no answer of it.
async fn admit(
    broker: &Shared,
    connect: &mqtt::Connect<'_>,
    client_id: &str,
    origin: &Origin,
) -> Result<Grant, Never> {
    let level = connect.level;
    if connect.properties.iter().any(|property| matches!(property, Property::AuthMethod(_))) {
        return Err(Never::Refused(level, reason::BAD_METHOD));
    }
    let hello = Connect {
        door: origin.door,
        peer: origin.peer,
        now: broker.clock.now(),
        level,
        client_id,
        user_name: connect.user_name,
        password: connect.password,
        keep_alive: connect.keep_alive,
        clean: connect.clean,
        will: connect.will.is_some(),
        psk: origin.psk.as_deref(),
        certificate: origin.certificate.as_deref(),
    };
    let refused = |refusal| Never::Refused(level, reason::of_refusal(level, refusal));
    broker.hub.connect(&hello).await.map_err(refused)
}

/// The keepalive, and whether the client is to be told: 5.0 takes the server's [MQTT5-3.2.2-21].
fn keep_alive(connect: &mqtt::Connect<'_>, grant: &Grant) -> Result<(u16, bool), Never> {
    let (asked, longest) = (connect.keep_alive, grant.limits.keep_alive_s);
    if longest == 0 || asked <= longest {
        return Ok((asked, false));
    }
    if connect.level == Level::V5 {
        return Ok((longest, true));
    }
    let code = reason::of_refusal(connect.level, Refusal::NotAuthorized);
    Err(Never::Refused(connect.level, code))
}

/// Whether one more session of the client's user may outlive its connection.
fn permit(
    broker: &Shared,
    level: Level,
    grant: &Grant,
    peer: Peer,
) -> Result<Option<OwnedSemaphorePermit>, Never> {
    let Some(sessions) = &grant.sessions else { return Ok(None) };
    if peer.session_s.min(grant.limits.session_s) == 0 {
        return Ok(None);
    }
    let known = broker.router.known(&grant.client);
    let now = broker.clock.now();
    // Who comes back to its session is not one more, also when it has no permit: the bound was higher.
    if known.is_some_and(|own| own.lock().has_permit() || own.is_durable() && !own.is_over(now)) {
        return Ok(None);
    }
    let Some(permit) = sessions.take() else {
        tracing::info!(client = %grant.client.0, "its user has as many sessions as it may");
        return Err(Never::Refused(level, reason::of_refusal(level, Refusal::TooMany)));
    };
    Ok(Some(permit))
}

fn will(connect: &mqtt::Connect<'_>, grant: &Grant) -> Result<Option<Will>, Never> {
    let Some(will) = &connect.will else { return Ok(None) };
    let code = if !grant.allows.will {
        reason::NOT_AUTHORIZED
    } else if will.qos == QoS::ExactlyOnce && !grant.allows.qos2 {
        reason::QOS
    } else if will.retain && !grant.allows.retained {
        reason::RETAIN
    } else {
        return Ok(Some(Will::of(will)));
    };
    let old = reason::of_refusal(connect.level, Refusal::NotAuthorized);
    Err(Never::Refused(connect.level, if connect.level == Level::V5 { code } else { old }))
}

impl Guest {
    /// The CONNACK.
    pub(crate) fn welcome(&self, broker: &Shared, present: bool) -> Vec<u8> {
        let mut properties = Vec::new();
        if self.level == Level::V5 {
            self.properties(broker, &mut properties);
        }
        let properties = Properties::new(Place::ConnAck, &properties).unwrap_or_default();
        let mut hello = Vec::new();
        encode::connack_with(&mut hello, self.level, present, 0, properties);
        hello
    }

    fn properties(&self, broker: &Shared, out: &mut Vec<u8>) {
        let allows = self.grant.allows;
        let session_s = self.peer.session_s.min(self.grant.limits.session_s);
        if session_s != self.peer.session_s {
            Property::SessionExpiry(session_s).put(out);
        }
        Property::ReceiveMaximum(RECEIVE).put(out);
        Property::TopicAliasMaximum(ALIASES).put(out);
        let most = u32::try_from(broker.options.packet_bytes).unwrap_or(u32::MAX);
        Property::MaximumPacketSize(most).put(out);
        if !allows.qos2 {
            Property::MaximumQoS(1).put(out);
        }
        if !allows.retained {
            Property::RetainAvailable(0).put(out);
        }
        if self.grant.reach == Reach::Own {
            Property::WildcardAvailable(0).put(out);
            Property::SharedAvailable(0).put(out);
        }
        if self.imposed {
            Property::ServerKeepAlive(self.keep_alive).put(out);
        }
        if let Some(assigned) = &self.assigned {
            Property::AssignedClientId(assigned).put(out);
        }
    }
}
