//! The place for what several targets need: a packet is written again as it was read.

use mqtt::{Connect, Level, Packet, Properties, QoS, encode};

/// The levels that a server speaks.
pub const LEVELS: [Level; 3] = [Level::V31, Level::V311, Level::V5];

/// Reads everything in `packet` that is read on demand, writes the packet and reads it again.
pub fn again(level: Level, packet: Packet<'_>) {
    match packet {
        Packet::Connect(connect) => return connect_again(connect),
        Packet::Subscribe(subscribe) => return subscribe_again(level, subscribe),
        Packet::Unsubscribe(unsubscribe) => {
            let filters: Vec<&str> = unsubscribe.filters().collect();
            assert!(!filters.is_empty());
            filters.iter().for_each(|filter| assert!(mqtt::topic::valid_filter(filter)));
            let bytes = written(|out| encode::unsubscribe(out, level, unsubscribe.id, &filters));
            let Packet::Unsubscribe(same) = read(level, &bytes) else { panic!("{bytes:?}") };
            assert_eq!(same.filters().collect::<Vec<_>>(), filters);
            return walk(unsubscribe.properties);
        }
        Packet::Publish(publish) => walk(publish.properties),
        Packet::Disconnect(disconnect) => walk(disconnect.properties),
        Packet::Auth(auth) => walk(auth.properties),
        _ => {}
    }
    let bytes = written(|out| write(out, level, &packet));
    let same = read(level, &bytes);
    match (packet, same) {
        // The server's DISCONNECT is written without the properties that it was read with.
        (Packet::Disconnect(one), Packet::Disconnect(two)) => assert_eq!(one.reason, two.reason),
        (packet, same) => assert_eq!(packet, same),
    }
}

fn write(out: &mut Vec<u8>, level: Level, packet: &Packet<'_>) {
    match packet {
        Packet::ConnAck(ack) => encode::connack(out, level, ack.session_present, ack.code),
        Packet::Publish(publish) => encode::publish(out, level, publish),
        Packet::PubAck(ack) => encode::puback(out, level, ack.id, ack.reason),
        Packet::PubRec(ack) => encode::pubrec(out, level, ack.id, ack.reason),
        Packet::PubRel(ack) => encode::pubrel(out, level, ack.id, ack.reason),
        Packet::PubComp(ack) => encode::pubcomp(out, level, ack.id, ack.reason),
        Packet::SubAck(ack) => encode::suback(out, level, ack.id, ack.codes),
        Packet::UnsubAck(ack) => encode::unsuback(out, level, ack.id, ack.codes),
        Packet::PingReq => encode::pingreq(out),
        Packet::PingResp => encode::pingresp(out),
        Packet::Disconnect(disconnect) => encode::disconnect(out, level, disconnect.reason),
        Packet::Auth(auth) => encode::auth(out, auth.reason, auth.properties),
        Packet::Connect(_) | Packet::Subscribe(_) | Packet::Unsubscribe(_) => {
            unreachable!("are written by their own functions")
        }
    }
}

/// A CONNECT says its own level.
pub fn connect_again(connect: Connect<'_>) {
    walk(connect.properties);
    if let Some(will) = connect.will {
        walk(will.properties);
        assert!(mqtt::topic::valid_name(will.topic));
    }
    let bytes = written(|out| encode::connect(out, &connect));
    let frame = mqtt::frame(&bytes, usize::MAX).unwrap().unwrap();
    assert_eq!(mqtt::connect(frame), Ok(connect));
    drop(format!("{connect:?}"));
}

fn subscribe_again(level: Level, subscribe: mqtt::Subscribe<'_>) {
    walk(subscribe.properties);
    let asked: Vec<(&str, QoS)> = subscribe.filters().map(|one| (one.filter, one.qos)).collect();
    assert!(!asked.is_empty());
    asked.iter().for_each(|(filter, _)| assert!(mqtt::topic::valid_filter(filter)));
    let bytes = written(|out| encode::subscribe(out, level, subscribe.id, &asked));
    let Packet::Subscribe(same) = read(level, &bytes) else { panic!("{bytes:?}") };
    assert_eq!(same.id, subscribe.id);
    assert_eq!(same.filters().map(|one| (one.filter, one.qos)).collect::<Vec<_>>(), asked);
}

/// The properties were checked when they came: each is read, and written the same.
fn walk(properties: Properties<'_>) {
    let mut out = Vec::new();
    properties.iter().for_each(|property| property.put(&mut out));
    assert_eq!(out, properties.bytes());
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn read(level: Level, bytes: &[u8]) -> Packet<'_> {
    let frame = mqtt::frame(bytes, usize::MAX).unwrap().unwrap();
    assert_eq!(frame.bytes, bytes);
    mqtt::decode(level, frame).unwrap()
}
