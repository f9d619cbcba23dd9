//! What the statements of 3.1.1 ask of sessions, order and wills that no other test shows.

use broker::hub::{Delivery, Limits};
use mqtt::{Connect, Publish, QoS, encode};

use crate::{
    client::{
        Client, ack, connack, connect, disconnect, hello, made, packet, persistent, plain, puback,
        publish, unsuback, unsubscribe,
    },
    world::{World, key},
};

async fn enter(world: &World, hello: &[u8], present: bool) -> Client {
    let mut client = world.raw().await;
    assert_eq!(client.greets(hello).await, present);
    client
}

fn message(qos: QoS, id: u16, payload: &[u8]) -> Vec<u8> {
    packet(&plain("free/x", qos, id, payload))
}

fn again(qos: QoS, id: u16, payload: &[u8]) -> Vec<u8> {
    packet(&Publish { dup: true, ..plain("free/x", qos, id, payload) })
}

/// Sends numbered messages at a QoS and takes what acknowledges them.
async fn send(from: &mut Client, qos: QoS, numbers: std::ops::RangeInclusive<u8>) {
    for n in numbers {
        from.send(&message(qos, n.into(), &[n])).await;
        match qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => from.hears(&puback(n.into())).await,
            QoS::ExactlyOnce => {
                from.hears(&ack(0x50, n)).await;
                from.send(&ack(0x62, n)).await;
                from.hears(&ack(0x70, n)).await;
            }
        }
    }
}

/// [MQTT-3.1.2-4] [MQTT-3.1.2-6] [MQTT-3.1.3-2] [MQTT-3.1.4-3] [MQTT-3.2.2-1] [MQTT-3.2.2-2]
/// [MQTT-3.2.2-3] [MQTT-3.2.2-4]
#[tokio::test]
async fn the_client_id_names_a_session_that_a_refusal_does_not_show() {
    let world = World::start().await;
    let mut lamp = enter(&world, &persistent("lamp"), false).await;
    lamp.subscribe("lamp/a", QoS::AtMostOnce).await;
    lamp.send(&disconnect()).await;
    lamp.closed().await;
    enter(&world, &persistent("fan"), false).await;
    let mut thief = world.raw().await;
    let wrong = Connect { clean: false, password: Some(b"guess"), ..hello("lamp") };
    thief.send(&made(|out| encode::connect(out, &wrong))).await;
    thief.hears(&connack(4)).await;
    thief.closed().await;
    let mut lamp = enter(&world, &persistent("lamp"), true).await;
    assert_eq!(world.handle().publish(&key("lamp"), "lamp/a", b"x"), Delivery::Sent);
    lamp.hears(&publish("lamp/a", None, b"x")).await;
    let mut lamp = enter(&world, &connect("lamp"), false).await;
    assert_eq!(world.handle().publish(&key("lamp"), "lamp/a", b"x"), Delivery::NoSubscriber);
    lamp.send(&disconnect()).await;
    lamp.closed().await;
    enter(&world, &persistent("lamp"), false).await;
}

/// [MQTT-3.1.3-6]
#[tokio::test]
async fn clients_without_an_id_are_different_clients() {
    let mut world = World::start().await;
    let mut first = enter(&world, &connect(""), false).await;
    let mut second = enter(&world, &connect(""), false).await;
    let names = [world.news().await, world.news().await];
    assert!(names.iter().all(|name| name.ends_with(" online")), "{names:?}");
    assert_ne!(names[0], names[1]);
    first.pings().await;
    second.pings().await;
}

/// [MQTT-4.1.0-1] [MQTT-4.1.0-2]
#[tokio::test]
async fn a_session_lasts_as_long_as_its_connection_whatever_its_time() {
    let world = World::with(Limits { session_s: 60, ..Limits::default() }, |_, _| {}).await;
    for hello in [connect("lamp"), persistent("lamp")] {
        let mut lamp = enter(&world, &hello, false).await;
        lamp.subscribe("lamp/a", QoS::AtMostOnce).await;
        world.clock.advance(61_000);
        world.broker.sweep();
        assert_eq!(world.handle().publish(&key("lamp"), "lamp/a", b"x"), Delivery::Sent);
        lamp.hears(&publish("lamp/a", None, b"x")).await;
    }
}

/// [MQTT-2.3.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1]
#[tokio::test]
async fn a_packet_id_is_not_used_again_before_it_is_free() {
    let limits = Limits { in_flight: 2, down_per_s: 0, up_qos1_per_s: 0, ..Limits::default() };
    let world = World::with(limits, |_, _| {}).await;
    let mut to = enter(&world, &connect("svc-b"), false).await;
    to.subscribe("free/#", QoS::ExactlyOnce).await;
    let mut from = enter(&world, &connect("svc-a"), false).await;
    for n in 1..=40 {
        let qos = if n % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
        send(&mut from, qos, n..=n).await;
    }
    // The client keeps the first one to the end, and acknowledges the others.
    to.hears(&message(QoS::ExactlyOnce, 1, &[1])).await;
    for n in 2..=40 {
        let next = to.next().await;
        let exactly = n % 2 == 1;
        let qos = if exactly { QoS::ExactlyOnce } else { QoS::AtLeastOnce };
        assert_eq!(next, message(qos, n.into(), &[n]), "dup, or an id that is in use");
        if exactly {
            to.send(&ack(0x50, n)).await;
            to.hears(&ack(0x62, n)).await;
            to.send(&ack(0x70, n)).await;
        } else {
            to.send(&puback(n.into())).await;
        }
    }
}

/// [MQTT-2.3.1-4]
#[tokio::test]
async fn packet_ids_begin_again_only_where_they_are_free() {
    let limits = Limits { down_per_s: 0, up_qos1_per_s: 0, ..Limits::default() };
    let world = World::with(limits, |_, _| {}).await;
    let mut to = enter(&world, &connect("svc-b"), false).await;
    to.subscribe("free/#", QoS::AtLeastOnce).await;
    let mut from = enter(&world, &connect("svc-a"), false).await;
    let (mut all, mut acks) = (Vec::new(), Vec::new());
    for first in (1..=65_535_u16).step_by(255) {
        let ids = first..=first + 254;
        all.clear();
        acks.clear();
        ids.clone().for_each(|id| all.extend(message(QoS::AtLeastOnce, id, b"x")));
        from.send(&all).await;
        for id in ids {
            from.hears(&puback(id)).await;
            to.hears(&message(QoS::AtLeastOnce, id, b"x")).await;
            if id > 1 {
                acks.extend(puback(id));
            }
        }
        to.send(&acks).await;
    }
    // The next is 1, which is in use.
    from.send(&message(QoS::AtLeastOnce, 1, b"y")).await;
    from.hears(&puback(1)).await;
    to.pings().await;
    to.send(&puback(1)).await;
    to.hears(&message(QoS::AtLeastOnce, 1, b"y")).await;
}

/// [MQTT-3.3.1-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-4.6.0-5]
#[tokio::test]
async fn what_is_sent_again_keeps_its_order() {
    let world = World::start().await;
    let mut to = enter(&world, &persistent("svc-b"), false).await;
    to.subscribe("free/#", QoS::ExactlyOnce).await;
    let mut from = enter(&world, &connect("svc-a"), false).await;
    let qos = |n| if n % 2 == 0 { QoS::AtLeastOnce } else { QoS::ExactlyOnce };
    for n in 1..=6 {
        send(&mut from, qos(n), n..=n).await;
        to.hears(&message(qos(n), n.into(), &[n])).await;
    }
    let mut to = enter(&world, &persistent("svc-b"), true).await;
    for n in 7..=8 {
        send(&mut from, qos(n), n..=n).await;
    }
    for n in 1..=6 {
        to.hears(&again(qos(n), n.into(), &[n])).await;
    }
    for n in 7..=8 {
        to.hears(&message(qos(n), n.into(), &[n])).await;
    }
}

/// [MQTT-4.6.0-3] [MQTT-4.6.0-4]
#[tokio::test]
async fn pubrec_and_pubrel_keep_the_order_of_what_they_answer() {
    let world = World::start().await;
    let mut to = enter(&world, &persistent("svc-b"), false).await;
    to.subscribe("free/#", QoS::ExactlyOnce).await;
    let mut from = enter(&world, &connect("svc-a"), false).await;
    let ids = [5, 3, 9, 1];
    let all: Vec<u8> = ids.iter().flat_map(|id| message(QoS::ExactlyOnce, *id, b"x")).collect();
    from.send(&all).await;
    for id in [5, 3, 9, 1] {
        from.hears(&ack(0x50, id)).await;
    }
    for id in 1..=4 {
        to.hears(&message(QoS::ExactlyOnce, id, b"x")).await;
    }
    to.send(&[ack(0x50, 1), ack(0x50, 2), ack(0x50, 3), ack(0x50, 4)].concat()).await;
    for id in 1..=4 {
        to.hears(&ack(0x62, id)).await;
    }
    // So do those of the next connection.
    let mut to = enter(&world, &persistent("svc-b"), true).await;
    for id in 1..=4 {
        to.hears(&ack(0x62, id)).await;
    }
    to.pings().await;
}

/// [MQTT-4.5.0-1] [MQTT-4.6.0-6]
#[tokio::test]
async fn all_subscribers_get_the_messages_of_each_qos_in_their_order() {
    let world = World::start().await;
    let mut away = enter(&world, &persistent("svc-c"), false).await;
    away.subscribe("#", QoS::ExactlyOnce).await;
    away.send(&disconnect()).await;
    away.closed().await;
    let mut first = enter(&world, &connect("svc-a"), false).await;
    first.subscribe("free/+", QoS::ExactlyOnce).await;
    let mut second = enter(&world, &persistent("svc-b"), false).await;
    second.subscribe("free/x", QoS::ExactlyOnce).await;
    let mut from = enter(&world, &connect("svc-d"), false).await;
    let all = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
    for n in 0..7 {
        for (place, qos) in (1..).zip(all) {
            let id = n * 3 + place;
            send(&mut from, qos, id..=id).await;
        }
    }
    let mut away = enter(&world, &persistent("svc-c"), true).await;
    for (client, total) in [(&mut first, 21), (&mut second, 21), (&mut away, 14)] {
        let mut heard: [Vec<u8>; 3] = Default::default();
        for _ in 0..total {
            let next = client.next().await;
            let (qos, payload) = (next[0] >> 1 & 3, next[next.len() - 1]);
            heard[usize::from(qos)].push(payload);
        }
        for (qos, heard) in (1..).zip(heard).filter(|(qos, _)| total == 21 || *qos > 1) {
            let expected: Vec<u8> = (0..7).map(|n| n * 3 + qos).collect();
            assert_eq!(heard, expected);
        }
    }
}

/// [MQTT-3.10.4-3] [MQTT5-3.10.4-3]
#[tokio::test]
async fn what_was_under_way_is_finished_after_unsubscribe() {
    let world = World::start().await;
    let mut to = enter(&world, &persistent("svc-b"), false).await;
    to.subscribe("free/#", QoS::ExactlyOnce).await;
    let mut from = enter(&world, &connect("svc-a"), false).await;
    send(&mut from, QoS::AtLeastOnce, 1..=1).await;
    send(&mut from, QoS::ExactlyOnce, 2..=3).await;
    to.hears(&message(QoS::AtLeastOnce, 1, &[1])).await;
    to.hears(&message(QoS::ExactlyOnce, 2, &[2])).await;
    to.hears(&message(QoS::ExactlyOnce, 3, &[3])).await;
    to.send(&unsubscribe(4, &["free/#"])).await;
    to.hears(&unsuback(4)).await;
    send(&mut from, QoS::AtLeastOnce, 4..=4).await;
    to.send(&ack(0x50, 2)).await;
    to.hears(&ack(0x62, 2)).await;
    let mut to = enter(&world, &persistent("svc-b"), true).await;
    to.hears(&ack(0x62, 2)).await;
    to.hears(&again(QoS::AtLeastOnce, 1, &[1])).await;
    to.hears(&again(QoS::ExactlyOnce, 3, &[3])).await;
    to.send(&[puback(1), ack(0x70, 2), ack(0x50, 3)].concat()).await;
    to.hears(&ack(0x62, 3)).await;
    to.send(&ack(0x70, 3)).await;
    to.pings().await;
    let mut to = enter(&world, &persistent("svc-b"), true).await;
    to.pings().await;
}
