//! What clients leave behind.

use std::time::Duration;

use mqtt::{Connect, Level, Properties, Property, Publish, QoS, Will, encode, property::Place};
use store::{Batch, Space};
use tokio::time::timeout;

use crate::{
    client::{
        Client, connect, connect5, hello, made, plain, puback, publish, put, suback, subscribe,
    },
    world::{World, key},
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
        // At 5.0 the session of a client that comes back goes on.
        let clean = level != Level::V5;
        encode::connect(out, &Connect { level, clean, will: Some(will), properties, ..hello(id) });
    })
}

async fn watcher(world: &World, filter: &str) -> Client {
    let mut client = world.raw().await;
    client.greets(&connect("svc-w")).await;
    client.send(&subscribe(1, &[(filter, QoS::AtMostOnce)])).await;
    client.hears(&suback(1, &[0])).await;
    client
}

/// [MQTT-3.1.2-8] [MQTT-3.1.2-10] [MQTT-3.1.2-12]
#[tokio::test]
async fn f13_a_lost_client_s_will_is_published_once() {
    let mut world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/will", Level::V311, 0)).await;
    drop(client);
    watcher.hears(&publish("free/will", None, b"gone")).await;
    watcher.pings().await;
    // It is forgotten, and who gives none has none.
    while world.news().await != "svc-a offline Disconnect" {}
    let client = world.client("svc-a").await;
    drop(client);
    while world.news().await != "svc-a offline Disconnect" {}
    watcher.pings().await;
}

/// [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT5-3.1.2-14] [MQTT5-3.1.2-15]
#[tokio::test]
async fn a_will_is_retained_if_it_says_so() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    for level in [Level::V311, Level::V5] {
        for (topic, flag) in [("free/will", 0), ("free/kept", 0x20)] {
            let mut bytes = with_will("svc-a", topic, level, 0);
            bytes[9] |= flag;
            let mut client = world.raw().await;
            client.greets(&bytes).await;
            drop(client);
            watcher.hears(&publish(topic, None, b"gone")).await;
        }
        let mut late = world.raw().await;
        late.greets(&connect("svc-b")).await;
        late.subscribe("free/#", QoS::AtMostOnce).await;
        let mut kept = publish("free/kept", None, b"gone");
        kept[0] |= 1;
        late.hears(&kept).await;
        late.pings().await;
        let mut none = publish("free/kept", None, b"");
        none[0] |= 1;
        late.send(&none).await;
        watcher.hears(&publish("free/kept", None, b"")).await;
    }
}

/// [MQTT-3.1.2-10] [MQTT-3.14.4-3] [MQTT5-3.1.2-10] [MQTT5-3.14.4-3]
#[tokio::test]
async fn a_client_that_says_farewell_has_no_will() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    for level in [Level::V311, Level::V5] {
        let mut client = world.raw().await;
        client.greets(&with_will("svc-a", "free/will", level, 0)).await;
        client.send(&made(|out| encode::disconnect(out, level, 0))).await;
        client.closed().await;
        watcher.pings().await;
    }
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

/// [MQTT5-3.1.2-8] [MQTT5-3.1.3-9]
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

/// [MQTT5-3.1.2-8]
#[tokio::test]
async fn a_will_does_not_wait_longer_than_its_session() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    let delayed = with_will("svc-a", "free/will", Level::V5, 1000);
    let anew = connect5("svc-a", true, &[]);
    // Its client comes back with another session while it waits, and while it is there.
    let mut client = world.raw().await;
    client.greets(&delayed).await;
    drop(client);
    let mut client = world.raw().await;
    client.greets(&delayed).await;
    watcher.pings().await;
    drop(client);
    for taken_over in [false, true] {
        let mut client = world.raw().await;
        client.greets(&delayed).await;
        if !taken_over {
            drop(client);
            while world.handle().is_online(&key("svc-a")) {
                tokio::task::yield_now().await;
            }
        }
        let mut client = world.raw().await;
        client.greets(&anew).await;
        watcher.hears(&publish("free/will", None, b"gone")).await;
        watcher.pings().await;
        client.send(&made(|out| encode::disconnect(out, Level::V5, 0))).await;
        client.closed().await;
    }
}

/// [MQTT5-3.1.2-7] [MQTT5-3.1.3-9]
#[tokio::test]
async fn a_will_that_waits_outlives_the_server() {
    for away in [false, true] {
        let mut world = World::start().await;
        let mut client = world.raw().await;
        client.greets(&with_will("svc-a", "free/will", Level::V5, 1000)).await;
        if away {
            drop(client);
            while world.news().await != "svc-a offline Disconnect" {}
        }
        for back in [true, false] {
            let world = world.after_a_kill().await;
            let mut watcher = watcher(&world, "free/#").await;
            if back {
                let mut client = world.raw().await;
                let keeps = connect5("svc-a", false, &[Property::SessionExpiry(1000)]);
                assert!(client.greets(&keeps).await);
            }
            let mut client = world.raw().await;
            assert!(!client.greets(&connect5("svc-a", true, &[])).await);
            if !back {
                watcher.hears(&publish("free/will", None, b"gone")).await;
            }
            watcher.pings().await;
        }
    }
}

/// [MQTT-3.1.2-8] [MQTT5-3.1.2-7]
#[tokio::test]
async fn a_killed_server_publishes_the_wills_of_those_who_were_there() {
    let world = World::start().await;
    let mut late = world.raw().await;
    let persistent = made(|out| encode::connect(out, &Connect { clean: false, ..hello("svc-w") }));
    late.greets(&persistent).await;
    late.send(&subscribe(1, &[("free/#", QoS::AtLeastOnce)])).await;
    late.hears(&suback(1, &[1])).await;
    let with_will = {
        let mut bytes = with_will("svc-b", "free/kept", Level::V311, 0);
        // Will QoS 1.
        bytes[9] |= 0x08;
        bytes
    };
    let mut client = world.raw().await;
    client.greets(&with_will).await;
    let world = world.after_a_kill().await;
    let mut late = world.raw().await;
    assert!(late.greets(&persistent).await);
    late.hears(&publish("free/kept", Some(1), b"gone")).await;
}

/// [MQTT-3.1.2-8]
#[tokio::test]
async fn a_client_whose_task_panics_is_lost_like_any_other() {
    for delay_s in [0, 1] {
        let mut world = World::start().await;
        let mut watcher = watcher(&world, "free/will").await;
        let mut client = world.raw().await;
        client.greets(&with_will("svc-a", "free/will", Level::V5, delay_s)).await;
        let panic = Publish { payload: b"panic", ..plain("free/x", QoS::AtMostOnce, 0, b"") };
        client.send(&made(|out| encode::publish(out, Level::V5, &panic))).await;
        client.closed().await;
        watcher.hears(&publish("free/will", None, b"gone")).await;
        while world.news().await != "svc-a offline Shutdown" {}
        assert!(!world.stored("wsvc-a"), "its row is gone");
        watcher.pings().await;
    }
}

/// [MQTT-3.1.2-8]: what has begun to reach its readers does not begin again.
#[tokio::test]
async fn a_will_is_published_once_though_its_delivery_panics() {
    let mut world = World::start().await;
    let mut first = watcher(&world, "free/#").await;
    let mut small = world.raw().await;
    small.greets(&connect5("svc-s", true, &[Property::MaximumPacketSize(18)])).await;
    small
        .send(&made(|out| encode::subscribe(out, Level::V5, 1, &[("free/#", QoS::AtMostOnce)])))
        .await;
    small.next().await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/panic", Level::V5, 0)).await;
    drop(client);
    while world.news().await != "svc-a offline Shutdown" {}
    first.hears(&publish("free/panic", None, b"gone")).await;
    first.pings().await;
}

/// [MQTT5-3.1.2-7]
#[tokio::test]
async fn who_came_in_by_force_keeps_its_will() {
    let world = World::start().await;
    let mut watcher = watcher(&world, "free/#").await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/slow", Level::V5, 0)).await;
    drop(client);
    // The former connection is still busy with its own.
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "free/will", Level::V5, 0)).await;
    assert!(world.stored("wsvc-a"));
    world.slow.notify_one();
    watcher.hears(&publish("free/slow", None, b"gone")).await;
    assert!(world.stored("wsvc-a"), "its row is not the former one's");
}

/// A will of which nothing good comes costs nobody else anything.
#[tokio::test]
async fn a_will_that_panics_is_thrown_away() {
    let mut world = World::start().await;
    let mut client = world.raw().await;
    let mut bytes = with_will("svc-a", "free/will", Level::V311, 0);
    let at = bytes.windows(4).position(|part| part == b"gone").unwrap();
    bytes.splice(at - 1..at + 4, *b"\x05panic");
    bytes[1] += 1;
    client.greets(&bytes).await;
    drop(client);
    while world.news().await != "svc-a offline Shutdown" {}
    world.client("svc-a").await.pings().await;
    world.disk_moves().await;
    assert!(!world.stored("wsvc-a"));
}

/// [MQTT5-3.1.2-8]: and not after it, so that a kill between the two cannot lose it.
#[tokio::test]
async fn a_will_is_published_before_a_clean_start_ends_its_session() {
    let mut world = World::start().await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "svc-a/to/nobody", Level::V5, 1000)).await;
    drop(client);
    while world.news().await != "svc-a offline Disconnect" {}
    let mut client = world.raw().await;
    client.greets(&connect5("svc-a", true, &[])).await;
    assert_eq!(world.news().await, "nobody missed nobody/inbox NoSubscriber");
    assert_eq!(world.news().await, "svc-a online");
}

/// [MQTT-3.1.2-8]: its delay was over when the server went away.
#[tokio::test]
async fn a_will_that_is_due_is_published_though_its_client_is_back() {
    let world = World::start().await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "svc-a/slow", Level::V5, 0)).await;
    let mut world = world.after_a_kill().await;
    let mut client = world.raw().await;
    client.send(&connect5("svc-a", false, &[])).await;
    world.slow.notify_one();
    assert_eq!(world.news().await, "svc-a missed svc-a/reply NoSubscriber");
    assert_eq!(world.news().await, "svc-a online");
    assert!(world.stored("gone"));
}

/// A kill at any time between the end of a session and the publishing of its will loses no will.
#[tokio::test]
async fn a_will_outlives_its_session_until_it_is_published() {
    let mut world = World::start().await;
    let mut client = world.raw().await;
    client.greets(&with_will("svc-a", "svc-a/slow", Level::V5, 1000)).await;
    drop(client);
    while world.news().await != "svc-a offline Disconnect" {}
    world.clock.advance(2_000_000);
    // Its product does not answer, so it is not published.
    world.broker.sweep();
    for _ in 0..2 {
        // In line behind all that was committed.
        world.store.commit(some_row()).await.unwrap();
        world = world.after_a_kill().await;
    }
    world.slow.notify_one();
    assert_eq!(world.news().await, "svc-a missed svc-a/reply NoSubscriber");
    world.store.commit(some_row()).await.unwrap();
    assert!(world.stored("gone"));
    assert!(!world.stored("wsvc-a"), "it is published once");
}

fn some_row() -> Batch {
    let mut batch = Batch::default();
    batch.put(Space::Session, b"some row", b"here");
    batch
}

/// The acknowledgement of a publisher does not wait for a receiver that is only on its way in.
#[tokio::test]
async fn nobody_follows_a_client_whose_coming_waits_for_the_disk() {
    let mut world = World::on_a_stalled_disk().await;
    let mut to = world.raw().await;
    to.send(&with_will("svc-r", "svc-r/to/nobody", Level::V5, 600)).await;
    assert_eq!(world.news().await, "svc-r online");
    world.disk_moves().await;
    to.next().await;
    to.send(&made(|out| encode::subscribe(out, Level::V5, 1, &[("free/#", QoS::AtMostOnce)])))
        .await;
    assert_eq!(world.news().await, "svc-r subscribed free/#");
    world.disk_moves().await;
    to.next().await;
    drop(to);
    assert_eq!(world.news().await, "svc-r offline Disconnect");
    let mut from = world.client("svc-p").await;
    // Its will is published before it may begin anew, and is not stored yet.
    let mut back = world.raw().await;
    back.send(&connect5("svc-r", true, &[])).await;
    assert_eq!(world.news().await, "nobody missed nobody/inbox NoSubscriber");
    from.send(&publish("free/x", Some(1), b"x")).await;
    assert_eq!(from.next().await, puback(1));
}
