//! What clients leave behind.

use std::time::Duration;

use mqtt::{Connect, Level, Properties, Property, QoS, Will, encode, property::Place};
use tokio::time::timeout;

use crate::{
    client::{Client, connect, disconnect, hello, made, publish, put, suback, subscribe},
    world::World,
};

fn with_will(id: &str, topic: &str, level: Level, delay_s: u32) -> Vec<u8> {
    let bytes = if delay_s == 0 { Vec::new() } else { put(&[Property::WillDelay(delay_s)]) };
    let properties = Properties::new(Place::Will, &bytes).unwrap();
    let will = Will { topic, payload: b"gone", qos: QoS::AtMostOnce, retain: false, properties };
    let keeps = put(&[Property::SessionExpiry(1000)]);
    let properties = if level == Level::V5 {
        Properties::new(Place::Connect, &keeps).unwrap()
    } else {
        Properties::default()
    };
    made(|out| {
        encode::connect(out, &Connect { level, will: Some(will), properties, ..hello(id) });
    })
}

async fn watcher(world: &World, filter: &str) -> Client {
    let mut client = world.raw().await;
    client.greets(&connect("svc-w")).await;
    client.send(&subscribe(1, &[(filter, QoS::AtMostOnce)])).await;
    client.hears(&suback(1, &[0])).await;
    client
}

#[tokio::test]
async fn f13_a_lost_client_s_will_is_published_once() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/will", Level::V311, 0)).await;
    drop(client);
    watcher.hears(&publish("free/will", None, b"gone")).await;
    watcher.pings().await;
}

#[tokio::test]
async fn a_client_that_says_farewell_has_no_will() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/will", Level::V311, 0)).await;
    client.send(&disconnect()).await;
    client.closed().await;
    watcher.pings().await;
    // At 5.0 it may ask for it [MQTT5-3.14.2.1].
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/will", Level::V5, 0)).await;
    client.send(&made(|out| encode::disconnect(out, Level::V5, 0x04))).await;
    watcher.hears(&publish("free/will", None, b"gone")).await;
}

#[tokio::test]
async fn a11_a_will_has_the_rights_of_its_client() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "#").await;
    for topic in ["barred/will", "free/will"] {
        let mut client = world.raw().await;
        client.greets(&with_will("svc-a", topic, Level::V311, 0)).await;
    }
    watcher.hears(&publish("free/will", None, b"gone")).await;
}

#[tokio::test]
async fn a_will_waits_for_its_delay_and_a_client_that_is_back_takes_it_away() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    let delayed = with_will("svc-a", "free/will", Level::V5, 1);
    let mut client = world.raw().await;
    client.greets(&delayed).await;
    drop(client);
    let mut client = world.raw().await;
    client.greets(&delayed).await;
    let early = timeout(Duration::from_millis(1500), watcher.next()).await;
    assert!(early.is_err(), "the client is there");
    drop(client);
    watcher.hears(&publish("free/will", None, b"gone")).await;
}

#[tokio::test]
async fn a_killed_server_publishes_the_wills_of_those_who_were_there() {
    let world = World::start().await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/will", Level::V311, 0)).await;
    let mut late = world.raw().await;
    let persistent = made(|out| encode::connect(out, &Connect { clean: false, ..hello("svc-w") }));
    late.greets(&persistent).await;
    late.send(&subscribe(1, &[("free/#", QoS::AtMostOnce)])).await;
    late.hears(&suback(1, &[0])).await;
    late.send(&subscribe(1, &[("free/#", QoS::AtLeastOnce)])).await;
    late.hears(&suback(1, &[1])).await;
    let retained = {
        let mut bytes = with_will("svc-b", "free/kept", Level::V311, 0);
        // Will QoS 1.
        bytes[9] |= 0x08;
        bytes
    };
    let mut other = world.raw().await;
    other.greets(&retained).await;
    let world = world.after_a_kill().await;
    let mut late = world.raw().await;
    assert!(late.greets(&persistent).await);
    late.hears(&publish("free/kept", Some(1), b"gone")).await;
}
