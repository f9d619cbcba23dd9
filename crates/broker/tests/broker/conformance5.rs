//! What the statements of 5.0 ask that no other test shows.

use std::time::Duration;

use broker::hub::{Delivery, Limits};
use mqtt::{Connect, Level, Properties, Property, Publish, QoS, Will, encode, property::Place};

use crate::{
    client::{
        Client, ack5, connect, connect5, hello, made, plain, publish, publish5, put, subscribe5,
    },
    v5::{disconnected, heard, service, wants},
    world::{World, key},
};

const Q1: QoS = QoS::AtLeastOnce;
const Q2: QoS = QoS::ExactlyOnce;
const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const PUBREL: u8 = 0x62;
const PUBCOMP: u8 = 0x70;

/// A CONNECT whose session is kept.
fn keeps(id: &str) -> Vec<u8> {
    connect5(id, false, &[Property::SessionExpiry(1000)])
}

async fn enter(world: &World, hello: &[u8], present: bool) -> Client {
    let mut client = world.raw().await;
    assert_eq!(client.greets(hello).await, present);
    client
}

async fn leave(mut client: Client) {
    client.send(&disconnected(0)).await;
    client.closed().await;
}

fn message(qos: QoS, id: u16, payload: &[u8]) -> Vec<u8> {
    publish5(&plain("free/x", qos, id, payload), &[])
}

fn again(qos: QoS, id: u16, payload: &[u8]) -> Vec<u8> {
    publish5(&Publish { dup: true, ..plain("free/x", qos, id, payload) }, &[])
}

/// Sends a message and takes what acknowledges it.
async fn says(from: &mut Client, qos: QoS, id: u16, properties: &[Property<'_>]) {
    let payload = id.to_string();
    from.send(&publish5(&plain("free/x", qos, id, payload.as_bytes()), properties)).await;
    if qos == Q1 {
        from.hears(&ack5(PUBACK, id, 0)).await;
    } else if qos == Q2 {
        from.hears(&ack5(PUBREC, id, 0)).await;
        from.send(&ack5(PUBREL, id, 0)).await;
        from.hears(&ack5(PUBCOMP, id, 0)).await;
    }
}

/// The properties of a CONNACK, as text.
async fn welcome(client: &mut Client, hello: &[u8]) -> Vec<String> {
    client.send(hello).await;
    let bytes = client.next().await;
    assert_eq!((bytes[0], bytes[3]), (0x20, 0), "{bytes:02x?}");
    let properties = Properties::new(Place::ConnAck, &bytes[5..]).unwrap();
    properties.iter().map(|property| format!("{property:?}")).collect()
}

fn with_will(id: &str, qos: QoS, retain: bool, properties: &[Property<'_>]) -> Vec<u8> {
    let properties = put(properties);
    let properties = Properties::new(Place::Will, &properties).unwrap();
    let will = Will { topic: "free/will", payload: b"gone", qos, retain, properties };
    made(|out| {
        encode::connect(out, &Connect { level: Level::V5, will: Some(will), ..hello(id) });
    })
}

/// [MQTT5-3.1.2-4] [MQTT5-3.1.3-2] [MQTT5-3.1.4-4] [MQTT5-3.2.2-2] [MQTT5-3.2.2-3]
/// [MQTT5-3.2.2-6]
#[tokio::test]
async fn the_client_id_names_a_session_that_a_clean_start_ends() {
    let world = World::start().await;
    let mut lamp = enter(&world, &keeps("lamp"), false).await;
    lamp.send(&subscribe5(1, 0, &[("lamp/a", 0)])).await;
    lamp.hears(&[0x90, 4, 0, 1, 0, 0]).await;
    leave(lamp).await;
    enter(&world, &keeps("fan"), false).await;
    let mut thief = world.raw().await;
    let level = Level::V5;
    let wrong = Connect { level, clean: false, password: Some(b"guess"), ..hello("lamp") };
    thief.send(&made(|out| encode::connect(out, &wrong))).await;
    thief.hears(&[0x20, 3, 0, 0x86, 0]).await;
    thief.closed().await;
    enter(&world, &keeps("lamp"), true).await;
    let clean = connect5("lamp", true, &[Property::SessionExpiry(1000)]);
    let lamp = enter(&world, &clean, false).await;
    assert_eq!(world.handle().publish(&key("lamp"), "lamp/a", b"x"), Delivery::NoSubscriber);
    leave(lamp).await;
    enter(&world, &keeps("lamp"), true).await;
}

/// [MQTT5-3.1.3-8] [MQTT5-3.1.4-2] [MQTT5-3.1.4-6] [MQTT5-3.2.2-6] [MQTT5-3.2.2-7]
#[tokio::test]
async fn a_refusal_has_its_reason_and_what_is_behind_it_is_not_looked_at() {
    let mut world = World::start().await;
    for (id, code) in [("malformed", 0x85), ("disabled", 0x87), ("busy", 0x89)] {
        let mut client = world.raw().await;
        let topic = format!("{id}/report");
        let behind = publish5(&plain(&topic, Q1, 1, b"behind"), &[]);
        client.send(&[connect5(id, true, &[]), behind].concat()).await;
        client.hears(&[0x20, 3, 0, code, 0]).await;
        client.closed().await;
    }
    assert!(!world.stored("behind"));
    assert!(world.news.try_recv().is_err());
}

/// [MQTT5-3.2.2-9] [MQTT5-3.2.2-10] [MQTT5-3.2.2-12] [MQTT5-3.2.2-13]
#[tokio::test]
async fn who_has_no_qos_2_and_retains_nothing_is_told_so() {
    let world = World::start().await;
    let mut lean = world.raw().await;
    let told = welcome(&mut lean, &connect5("svc-lean", true, &[])).await;
    for property in ["MaximumQoS(1)", "RetainAvailable(0)"] {
        assert!(told.iter().any(|one| one == property), "{told:?}");
    }
    lean.send(&subscribe5(1, 0, &[("free/a", 2), ("free/b", 1), ("free/c", 0)])).await;
    lean.hears(&[0x90, 6, 0, 1, 0, 1, 1, 0]).await;
    for (qos, retain, code) in [(Q2, false, 0x9B), (Q1, true, 0x9A)] {
        let mut client = world.raw().await;
        client.send(&with_will("svc-lean2", qos, retain, &[])).await;
        client.hears(&[0x20, 3, 0, code, 0]).await;
        client.closed().await;
    }
    enter(&world, &with_will("svc-lean2", Q1, false, &[]), false).await;
}

/// [MQTT5-3.1.3-6] [MQTT5-3.1.3-7] [MQTT5-3.2.2-16]
#[tokio::test]
async fn a_client_without_an_id_is_told_one_that_nobody_else_has() {
    let world = World::start().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let mut client = world.raw().await;
        let hello = connect5("", true, &[Property::SessionExpiry(1000)]);
        let told = welcome(&mut client, &hello).await;
        let name = told.iter().find_map(|one| {
            one.strip_prefix("AssignedClientId(\"").and_then(|rest| rest.strip_suffix("\")"))
        });
        let name = name.unwrap().to_owned();
        assert!(!names.contains(&name), "{name}");
        names.push(name);
        leave(client).await;
    }
    for name in names {
        enter(&world, &keeps(&name), true).await;
    }
}

/// [MQTT5-3.1.2-22] [MQTT5-3.2.2-22]
#[tokio::test]
async fn silence_ends_the_connection_at_the_client_s_or_the_server_s_keep_alive() {
    let world = World::with(Limits { keep_alive_s: 2, ..Limits::default() }, |_, _| {}).await;
    let hello = |keep_alive, id| {
        made(|out| {
            encode::connect(out, &Connect { level: Level::V5, keep_alive, ..hello(id) });
        })
    };
    let begun = tokio::time::Instant::now();
    let (mut own, mut told) = (world.raw().await, world.raw().await);
    let properties = welcome(&mut own, &hello(1, "lamp")).await;
    assert!(properties.iter().all(|one| !one.starts_with("ServerKeepAlive")), "{properties:?}");
    let properties = welcome(&mut told, &hello(60, "fan")).await;
    assert!(properties.iter().any(|one| one == "ServerKeepAlive(2)"), "{properties:?}");
    for (mut client, least) in [(own, 1500), (told, 3000)] {
        client.hears(&disconnected(0x8D)).await;
        client.closed().await;
        assert!(begun.elapsed() >= Duration::from_millis(least), "{:?}", begun.elapsed());
    }
}

/// [MQTT5-3.1.2-28] [MQTT5-3.2.2-19] [MQTT5-3.2.2-20] [MQTT5-4.12.0-6]
#[tokio::test]
async fn a_connack_says_nothing_that_was_not_asked_for_and_fits() {
    let world = World::start().await;
    for asked in [&[][..], &[Property::RequestResponse(0)], &[Property::RequestResponse(1)]] {
        let mut client = world.raw().await;
        let told = welcome(&mut client, &connect5("svc-a", true, asked)).await;
        for name in ["ResponseInfo", "ReasonString", "User", "AuthMethod", "AuthData"] {
            assert!(told.iter().all(|one| !one.starts_with(name)), "{told:?}");
        }
    }
    // One that cannot fit is not sent at all, and the client is not there.
    let mut client = world.raw().await;
    client.send(&connect5("svc-b", true, &[Property::MaximumPacketSize(10)])).await;
    client.closed().await;
    assert!(!world.handle().is_online(&key("svc-b")));
}

/// [MQTT5-3.1.2-29]
#[tokio::test]
async fn who_wants_no_problem_information_gets_none() {
    let world = World::start().await;
    let mut client = service(&world, "svc-a", &[Property::RequestProblem(0)]).await;
    client.send(&publish5(&plain("barred/x", Q1, 1, b"x"), &[])).await;
    client.hears(&ack5(PUBACK, 1, 0x87)).await;
    client.send(&publish5(&plain("barred/x", Q2, 1, b"x"), &[])).await;
    client.hears(&ack5(PUBREC, 1, 0x87)).await;
    client.send(&ack5(PUBREL, 1, 0)).await;
    client.hears(&ack5(PUBCOMP, 1, 0x92)).await;
    client.send(&ack5(PUBREC, 9, 0)).await;
    client.hears(&ack5(PUBREL, 9, 0x92)).await;
    client.send(&[0xA2, 6, 0, 3, 0, 0, 1, b'a']).await;
    client.hears(&[0xB0, 4, 0, 3, 0, 0x11]).await;
    let mut lamp =
        enter(&world, &connect5("lamp", true, &[Property::RequestProblem(0)]), false).await;
    lamp.send(&subscribe5(2, 0, &[("fan/a", 0)])).await;
    lamp.hears(&[0x90, 4, 0, 2, 0, 0x87]).await;
}

/// [MQTT5-3.1.2-24] [MQTT5-3.1.2-25]
#[tokio::test]
async fn a_message_fits_the_client_or_is_as_good_as_delivered() {
    let world = World::start().await;
    let mut from = service(&world, "svc-a", &[]).await;
    let most = |most, aliases| {
        [
            Property::MaximumPacketSize(most),
            Property::SessionExpiry(1000),
            Property::TopicAliasMaximum(aliases),
        ]
    };
    for (id, aliases) in [("svc-b", 0), ("svc-c", 1)] {
        let mut to = enter(&world, &connect5(id, true, &most(50, aliases)), false).await;
        wants(&mut to, 0, "free/x", 1).await;
        for (n, bytes) in [(1, 38), (2, 37), (3, 1)] {
            from.send(&message(Q1, n, &vec![b'x'; bytes])).await;
            from.hears(&ack5(PUBACK, n, 0)).await;
        }
        let (largest, small) = (to.next().await, to.next().await);
        // Its topic goes by number only where that fits.
        assert_eq!((largest.len(), small.len()), (50, if aliases == 0 { 14 } else { 17 }));
        to.send(&[ack5(PUBACK, 2, 0), ack5(PUBACK, 3, 0)].concat()).await;
        to.pings().await;
        leave(to).await;
        let mut to = enter(&world, &connect5(id, false, &most(1000, 0)), true).await;
        to.pings().await;
        leave(to).await;
    }
}

/// [MQTT5-3.1.2-24]
#[tokio::test]
async fn an_answer_that_is_too_large_for_the_client_ends_the_connection() {
    let world = World::start().await;
    let mut client = service(&world, "svc-a", &[Property::MaximumPacketSize(40)]).await;
    client.send(&subscribe5(1, 0, &[("a", 0); 25])).await;
    client.hears(&[&[0x90, 28, 0, 1, 0][..], &[0; 25]].concat()).await;
    let fits = subscribe5(1, 0, &[("a", 0); 30]);
    let last = subscribe5(1, 0, &[("a", 0); 25]);
    client.send(&[fits, last].concat()).await;
    client.hears(&[&[0x90, 33, 0, 1, 0][..], &[0; 30]].concat()).await;
    client.hears(&[&[0x90, 28, 0, 1, 0][..], &[0; 25]].concat()).await;
    // Thirty-six codes would make 41 bytes.
    let mut request = vec![0x82, 0x93, 0x01, 0, 1, 0];
    request.extend(std::iter::repeat_n([0, 1, b'a', 0], 36).flatten());
    client.send(&request).await;
    client.hears(&disconnected(0x95)).await;
    client.closed().await;
}

/// [MQTT5-3.3.4-9] [MQTT5-3.3.4-10] [MQTT5-4.9.0-1] [MQTT5-4.9.0-2] [MQTT5-4.9.0-3]
#[tokio::test]
async fn a_used_up_quota_holds_back_messages_and_nothing_else() {
    let world = World::start().await;
    let mut to = service(&world, "svc-b", &[Property::ReceiveMaximum(2)]).await;
    let mut from = service(&world, "svc-a", &[]).await;
    wants(&mut to, 0, "free/#", 2).await;
    for n in 1..=4 {
        says(&mut from, Q2, n, &[]).await;
    }
    to.hears(&message(Q2, 1, b"1")).await;
    to.hears(&message(Q2, 2, b"2")).await;
    // All else goes both ways; a PUBREC gives nothing back, its PUBCOMP does.
    to.pings().await;
    to.send(&message(Q1, 9, b"own")).await;
    to.hears(&ack5(PUBACK, 9, 0)).await;
    wants(&mut to, 0, "other", 0).await;
    to.send(&ack5(PUBREC, 1, 0)).await;
    to.hears(&ack5(PUBREL, 1, 0)).await;
    to.pings().await;
    to.send(&ack5(PUBCOMP, 1, 0)).await;
    to.hears(&message(Q2, 3, b"3")).await;
    to.pings().await;
    // So does a refusal.
    to.send(&ack5(PUBREC, 2, 0x80)).await;
    to.hears(&message(Q2, 4, b"4")).await;
    to.pings().await;
}

/// [MQTT5-2.2.1-4] [MQTT5-3.3.1-1] [MQTT5-4.3.2-1] [MQTT5-4.3.2-2] [MQTT5-4.3.2-3]
/// [MQTT5-4.3.3-1] [MQTT5-4.3.3-2] [MQTT5-4.3.3-3] [MQTT5-4.3.3-4] [MQTT5-4.3.3-5]
/// [MQTT5-4.3.3-6] [MQTT5-4.4.0-1]
#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_on_the_next_connection_only() {
    let world = World::start().await;
    let mut to = enter(&world, &keeps("svc-b"), false).await;
    wants(&mut to, 0, "free/#", 2).await;
    let mut from = service(&world, "svc-a", &[]).await;
    for (n, qos) in [(1, Q1), (2, Q2), (3, Q1), (4, Q2)] {
        says(&mut from, qos, n, &[]).await;
        to.hears(&message(qos, n, n.to_string().as_bytes())).await;
    }
    to.send(&[ack5(PUBACK, 1, 0), ack5(PUBREC, 2, 0)].concat()).await;
    to.hears(&ack5(PUBREL, 2, 0)).await;
    to.pings().await;
    for _ in 0..2 {
        let mut to = enter(&world, &keeps("svc-b"), true).await;
        to.hears(&ack5(PUBREL, 2, 0)).await;
        to.hears(&again(Q1, 3, b"3")).await;
        to.hears(&again(Q2, 4, b"4")).await;
        // A new one takes none of their ids.
        says(&mut from, Q1, 5, &[]).await;
        let next = to.next().await;
        assert_eq!(next[0], 0x32, "{next:02x?}");
        let id = u16::from_be_bytes([next[10], next[11]]);
        assert!(![0, 2, 3, 4].contains(&id), "{id}");
        to.send(&ack5(PUBACK, id, 0)).await;
        to.pings().await;
    }
    let mut to = enter(&world, &keeps("svc-b"), true).await;
    to.hears(&ack5(PUBREL, 2, 0)).await;
    to.hears(&again(Q1, 3, b"3")).await;
    to.hears(&again(Q2, 4, b"4")).await;
    to.send(&[ack5(PUBCOMP, 2, 0), ack5(PUBACK, 3, 0), ack5(PUBREC, 4, 0)].concat()).await;
    to.hears(&ack5(PUBREL, 4, 0)).await;
    to.send(&ack5(PUBCOMP, 4, 0)).await;
    to.pings().await;
    let mut to = enter(&world, &keeps("svc-b"), true).await;
    to.pings().await;
}

/// [MQTT5-4.4.0-2]
#[tokio::test]
async fn a_refusing_acknowledgement_is_one() {
    let world = World::start().await;
    let mut to = enter(&world, &keeps("svc-b"), false).await;
    wants(&mut to, 0, "free/#", 2).await;
    let mut from = service(&world, "svc-a", &[]).await;
    for (n, qos) in [(1, Q1), (2, Q2)] {
        says(&mut from, qos, n, &[]).await;
        to.hears(&message(qos, n, n.to_string().as_bytes())).await;
    }
    to.send(&[ack5(PUBACK, 1, 0x83), ack5(PUBREC, 2, 0x83)].concat()).await;
    to.pings().await;
    let mut to = enter(&world, &keeps("svc-b"), true).await;
    to.pings().await;
}

/// [MQTT5-4.3.3-7]
#[tokio::test]
async fn what_was_begun_in_time_is_finished_later() {
    let world = World::start().await;
    let hello = [Property::SessionExpiry(1000), Property::ReceiveMaximum(2)];
    let hello = connect5("svc-b", false, &hello);
    let mut to = enter(&world, &hello, false).await;
    wants(&mut to, 0, "free/#", 2).await;
    let mut from = service(&world, "svc-a", &[]).await;
    let expiry = [Property::MessageExpiry(10)];
    for (n, qos) in [(1, Q1), (2, Q2), (3, Q2)] {
        says(&mut from, qos, n, &expiry).await;
    }
    assert_eq!(heard(&mut to).await.1, b"1");
    assert_eq!(heard(&mut to).await.1, b"2");
    leave(to).await;
    world.clock.advance(30_000);
    let mut to = enter(&world, &hello, true).await;
    // There is nothing left of their time. The third was not begun.
    let over = [Property::MessageExpiry(0)];
    for (qos, id, payload) in [(Q1, 1, b"1"), (Q2, 2, b"2")] {
        let sent = Publish { dup: true, ..plain("free/x", qos, id, payload) };
        to.hears(&publish5(&sent, &over)).await;
    }
    to.send(&[ack5(PUBACK, 1, 0), ack5(PUBREC, 2, 0)].concat()).await;
    to.hears(&ack5(PUBREL, 2, 0)).await;
    to.send(&ack5(PUBCOMP, 2, 0)).await;
    to.pings().await;
}

/// [MQTT5-4.3.3-9] [MQTT5-4.3.3-13]
#[tokio::test]
async fn a_qos_2_exchange_ends_by_a_refusal_and_not_by_time() {
    let world = World::start().await;
    let mut to = service(&world, "svc-b", &[]).await;
    wants(&mut to, 0, "free/#", 0).await;
    let mut from = service(&world, "svc-a", &[]).await;
    from.send(&publish5(&plain("barred/x", Q2, 7, b"no"), &[])).await;
    from.hears(&ack5(PUBREC, 7, 0x87)).await;
    let expiry = [Property::MessageExpiry(1)];
    from.send(&publish5(&plain("free/x", Q2, 7, b"yes"), &expiry)).await;
    from.hears(&ack5(PUBREC, 7, 0)).await;
    assert_eq!(heard(&mut to).await.1, b"yes");
    world.clock.advance(5000);
    from.send(&publish5(&Publish { dup: true, ..plain("free/x", Q2, 7, b"yes") }, &expiry)).await;
    from.hears(&ack5(PUBREC, 7, 0)).await;
    from.send(&ack5(PUBREL, 7, 0)).await;
    from.hears(&ack5(PUBCOMP, 7, 0)).await;
    to.pings().await;
}

/// [MQTT5-4.5.0-1] [MQTT5-4.6.0-5] [MQTT5-4.6.0-6]
#[tokio::test]
async fn all_sessions_get_what_they_subscribed_to_in_its_order() {
    let world = World::start().await;
    let mut away = enter(&world, &keeps("svc-c"), false).await;
    wants(&mut away, 0, "#", 1).await;
    leave(away).await;
    let mut first = service(&world, "svc-a", &[]).await;
    wants(&mut first, 0, "free/+", 2).await;
    let mut second = enter(&world, &keeps("svc-b"), false).await;
    wants(&mut second, 0, "free/x", 0).await;
    let mut from = service(&world, "svc-d", &[]).await;
    for n in 0..15 {
        let qos = [QoS::AtMostOnce, Q1, Q2][usize::from(n % 3)];
        says(&mut from, qos, n + 1, &[]).await;
    }
    let mut away = enter(&world, &keeps("svc-c"), true).await;
    let expected = |qos: &[u16]| -> Vec<u16> {
        (0..15).filter(|n| qos.contains(&(n % 3))).map(|n| n + 1).collect()
    };
    for (client, total) in [(&mut first, 15), (&mut second, 15), (&mut away, 10)] {
        let mut payloads = Vec::new();
        for _ in 0..total {
            let payload = String::from_utf8(heard(client).await.1).unwrap();
            payloads.push(payload.parse::<u16>().unwrap());
        }
        for qos in 0..3 {
            let mut heard = payloads.clone();
            heard.retain(|n| (n - 1) % 3 == qos);
            if total == 15 || qos > 0 {
                assert_eq!(heard, expected(&[qos]), "{payloads:?}");
            }
        }
        client.pings().await;
    }
}

/// [MQTT5-4.8.2-3] [MQTT5-4.8.2-4] [MQTT5-4.8.2-5] [MQTT5-4.8.2-6]
#[tokio::test]
async fn a_shared_message_stays_with_the_client_that_got_it() {
    let world = World::start().await;
    let mut a = enter(&world, &keeps("svc-a"), false).await;
    let mut b = enter(&world, &keeps("svc-b"), false).await;
    let mut from = service(&world, "svc-c", &[]).await;
    wants(&mut a, 0, "$share/g/free/#", 2).await;
    wants(&mut b, 0, "$share/g/free/#", 1).await;
    // They take turns; each has its own QoS.
    says(&mut from, Q2, 1, &[]).await;
    says(&mut from, Q2, 2, &[]).await;
    says(&mut from, Q2, 3, &[]).await;
    a.hears(&message(Q2, 1, b"1")).await;
    b.hears(&message(Q1, 1, b"2")).await;
    a.hears(&message(Q2, 2, b"3")).await;
    // A refusal sends it to nobody else.
    b.send(&ack5(PUBACK, 1, 0x80)).await;
    a.send(&ack5(PUBREC, 2, 0x80)).await;
    b.pings().await;
    a.pings().await;
    // One under way waits for the client that began it ...
    drop(a);
    b.pings().await;
    let mut a = enter(&world, &keeps("svc-a"), true).await;
    a.hears(&again(Q2, 1, b"1")).await;
    drop(a);
    // ... and is gone with its session.
    let mut a = enter(&world, &connect5("svc-a", true, &[]), false).await;
    a.pings().await;
    b.pings().await;
}

/// [MQTT5-3.1.2-23] [MQTT5-4.1.0-1] [MQTT5-4.1.0-2]
#[tokio::test]
async fn a_session_outlives_its_connection_by_its_expiry() {
    let world = World::start().await;
    let hello = connect5("lamp", false, &[Property::SessionExpiry(60)]);
    let mut lamp = enter(&world, &hello, false).await;
    lamp.send(&subscribe5(1, 0, &[("lamp/a", 0)])).await;
    lamp.hears(&[0x90, 4, 0, 1, 0, 0]).await;
    world.clock.advance(61_000);
    world.broker.sweep();
    assert_eq!(world.handle().publish(&key("lamp"), "lamp/a", b"x"), Delivery::Sent);
    assert_eq!(heard(&mut lamp).await.1, b"x");
    leave(lamp).await;
    world.clock.advance(59_000);
    world.broker.sweep();
    let lamp = enter(&world, &hello, true).await;
    leave(lamp).await;
    world.clock.advance(60_001);
    enter(&world, &hello, false).await;
}

/// [MQTT5-3.1.2-8] [MQTT5-3.1.3-10]
#[tokio::test]
async fn a_will_says_all_that_its_client_did() {
    let world = World::start().await;
    let mut watcher = service(&world, "svc-w", &[]).await;
    wants(&mut watcher, 0, "free/#", 0).await;
    let properties = [
        Property::User("b", "1"),
        Property::User("a", "2"),
        Property::PayloadFormat(1),
        Property::User("b", "3"),
        Property::ContentType("text"),
        Property::ResponseTopic("free/answers"),
        Property::CorrelationData(b"77"),
        Property::MessageExpiry(100),
    ];
    let with_delay = [&[Property::WillDelay(0)], &properties[..]].concat();
    let client = enter(&world, &with_will("svc-a", Q1, false, &with_delay), false).await;
    drop(client);
    let (topic, payload, seen) = heard(&mut watcher).await;
    assert_eq!((&*topic, &*payload), ("free/will", &b"gone"[..]));
    let expected: Vec<String> = properties.iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(seen, expected);
    // At 3.1.1 it is a message like any other.
    let mut old = enter(&world, &connect("svc-o"), false).await;
    old.subscribe("free/#", QoS::AtMostOnce).await;
    drop(enter(&world, &with_will("svc-a", Q1, false, &with_delay), false).await);
    old.hears(&publish("free/will", None, b"gone")).await;
}

#[tokio::test]
async fn a_client_that_leaves_too_much_unreleased_is_sent_away() {
    let world = World::start().await;
    let hello = keeps("svc-a");
    let mut from = world.raw().await;
    let told = welcome(&mut from, &hello).await;
    assert!(told.iter().any(|one| one == "ReceiveMaximum(1024)"), "{told:?}");
    let all: Vec<u8> = (1..=1024).flat_map(|id| message(Q2, id, b"x")).collect();
    from.send(&all).await;
    for id in 1..=1024 {
        from.hears(&ack5(PUBREC, id, 0)).await;
    }
    // What it sends again is no further one.
    let mut from = enter(&world, &hello, true).await;
    from.send(&[again(Q2, 1024, b"x"), message(Q2, 1025, b"x")].concat()).await;
    from.hears(&ack5(PUBREC, 1024, 0)).await;
    from.hears(&disconnected(0x93)).await;
    from.closed().await;
    let mut from = enter(&world, &hello, true).await;
    from.send(&[ack5(PUBREL, 1, 0), ack5(PUBREL, 1025, 0)].concat()).await;
    from.hears(&ack5(PUBCOMP, 1, 0)).await;
    from.hears(&ack5(PUBCOMP, 1025, 0x92)).await;
    from.send(&message(Q2, 1025, b"x")).await;
    from.hears(&ack5(PUBREC, 1025, 0)).await;
}

#[tokio::test]
async fn a_packet_larger_than_the_server_takes_is_told_so() {
    let world = World::with(Limits::default(), |options, _| options.packet_bytes = 1000).await;
    let mut client = world.raw().await;
    let told = welcome(&mut client, &connect5("svc-a", true, &[])).await;
    assert!(told.iter().any(|one| one == "MaximumPacketSize(1000)"), "{told:?}");
    client.send(&message(QoS::AtMostOnce, 0, &[b'x'; 1000 - 12])).await;
    client.pings().await;
    client.send(&message(QoS::AtMostOnce, 0, &[b'x'; 1001 - 12])).await;
    client.hears(&disconnected(0x95)).await;
    client.closed().await;
}

#[tokio::test]
async fn a_request_is_answered_where_it_says() {
    let world = World::start().await;
    let mut asks = service(&world, "svc-a", &[]).await;
    let mut answers = service(&world, "svc-b", &[]).await;
    wants(&mut asks, 0, "free/answers", 1).await;
    wants(&mut answers, 0, "free/x", 1).await;
    let request = [Property::ResponseTopic("free/answers"), Property::CorrelationData(b"7")];
    says(&mut asks, Q1, 1, &request).await;
    answers.hears(&publish5(&plain("free/x", Q1, 1, b"1"), &request)).await;
    let answer = plain("free/answers", Q1, 1, b"yes");
    answers.send(&publish5(&answer, &request[1..])).await;
    answers.hears(&ack5(PUBACK, 1, 0)).await;
    asks.hears(&publish5(&answer, &request[1..])).await;
}
