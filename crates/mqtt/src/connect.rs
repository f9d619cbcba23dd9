//! The place where CONNECT is read; it decides the level of its connection.

use crate::{Frame, Level, Malformed, Properties, QoS, property::Place, read::Reader, topic};

/// A CONNECT. An empty client id is given out as it is: which one is allowed depends on level,
/// `clean` and the broker, and the refusal is a CONNACK [MQTT-3.1.3-8].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Connect<'a> {
    pub level: Level,
    pub clean: bool,
    pub keep_alive: u16,
    pub client_id: &'a str,
    pub will: Option<Will<'a>>,
    pub user_name: Option<&'a str>,
    pub password: Option<&'a [u8]>,
    pub properties: Properties<'a>,
}

impl std::fmt::Debug for Connect<'_> {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connect")
            .field("level", &self.level)
            .field("clean", &self.clean)
            .field("keep_alive", &self.keep_alive)
            .field("client_id", &self.client_id)
            .field("will", &self.will)
            .field("user_name", &self.user_name)
            .finish_non_exhaustive()
    }
}

/// What the broker is to publish when the client is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Will<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: QoS,
    pub retain: bool,
    pub properties: Properties<'a>,
}

const RESERVED: u8 = 0x01;
const CLEAN: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_QOS: u8 = 0x18;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USER_NAME: u8 = 0x80;

/// Reads the first packet of a connection.
///
/// # Errors
/// Not a CONNECT, a level that does not exist ([`Malformed::Level`]), or a broken clause.
pub fn connect(frame: Frame<'_>) -> Result<Connect<'_>, Malformed> {
    if frame.kind() != 1 {
        return Err(Malformed::NotConnect);
    }
    if frame.flags() != 0 {
        return Err(Malformed::Flags { kind: 1, flags: frame.flags() });
    }
    let mut reader = Reader(frame.body);
    let level = level(&mut reader)?;
    if level == Level::V5 && !frame.shortest() {
        return Err(Malformed::NotShortest);
    }
    let flags = flags(level, reader.u8()?)?;
    let keep_alive = reader.u16()?;
    let properties = Properties::read(level, Place::Connect, &mut reader)?;
    let client_id = reader.str()?;
    let will = will(level, flags, &mut reader)?;
    let user_name = given(level, flags & USER_NAME, &reader).then(|| reader.str()).transpose()?;
    let password = given(level, flags & PASSWORD, &reader).then(|| reader.binary()).transpose()?;
    reader.end()?;
    let clean = flags & CLEAN != 0;
    Ok(Connect { level, clean, keep_alive, client_id, will, user_name, password, properties })
}

fn level(reader: &mut Reader<'_>) -> Result<Level, Malformed> {
    let name = reader.binary()?;
    let number = reader.u8();
    match (name, number?) {
        (b"MQIsdp", 3) => Ok(Level::V31),
        (b"MQTT", 4) => Ok(Level::V311),
        (b"MQTT", 5) => Ok(Level::V5),
        // The high bit marks a bridge for some brokers; it is no level of the standard.
        (b"MQTT" | b"MQIsdp", number) => Err(Malformed::Level(number)),
        _ => Err(Malformed::ProtocolName),
    }
}

/// Level 3.1 disregards the reserved flag, and what a will would be without a will.
fn flags(level: Level, flags: u8) -> Result<u8, Malformed> {
    if level != Level::V31 && flags & RESERVED != 0 {
        return Err(Malformed::ConnectFlag);
    }
    if level != Level::V31 && flags & WILL == 0 && flags & (WILL_QOS | WILL_RETAIN) != 0 {
        return Err(Malformed::NoWill);
    }
    if level != Level::V5 && flags & PASSWORD != 0 && flags & USER_NAME == 0 {
        return Err(Malformed::PasswordAlone);
    }
    Ok(flags)
}

fn will<'a>(
    level: Level,
    flags: u8,
    reader: &mut Reader<'a>,
) -> Result<Option<Will<'a>>, Malformed> {
    if flags & WILL == 0 {
        return Ok(None);
    }
    let properties = Properties::read(level, Place::Will, reader)?;
    let topic = reader.str()?;
    if !topic::valid_name(topic) {
        return Err(Malformed::TopicName);
    }
    let payload = reader.binary()?;
    let qos = QoS::from_u8((flags & WILL_QOS) >> 3).ok_or(Malformed::WillQoS)?;
    Ok(Some(Will { topic, payload, qos, retain: flags & WILL_RETAIN != 0, properties }))
}

/// Level 3.1 lets the remaining length decide: a flag may announce a field that is not there.
fn given(level: Level, flag: u8, reader: &Reader<'_>) -> bool {
    flag != 0 && !(level == Level::V31 && reader.is_empty())
}
