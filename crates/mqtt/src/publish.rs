//! The place where PUBLISH is read.

use crate::{
    Frame, Level, Malformed, Properties, Property, QoS, property::Place, read::Reader, topic,
};

/// A PUBLISH. At 5.0 the topic may be empty: then the properties hold a topic alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    pub dup: bool,
    pub qos: QoS,
    pub retain: bool,
    pub topic: &'a str,
    /// At QoS 1 and 2.
    pub id: Option<u16>,
    pub properties: Properties<'a>,
    pub payload: &'a [u8],
}

pub(crate) fn publish(level: Level, frame: Frame<'_>) -> Result<Publish<'_>, Malformed> {
    let flags = frame.flags();
    let (dup, retain) = (flags & 8 != 0, flags & 1 != 0);
    let qos = QoS::from_u8((flags >> 1) & 3).ok_or(Malformed::QoS)?;
    if dup && qos == QoS::AtMostOnce {
        return Err(Malformed::Dup);
    }
    let mut reader = Reader(frame.body);
    let topic = reader.str()?;
    let id = if qos == QoS::AtMostOnce { None } else { Some(reader.id()?) };
    let properties = Properties::read(level, Place::Publish, &mut reader)?;
    let aliased = || properties.iter().any(|p| matches!(p, Property::TopicAlias(_)));
    if topic.is_empty() && !aliased() {
        return Err(Malformed::NoTopic);
    }
    if !topic.is_empty() && !topic::valid_name(topic) {
        return Err(Malformed::TopicName);
    }
    Ok(Publish { dup, qos, retain, topic, id, properties, payload: reader.0 })
}
