//! What 5.0 adds: properties, reason codes, AUTH, options, shortest lengths.

use super::{packet, read, refused};
use crate::{
    Ack, Level, Malformed, Packet, Properties, Property,
    encode::{self, put_binary},
    property::Place,
    topic::shared,
};

const V5: Level = Level::V5;

fn publish(properties: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 1, b'a'];
    encode::put_length(&mut body, properties.len());
    body.extend_from_slice(properties);
    body
}

fn every() -> Vec<(Property<'static>, Vec<Place>)> {
    use Place::{Ack, Auth, ConnAck, Connect, Disconnect, Publish, Subscribe, Unsubscribe, Will};
    use Property as P;
    let all = vec![Connect, ConnAck, Publish, Ack, Subscribe, Unsubscribe, Disconnect, Auth, Will];
    vec![
        (P::PayloadFormat(1), vec![Publish, Will]),
        (P::MessageExpiry(7), vec![Publish, Will]),
        (P::ContentType("t"), vec![Publish, Will]),
        (P::ResponseTopic("r"), vec![Publish, Will]),
        (P::CorrelationData(b"c"), vec![Publish, Will]),
        (P::SubscriptionId(200), vec![Publish, Subscribe]),
        (P::SessionExpiry(9), vec![Connect, ConnAck, Disconnect]),
        (P::AssignedClientId("id"), vec![ConnAck]),
        (P::ServerKeepAlive(60), vec![ConnAck]),
        (P::AuthMethod("m"), vec![Connect, ConnAck, Auth]),
        (P::RequestProblem(0), vec![Connect]),
        (P::WillDelay(3), vec![Will]),
        (P::RequestResponse(1), vec![Connect]),
        (P::ResponseInfo("i"), vec![ConnAck]),
        (P::ServerReference("s"), vec![ConnAck, Disconnect]),
        (P::ReasonString("why"), vec![ConnAck, Ack, Disconnect, Auth]),
        (P::ReceiveMaximum(20), vec![Connect, ConnAck]),
        (P::TopicAliasMaximum(5), vec![Connect, ConnAck]),
        (P::TopicAlias(1), vec![Publish]),
        (P::MaximumQoS(1), vec![ConnAck]),
        (P::RetainAvailable(0), vec![ConnAck]),
        (P::User("k", "v"), all),
        (P::MaximumPacketSize(99), vec![Connect, ConnAck]),
        (P::WildcardAvailable(1), vec![ConnAck]),
        (P::SubscriptionIdAvailable(0), vec![ConnAck]),
        (P::SharedAvailable(0), vec![ConnAck]),
    ]
}

#[test]
fn mqtt5_2_2_2_2_each_property_has_its_places() {
    use Place::{Ack, Auth, ConnAck, Connect, Disconnect, Publish, Subscribe, Unsubscribe, Will};
    let all = [Connect, ConnAck, Publish, Ack, Subscribe, Unsubscribe, Disconnect, Auth, Will];
    for (property, places) in every() {
        let mut bytes = Vec::new();
        property.put(&mut bytes);
        for place in all {
            let read = Properties::new(place, &bytes);
            if places.contains(&place) {
                let read: Vec<_> = read.unwrap().iter().collect();
                assert_eq!(read, [property], "in {place:?}");
            } else {
                let why = Malformed::Property(property.id().into());
                assert_eq!(read, Err(why), "{property:?} in {place:?}");
            }
        }
    }
}

#[test]
fn mqtt5_2_2_2_properties_come_once() {
    for (property, places) in every() {
        let mut bytes = Vec::new();
        property.put(&mut bytes);
        property.put(&mut bytes);
        let read = Properties::new(places[0], &bytes);
        match property {
            Property::User(..) | Property::SubscriptionId(_) => {
                assert_eq!(read.unwrap().iter().count(), 2);
            }
            _ => assert_eq!(read, Err(Malformed::PropertyTwice(property.id()))),
        }
    }
    let twice = [0x0B, 1, 0x0B, 2];
    assert_eq!(Properties::new(Place::Subscribe, &twice), Err(Malformed::PropertyTwice(0x0B)));
}

#[test]
fn mqtt5_2_2_2_unknown_and_broken_properties() {
    for id in [0x00, 0x04, 0x07, 0x0A, 0x10, 0x14, 0x1B, 0x20, 0x2B, 0x7F] {
        assert_eq!(refused(V5, 0x30, &publish(&[id, 0])), Malformed::Property(id.into()));
    }
    assert_eq!(refused(V5, 0x30, &publish(&[0x80, 0x01])), Malformed::Property(128));
    assert_eq!(refused(V5, 0x30, &publish(&[0x02, 0, 0])), Malformed::Short);
    assert_eq!(refused(V5, 0x30, &publish(&[0x03, 0, 1, 0])), Malformed::Nul);
    assert_eq!(refused(V5, 0x30, &[0, 1, b'a', 9, 0x01]), Malformed::Short);
}

/// [MQTT5-3.3.2-8] [MQTT5-3.3.2-14]
#[test]
fn mqtt5_values_that_are_protocol_errors() {
    let bad = [
        (Place::Publish, Property::PayloadFormat(2)),
        (Place::Publish, Property::TopicAlias(0)),
        (Place::Publish, Property::SubscriptionId(0)),
        (Place::Publish, Property::ResponseTopic("a/#")),
        (Place::Connect, Property::ReceiveMaximum(0)),
        (Place::Connect, Property::MaximumPacketSize(0)),
        (Place::Connect, Property::RequestProblem(2)),
        (Place::ConnAck, Property::MaximumQoS(2)),
        (Place::ConnAck, Property::RetainAvailable(2)),
    ];
    for (place, property) in bad {
        let mut bytes = Vec::new();
        property.put(&mut bytes);
        let why = Malformed::PropertyValue(property.id());
        assert_eq!(Properties::new(place, &bytes), Err(why));
        assert_eq!(why.reason(), 0x82);
    }
    assert_eq!(Properties::new(Place::Auth, &[0x16, 0, 0]), Err(Malformed::AuthDataAlone));
}

/// [MQTT5-1.5.7-1] [MQTT5-3.3.2-13] [MQTT5-3.3.2-19]
#[test]
fn mqtt5_strings_in_properties_are_utf8() {
    for (text, why) in [(&b"a\xFF"[..], Malformed::Utf8), (b"a\0", Malformed::Nul)] {
        for (id, good_first) in [(0x03, false), (0x08, false), (0x26, false), (0x26, true)] {
            let mut bytes = vec![id];
            if good_first {
                put_binary(&mut bytes, b"name");
            }
            put_binary(&mut bytes, text);
            put_binary(&mut bytes, b"value");
            assert_eq!(refused(V5, 0x30, &publish(&bytes)), why, "{id:#x}");
        }
    }
}

/// [MQTT5-1.5.5-1]
#[test]
fn mqtt5_1_5_5_1_lengths_are_in_their_shortest_form() {
    assert_eq!(read(V5, &[0xC0, 0x80, 0x00]), Err(Malformed::NotShortest));
    assert_eq!(refused(V5, 0x30, &[0, 1, b'a', 0x80, 0]), Malformed::NotShortest);
    assert!(read(Level::V311, &[0xC0, 0x80, 0x00]).is_ok(), "3.1.1 does not ask for it");
}

#[test]
fn mqtt5_3_3_2_an_empty_topic_needs_an_alias() {
    assert_eq!(refused(V5, 0x30, &[0, 0, 0]), Malformed::NoTopic);
    match read(V5, &packet(0x30, &[0, 0, 3, 0x23, 0, 7, b'x'])) {
        Ok(Packet::Publish(publish)) => {
            assert_eq!((publish.topic, publish.payload), ("", &b"x"[..]));
            assert_eq!(publish.properties.iter().next(), Some(Property::TopicAlias(7)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn mqtt5_3_4_2_1_reason_and_properties_may_fall_away() {
    let ack = |reason| Ok(Packet::PubAck(Ack { id: 1, reason }));
    assert_eq!(read(V5, &[0x40, 2, 0, 1]), ack(0));
    assert_eq!(read(V5, &[0x40, 3, 0, 1, 0x87]), ack(0x87));
    assert_eq!(read(V5, &[0x40, 4, 0, 1, 0x97, 0]), ack(0x97));
    assert_eq!(read(V5, &[0x40, 8, 0, 1, 0x10, 4, 0x1F, 0, 1, b'x']), ack(0x10));
    assert_eq!(refused(V5, 0x40, &[0, 1, 0, 0, 9]), Malformed::Trailing(1));
}

/// [MQTT5-3.2.2-8] [MQTT5-3.4.2-1] [MQTT5-3.5.2-1] [MQTT5-3.6.2-1] [MQTT5-3.7.2-1] [MQTT5-3.9.3-2]
/// [MQTT5-3.11.3-2] [MQTT5-3.14.2-1] [MQTT5-3.15.2-1]
#[test]
fn mqtt5_2_4_reason_codes_belong_to_their_packets() {
    for (first, body) in [
        (0x20, &[0, 0x11, 0][..]),
        (0x40, &[0, 1, 0x92]),
        (0x50, &[0, 1, 0x01]),
        (0x62, &[0, 1, 0x10]),
        (0x70, &[0, 1, 0x80]),
        (0x90, &[0, 1, 0, 0x11]),
        (0xB0, &[0, 1, 0, 0x01]),
        (0xE0, &[0x01]),
        (0xF0, &[0x87]),
    ] {
        assert!(matches!(refused(V5, first, body), Malformed::Reason(_)), "{first:#x}");
    }
}

/// [MQTT5-3.8.3-5]
#[test]
fn mqtt5_3_8_3_options_are_read() {
    let mut body = vec![0, 1, 2, 0x0B, 9];
    put_binary(&mut body, b"$share/g/t/+");
    body.push(0x29);
    match read(V5, &packet(0x82, &body)) {
        Ok(Packet::Subscribe(subscribe)) => {
            let all: Vec<_> = subscribe.filters().collect();
            assert_eq!(all.len(), 1);
            assert_eq!((all[0].filter, all[0].qos.number()), ("$share/g/t/+", 1));
            assert_eq!((all[0].no_local, all[0].retain_as_published), (false, true));
            assert_eq!(all[0].retain_handling, 2);
            assert_eq!(subscribe.properties.iter().next(), Some(Property::SubscriptionId(9)));
        }
        other => panic!("{other:?}"),
    }
    for options in [0x03, 0x30, 0x40, 0x80] {
        assert_eq!(refused(V5, 0x82, &[0, 1, 0, 0, 1, b'a', options]), Malformed::Options);
    }
}

/// [MQTT5-3.8.3-4] [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]
#[test]
fn mqtt5_4_8_2_shared_subscriptions() {
    let subscribe = |filter: &str, options| {
        let mut body = vec![0, 1, 0];
        put_binary(&mut body, filter.as_bytes());
        body.push(options);
        read(V5, &packet(0x82, &body)).map(drop)
    };
    assert_eq!(subscribe("$share/g/a", 4), Err(Malformed::SharedNoLocal));
    assert_eq!(subscribe("a", 4), Ok(()));
    for bad in ["$share/", "$share/g", "$share//a", "$share/g/", "$share/g+/a", "$share/#"] {
        assert_eq!(subscribe(bad, 0), Err(Malformed::TopicFilter), "{bad}");
    }
    assert_eq!(shared("$share/g/$thing/+"), Some(("g", "$thing/+")));
    assert_eq!(shared("$shared/g/a"), None);
}

#[test]
fn mqtt5_3_14_disconnect_and_auth() {
    match read(V5, &[0xE0, 7, 0x04, 5, 0x11, 0, 0, 0, 9]) {
        Ok(Packet::Disconnect(disconnect)) => {
            assert_eq!(disconnect.reason, 4);
            let all: Vec<_> = disconnect.properties.iter().collect();
            assert_eq!(all, [Property::SessionExpiry(9)]);
        }
        other => panic!("{other:?}"),
    }
    match read(V5, &[0xF0, 6, 0x18, 4, 0x15, 0, 1, b'm']) {
        Ok(Packet::Auth(auth)) => {
            assert_eq!(auth.reason, 0x18);
            assert_eq!(auth.properties.iter().next(), Some(Property::AuthMethod("m")));
        }
        other => panic!("{other:?}"),
    }
}

fn written(put: fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out);
    out
}

/// [MQTT5-2.2.2-1]
#[test]
fn no_properties_are_written_as_length_zero() {
    let connect = written(|out| {
        let packet = packet_of_connect();
        encode::connect(out, &packet);
    });
    assert_eq!(connect, [0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 9, 0, 0, 0]);
    assert_eq!(written(|out| encode::connack(out, V5, false, 0)), [0x20, 3, 0, 0, 0]);
    assert_eq!(
        written(|out| encode::subscribe(out, V5, 1, &[("a", crate::QoS::AtMostOnce)])),
        [0x82, 7, 0, 1, 0, 0, 1, b'a', 0]
    );
    assert_eq!(
        written(|out| encode::unsubscribe(out, V5, 1, &["a"])),
        [0xA2, 6, 0, 1, 0, 0, 1, b'a']
    );
    assert_eq!(written(|out| encode::suback(out, V5, 1, &[1])), [0x90, 4, 0, 1, 0, 1]);
    assert_eq!(written(|out| encode::unsuback(out, V5, 1, &[0])), [0xB0, 4, 0, 1, 0, 0]);
    assert_eq!(written(|out| encode::auth(out, 0x18, Properties::default())), [0xF0, 2, 0x18, 0]);
}

fn packet_of_connect() -> crate::Connect<'static> {
    crate::Connect {
        level: V5,
        clean: true,
        keep_alive: 9,
        client_id: "",
        will: None,
        user_name: None,
        password: None,
        properties: Properties::default(),
    }
}

/// Neither reason strings nor user properties are written, so no maximum packet size is exceeded
/// by them; nor a session expiry in DISCONNECT.
/// [MQTT5-3.4.2-2] [MQTT5-3.4.2-3] [MQTT5-3.5.2-2] [MQTT5-3.5.2-3] [MQTT5-3.6.2-2]
/// [MQTT5-3.6.2-3] [MQTT5-3.7.2-2] [MQTT5-3.7.2-3] [MQTT5-3.9.2-1] [MQTT5-3.9.2-2]
/// [MQTT5-3.11.2-1] [MQTT5-3.11.2-2] [MQTT5-3.14.2-2] [MQTT5-3.14.2-3] [MQTT5-3.14.2-4]
#[test]
fn answers_are_written_without_properties() {
    assert_eq!(written(|out| encode::puback(out, V5, 1, 0x97)), [0x40, 3, 0, 1, 0x97]);
    assert_eq!(written(|out| encode::pubrec(out, V5, 1, 0x97)), [0x50, 3, 0, 1, 0x97]);
    assert_eq!(written(|out| encode::pubrel(out, V5, 1, 0x92)), [0x62, 3, 0, 1, 0x92]);
    assert_eq!(written(|out| encode::pubcomp(out, V5, 1, 0x92)), [0x70, 3, 0, 1, 0x92]);
    assert_eq!(written(|out| encode::suback(out, V5, 1, &[0x87])), [0x90, 4, 0, 1, 0, 0x87]);
    assert_eq!(written(|out| encode::unsuback(out, V5, 1, &[0x11])), [0xB0, 4, 0, 1, 0, 0x11]);
    assert_eq!(written(|out| encode::disconnect(out, V5, 0x8E)), [0xE0, 1, 0x8E]);
}

#[test]
fn success_is_written_without_a_reason() {
    assert_eq!(written(|out| encode::puback(out, V5, 1, 0)), [0x40, 2, 0, 1]);
    assert_eq!(written(|out| encode::puback(out, V5, 1, 0x97)), [0x40, 3, 0, 1, 0x97]);
    assert_eq!(written(|out| encode::puback(out, Level::V311, 1, 0x97)), [0x40, 2, 0, 1]);
    assert_eq!(written(|out| encode::pubrel(out, V5, 1, 0)), [0x62, 2, 0, 1]);
    assert_eq!(written(|out| encode::disconnect(out, V5, 0)), [0xE0, 0]);
    assert_eq!(written(|out| encode::disconnect(out, V5, 0x8E)), [0xE0, 1, 0x8E]);
    assert_eq!(written(|out| encode::disconnect(out, Level::V311, 0x8E)), [0xE0, 0]);
    assert_eq!(written(|out| encode::suback(out, V5, 1, &[1])), [0x90, 4, 0, 1, 0, 1]);
    assert_eq!(written(|out| encode::unsuback(out, Level::V31, 1, &[0])), [0xB0, 2, 0, 1]);
}
