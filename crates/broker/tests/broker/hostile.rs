//! What is not MQTT, or not in its place.

use mqtt::{Level, QoS, encode};

use crate::{
    client::{connect, made, puback, publish, suback, subscribe},
    world::{World, key},
};

#[tokio::test]
async fn a04_a_foreign_first_packet_is_not_answered() {
    let world = World::start().await;
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        publish("lamp/report", None, b"x"),
        made(encode::pingreq),
        vec![0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        vec![0x10, 0xFF, 0xFF, 0x7F],
        vec![0x10, 2, 0, 0],
        vec![0x16, 3, 1, 0, 5],
    ] {
        let mut client = world.raw().await;
        client.send(&bytes).await;
        client.closed().await;
    }
}

#[tokio::test]
async fn a04_a_packet_out_of_place_ends_the_connection_and_no_other() {
    let mut world = World::start().await;
    let mut neighbour = world.client("fan").await;
    let qos2 = {
        let mut bytes = publish("lamp/other", Some(1), b"");
        bytes[0] = 0x34;
        bytes
    };
    for bytes in [
        connect("lamp"),
        qos2,
        vec![0x00, 0],
        vec![0x36, 4, 0, 1, b'a', 0],
        vec![0x82, 2, 0, 1],
        vec![0x30, 3, 0, 9, b'a'],
        vec![0x20, 2, 0, 0],
        made(|out| encode::pubrel(out, Level::V311, 1, 0)),
        vec![0xF0, 0],
        vec![0xC0, 0xFF, 0xFF, 0xFF, 0xFF],
    ] {
        let mut client = world.client("lamp").await;
        client.send(&bytes).await;
        client.closed().await;
        assert_eq!(world.news().await, "lamp offline Protocol", "{bytes:?}");
    }
    neighbour.pings().await;
}

#[tokio::test]
async fn what_came_before_a_bad_packet_is_stored() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&[publish("lamp/report", None, b"good"), vec![0, 0]].concat()).await;
    client.closed().await;
    assert!(world.stored("good"));
}

#[tokio::test]
async fn a01_noise_never_stops_the_broker() {
    let mut world = World::start().await;
    // A small generator of our own: the same noise in each run.
    let mut state: u32 = 1;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    for round in 0..200 {
        let mut client = world.raw().await;
        let mut bytes = if round % 2 == 0 { connect("lamp") } else { Vec::new() };
        bytes.extend((0..64).map(|_| noise()));
        client.try_send(&bytes).await;
    }
    let mut client = world.raw().await;
    client.send(&connect("fan")).await;
    assert_eq!(client.next().await, crate::client::connack(0));
    while world.news().await != "fan online" {}
    assert!(world.handle().is_online(&key("fan")));
}

#[tokio::test]
async fn a16_a_flood_of_refusals_is_answered_and_told_in_part() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    let flood: Vec<u8> = (1..=300).flat_map(|id| publish("other/x", Some(id), b"")).collect();
    client.send(&flood).await;
    for id in 1..=300 {
        assert_eq!(client.next().await, puback(id));
    }
    let filters = [("other/x", QoS::AtMostOnce); 300];
    client.send(&subscribe(1, &filters)).await;
    assert_eq!(client.next().await, suback(1, &[0x80; 300]));
    let told = std::iter::from_fn(|| world.news.try_recv().ok()).count();
    assert_eq!(told, 20);
    world.clock.advance(1000);
    client.send(&publish("other/x", Some(1), b"")).await;
    assert_eq!(world.news().await, "lamp Unauthorized");
    client.send(&subscribe(1, &[("other/x", QoS::AtMostOnce); 5000])).await;
    assert_eq!(world.news().await, "lamp offline Protocol");
}

/// [MQTT-4.8.0-2]
#[tokio::test]
async fn who_panics_on_its_way_in_is_not_there() {
    let mut world = World::start().await;
    let mut client = world.raw().await;
    client.send(&connect("panic")).await;
    client.closed().await;
    assert_eq!(world.news().await, "panic offline Shutdown");
    assert!(!world.handle().is_online(&key("panic")));
    assert_eq!(world.handle().online(), 0);
    world.client("lamp").await.pings().await;
}

/// [MQTT-4.8.0-2]
#[tokio::test]
async fn a_panic_of_the_product_costs_one_connection() {
    let mut world = World::start().await;
    let mut neighbour = world.client("fan").await;
    let mut client = world.client("lamp").await;
    client.send(&publish("lamp/report", None, b"panic")).await;
    client.closed().await;
    assert_eq!(world.news().await, "lamp offline Shutdown");
    assert_eq!(world.handle().online(), 1);
    neighbour.pings().await;
    world.client("lamp").await.pings().await;
}
