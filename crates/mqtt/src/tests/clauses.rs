//! One table for each normative clause of 3.1.1 that a codec can break; and what 3.1 does
//! otherwise.

use super::{LEVELS, connect_of, packet, read, refused, whole};
use crate::{
    Ack, ConnAck, Level, Malformed, Packet, Publish, QoS, encode, frame,
    topic::{matches, valid_filter, valid_name},
};

/// A CONNECT body: name, level, flags, keep-alive 60, then the payload's fields.
fn connect_body(name: &str, level: u8, flags: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::new();
    encode::put_binary(&mut body, name.as_bytes());
    body.extend_from_slice(&[level, flags, 0, 60]);
    if level == 5 {
        body.push(0);
    }
    for field in fields {
        encode::put_binary(&mut body, field);
    }
    body
}

fn connect_fails(name: &str, level: u8, flags: u8, fields: &[&[u8]]) -> Malformed {
    connect_of(&packet(0x10, &connect_body(name, level, flags, fields))).unwrap_err()
}

#[test]
fn mqtt_2_2_3_remaining_length_takes_one_to_four_bytes() {
    for (length, size) in
        [(0, 2), (127, 2), (128, 3), (16_383, 3), (16_384, 4), (2_097_151, 4), (2_097_152, 5)]
    {
        let bytes = packet(0x30, &vec![7; length]);
        assert_eq!(bytes.len() - length, size);
        assert_eq!(whole(&bytes).body.len(), length);
    }
    assert_eq!(frame(&[0x30, 0x80, 0x80, 0x80, 0x80], 1 << 30), Err(Malformed::Length));
    assert_eq!(frame(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], 1 << 30), Err(Malformed::Length));
}

#[test]
fn mqtt_2_2_3_a_frame_is_cut_at_every_byte() {
    let bytes = packet(0x30, &[9; 300]);
    for end in 0..bytes.len() {
        assert_eq!(frame(&bytes[..end], 1024), Ok(None), "{end} bytes");
    }
    let two = [bytes.clone(), bytes.clone()].concat();
    assert_eq!(frame(&two, 1024).unwrap().unwrap().bytes, &bytes[..]);
}

#[test]
fn mqtt5_3_1_2_24_a_frame_too_large_is_refused_before_it_is_whole() {
    let max = 1024;
    let at_max = packet(0x30, &vec![0; max - 3]);
    assert!(frame(&at_max, max).unwrap().is_some());
    let over = packet(0x30, &vec![0; max - 2]);
    let error = Malformed::TooLarge { bytes: max + 1, max };
    assert_eq!(frame(&over[..3], max), Err(error));
    assert_eq!(error.reason(), 0x95);
}

#[test]
fn mqtt_2_2_1_reserved_packet_types_are_refused() {
    for level in LEVELS {
        assert_eq!(refused(level, 0x00, &[]), Malformed::Type(0));
    }
    assert_eq!(refused(Level::V31, 0xF0, &[]), Malformed::Type(15));
    assert_eq!(refused(Level::V311, 0xF0, &[]), Malformed::Type(15));
}

/// [MQTT-2.2.2-1] [MQTT-2.2.2-2] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1]
/// [MQTT5-2.1.3-1] [MQTT5-3.6.1-1] [MQTT5-3.8.1-1] [MQTT5-3.10.1-1] [MQTT5-3.14.1-1]
/// [MQTT5-3.15.1-1]
#[test]
fn mqtt_2_2_2_2_reserved_flags_are_checked() {
    let good = [(1, 0), (2, 0), (4, 0), (5, 0), (6, 2), (7, 0), (8, 2), (9, 0), (10, 2), (11, 0)];
    let auth = (15, 0);
    let good: Vec<_> = good.into_iter().chain([(12, 0), (13, 0), (14, 0), auth]).collect();
    for level in [Level::V311, Level::V5] {
        for &(kind, right) in good.iter().filter(|one| **one != auth || level == Level::V5) {
            for flags in (0..16).filter(|flags| *flags != right) {
                let why = refused(level, kind << 4 | flags, &[]);
                assert_eq!(why, Malformed::Flags { kind, flags });
            }
        }
    }
}

#[test]
fn mqtt31_repeated_pubrel_and_subscribe_may_have_dup() {
    let id = Ack { id: 1, reason: 0 };
    assert_eq!(read(Level::V31, &[0x6A, 2, 0, 1]), Ok(Packet::PubRel(id)));
    assert!(read(Level::V31, &[0x8A, 6, 0, 1, 0, 1, b'a', 0]).is_ok());
    assert!(read(Level::V31, &[0xAA, 5, 0, 1, 0, 1, b'a']).is_ok());
    assert!(read(Level::V311, &[0x6A, 2, 0, 1]).is_err());
}

/// A text that is no string of the protocol, and why.
const BAD_TEXTS: [(&[u8], Malformed); 6] = [
    (b"a\xFF", Malformed::Utf8),
    (b"\xC0\x80", Malformed::Utf8),
    (b"\xED\xA0\x80", Malformed::Utf8),
    (b"\xED\xBF\xBF", Malformed::Utf8),
    (b"\xE6\xB8", Malformed::Utf8),
    (b"a\0b", Malformed::Nul),
];

/// The string in a body, behind `before`, at level 5.0 with no properties between them.
fn body_with(level: Level, before: &[u8], text: &[u8], after: &[u8]) -> Vec<u8> {
    let mut body = before.to_vec();
    if level == Level::V5 && !before.is_empty() {
        body.push(0);
    }
    encode::put_binary(&mut body, text);
    body.extend_from_slice(after);
    body
}

/// [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT-3.3.2-1] [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT-4.7.3-2]
/// [MQTT5-1.5.4-1] [MQTT5-1.5.4-2] [MQTT5-3.3.2-1] [MQTT5-3.8.3-1] [MQTT5-3.10.3-1]
/// [MQTT5-4.7.3-2]
#[test]
fn mqtt_1_5_3_strings_are_utf8_without_nul_and_surrogates() {
    for level in LEVELS {
        for (text, why) in BAD_TEXTS {
            assert_eq!(refused(level, 0x30, &body_with(level, &[], text, &[0])), why);
            assert_eq!(refused(level, 0x82, &body_with(level, &[0, 1], text, &[0])), why);
            assert_eq!(refused(level, 0xA2, &body_with(level, &[0, 1], text, &[])), why);
        }
    }
}

/// [MQTT-3.1.3-4] [MQTT-3.1.3-10] [MQTT-3.1.3-11] [MQTT5-3.1.3-4] [MQTT5-3.1.3-11]
/// [MQTT5-3.1.3-12]
#[test]
fn mqtt_3_1_3_client_id_will_topic_and_user_name_are_utf8() {
    for (text, why) in BAD_TEXTS {
        for (name, level) in [("MQIsdp", 3), ("MQTT", 4), ("MQTT", 5)] {
            assert_eq!(connect_fails(name, level, 0x02, &[text]), why);
            assert_eq!(connect_fails(name, level, 0x82, &[b"id", text]), why);
        }
        assert_eq!(connect_fails("MQTT", 4, 0x06, &[b"id", text, b"m"]), why);
        // At 5.0 the will begins with its properties, here none.
        let mut body = connect_body("MQTT", 5, 0x06, &[b"id"]);
        body.push(0);
        encode::put_binary(&mut body, text);
        encode::put_binary(&mut body, b"m");
        assert_eq!(connect_of(&packet(0x10, &body)), Err(why));
    }
}

/// [MQTT-1.5.3-3] [MQTT5-1.5.4-3]
#[test]
fn mqtt_1_5_3_3_a_byte_order_mark_is_kept() {
    for level in LEVELS {
        let body = body_with(level, &[], "\u{FEFF}温度🌡".as_bytes(), &[0]);
        match read(level, &packet(0x30, &body)) {
            Ok(Packet::Publish(publish)) => assert_eq!(publish.topic, "\u{FEFF}温度🌡"),
            other => panic!("{other:?}"),
        }
    }
}

/// [MQTT-3.1.0-1] [MQTT5-3.1.0-1]
#[test]
fn mqtt_3_1_0_1_the_first_packet_is_connect() {
    assert_eq!(connect_of(&[0xC0, 0]), Err(Malformed::NotConnect));
    assert_eq!(
        connect_of(&packet(0x11, &connect_body("MQTT", 4, 2, &[b"a"]))),
        Err(Malformed::Flags { kind: 1, flags: 1 })
    );
}

#[test]
fn mqtt_3_1_0_2_a_second_connect_is_seen_as_one() {
    for level in LEVELS {
        let bytes = packet(0x10, &connect_body("MQTT", 4, 2, &[b"a"]));
        assert!(matches!(read(level, &bytes), Ok(Packet::Connect(_))));
    }
}

/// [MQTT-3.1.2-1] [MQTT5-3.1.2-1]
#[test]
fn mqtt_3_1_2_1_the_protocol_name_is_checked() {
    for name in ["mqtt", "MQT", "MQTTT", "", "MQIsdP", "HTTP"] {
        assert_eq!(connect_fails(name, 4, 2, &[b"a"]), Malformed::ProtocolName, "{name}");
    }
    assert_eq!(Malformed::ProtocolName.reason(), 0x84);
}

#[test]
fn mqtt_3_1_2_2_unknown_levels_are_told_apart() {
    for (name, level) in
        [("MQTT", 0), ("MQTT", 3), ("MQTT", 6), ("MQTT", 0x84), ("MQIsdp", 4), ("MQIsdp", 5)]
    {
        assert_eq!(connect_fails(name, level, 2, &[b"a"]), Malformed::Level(level));
    }
    for (name, number, level) in
        [("MQIsdp", 3, Level::V31), ("MQTT", 4, Level::V311), ("MQTT", 5, Level::V5)]
    {
        let bytes = packet(0x10, &connect_body(name, number, 2, &[b"a"]));
        assert_eq!(connect_of(&bytes).unwrap().level, level);
        assert_eq!(level.number(), number);
    }
}

/// [MQTT-3.1.2-3] [MQTT5-3.1.2-3]
#[test]
fn mqtt_3_1_2_3_the_reserved_connect_flag_is_zero() {
    assert_eq!(connect_fails("MQTT", 4, 0x03, &[b"a"]), Malformed::ConnectFlag);
    assert_eq!(connect_fails("MQTT", 5, 0x03, &[b"a"]), Malformed::ConnectFlag);
}

/// [MQTT-3.1.2-9] [MQTT-3.1.2-11] [MQTT-3.1.2-13] [MQTT-3.1.2-14] [MQTT-3.1.2-15] [MQTT5-3.1.2-9]
/// [MQTT5-3.1.2-11] [MQTT5-3.1.2-12] [MQTT5-3.1.2-13]
#[test]
fn mqtt_3_1_2_11_to_15_will_flags_agree() {
    for (flags, why) in [
        (0x0A, Malformed::NoWill),
        (0x12, Malformed::NoWill),
        (0x22, Malformed::NoWill),
        (0x1E, Malformed::WillQoS),
    ] {
        assert_eq!(connect_fails("MQTT", 4, flags, &[b"a", b"t", b"m"]), why, "{flags:#x}");
    }
    assert_eq!(connect_fails("MQTT", 4, 0x06, &[b"a", b"t/#", b"m"]), Malformed::TopicName);
    for (flags, why) in [
        (0x0A, Malformed::NoWill),
        (0x12, Malformed::NoWill),
        (0x22, Malformed::NoWill),
        (0x06, Malformed::Short),
    ] {
        assert_eq!(connect_fails("MQTT", 5, flags, &[b"a"]), why, "{flags:#x}");
    }
    let mut body = connect_body("MQTT", 5, 0x1E, &[b"a"]);
    body.extend_from_slice(&[0, 0, 1, b't', 0, 1, b'm']);
    assert_eq!(connect_of(&packet(0x10, &body)), Err(Malformed::WillQoS));
    let bytes = packet(0x10, &connect_body("MQTT", 4, 0x2E, &[b"a", b"t", b"m"]));
    let will = connect_of(&bytes).unwrap().will.unwrap();
    assert_eq!((will.topic, will.payload), ("t", &b"m"[..]));
    assert_eq!((will.qos, will.retain), (QoS::AtLeastOnce, true));
}

/// [MQTT-3.1.2-22]
#[test]
fn mqtt_3_1_2_22_a_password_needs_a_user_name_below_5() {
    assert_eq!(connect_fails("MQTT", 4, 0x42, &[b"a", b"pw"]), Malformed::PasswordAlone);
    assert_eq!(connect_fails("MQIsdp", 3, 0x42, &[b"a", b"pw"]), Malformed::PasswordAlone);
    let bytes = packet(0x10, &connect_body("MQTT", 5, 0x42, &[b"a", b"pw"]));
    assert_eq!(connect_of(&bytes).unwrap().password, Some(&b"pw"[..]));
}

/// [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.2-20] [MQTT-3.1.2-21] [MQTT-3.1.3-1] [MQTT-3.1.3-3]
/// [MQTT5-3.1.2-16] [MQTT5-3.1.2-17] [MQTT5-3.1.2-18] [MQTT5-3.1.2-19] [MQTT5-3.1.3-1]
/// [MQTT5-3.1.3-3]
#[test]
fn mqtt_3_1_3_fields_are_there_and_nothing_else() {
    for level in [4, 5] {
        for (flags, fields) in
            [(0xC2, &[&b"a"[..]][..]), (0x82, &[b"a"]), (0xC2, &[b"a", b"u"]), (0x06, &[b"a"])]
        {
            assert_eq!(connect_fails("MQTT", level, flags, fields), Malformed::Short);
        }
        assert_eq!(connect_fails("MQTT", level, 0x02, &[]), Malformed::Short, "no client id");
        assert_eq!(connect_fails("MQTT", level, 0x02, &[b"a", b"x"]), Malformed::Trailing(3));
        let why = connect_fails("MQTT", level, 0x82, &[b"a", b"u", b"p"]);
        assert_eq!(why, Malformed::Trailing(3), "a password without its flag");
        let bytes = packet(0x10, &connect_body("MQTT", level, 0xC2, &[b"i", b"u", b"p"]));
        let connect = connect_of(&bytes).unwrap();
        assert_eq!((connect.client_id, connect.user_name), ("i", Some("u")));
        assert_eq!((connect.password, connect.keep_alive), (Some(&b"p"[..]), 60));
        let bytes = packet(0x10, &connect_body("MQTT", level, 0xC2, &[b"", b"", b""]));
        let connect = connect_of(&bytes).unwrap();
        assert_eq!((connect.client_id, connect.user_name), ("", Some("")));
        assert_eq!((connect.password, connect.clean), (Some(&b""[..]), true));
    }
}

#[test]
fn mqtt31_long_client_ids_and_missing_credentials_pass() {
    let id = "X".repeat(80);
    let bytes = packet(0x10, &connect_body("MQIsdp", 3, 0xC2, &[id.as_bytes()]));
    let connect = connect_of(&bytes).unwrap();
    assert_eq!((connect.level, connect.client_id), (Level::V31, &*id));
    assert_eq!((connect.user_name, connect.password), (None, None));
}

#[test]
fn mqtt31_disregards_will_qos_and_retain_without_a_will() {
    for flags in [0x0A, 0x12, 0x1A, 0x22, 0x3A] {
        let bytes = packet(0x10, &connect_body("MQIsdp", 3, flags, &[b"a"]));
        assert_eq!(connect_of(&bytes).unwrap().will, None, "{flags:#x}");
    }
}

#[test]
fn a_connect_does_not_show_its_password() {
    let bytes = packet(0x10, &connect_body("MQTT", 4, 0xC2, &[b"a", b"user", b"hunter2"]));
    let shown = format!("{:?}", connect_of(&bytes).unwrap());
    assert!(shown.contains("user") && !shown.contains("hunter2") && !shown.contains("104"));
}

/// [MQTT5-3.2.2-1]
#[test]
fn mqtt_3_2_2_connack_flags_and_codes() {
    assert_eq!(
        read(Level::V311, &[0x20, 2, 1, 0]),
        Ok(Packet::ConnAck(ConnAck { session_present: true, code: 0 }))
    );
    assert_eq!(refused(Level::V311, 0x20, &[2, 0]), Malformed::ConnAckFlags);
    assert_eq!(refused(Level::V5, 0x20, &[2, 0, 0]), Malformed::ConnAckFlags);
    assert_eq!(refused(Level::V311, 0x20, &[1, 5]), Malformed::RefusedSession);
    assert_eq!(refused(Level::V311, 0x20, &[0, 6]), Malformed::Reason(6));
    assert_eq!(refused(Level::V311, 0x20, &[0]), Malformed::Short);
    let mut out = Vec::new();
    encode::connack(&mut out, Level::V31, true, 0);
    assert_eq!(out, [0x20, 2, 0, 0], "3.1 knows no session present");
}

/// [MQTT-3.3.1-2] [MQTT5-3.3.1-2]
#[test]
fn mqtt_3_3_1_2_dup_is_zero_at_qos_0() {
    for level in LEVELS {
        assert_eq!(refused(level, 0x38, &[0, 1, b'a', 0]), Malformed::Dup);
    }
}

/// [MQTT-3.3.1-4] [MQTT5-3.3.1-4]
#[test]
fn mqtt_3_3_1_4_qos_3_is_refused() {
    for level in LEVELS {
        assert_eq!(refused(level, 0x36, &[0, 1, b'a', 0, 1, 0]), Malformed::QoS);
        assert_eq!(refused(level, 0x3E, &[0, 1, b'a', 0, 1, 0]), Malformed::QoS);
    }
    assert_eq!(QoS::try_from(3), Err(Malformed::QoS));
}

/// [MQTT-3.3.2-2] [MQTT-4.7.1-1] [MQTT-4.7.3-1] [MQTT5-3.3.2-2] [MQTT5-4.7.0-1] [MQTT5-4.7.3-1]
#[test]
fn mqtt_3_3_2_2_topic_names_have_no_wildcards() {
    for level in LEVELS {
        for topic in ["#", "+", "a/#", "a/+/b", "a+", "$thing/up/#"] {
            let body = body_with(level, &[], topic.as_bytes(), &[0]);
            assert_eq!(refused(level, 0x30, &body), Malformed::TopicName, "{topic}");
        }
        assert_eq!(refused(level, 0x30, &[0, 0, 0]), Malformed::NoTopic);
    }
    assert_eq!(Malformed::NoTopic.reason(), 0x82);
}

/// [MQTT-2.3.1-1]
#[test]
fn mqtt_2_3_1_1_packet_ids_are_not_zero() {
    for (first, body) in [
        (0x32, &[0, 1, b'a', 0, 0, 0][..]),
        (0x40, &[0, 0]),
        (0x50, &[0, 0]),
        (0x62, &[0, 0]),
        (0x70, &[0, 0]),
        (0x82, &[0, 0, 0, 1, b'a', 0]),
        (0x90, &[0, 0, 0]),
        (0xA2, &[0, 0, 0, 1, b'a']),
        (0xB0, &[0, 0]),
    ] {
        assert_eq!(refused(Level::V311, first, body), Malformed::PacketId, "{first:#x}");
    }
}

/// [MQTT-2.3.1-5] [MQTT5-2.2.1-2]
#[test]
fn mqtt_2_3_1_5_qos_0_has_no_packet_id() {
    for level in LEVELS {
        let bytes = packet(0x30, &body_with(level, &[], b"a", &[]));
        let bytes =
            if level == Level::V5 { [&[0x30, 4], &bytes[2..], &[0]].concat() } else { bytes };
        let Ok(Packet::Publish(publish)) = read(level, &bytes) else { panic!("{bytes:?}") };
        assert_eq!((publish.id, publish.payload), (None, &b""[..]));
        let mut out = Vec::new();
        encode::publish(&mut out, level, &Publish { id: Some(7), ..publish });
        assert_eq!(out, bytes, "an id is not written");
    }
}

#[test]
fn mqtt_3_3_3_a_payload_may_be_empty() {
    match read(Level::V311, &[0x32, 5, 0, 1, b'a', 0, 7]) {
        Ok(Packet::Publish(publish)) => {
            assert_eq!((publish.id, publish.payload), (Some(7), &b""[..]));
        }
        other => panic!("{other:?}"),
    }
}

/// [MQTT-3.8.3-3] [MQTT-3.8.3-4] [MQTT5-3.8.3-2]
#[test]
fn mqtt_3_8_3_subscribe_asks_for_something_valid() {
    assert_eq!(refused(Level::V311, 0x82, &[0, 1]), Malformed::NoFilters);
    assert_eq!(refused(Level::V5, 0x82, &[0, 1, 0]), Malformed::NoFilters);
    for options in [3, 4, 8, 0x10, 0x40, 0x80, 0xFD] {
        let why = refused(Level::V311, 0x82, &[0, 1, 0, 1, b'a', options]);
        assert_eq!(why, Malformed::Options, "{options:#x}");
    }
    assert_eq!(refused(Level::V311, 0x82, &[0, 1, 0, 0, 0]), Malformed::TopicFilter);
    assert_eq!(refused(Level::V311, 0x82, &[0, 1, 0, 1, b'a']), Malformed::Short);
    // The second filter is looked at, too.
    let why = refused(Level::V311, 0x82, &[0, 1, 0, 1, b'a', 0, 0, 2, b'#', b'#', 0]);
    assert_eq!(why, Malformed::TopicFilter);
}

/// [MQTT-3.10.3-2] [MQTT5-3.10.3-2]
#[test]
fn mqtt_3_10_3_2_unsubscribe_names_something() {
    assert_eq!(refused(Level::V311, 0xA2, &[0, 1]), Malformed::NoFilters);
    assert_eq!(refused(Level::V5, 0xA2, &[0, 1, 0]), Malformed::NoFilters);
    assert_eq!(refused(Level::V311, 0xA2, &[0, 1, 0, 2, b'a', b'+']), Malformed::TopicFilter);
}

/// [MQTT-3.9.3-2]
#[test]
fn mqtt_3_9_3_2_suback_codes() {
    assert_eq!(refused(Level::V311, 0x90, &[0, 1, 3]), Malformed::Reason(3));
    assert_eq!(refused(Level::V311, 0x90, &[0, 1]), Malformed::Short);
    match read(Level::V311, &[0x90, 6, 0, 1, 0, 1, 2, 0x80]) {
        Ok(Packet::SubAck(ack)) => assert_eq!((ack.id, ack.codes), (1, &[0, 1, 2, 0x80][..])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bytes_after_the_last_field_are_refused() {
    for (first, body) in [
        (0x20, &[0, 0, 9][..]),
        (0x40, &[0, 1, 9]),
        (0x62, &[0, 1, 9]),
        (0xB0, &[0, 1, 9]),
        (0xC0, &[9]),
        (0xD0, &[9]),
        (0xE0, &[9]),
    ] {
        assert_eq!(refused(Level::V311, first, body), Malformed::Trailing(1), "{first:#x}");
    }
}

#[test]
fn every_packet_cut_short_is_refused() {
    let bytes = packet(0x10, &connect_body("MQTT", 4, 0xEE, &[b"id", b"t", b"m", b"u", b"p"]));
    let whole = whole(&bytes).body;
    for end in 0..whole.len() {
        assert!(connect_of(&packet(0x10, &whole[..end])).is_err(), "{end}");
    }
}

/// [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-1] [MQTT-4.7.3-3] [MQTT5-4.7.1-1] [MQTT5-4.7.1-2]
/// [MQTT5-4.7.3-1] [MQTT5-4.7.3-3]
#[test]
fn mqtt_4_7_filters() {
    for good in ["a", "/", "//", "#", "+", "+/+", "a/#", "/+", "+/a/#", "$thing/+/property", "温/+"]
    {
        assert!(valid_filter(good), "{good}");
    }
    for bad in ["", "a#", "#/a", "a/#/b", "a+", "+a", "a/b+/c", "##", "a\0"] {
        assert!(!valid_filter(bad), "{bad}");
    }
    assert!(valid_name(&"a".repeat(65_535)) && !valid_name(&"a".repeat(65_536)));
    assert!(!valid_filter(&"a".repeat(65_536)));
}

/// [MQTT-4.7.2-1] [MQTT-4.7.3-4] [MQTT5-4.7.2-1] [MQTT5-4.7.3-4]
#[test]
fn mqtt_4_7_matching() {
    let yes = [
        ("sport/tennis/#", "sport/tennis"),
        ("sport/tennis/#", "sport/tennis/a/b"),
        ("#", "a/b"),
        ("+", "a"),
        ("+/+", "/a"),
        ("/+", "/a"),
        ("a/+/c", "a/b/c"),
        ("a/+", "a/"),
        ("$thing/#", "$thing/up"),
        ("$thing/down/+/P/D", "$thing/down/property/P/D"),
    ];
    for (filter, name) in yes {
        assert!(matches(filter, name), "{filter} {name}");
    }
    let no = [
        ("a", "A"),
        ("a", "a/"),
        ("a/+", "a"),
        ("+", "/a"),
        ("+", "a/b"),
        ("a/b/c", "a/b"),
        ("a/b", "a/b/c"),
        ("#", "$SYS/x"),
        ("+/x", "$SYS/x"),
    ];
    for (filter, name) in no {
        assert!(!matches(filter, name), "{filter} {name}");
    }
}
