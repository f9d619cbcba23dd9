//! The place where a frame becomes a packet of its type.

use crate::{
    Ack, Auth, ConnAck, Connect, Disconnect, Frame, Level, Malformed, Publish, SubAck, Subscribe,
    UnsubAck, Unsubscribe, ack, connect, publish, reason, subscribe,
};

/// Any packet, borrowed from its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet<'a> {
    Connect(Connect<'a>),
    ConnAck(ConnAck),
    Publish(Publish<'a>),
    PubAck(Ack),
    PubRec(Ack),
    PubRel(Ack),
    PubComp(Ack),
    Subscribe(Subscribe<'a>),
    SubAck(SubAck<'a>),
    Unsubscribe(Unsubscribe<'a>),
    UnsubAck(UnsubAck<'a>),
    PingReq,
    PingResp,
    Disconnect(Disconnect<'a>),
    Auth(Auth<'a>),
}

/// Reads a packet of a connection whose CONNECT was read by [`connect`](crate::connect). A second
/// CONNECT is given out as one, so that the broker can refuse it [MQTT-3.1.0-2].
///
/// # Errors
/// The frame breaks a clause of `level`.
pub fn decode(level: Level, frame: Frame<'_>) -> Result<Packet<'_>, Malformed> {
    flags(level, frame)?;
    if level == Level::V5 && !frame.shortest() {
        return Err(Malformed::NotShortest);
    }
    let body = frame.body;
    Ok(match frame.kind() {
        1 => Packet::Connect(connect(frame)?),
        2 => Packet::ConnAck(ack::connack(level, body)?),
        3 => Packet::Publish(publish::publish(level, frame)?),
        4 => Packet::PubAck(ack::ack(level, body, reason::PUBACK)?),
        5 => Packet::PubRec(ack::ack(level, body, reason::PUBACK)?),
        6 => Packet::PubRel(ack::ack(level, body, reason::PUBREL)?),
        7 => Packet::PubComp(ack::ack(level, body, reason::PUBREL)?),
        8 => Packet::Subscribe(subscribe::subscribe(level, body)?),
        9 => Packet::SubAck(subscribe::suback(level, body)?),
        10 => Packet::Unsubscribe(subscribe::unsubscribe(level, body)?),
        11 => Packet::UnsubAck(subscribe::unsuback(level, body)?),
        12 => ack::bodyless(body).map(|()| Packet::PingReq)?,
        13 => ack::bodyless(body).map(|()| Packet::PingResp)?,
        14 => Packet::Disconnect(ack::disconnect(level, body)?),
        15 if level == Level::V5 => Packet::Auth(ack::auth(body)?),
        kind => return Err(Malformed::Type(kind)),
    })
}

/// The flags of the fixed header [MQTT-2.2.2-2]. Level 3.1 sets dup when it repeats PUBREL,
/// SUBSCRIBE and UNSUBSCRIBE.
fn flags(level: Level, frame: Frame<'_>) -> Result<(), Malformed> {
    let (kind, flags) = (frame.kind(), frame.flags());
    let good = match kind {
        3 => true,
        6 | 8 | 10 => flags == 0b0010 || (level == Level::V31 && flags == 0b1010),
        _ => flags == 0,
    };
    if good { Ok(()) } else { Err(Malformed::Flags { kind, flags }) }
}
