//! Statements of the standards that one connection can show.

use crate::{
    list::{
        Level, PINGREQ, V5, V31, V311, connect, connect_named, connect_with, packet, properties,
        publish, publish_with, subscribe, subscribe_with, text, unsubscribe,
    },
    peer::talk,
    product::Thingd,
};

const BOTH: [Level; 2] = [V311, V5];

/// A broker, asked packet by packet.
struct Asked(Thingd);

impl Asked {
    async fn start() -> Self {
        Self(Thingd::start().await)
    }

    /// `expected`: the answers and the end, as in the differential test.
    async fn check(&self, level: Level, packets: &[&[u8]], expected: &str) {
        let address = self.0.broker.addresses().tcp.unwrap();
        let least = expected.split("; ").count() - 1;
        let told = talk(address, level, packets, least).await.join("; ");
        assert_eq!(told, expected, "level {level:?} {packets:02x?}");
    }

    /// What is answered behind a good CONNECT, `least` lines at least.
    async fn told(&self, level: Level, packets: &[&[u8]], least: usize) -> Vec<String> {
        let address = self.0.broker.addresses().tcp.unwrap();
        let hello = connect(level, "s");
        let packets: Vec<&[u8]> = [&hello[..]].iter().chain(packets).copied().collect();
        let mut told = talk(address, level, &packets, least + 1).await;
        assert_eq!(told.remove(0), "CONNACK 0x00");
        told
    }

    /// The same, and it is this.
    async fn after(&self, level: Level, packets: &[&[u8]], expected: &str) {
        let least = expected.split("; ").count() - 1;
        let told = self.told(level, packets, least).await.join("; ");
        assert_eq!(told, expected, "level {level:?} {packets:02x?}");
    }
}

/// How a connection ends on a malformed packet.
fn malformed(level: Level) -> &'static str {
    if level == V5 { "DISCONNECT 0x81; closed" } else { "closed" }
}

fn protocol_error(level: Level) -> &'static str {
    if level == V5 { "DISCONNECT 0x82; closed" } else { "closed" }
}

/// [MQTT-3.1.4-4] [MQTT-3.2.0-1] [MQTT5-3.1.4-5] [MQTT5-3.2.0-1] [MQTT5-3.2.0-2]
/// [MQTT-3.12.4-1] [MQTT5-3.12.4-1]
#[tokio::test]
async fn a_good_connect_has_one_connack_and_pings_are_answered() {
    let asked = Asked::start().await;
    for level in [V31, V311, V5] {
        // Between two packets `talk` waits for a PINGRESP and would not end without it.
        asked.after(level, &[], "open").await;
    }
}

/// [MQTT-3.1.0-1] [MQTT-3.1.2-1] [MQTT-3.1.2-3] [MQTT-3.1.4-1] [MQTT5-3.1.0-1] [MQTT5-3.1.2-1]
/// [MQTT5-3.1.2-3] [MQTT5-3.1.4-1] [MQTT5-3.14.0-1]
#[tokio::test]
async fn what_is_no_good_connect_is_closed_without_an_answer() {
    let asked = Asked::start().await;
    for level in BOTH {
        let id = text("s");
        for bytes in [
            PINGREQ.to_vec(),
            publish(level, 0x30, "a", None),
            connect_named("mqtt", level, 2, &[], &id),
            connect_with(level, 3, &[], &id),
            connect_with(level, 2, &[], &[]),
            connect_with(level, 2, &[], &text(b"\xFF")),
            connect_with(level, 2, &[], &[&id[..], &id].concat()),
        ] {
            asked.check(level, &[&bytes], "closed").await;
        }
    }
}

/// [MQTT-3.1.2-2] [MQTT5-3.1.2-2] [MQTT-3.2.2-5] [MQTT-3.1.4-5]
#[tokio::test]
async fn an_unknown_level_is_told_and_closed() {
    let asked = Asked::start().await;
    for number in [0, 6] {
        let hello = connect_named("MQTT", Level(number), 2, &[], &text("s"));
        let behind = publish(V311, 0x32, "a", Some(1));
        asked.check(V311, &[&[&hello[..], &behind].concat()], "CONNACK 0x01; closed").await;
    }
}

/// [MQTT-3.1.3-8] [MQTT-3.1.3-9]
#[tokio::test]
async fn an_empty_client_id_needs_a_clean_session() {
    let asked = Asked::start().await;
    let hello = connect_with(V311, 0, &[], &text(""));
    asked.check(V311, &[&hello], "CONNACK 0x02; closed").await;
}

/// [MQTT-3.1.0-2] [MQTT5-3.1.0-2]
#[tokio::test]
async fn a_second_connect_ends_the_connection() {
    let asked = Asked::start().await;
    for level in BOTH {
        asked.after(level, &[&connect(level, "s")], protocol_error(level)).await;
    }
}

/// [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT-2.2.2-2] [MQTT-3.3.1-4] [MQTT-3.6.1-1] [MQTT-3.8.1-1]
/// [MQTT-3.8.3-4] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-4.8.0-1]
/// [MQTT5-1.5.4-1] [MQTT5-1.5.4-2] [MQTT5-2.1.3-1] [MQTT5-3.3.1-4] [MQTT5-3.6.1-1]
/// [MQTT5-3.8.1-1] [MQTT5-3.8.3-5] [MQTT5-3.10.1-1] [MQTT5-3.14.1-1] [MQTT5-3.15.1-1]
/// [MQTT5-4.13.1-1] [MQTT5-4.13.2-1] [MQTT5-3.14.4-1] [MQTT5-3.14.4-2]
#[tokio::test]
async fn a_malformed_packet_ends_the_connection_with_a_reason() {
    let asked = Asked::start().await;
    for level in BOTH {
        let with_flags = |mut packet: Vec<u8>| {
            packet[0] &= 0xF0;
            packet
        };
        let mut all = vec![
            publish(level, 0x30, b"\xFF", None),
            publish(level, 0x30, "a\0b", None),
            publish(level, 0x36, "a", Some(1)),
            publish(level, 0x30, "a/#", None),
            vec![0x60, 2, 0, 1],
            with_flags(subscribe(level, "a", 0)),
            with_flags(unsubscribe(level, "a")),
            subscribe(level, "a", 3),
            subscribe(level, "a", 0x80),
            vec![0xE1, 0],
            vec![0xC1, 0],
        ];
        if level == V5 {
            all.push(vec![0xF1, 0]);
        }
        for bytes in all {
            asked.after(level, &[&bytes], malformed(level)).await;
        }
    }
}

/// [MQTT-2.3.1-7] [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.9.3-1]
/// [MQTT5-2.2.1-6] [MQTT5-3.8.4-1] [MQTT5-3.8.4-2] [MQTT5-3.8.4-5] [MQTT5-3.8.4-6]
/// [MQTT5-3.8.4-7] [MQTT5-3.9.3-1]
#[tokio::test]
async fn subscribe_is_answered_with_a_code_for_each_filter() {
    let asked = Asked::start().await;
    for level in BOTH {
        let filters = [&text("a")[..], &[2], &text("b/#"), &[0], &text("+"), &[1]].concat();
        let bytes = packet(0x82, &[&[0x12, 0x34], &properties(level, &[])[..], &filters].concat());
        asked.after(level, &[&bytes], "SUBACK 4660 [02, 00, 01]; open").await;
    }
}

/// [MQTT-2.3.1-7] [MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6]
/// [MQTT5-2.2.1-6] [MQTT5-3.10.4-1] [MQTT5-3.10.4-2] [MQTT5-3.10.4-4] [MQTT5-3.10.4-5]
/// [MQTT5-3.10.4-6] [MQTT5-3.11.3-1]
#[tokio::test]
async fn unsubscribe_is_answered_and_nothing_comes_any_more() {
    let asked = Asked::start().await;
    for level in BOTH {
        // The same topics match it, but it is not the filter that was subscribed to.
        let filters = [text("+"), text("b"), text("a")].concat();
        let leave = packet(0xA2, &[&[0, 9], &properties(level, &[])[..], &filters].concat());
        let packets: [&[u8]; 4] = [
            &subscribe(level, "a", 0),
            &subscribe(level, "c", 0),
            &leave,
            &[publish(level, 0x30, "a", None), publish(level, 0x30, "c", None)].concat(),
        ];
        let codes = if level == V5 { "[11, 11, 00]" } else { "[]" };
        let expected =
            format!("SUBACK 1 [00]; SUBACK 1 [00]; UNSUBACK 9 {codes}; PUBLISH c QoS 0; open");
        asked.after(level, &packets, &expected).await;
    }
}

/// [MQTT-2.3.1-6] [MQTT-3.3.4-1] [MQTT-4.3.2-2] [MQTT5-2.2.1-5] [MQTT5-3.3.4-1] [MQTT5-4.3.2-4]
/// [MQTT5-4.3.2-5] [MQTT-4.6.0-2]
#[tokio::test]
async fn publish_is_answered_as_its_qos_asks() {
    let asked = Asked::start().await;
    for level in BOTH {
        let p = |first, id| publish(level, first, "a", id);
        asked.after(level, &[&p(0x30, None)], "open").await;
        asked.after(level, &[&p(0x34, Some(8))], "PUBREC 8 0x00; open").await;
        // The same id after its PUBACK is a new message, dup or not.
        let heard = subscribe(level, "a", 0);
        let (one, again) = (p(0x32, Some(7)), p(0x3A, Some(7)));
        let expected = "SUBACK 1 [00]; PUBACK 7 0x00; PUBLISH a QoS 0; PUBACK 7 0x00; \
                        PUBLISH a QoS 0; open";
        asked.after(level, &[&heard, &one, &again], expected).await;
        let many: Vec<u8> = (1..5).flat_map(|id| p(0x32, Some(id))).collect();
        let expected = "PUBACK 1 0x00; PUBACK 2 0x00; PUBACK 3 0x00; PUBACK 4 0x00; open";
        asked.after(level, &[&many], expected).await;
    }
}

/// [MQTT-4.3.3-2] [MQTT5-4.3.3-8] [MQTT5-4.3.3-10] [MQTT5-4.3.3-11] [MQTT5-4.3.3-12]
#[tokio::test]
async fn a_qos_2_message_is_delivered_once_until_its_pubcomp() {
    let asked = Asked::start().await;
    for level in BOTH {
        let p = |first| publish(level, first, "a", Some(7));
        let packets: [&[u8]; 6] = [
            &subscribe(level, "a", 0),
            &p(0x34),
            &p(0x3C),
            &[0x62, 2, 0, 7],
            &p(0x34),
            &[0x62, 2, 0, 7],
        ];
        let told = asked.told(level, &packets, 8).await;
        let count = |what: &str| told.iter().filter(|line| *line == what).count();
        assert_eq!(count("PUBREC 7 0x00"), 3, "{told:?}");
        assert_eq!(count("PUBCOMP 7 0x00"), 2, "{told:?}");
        assert_eq!(count("PUBLISH a QoS 0"), 2, "{told:?}");
        assert_eq!(told.last().map(String::as_str), Some("open"));
    }
}

/// [MQTT-3.3.1-2] [MQTT-3.3.1-3] [MQTT-3.3.2-3] [MQTT-3.8.4-6] [MQTT-4.3.1-1]
/// [MQTT5-3.3.1-2] [MQTT5-3.3.1-3] [MQTT5-3.3.2-3] [MQTT5-3.8.4-8] [MQTT5-4.3.1-1]
#[tokio::test]
async fn a_message_comes_at_the_lower_qos_without_the_publishers_dup() {
    let asked = Asked::start().await;
    for level in BOTH {
        for (granted, first, comes) in [(0, 0x3A, 0), (1, 0x30, 0), (1, 0x3A, 1), (2, 0x3A, 1)] {
            let id = (first != 0x30).then_some(7);
            let packets: [&[u8]; 2] =
                [&subscribe(level, "a/+", granted), &publish(level, first, "a/b", id)];
            let ack = if id.is_some() { "PUBACK 7 0x00; " } else { "" };
            let expected = format!("SUBACK 1 [0{granted}]; {ack}PUBLISH a/b QoS {comes}; open");
            asked.after(level, &packets, &expected).await;
        }
    }
}

/// [MQTT-3.3.5-1] [MQTT-3.8.4-3] [MQTT5-3.3.4-2] [MQTT5-3.8.4-3]
#[tokio::test]
async fn overlapping_filters_get_the_highest_qos_and_the_same_filter_replaces() {
    let asked = Asked::start().await;
    for level in BOTH {
        let p = publish(level, 0x32, "a/b", Some(7));
        let packets: [&[u8]; 3] = [&subscribe(level, "a/b", 0), &subscribe(level, "a/#", 1), &p];
        let expected = "SUBACK 1 [00]; SUBACK 1 [01]; PUBACK 7 0x00; PUBLISH a/b QoS 1; open";
        asked.after(level, &packets, expected).await;
        let packets: [&[u8]; 3] = [&subscribe(level, "a/b", 1), &subscribe(level, "a/b", 0), &p];
        let expected = "SUBACK 1 [01]; SUBACK 1 [00]; PUBACK 7 0x00; PUBLISH a/b QoS 0; open";
        asked.after(level, &packets, expected).await;
    }
}

/// [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7] [MQTT-3.3.1-8] [MQTT-3.3.1-9] [MQTT-3.3.1-10]
/// [MQTT-3.3.1-11] [MQTT-3.3.1-12] [MQTT-3.1.2-7] [MQTT5-3.3.1-5] [MQTT5-3.3.1-6]
/// [MQTT5-3.3.1-7] [MQTT5-3.3.1-8] [MQTT5-3.3.1-12]
#[tokio::test]
async fn the_last_retained_message_waits_for_subscribers() {
    let asked = Asked::start().await;
    for level in BOTH {
        let retain = |id| publish(level, 0x33, "kept", id);
        let plain = publish(level, 0x32, "kept", Some(9));
        let listen = subscribe(level, "kept", 1);
        let empty = [&text("kept")[..], &[0, 5], &properties(level, &[])].concat();
        let gone = packet(0x33, &empty);
        // Two are retained, one is not: the second waits, in a later session, too.
        let first: [&[u8]; 3] = [&retain(Some(1)), &retain(Some(2)), &plain];
        asked.after(level, &first, "PUBACK 1 0x00; PUBACK 2 0x00; PUBACK 9 0x00; open").await;
        let then: [&[u8]; 3] = [&listen, &retain(Some(3)), &gone];
        let expected = "SUBACK 1 [01]; PUBLISH kept QoS 1 retain; PUBACK 3 0x00; \
                        PUBLISH kept QoS 1; PUBACK 5 0x00; PUBLISH kept QoS 1; open";
        asked.after(level, &then, expected).await;
        asked.after(level, &[&listen], "SUBACK 1 [01]; open").await;
    }
}

/// [MQTT5-3.3.1-9] [MQTT5-3.3.1-10] [MQTT5-3.3.1-11] [MQTT5-3.3.1-13] [MQTT5-3.8.4-4]
#[tokio::test]
async fn retain_handling_and_retain_as_published_are_obeyed() {
    let asked = Asked::start().await;
    let kept = publish(V5, 0x31, "kept", None);
    let s = |options| subscribe_with(V5, &[], "kept", options);
    for (options, expected) in [
        (
            0x00,
            "SUBACK 1 [00]; PUBLISH kept QoS 0 retain; SUBACK 1 [00]; PUBLISH kept QoS 0 retain",
        ),
        (0x10, "SUBACK 1 [00]; PUBLISH kept QoS 0 retain; SUBACK 1 [00]"),
        (0x20, "SUBACK 1 [00]; SUBACK 1 [00]"),
    ] {
        let packets: [&[u8]; 3] = [&kept, &s(options), &s(options)];
        asked.after(V5, &packets, &format!("{expected}; open")).await;
    }
    let packets: [&[u8]; 2] = [&s(0x28), &kept];
    asked.after(V5, &packets, "SUBACK 1 [00]; PUBLISH kept QoS 0 retain; open").await;
}

/// [MQTT5-3.8.3-3]
#[tokio::test]
async fn no_local_keeps_a_clients_own_messages_away() {
    let asked = Asked::start().await;
    let packets: [&[u8]; 3] = [
        &subscribe(V5, "a", 0x04),
        &subscribe(V5, "b", 0x00),
        &[publish(V5, 0x30, "a", None), publish(V5, 0x30, "b", None)].concat(),
    ];
    asked.after(V5, &packets, "SUBACK 1 [00]; SUBACK 1 [00]; PUBLISH b QoS 0; open").await;
}

/// [MQTT5-3.8.3-4]
#[tokio::test]
async fn no_local_on_a_shared_filter_is_a_protocol_error() {
    let asked = Asked::start().await;
    asked.after(V5, &[&subscribe(V5, "$share/g/a", 4)], protocol_error(V5)).await;
}

/// [MQTT5-3.3.4-3] [MQTT5-3.3.4-4]
#[tokio::test]
async fn one_copy_has_the_identifiers_of_all_its_subscriptions() {
    let asked = Asked::start().await;
    let packets: [&[u8]; 4] = [
        &subscribe_with(V5, &[0x0B, 5], "a/b", 0),
        &subscribe_with(V5, &[0x0B, 6], "a/#", 0),
        &subscribe(V5, "+/b", 0),
        &publish(V5, 0x30, "a/b", None),
    ];
    let told = asked.told(V5, &packets, 4).await;
    let copies: Vec<_> = told.iter().filter(|line| line.starts_with("PUBLISH")).collect();
    assert_eq!(copies.len(), 1, "{told:?}");
    let has = |id: &str| copies[0].contains(id);
    assert!(has("SubscriptionId(5)") && has("SubscriptionId(6)"), "{told:?}");
}

/// [MQTT5-3.3.2-4] [MQTT5-3.3.2-15] [MQTT5-3.3.2-16] [MQTT5-3.3.2-17] [MQTT5-3.3.2-18]
/// [MQTT5-3.3.2-20]
#[tokio::test]
async fn what_a_publisher_says_of_its_message_is_handed_on() {
    let asked = Asked::start().await;
    let pair = |name, value| [&[0x26], &text(name)[..], &text(value)].concat();
    let own = [
        &[0x01, 1][..],
        &pair("b", "1"),
        &[0x03],
        &text("text"),
        &[0x08],
        &text("reply"),
        &pair("a", "2"),
        &[0x09],
        &text("id"),
        &pair("b", "3"),
    ]
    .concat();
    let packets: [&[u8]; 2] = [&subscribe(V5, "a", 0), &publish_with(V5, 0x30, "a", None, &own)];
    let told = asked.told(V5, &packets, 2).await;
    for part in [
        "PayloadFormat(1)",
        "ContentType(\"text\")",
        "ResponseTopic(\"reply\")",
        "CorrelationData([105, 100])",
    ] {
        assert!(told[1].contains(part), "{part} is not in {told:?}");
    }
    let at = |pair: &str| told[1].find(pair).expect(pair);
    let (first, then) = (at("User(\"b\", \"1\")"), at("User(\"a\", \"2\")"));
    assert!(first < then && then < at("User(\"b\", \"3\")"), "{told:?}");
}

/// [MQTT5-3.3.2-7] [MQTT5-3.3.2-12]
#[tokio::test]
async fn topic_aliases_stand_for_topics_on_their_connection() {
    let asked = Asked::start().await;
    let p = |topic: &str| publish_with(V5, 0x30, topic, None, &[0x23, 0, 1]);
    let packets: [&[u8]; 4] = [&subscribe(V5, "#", 0), &p("a"), &p(""), &p("b")];
    let expected = "SUBACK 1 [00]; PUBLISH a QoS 0; PUBLISH a QoS 0; PUBLISH b QoS 0; open";
    asked.after(V5, &packets, expected).await;
    let told = asked.told(V5, &[&p("")], 0).await;
    assert!(told.len() == 2 && told[0].starts_with("DISCONNECT 0x8"), "{told:?}");
}

/// [MQTT5-4.12.0-1]
#[tokio::test]
async fn an_authentication_method_is_refused() {
    let asked = Asked::start().await;
    let method = [&[0x15], &text("m")[..]].concat();
    let hello = connect_with(V5, 2, &method, &text("s"));
    asked.check(V5, &[&hello], "CONNACK 0x8c; closed").await;
}
