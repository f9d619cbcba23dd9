//! The place where SUBSCRIBE, UNSUBSCRIBE and their acknowledgements are read.

use crate::{Level, Malformed, Properties, QoS, property::Place, read::Reader, reason, topic};

/// SUBSCRIBE: at least one filter, each valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribe<'a> {
    pub id: u16,
    pub properties: Properties<'a>,
    level: Level,
    filters: &'a [u8],
}

impl<'a> Subscribe<'a> {
    /// What the client asks for, in its order.
    #[must_use]
    pub fn filters(&self) -> Subscriptions<'a> {
        Subscriptions { level: self.level, reader: Reader(self.filters) }
    }
}

/// One filter of a SUBSCRIBE. The last three are false, false and 0 below 5.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription<'a> {
    pub filter: &'a str,
    pub qos: QoS,
    /// Not the client's own messages.
    pub no_local: bool,
    /// Keep the retain flag as the publisher set it.
    pub retain_as_published: bool,
    /// Retained messages: 0 send, 1 send if the subscription is new, 2 do not send.
    pub retain_handling: u8,
}

/// Iterates over the filters of a SUBSCRIBE.
#[derive(Debug, Clone)]
pub struct Subscriptions<'a> {
    level: Level,
    reader: Reader<'a>,
}

impl<'a> Iterator for Subscriptions<'a> {
    type Item = Subscription<'a>;

    fn next(&mut self) -> Option<Subscription<'a>> {
        if self.reader.is_empty() { None } else { subscription(self.level, &mut self.reader).ok() }
    }
}

/// UNSUBSCRIBE: at least one filter, each valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    pub id: u16,
    pub properties: Properties<'a>,
    filters: &'a [u8],
}

impl<'a> Unsubscribe<'a> {
    /// What the client no longer wants, in its order.
    #[must_use]
    pub fn filters(&self) -> Filters<'a> {
        Filters(Reader(self.filters))
    }
}

/// Iterates over the filters of an UNSUBSCRIBE.
#[derive(Debug, Clone)]
pub struct Filters<'a>(Reader<'a>);

impl<'a> Iterator for Filters<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() { None } else { self.0.str().ok() }
    }
}

/// SUBACK: one code for each filter. Its properties are checked and left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubAck<'a> {
    pub id: u16,
    pub codes: &'a [u8],
}

/// UNSUBACK: one code for each filter, none below 5.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsubAck<'a> {
    pub id: u16,
    pub codes: &'a [u8],
}

pub(crate) fn subscribe(level: Level, body: &[u8]) -> Result<Subscribe<'_>, Malformed> {
    let mut reader = Reader(body);
    let id = reader.id()?;
    let properties = Properties::read(level, Place::Subscribe, &mut reader)?;
    let filters = reader.0;
    if reader.is_empty() {
        return Err(Malformed::NoFilters);
    }
    while !reader.is_empty() {
        subscription(level, &mut reader)?;
    }
    Ok(Subscribe { id, properties, level, filters })
}

fn subscription<'a>(level: Level, reader: &mut Reader<'a>) -> Result<Subscription<'a>, Malformed> {
    let filter = filter(level, reader)?;
    let options = reader.u8()?;
    let qos = QoS::from_u8(options & 3).ok_or(Malformed::Options)?;
    let retain_handling = (options >> 4) & 3;
    let reserved = if level == Level::V5 { 0xC0 } else { 0xFC };
    if options & reserved != 0 || retain_handling == 3 {
        return Err(Malformed::Options);
    }
    let no_local = options & 4 != 0;
    if no_local && topic::shared(filter).is_some() {
        return Err(Malformed::SharedNoLocal);
    }
    let retain_as_published = options & 8 != 0;
    Ok(Subscription { filter, qos, no_local, retain_as_published, retain_handling })
}

fn filter<'a>(level: Level, reader: &mut Reader<'a>) -> Result<&'a str, Malformed> {
    let filter = reader.str()?;
    let unshared = level == Level::V5 && filter.starts_with("$share/");
    if !topic::valid_filter(filter) || (unshared && topic::shared(filter).is_none()) {
        return Err(Malformed::TopicFilter);
    }
    Ok(filter)
}

pub(crate) fn unsubscribe(level: Level, body: &[u8]) -> Result<Unsubscribe<'_>, Malformed> {
    let mut reader = Reader(body);
    let id = reader.id()?;
    let properties = Properties::read(level, Place::Unsubscribe, &mut reader)?;
    let filters = reader.0;
    if reader.is_empty() {
        return Err(Malformed::NoFilters);
    }
    while !reader.is_empty() {
        filter(level, &mut reader)?;
    }
    Ok(Unsubscribe { id, properties, filters })
}

pub(crate) fn suback(level: Level, body: &[u8]) -> Result<SubAck<'_>, Malformed> {
    let mut reader = Reader(body);
    let id = reader.id()?;
    Properties::read(level, Place::Ack, &mut reader)?;
    let codes = reader.0;
    let allowed = if level == Level::V5 { reason::SUBACK } else { reason::GRANTED };
    codes.iter().try_for_each(|&code| reason::check(code, allowed))?;
    if codes.is_empty() { Err(Malformed::Short) } else { Ok(SubAck { id, codes }) }
}

pub(crate) fn unsuback(level: Level, body: &[u8]) -> Result<UnsubAck<'_>, Malformed> {
    let mut reader = Reader(body);
    let id = reader.id()?;
    if level != Level::V5 {
        return reader.end().map(|()| UnsubAck { id, codes: &[] });
    }
    Properties::read(level, Place::Ack, &mut reader)?;
    let codes = reader.0;
    codes.iter().try_for_each(|&code| reason::check(code, reason::UNSUBACK))?;
    if codes.is_empty() { Err(Malformed::Short) } else { Ok(UnsubAck { id, codes }) }
}
