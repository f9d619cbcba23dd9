//! The place where packets become bytes: each function appends one whole packet to `out`.
//!
//! # Panics
//! A string longer than 65,535 bytes or a packet longer than 256 MiB: check topics with
//! [`topic::valid_name`](crate::topic::valid_name) where they come in.

use crate::{Connect, Level, Properties, Publish, QoS, REMAINING_MAX, property};

/// CONNACK without properties.
pub fn connack(out: &mut Vec<u8>, level: Level, session_present: bool, code: u8) {
    connack_with(out, level, session_present, code, Properties::default());
}

/// CONNACK. Level 3.1 knows no session present.
pub fn connack_with(
    out: &mut Vec<u8>,
    level: Level,
    session_present: bool,
    code: u8,
    properties: Properties<'_>,
) {
    head(out, 0x20, 2 + property::size(level, properties));
    out.push(u8::from(session_present && level != Level::V31));
    out.push(code);
    put_properties(out, level, properties);
}

/// PUBLISH; the packet id is left out at QoS 0.
pub fn publish(out: &mut Vec<u8>, level: Level, packet: &Publish<'_>) {
    let id = packet.id.filter(|_| packet.qos != QoS::AtMostOnce);
    let flags = u8::from(packet.dup) << 3 | packet.qos.number() << 1 | u8::from(packet.retain);
    let id_size = if id.is_some() { 2 } else { 0 };
    let properties = property::size(level, packet.properties);
    head(out, 0x30 | flags, 2 + packet.topic.len() + id_size + properties + packet.payload.len());
    put_binary(out, packet.topic.as_bytes());
    if let Some(id) = id {
        out.extend_from_slice(&id.to_be_bytes());
    }
    put_properties(out, level, packet.properties);
    out.extend_from_slice(packet.payload);
}

/// PUBACK; the reason is sent at 5.0 only.
pub fn puback(out: &mut Vec<u8>, level: Level, id: u16, reason: u8) {
    ack(out, 0x40, level, id, reason);
}

/// PUBREC; the reason is sent at 5.0 only.
pub fn pubrec(out: &mut Vec<u8>, level: Level, id: u16, reason: u8) {
    ack(out, 0x50, level, id, reason);
}

/// PUBREL; the reason is sent at 5.0 only.
pub fn pubrel(out: &mut Vec<u8>, level: Level, id: u16, reason: u8) {
    ack(out, 0x62, level, id, reason);
}

/// PUBCOMP; the reason is sent at 5.0 only.
pub fn pubcomp(out: &mut Vec<u8>, level: Level, id: u16, reason: u8) {
    ack(out, 0x70, level, id, reason);
}

fn ack(out: &mut Vec<u8>, first: u8, level: Level, id: u16, reason: u8) {
    let told = level == Level::V5 && reason != 0;
    head(out, first, if told { 3 } else { 2 });
    out.extend_from_slice(&id.to_be_bytes());
    if told {
        out.push(reason);
    }
}

/// SUBACK, one code for each filter. Level 3.1 clients know no refusal; they get 0x80 as well.
pub fn suback(out: &mut Vec<u8>, level: Level, id: u16, codes: &[u8]) {
    codes_of(out, 0x90, level, id, codes);
}

/// UNSUBACK; the codes are sent at 5.0 only.
pub fn unsuback(out: &mut Vec<u8>, level: Level, id: u16, codes: &[u8]) {
    codes_of(out, 0xB0, level, id, if level == Level::V5 { codes } else { &[] });
}

fn codes_of(out: &mut Vec<u8>, first: u8, level: Level, id: u16, codes: &[u8]) {
    head(out, first, 2 + property::size(level, Properties::default()) + codes.len());
    out.extend_from_slice(&id.to_be_bytes());
    put_properties(out, level, Properties::default());
    out.extend_from_slice(codes);
}

pub fn pingreq(out: &mut Vec<u8>) {
    head(out, 0xC0, 0);
}

pub fn pingresp(out: &mut Vec<u8>) {
    head(out, 0xD0, 0);
}

/// DISCONNECT; the reason is sent at 5.0 only, and only a 5.0 server sends this packet.
pub fn disconnect(out: &mut Vec<u8>, level: Level, reason: u8) {
    let told = level == Level::V5 && reason != 0;
    head(out, 0xE0, usize::from(told));
    if told {
        out.push(reason);
    }
}

/// AUTH (5.0).
pub fn auth(out: &mut Vec<u8>, reason: u8, properties: Properties<'_>) {
    head(out, 0xF0, 1 + property::size(Level::V5, properties));
    out.push(reason);
    put_properties(out, Level::V5, properties);
}

/// CONNECT, at `packet.level`.
pub fn connect(out: &mut Vec<u8>, packet: &Connect<'_>) {
    let level = packet.level;
    let name: &[u8] = if level == Level::V31 { b"MQIsdp" } else { b"MQTT" };
    let will = packet.will.map_or(0, |will| {
        property::size(level, will.properties) + 4 + will.topic.len() + will.payload.len()
    });
    let user_name = packet.user_name.map_or(0, |text| 2 + text.len());
    let password = packet.password.map_or(0, |bytes| 2 + bytes.len());
    let fixed = 2 + name.len() + 4 + property::size(level, packet.properties);
    head(out, 0x10, fixed + 2 + packet.client_id.len() + will + user_name + password);
    put_binary(out, name);
    out.push(level.number());
    out.push(connect_flags(packet));
    out.extend_from_slice(&packet.keep_alive.to_be_bytes());
    put_properties(out, level, packet.properties);
    put_binary(out, packet.client_id.as_bytes());
    if let Some(will) = packet.will {
        put_properties(out, level, will.properties);
        put_binary(out, will.topic.as_bytes());
        put_binary(out, will.payload);
    }
    if let Some(user_name) = packet.user_name {
        put_binary(out, user_name.as_bytes());
    }
    if let Some(password) = packet.password {
        put_binary(out, password);
    }
}

fn connect_flags(packet: &Connect<'_>) -> u8 {
    let will =
        packet.will.map_or(0, |will| 0x04 | will.qos.number() << 3 | u8::from(will.retain) << 5);
    u8::from(packet.clean) << 1
        | will
        | u8::from(packet.password.is_some()) << 6
        | u8::from(packet.user_name.is_some()) << 7
}

/// SUBSCRIBE to filters at a QoS each.
pub fn subscribe(out: &mut Vec<u8>, level: Level, id: u16, filters: &[(&str, QoS)]) {
    let filters_size: usize = filters.iter().map(|(filter, _)| 3 + filter.len()).sum();
    head(out, 0x82, 2 + property::size(level, Properties::default()) + filters_size);
    out.extend_from_slice(&id.to_be_bytes());
    put_properties(out, level, Properties::default());
    for (filter, qos) in filters {
        put_binary(out, filter.as_bytes());
        out.push(qos.number());
    }
}

pub fn unsubscribe(out: &mut Vec<u8>, level: Level, id: u16, filters: &[&str]) {
    let filters_size: usize = filters.iter().map(|filter| 2 + filter.len()).sum();
    head(out, 0xA2, 2 + property::size(level, Properties::default()) + filters_size);
    out.extend_from_slice(&id.to_be_bytes());
    put_properties(out, level, Properties::default());
    for filter in filters {
        put_binary(out, filter.as_bytes());
    }
}

fn head(out: &mut Vec<u8>, first: u8, remaining: usize) {
    out.reserve(remaining + 5);
    out.push(first);
    put_length(out, remaining);
}

fn put_properties(out: &mut Vec<u8>, level: Level, properties: Properties<'_>) {
    if level == Level::V5 {
        put_length(out, properties.bytes().len());
        out.extend_from_slice(properties.bytes());
    }
}

/// A variable byte integer.
pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    assert!(length <= REMAINING_MAX, "{length} does not fit into four bytes");
    let mut rest = length;
    loop {
        let low = u8::try_from(rest & 0x7F).expect("seven bits fit");
        rest >>= 7;
        out.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            return;
        }
    }
}

pub(crate) fn put_binary(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).expect("strings are at most 65,535 bytes");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}
