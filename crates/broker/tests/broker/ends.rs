//! How connections end.

use std::time::Duration;

use broker::hub::{Delivery, Offline};
use mqtt::{Connect, QoS, encode};

use crate::{
    client::{connack, connect, disconnect, hello, made, puback, publish},
    world::{DEADLINE, World, key},
};

#[tokio::test]
async fn disconnect_and_a_closed_socket_are_the_same() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&disconnect()).await;
    client.closed().await;
    assert_eq!(world.news().await, "lamp offline Disconnect");
    drop(world.client("lamp").await);
    assert_eq!(world.news().await, "lamp offline Disconnect");
    assert_eq!(world.handle().online(), 0);
}

#[tokio::test]
async fn what_was_published_before_disconnect_is_stored() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.send(&[publish("lamp/report", None, b"last"), disconnect()].concat()).await;
    client.closed().await;
    assert!(world.stored("last"));
    // In line behind the end of the connection.
    world.disk_moves().await;
    assert!(world.stored("lamp offline Disconnect"));
}

/// [MQTT-3.1.4-2]
#[tokio::test]
async fn a_second_connection_takes_over() {
    let mut world = World::start().await;
    let mut first = world.client("lamp").await;
    let mut second = world.raw().await;
    second.send(&connect("lamp")).await;
    assert_eq!(second.next().await, connack(0));
    first.closed().await;
    assert_eq!(world.news().await, "lamp offline Takeover");
    assert_eq!(world.news().await, "lamp online");
    second.pings().await;
    assert_eq!(world.handle().online(), 1);
}

#[tokio::test]
async fn f17_of_many_connections_at_once_one_stays() {
    let mut world = World::start().await;
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut client = world.raw().await;
        client.send(&connect("lamp")).await;
        readers.spawn(async move { while !client.gone().await {} });
    }
    for _ in 0..19 {
        readers.join_next().await.unwrap().unwrap();
    }
    // Those that were overtaken before they were online say nothing.
    let mut online = 0;
    while let Ok(news) = world.news.try_recv() {
        online += match news.as_str() {
            "lamp online" => 1,
            "lamp offline Takeover" => -1,
            other => panic!("{other}"),
        };
        assert!((0..=1).contains(&online), "two connections of one client were online");
    }
    assert_eq!((online, world.handle().online()), (1, 1));
    world.handle().kick(&key("lamp"), Offline::Kicked);
    readers.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_kicked_client_is_gone_at_once() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.subscribe("lamp/a", QoS::AtMostOnce).await;
    assert_eq!(world.news().await, "lamp subscribed lamp/a");
    world.handle().kick(&key("lamp"), Offline::Kicked);
    assert!(!world.handle().is_online(&key("lamp")));
    let late = world.handle().publish(&key("lamp"), "lamp/a", b"x");
    assert_eq!(late, Delivery::Offline);
    client.closed().await;
    assert_eq!(world.news().await, "lamp offline Kicked");
    world.handle().kick(&key("nobody"), Offline::Kicked);
}

/// [MQTT-3.1.2-24]
#[tokio::test]
async fn a_silent_client_is_dropped_after_one_and_a_half_keepalives() {
    let mut world = World::start().await;
    let mut client = world.raw().await;
    let packet = Connect { keep_alive: 1, ..hello("lamp") };
    let begun = tokio::time::Instant::now();
    client.send(&made(|out| encode::connect(out, &packet))).await;
    assert_eq!(client.next().await, connack(0));
    while begun.elapsed() < Duration::from_millis(1800) {
        client.pings().await;
    }
    let heard = begun.elapsed();
    client.closed().await;
    assert!(begun.elapsed() >= heard + Duration::from_millis(1400), "{:?}", begun.elapsed());
    assert_eq!(world.news().await, "lamp online");
    assert_eq!(world.news().await, "lamp offline KeepAlive");
}

#[tokio::test]
async fn shutdown_sends_what_is_pending_and_ends_everybody() {
    let mut world = World::start().await;
    let mut lamp = world.client("lamp").await;
    let mut fan = world.client("fan").await;
    fan.subscribe("fan/a", QoS::AtMostOnce).await;
    assert_eq!(world.news().await, "fan subscribed fan/a");
    // The commit of this one is still to come when the broker begins to stop.
    lamp.send(&publish("lamp/report", Some(2), b"pending")).await;
    assert_eq!(world.news().await, "lamp missed lamp/reply NoSubscriber");
    assert!(!world.stored("pending"));
    let sent = world.handle().publish(&key("fan"), "fan/a", b"bye");
    assert_eq!(sent, Delivery::Sent);
    let waiting = tokio::time::timeout(DEADLINE, world.broker.shutdown(DEADLINE));
    waiting.await.expect("shutdown did not end");
    assert_eq!(fan.next().await, publish("fan/a", None, b"bye"));
    fan.closed().await;
    assert_eq!(lamp.next().await, puback(2));
    lamp.closed().await;
    assert_eq!(world.handle().online(), 0);
    world.disk_moves().await;
    assert!(world.stored("lamp offline Shutdown") && world.stored("fan offline Shutdown"));
    let address = world.broker.addresses().tcp.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
