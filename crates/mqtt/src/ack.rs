//! The place where the small packets are read: CONNACK, the four acknowledgements of PUBLISH,
//! pings, DISCONNECT and AUTH.

use crate::{Level, Malformed, Properties, property::Place, read::Reader, reason};

/// CONNACK. Its properties are checked and left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnAck {
    pub session_present: bool,
    /// Return code (3.x) or reason code (5.0).
    pub code: u8,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP. Its properties are checked and left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    pub id: u16,
    /// 0 below 5.0.
    pub reason: u8,
}

/// DISCONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// 0 below 5.0.
    pub reason: u8,
    pub properties: Properties<'a>,
}

/// AUTH (5.0 only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auth<'a> {
    pub reason: u8,
    pub properties: Properties<'a>,
}

pub(crate) fn connack(level: Level, body: &[u8]) -> Result<ConnAck, Malformed> {
    let mut reader = Reader(body);
    let flags = reader.u8()?;
    // At 3.1 the byte is reserved and unused.
    if level != Level::V31 && flags & 0xFE != 0 {
        return Err(Malformed::ConnAckFlags);
    }
    let session_present = level != Level::V31 && flags & 1 != 0;
    let code = reader.u8()?;
    reason::check(code, if level == Level::V5 { reason::CONNACK } else { reason::RETURN })?;
    if session_present && code != 0 {
        return Err(Malformed::RefusedSession);
    }
    Properties::read(level, Place::ConnAck, &mut reader)?;
    reader.end()?;
    Ok(ConnAck { session_present, code })
}

pub(crate) fn ack(level: Level, body: &[u8], reasons: &[u8]) -> Result<Ack, Malformed> {
    let mut reader = Reader(body);
    let id = reader.id()?;
    let (reason, _) = tail(level, Place::Ack, reasons, &mut reader)?;
    Ok(Ack { id, reason })
}

pub(crate) fn bodyless(body: &[u8]) -> Result<(), Malformed> {
    Reader(body).end()
}

pub(crate) fn disconnect(level: Level, body: &[u8]) -> Result<Disconnect<'_>, Malformed> {
    let (reason, properties) =
        tail(level, Place::Disconnect, reason::DISCONNECT, &mut Reader(body))?;
    Ok(Disconnect { reason, properties })
}

pub(crate) fn auth(body: &[u8]) -> Result<Auth<'_>, Malformed> {
    let (reason, properties) = tail(Level::V5, Place::Auth, reason::AUTH, &mut Reader(body))?;
    Ok(Auth { reason, properties })
}

/// Reason code and properties; 5.0 lets the end of both fall away, earlier levels have neither.
fn tail<'a>(
    level: Level,
    place: Place,
    reasons: &[u8],
    reader: &mut Reader<'a>,
) -> Result<(u8, Properties<'a>), Malformed> {
    if level != Level::V5 || reader.is_empty() {
        return reader.end().map(|()| (0, Properties::default()));
    }
    let reason = reader.u8()?;
    reason::check(reason, reasons)?;
    if reader.is_empty() {
        return Ok((reason, Properties::default()));
    }
    let properties = Properties::read(level, place, reader)?;
    reader.end()?;
    Ok((reason, properties))
}
