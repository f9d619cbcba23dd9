//! The codec beside another one, `mqttbytes`: what we write it reads, what it writes we read, and
//! what both accept means the same.

use bytes::BytesMut;
use mqttbytes::{QoS as OtherQoS, v4, v5};
use proptest::{collection::vec, prelude::*};

use super::{
    packet, read,
    strategies::{connect, filter, name, publish, qos},
};
use crate::{Connect, Level, Packet, Properties, Property, Publish, QoS, encode, topic};

const MAX: usize = 1 << 20;

fn other(qos: QoS) -> OtherQoS {
    mqttbytes::qos(qos.number()).unwrap()
}

fn same_connect_v4(ours: &Connect<'_>, theirs: &v4::Connect) {
    assert_eq!((ours.client_id, ours.keep_alive), (&*theirs.client_id, theirs.keep_alive));
    assert_eq!(ours.clean, theirs.clean_session);
    assert_eq!(ours.will.is_some(), theirs.last_will.is_some());
    if let (Some(ours), Some(theirs)) = (ours.will, &theirs.last_will) {
        assert_eq!((ours.topic, ours.payload), (&*theirs.topic, &theirs.message[..]));
        assert_eq!((other(ours.qos), ours.retain), (theirs.qos, theirs.retain));
    }
    if let Some(theirs) = &theirs.login {
        assert_eq!(ours.user_name.unwrap_or_default(), theirs.username);
        assert_eq!(ours.password.unwrap_or_default(), theirs.password.as_bytes());
    }
}

fn same_connect_v5(ours: &Connect<'_>, theirs: &v5::Connect) {
    assert_eq!((ours.client_id, ours.keep_alive), (&*theirs.client_id, theirs.keep_alive));
    assert_eq!(ours.clean, theirs.clean_session);
    let find = |wanted: fn(Property<'_>) -> Option<u32>| ours.properties.iter().find_map(wanted);
    let theirs = theirs.properties.as_ref();
    assert_eq!(
        find(|p| if let Property::SessionExpiry(n) = p { Some(n) } else { None }),
        theirs.and_then(|p| p.session_expiry_interval)
    );
    assert_eq!(
        find(|p| if let Property::ReceiveMaximum(n) = p { Some(n.into()) } else { None }),
        theirs.and_then(|p| p.receive_maximum).map(u32::from)
    );
    let users: Vec<_> = ours
        .properties
        .iter()
        .filter_map(
            |p| if let Property::User(k, v) = p { Some((k.into(), v.into())) } else { None },
        )
        .collect();
    assert_eq!(users, theirs.map(|p| p.user_properties.clone()).unwrap_or_default());
}

fn same_publish(ours: &Publish<'_>, theirs: (bool, OtherQoS, bool, &str, u16, &[u8])) {
    let id = ours.id.unwrap_or_default();
    let ours = (ours.dup, other(ours.qos), ours.retain, ours.topic, id, ours.payload);
    assert_eq!(ours, theirs);
}

fn subscription_ids(properties: Properties<'_>) -> Vec<usize> {
    properties
        .iter()
        .filter_map(|p| if let Property::SubscriptionId(n) = p { Some(n) } else { None })
        .map(|n| usize::try_from(n).unwrap())
        .collect()
}

/// What both read must be the same.
fn agree(bytes: &[u8]) -> bool {
    let theirs = v4::read(&mut BytesMut::from(bytes), MAX);
    match (read(Level::V311, bytes), theirs) {
        (Ok(Packet::Connect(ours)), Ok(v4::Packet::Connect(theirs))) => {
            // The other codec reads level 5 with the layout of level 4.
            if ours.level == Level::V311 {
                same_connect_v4(&ours, &theirs);
            }
        }
        (Ok(Packet::Publish(ours)), Ok(v4::Packet::Publish(t))) => {
            same_publish(&ours, (t.dup, t.qos, t.retain, &t.topic, t.pkid, &t.payload));
        }
        (Ok(Packet::Subscribe(ours)), Ok(v4::Packet::Subscribe(t))) => {
            assert_eq!(ours.id, t.pkid);
            let ours: Vec<_> = ours.filters().map(|f| (f.filter, other(f.qos))).collect();
            let theirs: Vec<_> = t.filters.iter().map(|f| (&*f.path, f.qos)).collect();
            assert_eq!(ours, theirs);
        }
        (Ok(Packet::Unsubscribe(ours)), Ok(v4::Packet::Unsubscribe(t))) => {
            assert_eq!(
                (ours.id, ours.filters().collect::<Vec<_>>()),
                (t.pkid, t.topics.iter().map(|s| &**s).collect())
            );
        }
        (Ok(Packet::PubAck(ours)), Ok(v4::Packet::PubAck(t))) => assert_eq!(ours.id, t.pkid),
        (Ok(Packet::PubRel(ours)), Ok(v4::Packet::PubRel(t))) => assert_eq!(ours.id, t.pkid),
        (Ok(Packet::SubAck(ours)), Ok(v4::Packet::SubAck(t))) => {
            assert_eq!((ours.id, ours.codes.len()), (t.pkid, t.return_codes.len()));
        }
        (Ok(_), Ok(_)) => {}
        _ => return false,
    }
    true
}

proptest! {
    #[test]
    fn our_connects_are_read(own in connect(Just(Level::V311)), newer in connect(Just(Level::V5))) {
        let (own, newer) = (own.borrow(), newer.borrow());
        let mut out = Vec::new();
        encode::connect(&mut out, &own);
        match v4::read(&mut BytesMut::from(&out[..]), MAX) {
            Ok(v4::Packet::Connect(theirs)) => same_connect_v4(&own, &theirs),
            other => prop_assert!(false, "{:?}", other),
        }
        out.clear();
        encode::connect(&mut out, &newer);
        match v5::read(&mut BytesMut::from(&out[..]), MAX) {
            Ok(v5::Packet::Connect(theirs)) => same_connect_v5(&newer, &theirs),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn our_publishes_are_read(own in publish()) {
        let mut out = Vec::new();
        let ours = own.borrow(Level::V311);
        encode::publish(&mut out, Level::V311, &ours);
        match v4::read(&mut BytesMut::from(&out[..]), MAX) {
            Ok(v4::Packet::Publish(t)) => {
                same_publish(&ours, (t.dup, t.qos, t.retain, &t.topic, t.pkid, &t.payload));
            }
            other => prop_assert!(false, "{:?}", other),
        }
        out.clear();
        let ours = own.borrow(Level::V5);
        encode::publish(&mut out, Level::V5, &ours);
        match v5::read(&mut BytesMut::from(&out[..]), MAX) {
            Ok(v5::Packet::Publish(t)) => {
                same_publish(&ours, (t.dup, t.qos, t.retain, &t.topic, t.pkid, &t.payload));
                let ids = t.properties.map(|p| p.subscription_identifiers).unwrap_or_default();
                prop_assert_eq!(subscription_ids(ours.properties), ids);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn their_packets_are_read(
        topic in name(),
        filters in vec((filter(), qos()), 1..4),
        qos in qos(),
        id in 1_u16..,
        payload in vec(any::<u8>(), 0..200),
    ) {
        let mut out = BytesMut::new();
        let mut sent = v4::Publish::new(&*topic, other(qos), payload);
        sent.pkid = id;
        sent.write(&mut out).unwrap();
        prop_assert!(agree(&out));
        out.clear();
        let mut sent = v4::Subscribe::empty_subscribe();
        sent.pkid = id;
        filters.iter().for_each(|(filter, qos)| { sent.add(filter.clone(), other(*qos)); });
        sent.write(&mut out).unwrap();
        prop_assert!(agree(&out));
        out.clear();
        let mut sent = v4::Unsubscribe::new(&*topic);
        sent.pkid = id;
        sent.write(&mut out).unwrap();
        prop_assert!(agree(&out));
        out.clear();
        let mut sent = v5::Publish::new(&*topic, other(qos), vec![1, 2]);
        sent.pkid = id;
        sent.write(&mut out).unwrap();
        match read(Level::V5, &out) {
            Ok(Packet::Publish(ours)) => prop_assert_eq!(ours.topic, topic),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn a01_damaged_packets_mean_the_same_to_both(
        own in connect(Just(Level::V311)),
        message in publish(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut out = Vec::new();
        encode::connect(&mut out, &own.borrow());
        let (first, mut body) = (out[0], super::whole(&out).body.to_vec());
        let at_byte = at.index(body.len());
        body[at_byte] = byte;
        agree(&packet(first, &body));
        out.clear();
        encode::publish(&mut out, Level::V311, &message.borrow(Level::V311));
        let (first, mut body) = (out[0], super::whole(&out).body.to_vec());
        let at_byte = at.index(body.len());
        body[at_byte] = byte;
        agree(&packet(first, &body));
    }

    #[test]
    fn topics_mean_the_same_to_both(
        filter in "([a-b]{0,2}|\\+|#)(/([a-b]{0,2}|\\+|#)){0,3}",
        name in "[a-b]{1,2}(/[a-b]{0,2}){0,3}",
    ) {
        prop_assert_eq!(topic::valid_filter(&filter), mqttbytes::valid_filter(&filter));
        if topic::valid_filter(&filter) {
            let theirs = mqttbytes::matches(&name, &filter);
            prop_assert_eq!(topic::matches(&filter, &name), theirs, "{} {}", filter, name);
        }
    }
}
