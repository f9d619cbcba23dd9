//! Messages to clients: answers, other clients, bounds.

use broker::hub::{Delivery, Limits};
use mqtt::QoS;

use crate::{
    client::{puback, publish},
    world::{World, key},
};

#[tokio::test]
async fn a_message_to_another_client_leaves_after_the_commit() {
    let mut world = World::start().await;
    let mut hub = world.client("hub").await;
    let mut lamp = world.client("lamp").await;
    lamp.subscribe("lamp/inbox", QoS::AtMostOnce).await;
    hub.send(&publish("hub/to/lamp", Some(1), b"note")).await;
    assert_eq!(lamp.next().await, publish("lamp/inbox", None, b"note"));
    assert!(world.stored("note"));
    assert_eq!(hub.next().await, puback(1));
}

#[tokio::test]
async fn an_answer_that_nobody_subscribed_to_is_told_to_the_product() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&publish("lamp/report", Some(1), b"k")).await;
    assert_eq!(client.next().await, puback(1));
    assert_eq!(world.news().await, "lamp missed lamp/reply NoSubscriber");
    // It is noted in the same commit as the report itself.
    assert!(world.stored("lamp missed lamp/reply NoSubscriber"));
}

#[tokio::test]
async fn an_acknowledged_message_makes_room_in_the_window() {
    let mut world = World::with(Limits { in_flight: 2, ..Limits::default() }, |_, _| {}).await;
    let (mut client, handle) = (world.client("lamp").await, world.handle());
    client.subscribe("lamp/a", QoS::AtLeastOnce).await;
    for payload in [b"1", b"2", b"3"] {
        let sent = handle.send(&key("lamp"), "lamp/a", payload, QoS::AtLeastOnce).await.unwrap();
        assert_eq!(sent, Delivery::Sent);
    }
    assert_eq!(client.next().await, publish("lamp/a", Some(1), b"1"));
    assert_eq!(client.next().await, publish("lamp/a", Some(2), b"2"));
    client.pings().await;
    client.send(&puback(1)).await;
    assert_eq!(client.next().await, publish("lamp/a", Some(3), b"3"));
}

#[tokio::test]
async fn the_downlink_rate_is_kept() {
    let mut world = World::with(Limits { down_per_s: 2, ..Limits::default() }, |_, _| {}).await;
    let (mut client, handle) = (world.client("lamp").await, world.handle());
    client.subscribe("lamp/a", QoS::AtMostOnce).await;
    let send = || handle.publish(&key("lamp"), "lamp/a", b"x");
    assert_eq!([send(), send(), send()], [Delivery::Sent, Delivery::Sent, Delivery::Full]);
    world.clock.advance(500);
    assert_eq!([send(), send()], [Delivery::Sent, Delivery::Full]);
}

#[tokio::test]
async fn a_slow_reader_costs_no_more_than_its_outbox() {
    let limits = Limits { down_per_s: 0, ..Limits::default() };
    let mut world = World::with(limits, |options, _| options.outbox_bytes = 100_000).await;
    let (mut client, handle) = (world.client("lamp").await, world.handle());
    client.subscribe("lamp/a", QoS::AtMostOnce).await;
    let payload = [b'x'; 10_000];
    let send = || handle.publish(&key("lamp"), "lamp/a", &payload);
    let mut sent = 0;
    while send() == Delivery::Sent {
        sent += 1;
        // The task may take what the kernel takes; then the outbox fills.
        tokio::task::yield_now().await;
        assert!(sent < 100_000, "nothing bounds the outbox");
    }
    for _ in 0..sent {
        assert_eq!(client.next().await, publish("lamp/a", None, &payload));
    }
    client.pings().await;
    assert_eq!(send(), Delivery::Sent);
}
