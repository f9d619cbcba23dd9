//! What is encoded is decoded as it was; what is no packet never panics.

use proptest::{collection::vec, prelude::*};

use super::{
    connect_of, read,
    strategies::{connect, filter, level, publish, qos},
    whole,
};
use crate::{
    Ack, ConnAck, Level, Packet, QoS, connect as read_connect, decode, encode, frame, topic,
};

/// Everything in a packet that is read on demand.
fn walk(packet: Packet<'_>) {
    match packet {
        Packet::Connect(connect) => {
            connect.properties.iter().for_each(drop);
            connect.will.iter().for_each(|will| will.properties.iter().for_each(drop));
        }
        Packet::Publish(publish) => publish.properties.iter().for_each(drop),
        Packet::Subscribe(subscribe) => {
            assert!(subscribe.filters().count() > 0);
            subscribe.filters().for_each(|one| assert!(topic::valid_filter(one.filter)));
        }
        Packet::Unsubscribe(unsubscribe) => assert!(unsubscribe.filters().count() > 0),
        _ => {}
    }
}

fn survive(bytes: &[u8]) {
    let Ok(Some(frame)) = frame(bytes, 1 << 20) else { return };
    for level in super::LEVELS {
        if let Ok(packet) = decode(level, frame) {
            walk(packet);
        }
    }
    if let Ok(connect) = read_connect(frame) {
        walk(Packet::Connect(connect));
    }
}

proptest! {
    #[test]
    fn connects_come_back(own in connect(level())) {
        let mut out = Vec::new();
        encode::connect(&mut out, &own.borrow());
        prop_assert_eq!(connect_of(&out), Ok(own.borrow()));
        prop_assert_eq!(read(own.level, &out), Ok(Packet::Connect(own.borrow())));
    }

    #[test]
    fn publishes_come_back(own in publish(), level in level()) {
        let mut out = Vec::new();
        encode::publish(&mut out, level, &own.borrow(level));
        prop_assert_eq!(read(level, &out), Ok(Packet::Publish(own.borrow(level))));
    }

    #[test]
    fn subscribes_come_back(
        filters in vec((filter(), qos()), 1..5),
        id in 1_u16..,
        level in level(),
    ) {
        let mut out = Vec::new();
        let asked: Vec<(&str, QoS)> = filters.iter().map(|(f, q)| (&**f, *q)).collect();
        encode::subscribe(&mut out, level, id, &asked);
        match read(level, &out) {
            Ok(Packet::Subscribe(packet)) => {
                prop_assert_eq!(packet.id, id);
                let got: Vec<_> = packet.filters().map(|one| (one.filter, one.qos)).collect();
                prop_assert_eq!(got, asked);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        out.clear();
        let names: Vec<&str> = filters.iter().map(|(f, _)| &**f).collect();
        encode::unsubscribe(&mut out, level, id, &names);
        match read(level, &out) {
            Ok(Packet::Unsubscribe(packet)) => {
                prop_assert_eq!(packet.filters().collect::<Vec<_>>(), names);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn acknowledgements_come_back(id in 1_u16.., level in level(), bad in any::<bool>()) {
        type Encode = fn(&mut Vec<u8>, Level, u16, u8);
        type Wrap = fn(Ack) -> Packet<'static>;
        let all: [(Encode, Wrap, u8); 4] = [
            (encode::puback, Packet::PubAck, 0x97),
            (encode::pubrec, Packet::PubRec, 0x87),
            (encode::pubrel, Packet::PubRel, 0x92),
            (encode::pubcomp, Packet::PubComp, 0x92),
        ];
        for (put, wrap, code) in all {
            let code = if bad { code } else { 0 };
            let mut out = Vec::new();
            put(&mut out, level, id, code);
            let reason = if level == Level::V5 { code } else { 0 };
            prop_assert_eq!(read(level, &out), Ok(wrap(Ack { id, reason })));
        }
    }

    #[test]
    fn code_lists_come_back(
        id in 1_u16..,
        level in level(),
        codes in vec(prop::sample::select(vec![0_u8, 1, 2, 0x80]), 1..9),
    ) {
        let mut out = Vec::new();
        encode::suback(&mut out, level, id, &codes);
        match read(level, &out) {
            Ok(Packet::SubAck(ack)) => prop_assert_eq!((ack.id, ack.codes), (id, &codes[..])),
            other => prop_assert!(false, "{:?}", other),
        }
        out.clear();
        let codes = vec![0x11; codes.len()];
        encode::unsuback(&mut out, level, id, &codes);
        let expected = if level == Level::V5 { &codes[..] } else { &[] };
        match read(level, &out) {
            Ok(Packet::UnsubAck(ack)) => prop_assert_eq!((ack.id, ack.codes), (id, expected)),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        survive(&bytes);
    }

    #[test]
    fn arbitrary_bodies_never_panic(first in any::<u8>(), body in vec(any::<u8>(), 0..200)) {
        survive(&super::packet(first, &body));
    }

    #[test]
    fn a01_damaged_packets_never_panic(
        own in connect(level()),
        message in publish(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut out = Vec::new();
        encode::connect(&mut out, &own.borrow());
        let at_byte = at.index(out.len());
        out[at_byte] = byte;
        survive(&out);
        out.clear();
        encode::publish(&mut out, Level::V5, &message.borrow(Level::V5));
        let at_byte = at.index(out.len());
        out[at_byte] = byte;
        survive(&out);
    }

    #[test]
    fn a_filter_matches_the_name_it_was_made_of(
        name in "[a-z度]{1,3}(/[a-z]{0,3}){0,5}",
        wild in vec(any::<bool>(), 6),
        tail in any::<bool>(),
    ) {
        let mut levels: Vec<&str> = name.split('/').collect();
        levels.iter_mut().zip(&wild).for_each(|(level, wild)| if *wild { *level = "+" });
        if tail {
            levels.push("#");
        }
        let filter = levels.join("/");
        prop_assert!(topic::valid_filter(&filter) && topic::matches(&filter, &name));
        let hidden = format!("$SYS/{name}");
        let (wildcard, plain) = (format!("+/{filter}"), format!("$SYS/{filter}"));
        prop_assert!(!topic::matches(&wildcard, &hidden));
        prop_assert!(topic::matches(&plain, &hidden));
    }
}

#[test]
fn the_small_packets_come_back() {
    for level in super::LEVELS {
        let mut out = Vec::new();
        encode::pingreq(&mut out);
        assert_eq!(decode(level, whole(&out)), Ok(Packet::PingReq));
        out.clear();
        encode::pingresp(&mut out);
        assert_eq!(decode(level, whole(&out)), Ok(Packet::PingResp));
        out.clear();
        encode::disconnect(&mut out, level, 0x8E);
        match read(level, &out) {
            Ok(Packet::Disconnect(packet)) => {
                assert_eq!(packet.reason, if level == Level::V5 { 0x8E } else { 0 });
            }
            other => panic!("{other:?}"),
        }
        out.clear();
        encode::connack(&mut out, level, false, if level == Level::V5 { 0x87 } else { 5 });
        let code = if level == Level::V5 { 0x87 } else { 5 };
        let expected = ConnAck { session_present: false, code };
        assert_eq!(read(level, &out), Ok(Packet::ConnAck(expected)));
    }
}
