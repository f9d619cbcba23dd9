//! What only 5.0 knows.

use mqtt::{Level, Packet, Property, Publish, QoS, encode};

use crate::{
    client::{Client, ack5, connect, connect5, made, plain, publish5, subscribe, subscribe5},
    world::World,
};

pub(crate) async fn service(world: &World, id: &str, properties: &[Property<'_>]) -> Client {
    let mut client = world.raw().await;
    client.greets(&connect5(id, true, properties)).await;
    client
}

pub(crate) async fn wants(client: &mut Client, number: u32, filter: &str, options: u8) {
    client.send(&subscribe5(1, number, &[(filter, options)])).await;
    client.hears(&[0x90, 4, 0, 1, 0, options & 3]).await;
}

pub(crate) fn disconnected(reason: u8) -> Vec<u8> {
    made(|out| encode::disconnect(out, Level::V5, reason))
}

/// The properties of the PUBLISH that comes next, as text.
pub(crate) async fn heard(client: &mut Client) -> (String, Vec<u8>, Vec<String>) {
    let bytes = client.next().await;
    let frame = mqtt::frame(&bytes, 10_000).unwrap().unwrap();
    let Packet::Publish(publish) = mqtt::decode(Level::V5, frame).unwrap() else {
        panic!("{bytes:02x?} is no message")
    };
    let properties = publish.properties.iter().map(|property| format!("{property:?}")).collect();
    (publish.topic.to_owned(), publish.payload.to_vec(), properties)
}

/// [MQTT5-3.1.3-6] [MQTT5-3.1.3-7] [MQTT5-3.2.2-9]
#[tokio::test]
async fn the_connack_says_what_the_client_may_do() {
    let world = World::start().await;
    let answer = |bytes: Vec<u8>| {
        let mut body = &bytes[5..];
        let mut seen = Vec::new();
        while let [id, rest @ ..] = body {
            let length = match *id {
                0x24 | 0x25 | 0x28 | 0x2A => 1,
                0x21 | 0x22 | 0x13 => 2,
                0x12 => 2 + usize::from(u16::from_be_bytes([rest[0], rest[1]])),
                _ => 4,
            };
            seen.push((*id, rest[..length].to_vec()));
            body = &rest[length..];
        }
        seen
    };
    let mut lamp = world.raw().await;
    lamp.send(&connect5("lamp", true, &[Property::SessionExpiry(u32::MAX)])).await;
    let seen = answer(lamp.next().await);
    // No QoS 2, nothing retained, no wildcards, and a week at most.
    for (id, value) in [(0x24, vec![1]), (0x25, vec![0]), (0x28, vec![0]), (0x2A, vec![0])] {
        assert!(seen.contains(&(id, value)), "{id:x} {seen:?}");
    }
    assert!(seen.contains(&(0x11, 604_800_u32.to_be_bytes().to_vec())), "{seen:?}");
    let mut nameless = world.raw().await;
    nameless.send(&connect5("", true, &[])).await;
    let seen = answer(nameless.next().await);
    assert!(seen.iter().any(|(id, _)| *id == 0x12), "{seen:?}");
    assert!(seen.iter().all(|(id, _)| *id != 0x24), "{seen:?}");
}

#[tokio::test]
async fn a_method_of_authentication_is_refused() {
    let world = World::start().await;
    let mut client = world.raw().await;
    client.send(&connect5("lamp", true, &[Property::AuthMethod("SCRAM")])).await;
    client.hears(&[0x20, 3, 0, 0x8C, 0]).await;
    client.closed().await;
}

/// [MQTT5-3.1.2-27]
#[tokio::test]
async fn what_a_publisher_says_is_passed_on_and_subscription_ids_are_added() {
    let world = World::start().await;
    let (mut from, mut to) =
        (service(&world, "svc-a", &[]).await, service(&world, "svc-b", &[]).await);
    wants(&mut to, 3, "free/#", 0).await;
    wants(&mut to, 4, "free/x", 1).await;
    let properties = [
        Property::PayloadFormat(1),
        Property::MessageExpiry(100),
        Property::ContentType("text"),
        Property::ResponseTopic("free/answers"),
        Property::CorrelationData(b"77"),
        Property::User("a", "1"),
        Property::User("a", "2"),
    ];
    let message = plain("free/x", QoS::AtLeastOnce, 9, b"hi");
    from.send(&publish5(&message, &properties)).await;
    from.hears(&ack5(0x40, 9, 0)).await;
    let (topic, payload, seen) = heard(&mut to).await;
    assert_eq!((&*topic, &*payload), ("free/x", &b"hi"[..]));
    let mut expected: Vec<_> = properties
        .iter()
        .map(|property| format!("{property:?}"))
        .chain(["SubscriptionId(3)".into(), "SubscriptionId(4)".into()])
        .collect();
    let mut seen = seen;
    expected.sort();
    seen.sort();
    assert_eq!(seen, expected);
}

/// [MQTT5-3.1.2-26] [MQTT5-3.3.2-11]
#[tokio::test]
async fn a_topic_may_go_by_number_both_ways() {
    let world = World::start().await;
    let mut from = service(&world, "svc-a", &[]).await;
    let mut to = service(&world, "svc-b", &[Property::TopicAliasMaximum(1)]).await;
    wants(&mut to, 0, "#", 0).await;
    let number = [Property::TopicAlias(2)];
    from.send(&publish5(&plain("free/long", QoS::AtMostOnce, 0, b"1"), &number)).await;
    from.send(&publish5(&plain("", QoS::AtMostOnce, 0, b"2"), &number)).await;
    from.send(&publish5(&plain("free/other", QoS::AtMostOnce, 0, b"3"), &[])).await;
    let alias = || vec!["TopicAlias(1)".to_owned()];
    assert_eq!(heard(&mut to).await, ("free/long".into(), b"1".to_vec(), alias()));
    assert_eq!(heard(&mut to).await, (String::new(), b"2".to_vec(), alias()));
    assert_eq!(heard(&mut to).await, ("free/other".into(), b"3".to_vec(), vec![]));
    from.send(&publish5(&plain("", QoS::AtMostOnce, 0, b"4"), &[Property::TopicAlias(3)])).await;
    from.hears(&disconnected(0x82)).await;
    from.closed().await;
    for bad in [0_u16, 17] {
        let mut from = service(&world, "svc-a", &[]).await;
        let mut bytes =
            publish5(&plain("free/x", QoS::AtMostOnce, 0, b"5"), &[Property::TopicAlias(1)]);
        let place = bytes.len() - 3;
        bytes[place..place + 2].copy_from_slice(&bad.to_be_bytes());
        from.send(&bytes).await;
        let answer = from.next().await;
        assert!([0x94, 0x82].contains(&answer[2]), "{answer:02x?}");
    }
}

/// [MQTT5-3.3.4-9] [MQTT5-4.9.0-1] [MQTT5-4.9.0-2]
#[tokio::test]
async fn the_client_s_receive_maximum_is_kept() {
    let world = World::start().await;
    let mut to = service(&world, "svc-b", &[Property::ReceiveMaximum(2)]).await;
    let mut from = service(&world, "svc-a", &[]).await;
    wants(&mut to, 0, "free/#", 1).await;
    for n in 1..=4 {
        let message = plain("free/x", QoS::AtLeastOnce, n, b"x");
        from.send(&publish5(&message, &[])).await;
        from.hears(&ack5(0x40, n, 0)).await;
    }
    let message = |id| publish5(&plain("free/x", QoS::AtLeastOnce, id, b"x"), &[]);
    to.hears(&message(1)).await;
    to.hears(&message(2)).await;
    to.pings().await;
    to.send(&ack5(0x40, 2, 0)).await;
    to.hears(&message(3)).await;
    to.pings().await;
    to.send(&ack5(0x40, 1, 0)).await;
    to.hears(&message(4)).await;
}

/// [MQTT5-3.1.2-24]
#[tokio::test]
async fn a_packet_larger_than_the_client_takes_is_not_sent() {
    let world = World::start().await;
    let mut to = service(&world, "svc-b", &[Property::MaximumPacketSize(100)]).await;
    let mut from = service(&world, "svc-a", &[]).await;
    wants(&mut to, 0, "free/#", 0).await;
    from.send(&publish5(&plain("free/x", QoS::AtMostOnce, 0, &[0; 100]), &[])).await;
    from.send(&publish5(&plain("free/x", QoS::AtMostOnce, 0, b"small"), &[])).await;
    assert_eq!(heard(&mut to).await.1, b"small");
}

#[tokio::test]
async fn options_of_a_subscription_are_kept() {
    let world = World::start().await;
    let mut a = service(&world, "svc-a", &[]).await;
    let kept = Publish { retain: true, ..plain("free/x", QoS::AtMostOnce, 0, b"kept") };
    a.send(&publish5(&kept, &[])).await;
    // No local, as published, retained only when it is new.
    let all = 0x04 | 0x08 | 0x10;
    wants(&mut a, 0, "free/x", all).await;
    a.hears(&publish5(&kept, &[])).await;
    wants(&mut a, 0, "free/x", all).await;
    a.send(&publish5(&plain("free/x", QoS::AtMostOnce, 0, b"own"), &[])).await;
    a.pings().await;
    let mut b = service(&world, "svc-b", &[]).await;
    b.send(&publish5(&kept, &[])).await;
    a.hears(&publish5(&kept, &[])).await;
    // No retained at all.
    wants(&mut b, 0, "free/x", 0x20).await;
    b.pings().await;
}

/// [MQTT5-3.3.2-5] [MQTT5-3.3.2-6]
#[tokio::test]
async fn a_message_that_expired_is_not_delivered() {
    let world = World::start().await;
    let keeps = connect5("svc-b", false, &[Property::SessionExpiry(1000)]);
    let mut to = world.raw().await;
    to.greets(&keeps).await;
    wants(&mut to, 0, "free/#", 1).await;
    to.send(&disconnected(0)).await;
    to.closed().await;
    let mut from = service(&world, "svc-a", &[]).await;
    for (n, seconds) in [(1, 10), (2, 100)] {
        let payload = n.to_string();
        let message = plain("free/x", QoS::AtLeastOnce, n, payload.as_bytes());
        from.send(&publish5(&message, &[Property::MessageExpiry(seconds)])).await;
        from.hears(&ack5(0x40, n, 0)).await;
    }
    world.clock.advance(30_000);
    let mut to = world.raw().await;
    assert!(to.greets(&keeps).await);
    assert_eq!(
        heard(&mut to).await,
        ("free/x".into(), b"2".to_vec(), vec!["MessageExpiry(70)".into()])
    );
}

/// [MQTT5-3.1.4-3]
#[tokio::test]
async fn a_client_is_told_why_it_is_disconnected() {
    let mut world = World::start().await;
    let mut first = world.raw().await;
    first.greets(&connect5("lamp", true, &[])).await;
    let mut second = world.raw().await;
    second.greets(&connect5("lamp", true, &[])).await;
    first.hears(&disconnected(0x8E)).await;
    first.closed().await;
    second.send(&publish5(&plain("lamp/a", QoS::ExactlyOnce, 1, b""), &[])).await;
    second.hears(&disconnected(0x9B)).await;
    let mut third = world.raw().await;
    third.greets(&connect5("lamp", true, &[])).await;
    let kept = Publish { retain: true, ..plain("lamp/a", QoS::AtMostOnce, 1, b"") };
    third.send(&publish5(&kept, &[])).await;
    third.hears(&disconnected(0x9A)).await;
    let mut fourth = world.raw().await;
    fourth.greets(&connect5("lamp", true, &[])).await;
    while world.news().await != "lamp offline Protocol" {}
    world.handle().kick(&crate::world::key("lamp"), broker::hub::Offline::Kicked);
    fourth.hears(&disconnected(0x98)).await;
}

#[tokio::test]
async fn a_refused_publish_and_filter_carry_their_reason() {
    let world = World::start().await;
    let mut lamp = world.raw().await;
    lamp.greets(&connect5("lamp", true, &[])).await;
    lamp.send(&publish5(&plain("fan/a", QoS::AtLeastOnce, 1, b""), &[])).await;
    lamp.hears(&ack5(0x40, 1, 0x87)).await;
    lamp.send(&subscribe5(2, 0, &[("fan/a", 0), ("lamp/a", 0)])).await;
    lamp.hears(&[0x90, 5, 0, 2, 0, 0x87, 0]).await;
    let mut old = world.raw().await;
    old.greets(&connect("fan")).await;
    old.send(&subscribe(2, &[("lamp/a", QoS::AtMostOnce)])).await;
    old.hears(&[0x90, 3, 0, 2, 0x80]).await;
}

/// [MQTT5-3.1.2-5] [MQTT5-3.1.2-6] [MQTT5-3.1.2-23] [MQTT5-3.2.2-3] [MQTT5-4.1.0-2]
#[tokio::test]
async fn a_session_that_goes_on_once_more_ends_with_that_connection() {
    let world = World::start().await;
    let connect = |seconds| connect5("svc-b", false, &[Property::SessionExpiry(seconds)]);
    let mut to = world.raw().await;
    assert!(!to.greets(&connect(1000)).await);
    wants(&mut to, 0, "free/#", 1).await;
    to.send(&disconnected(0)).await;
    to.closed().await;
    let mut from = service(&world, "svc-a", &[]).await;
    from.send(&publish5(&plain("free/x", QoS::AtLeastOnce, 1, b"1"), &[])).await;
    from.hears(&ack5(0x40, 1, 0)).await;
    let mut to = world.raw().await;
    assert!(to.greets(&connect(0)).await);
    to.hears(&publish5(&plain("free/x", QoS::AtLeastOnce, 1, b"1"), &[])).await;
    to.send(&disconnected(0)).await;
    to.closed().await;
    let mut to = world.raw().await;
    assert!(!to.greets(&connect(1000)).await);
    // It may also be ended by the farewell.
    let mut farewell = made(|out| encode::disconnect(out, Level::V5, 0));
    farewell.splice(1.., [7, 0, 5, 0x11, 0, 0, 0, 0]);
    to.send(&farewell).await;
    to.closed().await;
    let mut to = world.raw().await;
    assert!(!to.greets(&connect(1000)).await);
}
