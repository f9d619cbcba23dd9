//! CONNECT and its answers.

use std::time::Duration;

use broker::hub::Limits;
use mqtt::{Connect, Level, Properties, QoS, Will, encode};

use crate::{
    client::{connack, connect, hello, made, puback, publish},
    world::{World, key},
};

async fn answer(world: &World, packet: &Connect<'_>) -> Vec<u8> {
    let mut client = world.raw().await;
    client.send(&made(|out| encode::connect(out, packet))).await;
    client.next().await
}

#[tokio::test]
async fn each_refusal_has_its_code_and_ends_the_connection() {
    let world = World::start().await;
    for (id, code) in [("malformed", 2), ("busy", 3), ("disabled", 5)] {
        let mut client = world.raw().await;
        client.send(&connect(id)).await;
        assert_eq!(client.next().await, connack(code), "{id}");
        client.closed().await;
    }
    let wrong = Connect { password: Some(b"guess"), ..hello("lamp") };
    assert_eq!(answer(&world, &wrong).await, connack(4));
    let none = Connect { user_name: None, password: None, ..hello("lamp") };
    assert_eq!(answer(&world, &none).await, connack(4));
    assert_eq!(world.handle().online(), 0);
}

#[test]
fn connections_of_the_doors_are_served_by_the_threads_that_are_named() {
    let devices =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let callers = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (threads, at_work) = (devices.handle().clone(), devices.metrics());
    callers.block_on(async {
        let mut world =
            World::with(Limits::default(), |options, _| options.threads = Some(threads)).await;
        let alone = at_work.num_alive_tasks();
        let mut lamp = world.client("lamp").await;
        lamp.send(&publish("lamp/report", Some(1), b"on")).await;
        lamp.hears(&puback(1)).await;
        assert_eq!(at_work.num_alive_tasks(), alone + 1, "one for the connection");
        // Its upkeep, which may take long, is the caller's.
        world.broker.sweep();
        world.broker.shutdown(Duration::from_secs(10)).await;
        lamp.closed().await;
        while world.news().await != "lamp offline Shutdown" {}
    });
}

#[tokio::test]
async fn level_3_1_is_served_even_with_a_long_client_id() {
    let world = World::start().await;
    let id = "ABCDEFGHIJ".to_owned() + &"n".repeat(48);
    let old = Connect { level: Level::V31, ..hello(&id) };
    assert_eq!(answer(&world, &old).await, connack(0));
}

#[tokio::test]
async fn a_level_nobody_knows_is_answered_with_code_1() {
    let world = World::start().await;
    let mut bytes = connect("lamp");
    bytes[8] = 9;
    let mut client = world.raw().await;
    client.send(&bytes).await;
    assert_eq!(client.next().await, connack(1));
    client.closed().await;
}

#[tokio::test]
async fn wills_and_long_keepalives_are_refused() {
    let world = World::start().await;
    let will = Will {
        topic: "lamp/will",
        payload: b"gone",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: Properties::default(),
    };
    assert_eq!(answer(&world, &Connect { will: Some(will), ..hello("lamp") }).await, connack(5));
    assert_eq!(answer(&world, &Connect { keep_alive: 901, ..hello("lamp") }).await, connack(5));
    for keep_alive in [0, 900] {
        assert_eq!(answer(&world, &Connect { keep_alive, ..hello("lamp") }).await, connack(0));
    }
}

#[tokio::test]
async fn what_comes_behind_the_connect_is_not_lost() {
    let mut world = World::start().await;
    let mut client = world.raw().await;
    let both = [connect("lamp"), publish("lamp/report", Some(7), b"k")].concat();
    client.send(&both).await;
    assert_eq!(client.next().await, connack(0));
    assert_eq!(client.next().await, puback(7));
    assert!(world.stored("k"));
    assert_eq!(world.news().await, "lamp online");
}

#[tokio::test]
async fn a06_a_half_connect_is_closed_in_time() {
    let world = World::with(Limits::default(), |o, _| o.hello = Duration::from_millis(50)).await;
    let mut client = world.raw().await;
    client.send(connect("lamp").get(..9).unwrap()).await;
    client.closed().await;
}

#[tokio::test]
async fn one_connection_too_many_is_closed() {
    let mut world = World::with(Limits::default(), |options, _| options.connections = 1).await;
    let mut first = world.client("lamp").await;
    world.raw().await.closed().await;
    first.pings().await;
    assert!(world.handle().is_online(&key("lamp")));
}
