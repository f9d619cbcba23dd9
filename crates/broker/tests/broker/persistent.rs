//! Sessions that outlive their connection, and their server.

use broker::hub::{Delivery, Limits};
use mqtt::{Property, Publish, QoS};

use crate::{
    client::{Client, connect, connect5, disconnect, packet, persistent, plain, puback, publish},
    world::{World, key},
};

async fn client(world: &World, id: &str, present: bool) -> Client {
    let mut client = world.raw().await;
    assert_eq!(client.greets(&persistent(id)).await, present, "{id}");
    client
}

async fn leave(mut client: Client) {
    client.send(&disconnect()).await;
    client.closed().await;
}

fn again(topic: &str, id: u16, payload: &[u8]) -> Vec<u8> {
    packet(&Publish { dup: true, ..plain(topic, QoS::AtLeastOnce, id, payload) })
}

async fn send(world: &World, payload: &[u8]) -> Delivery {
    world.handle().send(&key("lamp"), "lamp/a", payload, QoS::AtLeastOnce).await.unwrap()
}

/// [MQTT-2.3.1-4] [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.3.1-1]
/// [MQTT-4.3.2-1] [MQTT-4.4.0-1]
#[tokio::test]
async fn a_session_is_there_again_with_its_subscriptions_and_messages() {
    let world = World::start().await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    for payload in [b"1", b"2", b"3"] {
        assert_eq!(send(&world, payload).await, Delivery::Queued);
    }
    let mut lamp = client(&world, "lamp", true).await;
    for (id, payload) in [(1, b"1"), (2, b"2"), (3, b"3")] {
        lamp.hears(&publish("lamp/a", Some(id), payload)).await;
    }
    lamp.send(&[puback(1), puback(2)].concat()).await;
    lamp.pings().await;
    leave(lamp).await;
    // What was not acknowledged comes again, as a repetition, with its id.
    let mut lamp = client(&world, "lamp", true).await;
    lamp.hears(&again("lamp/a", 3, b"3")).await;
    lamp.send(&puback(3)).await;
    lamp.pings().await;
    leave(lamp).await;
    let mut lamp = client(&world, "lamp", true).await;
    lamp.pings().await;
}

/// [MQTT-4.1.0-1] [MQTT-4.6.0-1]
#[tokio::test]
async fn f01_a_killed_server_has_lost_nothing() {
    let world = World::start().await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    assert_eq!(send(&world, b"1").await, Delivery::Sent);
    lamp.hears(&publish("lamp/a", Some(1), b"1")).await;
    // It is connected, and has not acknowledged.
    let world = world.after_a_kill().await;
    assert_eq!(send(&world, b"2").await, Delivery::Queued);
    let world = world.after_a_kill().await;
    let mut lamp = client(&world, "lamp", true).await;
    lamp.hears(&again("lamp/a", 1, b"1")).await;
    let second = lamp.next().await;
    assert_eq!(&second[second.len() - 1..], b"2");
    lamp.send(&[puback(1), puback(2)].concat()).await;
    lamp.pings().await;
    let world = world.after_a_kill().await;
    let mut lamp = client(&world, "lamp", true).await;
    lamp.pings().await;
}

/// [MQTT-3.1.2-6] [MQTT-3.1.4-3] [MQTT-3.2.2-1]
#[tokio::test]
async fn a_clean_connect_ends_the_former_session() {
    let world = World::start().await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    assert_eq!(send(&world, b"1").await, Delivery::Queued);
    let mut lamp = world.raw().await;
    assert!(!lamp.greets(&connect("lamp")).await);
    lamp.pings().await;
    leave(lamp).await;
    assert_eq!(send(&world, b"2").await, Delivery::Offline);
    let world = world.after_a_kill().await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.pings().await;
}

#[tokio::test]
async fn f19_the_151st_offline_message_is_refused() {
    let world = World::start().await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    for _ in 0..150 {
        assert_eq!(send(&world, b"x").await, Delivery::Queued);
    }
    assert_eq!(send(&world, b"y").await, Delivery::QueueFull);
    let world = world.after_a_kill().await;
    assert_eq!(send(&world, b"y").await, Delivery::QueueFull);
    // After a day they are gone, and there is room.
    world.clock.advance(86_400_001);
    assert_eq!(send(&world, b"z").await, Delivery::Queued);
    let mut lamp = client(&world, "lamp", true).await;
    lamp.hears(&publish("lamp/a", Some(151), b"z")).await;
}

#[tokio::test]
async fn a_full_queue_may_drop_its_oldest_instead() {
    let limits = Limits { queue_messages: 2, queue_drop_oldest: true, ..Limits::default() };
    let world = World::with(limits, |_, _| {}).await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    for payload in [b"1", b"2", b"3"] {
        assert_eq!(send(&world, payload).await, Delivery::Queued);
    }
    let mut lamp = client(&world, "lamp", true).await;
    lamp.hears(&publish("lamp/a", Some(2), b"2")).await;
    lamp.hears(&publish("lamp/a", Some(3), b"3")).await;
}

/// [MQTT-4.6.0-5]
#[tokio::test]
async fn a_window_that_opens_lets_the_queue_go_on_in_order() {
    let limits = Limits { in_flight: 2, down_per_s: 0, ..Limits::default() };
    let world = World::with(limits, |_, _| {}).await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    for n in 0..100_u8 {
        assert_eq!(send(&world, &[n]).await, Delivery::Queued);
    }
    let mut lamp = client(&world, "lamp", true).await;
    for n in 0..100 {
        lamp.hears(&publish("lamp/a", Some(u16::from(n) + 1), &[n])).await;
        if n % 2 == 1 {
            lamp.send(&[puback(u16::from(n)), puback(u16::from(n) + 1)].concat()).await;
        }
    }
    lamp.pings().await;
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let world = World::with(Limits { session_s: 60, ..Limits::default() }, |_, _| {}).await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    world.clock.advance(59_000);
    world.broker.sweep();
    assert_eq!(send(&world, b"1").await, Delivery::Queued);
    world.clock.advance(1_001);
    world.broker.sweep();
    assert_eq!(send(&world, b"2").await, Delivery::Offline);
    let mut lamp = client(&world, "lamp", false).await;
    lamp.pings().await;
}

/// [MQTT-3.1.4-2] [MQTT-4.4.0-1]
#[tokio::test]
async fn a_session_taken_over_goes_on() {
    let world = World::start().await;
    let mut first = client(&world, "lamp", false).await;
    first.subscribe("lamp/a", QoS::AtLeastOnce).await;
    assert_eq!(send(&world, b"1").await, Delivery::Sent);
    first.hears(&publish("lamp/a", Some(1), b"1")).await;
    let mut second = client(&world, "lamp", true).await;
    second.hears(&again("lamp/a", 1, b"1")).await;
    first.closed().await;
    assert_eq!(send(&world, b"2").await, Delivery::Sent);
    second.hears(&publish("lamp/a", Some(2), b"2")).await;
}

/// [MQTT5-3.1.2-24]
#[tokio::test]
async fn a_message_that_became_too_large_while_it_waited_is_told_of() {
    let mut world = World::start().await;
    let mut lamp = client(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    leave(lamp).await;
    for payload in [&[b'x'; 100][..], b"y"] {
        assert_eq!(send(&world, payload).await, Delivery::Queued);
    }
    let small = [Property::SessionExpiry(1000), Property::MaximumPacketSize(99)];
    let mut lamp = world.raw().await;
    assert!(lamp.greets(&connect5("lamp", false, &small)).await);
    assert_eq!(lamp.next().await.last(), Some(&b'y'));
    while world.news().await != "lamp missed lamp/a TooLarge" {}
}

/// A limit of 0 is no queue: who is there gets its messages, one by one if its window is small.
#[tokio::test]
async fn without_a_queue_only_those_who_are_there_get_messages() {
    let limits = Limits { queue_messages: 0, in_flight: 1, ..Limits::default() };
    for drops in [false, true] {
        let limits = Limits { queue_drop_oldest: drops, ..limits };
        let world = World::with(limits, |_, _| {}).await;
        let mut lamp = client(&world, "lamp", false).await;
        lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
        assert_eq!(send(&world, b"1").await, Delivery::Sent);
        assert_eq!(send(&world, b"2").await, Delivery::Queued);
        if !drops {
            assert_eq!(send(&world, b"3").await, Delivery::QueueFull);
        }
        lamp.hears(&publish("lamp/a", Some(1), b"1")).await;
        lamp.send(&puback(1)).await;
        lamp.hears(&publish("lamp/a", Some(2), b"2")).await;
        leave(lamp).await;
        assert_eq!(send(&world, b"4").await, Delivery::QueueFull);
        // What it has not acknowledged is no message of the queue.
        let mut lamp = client(&world, "lamp", true).await;
        lamp.hears(&again("lamp/a", 2, b"2")).await;
        lamp.send(&puback(2)).await;
        lamp.pings().await;
        leave(lamp).await;
        assert_eq!(send(&world, b"5").await, Delivery::QueueFull);
    }
}

/// Whoever has a name may not fill the disk under ever new client ids.
#[tokio::test]
async fn the_sessions_of_one_user_are_bounded() {
    let world = World::start().await;
    for id in ["svc-few1", "svc-few2"] {
        leave(client(&world, id, false).await).await;
    }
    refuses_one_more(&world).await;
    // Who keeps none, or has it, is let in.
    assert!(!world.raw().await.greets(&connect("svc-few3")).await);
    leave(client(&world, "svc-few1", true).await).await;
    refuses_one_more(&world).await;
    let world = world.after_a_kill().await;
    refuses_one_more(&world).await;
    // One ends with its client, one with its time.
    let mut last = world.raw().await;
    last.greets(&connect("svc-few1")).await;
    leave(last).await;
    leave(client(&world, "svc-few3", false).await).await;
    refuses_one_more(&world).await;
    world.clock.advance(7 * 86_400_000);
    world.broker.sweep();
    for id in ["svc-few4", "svc-few5"] {
        leave(client(&world, id, false).await).await;
    }
    refuses_one_more(&world).await;
}

async fn refuses_one_more(world: &World) {
    let keeps = connect5("svc-few9", true, &[Property::SessionExpiry(1)]);
    for (hello, answer) in
        [(persistent("svc-few9"), vec![0x20, 2, 0, 3]), (keeps, vec![0x20, 3, 0, 0x97, 0])]
    {
        let mut client = world.raw().await;
        client.send(&hello).await;
        client.hears(&answer).await;
        client.closed().await;
    }
}
