//! PUBLISH of a client: verdicts, acknowledgements, order.

use broker::hub::Limits;
use mqtt::QoS;

use crate::{
    client::{made, puback, publish},
    world::World,
};

#[tokio::test]
async fn a_puback_comes_after_the_commit() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    for (id, key) in [(1, "first"), (2, "second")] {
        client.send(&publish("lamp/report", Some(id), key.as_bytes())).await;
        assert_eq!(client.next().await, puback(id));
        assert!(world.stored(key), "{key} was acknowledged and is not stored");
    }
}

#[tokio::test]
async fn the_product_gives_a_burst_its_place_in_the_line() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    // Its coming had a place, too.
    let mut batch = store::Batch::default();
    batch.delete(store::Space::Session, b"lamp has its place");
    world.store.commit(batch).await.unwrap();
    client.send(&publish("lamp/report", Some(1), b"one")).await;
    assert_eq!(client.next().await, puback(1));
    assert!(world.stored("lamp has its place"), "what the product added is durable, too");
}

#[tokio::test]
async fn acks_and_replies_keep_the_order_of_their_bursts() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.subscribe("lamp/reply", QoS::AtMostOnce).await;
    // The first is stored and waits; the others have nothing to wait for and keep their place.
    client.send(&publish("lamp/report", Some(1), b"one")).await;
    client.send(&publish("lamp/other", Some(2), b"two")).await;
    client.send(&made(mqtt::encode::pingreq)).await;
    client.send(&publish("lamp/report", None, b"three")).await;
    let expected = [
        puback(1),
        publish("lamp/reply", None, b"one"),
        puback(2),
        made(mqtt::encode::pingresp),
        publish("lamp/reply", None, b"three"),
    ];
    let mut got = Vec::new();
    while got.len() < expected.len() {
        got.push(client.next().await);
    }
    // Packets that arrived in one read share a burst: its acks come before its replies.
    let place = |wanted: &Vec<u8>| got.iter().position(|packet| packet == wanted).unwrap();
    let [ack1, reply1, ack2, pong, reply3] = expected.each_ref().map(place);
    assert!(ack1 < ack2 && ack2 < pong && ack1 < reply1 && reply1 < reply3);
    assert!(world.stored("one") && world.stored("three"));
}

#[tokio::test]
async fn f14_many_packets_in_one_write_are_all_answered_in_order() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    let all: Vec<u8> = (1..=500)
        .flat_map(|id: u16| publish("lamp/report", Some(id), format!("k{id}").as_bytes()))
        .collect();
    client.send(&all).await;
    for id in 1..=500 {
        assert_eq!(client.next().await, puback(id));
    }
    assert!(world.stored("k1") && world.stored("k500"));
}

#[tokio::test]
async fn f14_a_packet_may_come_byte_by_byte() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    let two = [publish("lamp/report", Some(1), b"a"), publish("lamp/report", Some(2), b"b")];
    for byte in two.concat() {
        client.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(client.next().await, puback(1));
    assert_eq!(client.next().await, puback(2));
}

/// [MQTT-3.3.5-2]
#[tokio::test]
async fn a_refused_message_is_acknowledged_and_the_product_hears_of_it() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&publish("other/report", Some(1), b"x")).await;
    assert_eq!(client.next().await, puback(1));
    assert_eq!(world.news().await, "lamp Unauthorized");
    client.send(&publish(&format!("lamp/{}", "n/".repeat(10)), Some(2), b"x")).await;
    assert_eq!(client.next().await, puback(2));
    assert_eq!(world.news().await, "lamp Unauthorized");
    client.send(&publish(&format!("lamp/{}", "n".repeat(251)), Some(3), b"x")).await;
    assert_eq!(client.next().await, puback(3));
    assert_eq!(world.news().await, "lamp Unauthorized");
    client.pings().await;
    assert!(!world.stored("x"));
}

#[tokio::test]
async fn a16_each_qos_has_its_rate_and_time_refills_it() {
    let limits = Limits { up_qos0_per_s: 3, up_qos1_per_s: 2, ..Limits::default() };
    let mut world = World::with(limits, |_, _| {}).await;
    let mut client = world.client("lamp").await;
    for id in 1..=3 {
        client.send(&publish("lamp/other", Some(id), b"")).await;
        assert_eq!(client.next().await, puback(id));
    }
    assert_eq!(world.news().await, "lamp TooFast { per_s: 2 }");
    for _ in 0..4 {
        client.send(&publish("lamp/other", None, b"")).await;
    }
    assert_eq!(world.news().await, "lamp TooFast { per_s: 3 }");
    world.clock.advance(500);
    client.send(&publish("lamp/report", Some(4), b"again")).await;
    assert_eq!(client.next().await, puback(4));
    assert!(world.stored("again"));
    assert_eq!(world.news().await, "lamp missed lamp/reply NoSubscriber");
    client.send(&publish("lamp/report", Some(5), b"no")).await;
    assert_eq!(client.next().await, puback(5));
    assert_eq!(world.news().await, "lamp TooFast { per_s: 2 }");
    assert!(!world.stored("no"));
}

#[tokio::test]
async fn a17_a_payload_over_the_limit_is_refused_and_the_connection_stays() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&publish("lamp/other", Some(1), &[b'x'; 65_536])).await;
    assert_eq!(client.next().await, puback(1));
    client.send(&publish("lamp/other", Some(2), &[b'x'; 65_537])).await;
    assert_eq!(client.next().await, puback(2));
    assert_eq!(world.news().await, "lamp TooLong { bytes: 65537, limit: 65536 }");
    client.send(&publish("lamp/other", Some(3), &vec![b'x'; 1 << 20])).await;
    assert_eq!(client.next().await, puback(3));
    assert_eq!(world.news().await, "lamp TooLong { bytes: 1048576, limit: 65536 }");
    client.pings().await;
}

#[tokio::test]
async fn a_packet_over_the_packet_limit_ends_the_connection() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.try_send(&publish("lamp/other", Some(1), &vec![b'x'; 3 << 20])).await;
    assert_eq!(world.news().await, "lamp offline Protocol");
}

#[tokio::test]
async fn a_burst_that_must_wait_keeps_its_answers_and_the_next_burst_back() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&publish("lamp/slow", Some(1), b"slow")).await;
    client.send(&publish("lamp/other", Some(2), b"")).await;
    world.slow.notify_one();
    assert_eq!(client.next().await, puback(1));
    assert_eq!(client.next().await, puback(2));
    assert!(world.stored("slow"));
}

#[tokio::test]
async fn a_retain_flag_is_dropped() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.subscribe("lamp/other", QoS::AtMostOnce).await;
    let mut retained = publish("lamp/other", None, b"hello");
    retained[0] |= 1;
    client.send(&retained).await;
    assert_eq!(client.next().await, publish("lamp/other", None, b"hello"));
}
