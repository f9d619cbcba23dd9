//! What an unfavourable moment must not spoil: a refused commit, a kill between two commits, a session
//! that ends while messages are on their way to it.

use std::sync::atomic::Ordering;

use broker::hub::{Delivery, Limits};
use futures_util::FutureExt as _;
use mqtt::{Connect, Level, Properties, Property, Publish, QoS, Will, encode};
use store::{Dir, Space};

use crate::{
    client::{
        Client, ack, connack, connect, connect5, disconnect, hello, made, packet, persistent,
        plain, puback, publish, suback, subscribe,
    },
    world::{World, key},
};

fn unlimited() -> Limits {
    Limits { up_qos0_per_s: 0, up_qos1_per_s: 0, down_per_s: 0, ..Limits::default() }
}

async fn comes(world: &World, id: &str, present: bool) -> Client {
    let mut client = world.raw().await;
    assert_eq!(client.greets(&persistent(id)).await, present, "{id}");
    client
}

async fn leave(mut client: Client) {
    client.send(&disconnect()).await;
    client.closed().await;
}

async fn refused(world: &World, mut client: Client, bytes: &[u8]) {
    world.refuse.store(true, Ordering::SeqCst);
    client.send(bytes).await;
    client.closed().await;
}

fn queued(world: &World) -> usize {
    world.store.scan(Space::Queue, b"lamp\0"..b"lamp\x01", Dir::Forward, 1000).unwrap().len()
}

#[tokio::test]
async fn a_qos_2_message_whose_commit_failed_is_new_when_it_comes_again() {
    let world = World::start().await;
    let mut watcher = comes(&world, "svc-w", false).await;
    watcher.subscribe("free/#", QoS::AtMostOnce).await;
    let from = comes(&world, "svc-a", false).await;
    let message = plain("free/x", QoS::ExactlyOnce, 5, b"once");
    refused(&world, from, &packet(&message)).await;
    let mut from = comes(&world, "svc-a", true).await;
    from.send(&packet(&Publish { dup: true, ..message })).await;
    from.hears(&ack(0x50, 5)).await;
    watcher.hears(&publish("free/x", None, b"once")).await;
}

#[tokio::test]
async fn an_id_whose_release_failed_is_free_after_the_next_release() {
    let world = World::start().await;
    let mut from = comes(&world, "svc-a", false).await;
    let message = plain("free/x", QoS::ExactlyOnce, 5, b"one");
    from.send(&packet(&message)).await;
    from.hears(&ack(0x50, 5)).await;
    refused(&world, from, &ack(0x62, 5)).await;
    let mut from = comes(&world, "svc-a", true).await;
    from.send(&ack(0x62, 5)).await;
    from.hears(&ack(0x70, 5)).await;
    let world = world.after_a_kill().await;
    let mut watcher = comes(&world, "svc-w", false).await;
    watcher.subscribe("free/#", QoS::AtMostOnce).await;
    let mut from = comes(&world, "svc-a", true).await;
    from.send(&packet(&Publish { payload: b"two", ..message })).await;
    from.hears(&ack(0x50, 5)).await;
    watcher.hears(&publish("free/x", None, b"two")).await;
}

#[tokio::test]
async fn what_is_sent_again_is_answered_also_when_all_ids_are_in_use() {
    let world = World::with(unlimited(), |_, _| {}).await;
    let mut from = comes(&world, "svc-a", false).await;
    let message = |id, dup| packet(&Publish { dup, ..plain("free/x", QoS::ExactlyOnce, id, b"x") });
    let answer = |id: u16| [&[0x50, 2][..], &id.to_be_bytes()].concat();
    for id in 1..=1024 {
        from.send(&message(id, false)).await;
    }
    for id in 1..=1024 {
        from.hears(&answer(id)).await;
    }
    leave(from).await;
    let mut from = comes(&world, "svc-a", true).await;
    from.send(&message(1, true)).await;
    from.hears(&answer(1)).await;
}

#[tokio::test]
async fn a_retained_message_stays_away_though_its_first_removal_failed() {
    let world = World::start().await;
    let mut from = comes(&world, "svc-a", false).await;
    let retained = |id, payload| {
        packet(&Publish { retain: true, ..plain("free/x", QoS::AtLeastOnce, id, payload) })
    };
    from.send(&retained(1, b"old")).await;
    from.hears(&puback(1)).await;
    refused(&world, from, &retained(2, b"")).await;
    let mut from = comes(&world, "svc-a", true).await;
    from.send(&retained(2, b"")).await;
    from.hears(&puback(2)).await;
    let world = world.after_a_kill().await;
    let mut watcher = comes(&world, "svc-w", false).await;
    watcher.subscribe("free/#", QoS::AtMostOnce).await;
    watcher.pings().await;
}

/// A filter costs its retained messages once, however often a packet names it.
#[tokio::test]
async fn a_filter_named_a_thousand_times_gets_what_is_retained_once() {
    let world = World::with(unlimited(), |_, _| {}).await;
    let mut from = comes(&world, "svc-a", false).await;
    for topic in ["free/1", "free/2", "free/3"] {
        let payload = &[b'x'; 2_000];
        let message = Publish { retain: true, ..plain(topic, QoS::AtLeastOnce, 1, payload) };
        from.send(&packet(&message)).await;
        from.hears(&puback(1)).await;
    }
    let mut watcher = world.raw().await;
    watcher.greets(&connect("svc-w")).await;
    watcher.send(&subscribe(1, &vec![("free/#", QoS::AtMostOnce); 1000])).await;
    watcher.hears(&suback(1, &[0; 1000])).await;
    let mut heard: Vec<_> = Vec::new();
    for _ in 0..3 {
        heard.push(watcher.next().await.len());
    }
    assert!(heard.iter().all(|length| *length > 2_000), "{heard:?}");
    watcher.send(&[0xC0, 0]).await;
    assert_eq!(watcher.next().await.len(), 2, "nothing more comes");
}

#[tokio::test]
async fn a_message_on_its_way_to_a_session_that_ends_leaves_no_row() {
    let mut world = World::on_a_stalled_disk().await;
    let mut lamp = subscribed(&mut world).await;
    lamp.send(&disconnect()).await;
    world.news().await;
    world.disk_moves().await;
    lamp.closed().await;
    // The row is in the line of commits when the client says that it wants a new session.
    let handle = world.handle();
    let mut sending = tokio::spawn(async move {
        handle.send(&key("lamp"), "lamp/a", b"late", QoS::AtLeastOnce).await.unwrap()
    });
    tokio::select! {
        biased;
        _ = &mut sending => panic!("nothing is stored yet"),
        () = tokio::task::yield_now() => {}
    }
    let lamp = stalled(&mut world, &connect("lamp"), "lamp").await;
    assert_eq!(sending.await.unwrap(), Delivery::Offline);
    world.disk_moves().await;
    assert_eq!(queued(&world), 0);
    drop(lamp);
}

/// [MQTT-4.3.2-1]: the caller does not wait any more, its message is in line all the same.
#[tokio::test]
async fn a_message_whose_caller_is_gone_reaches_its_client() {
    let mut world = World::on_a_stalled_disk().await;
    let mut lamp = subscribed(&mut world).await;
    let handle = world.handle();
    let client = key("lamp");
    let sending = handle.send(&client, "lamp/a", b"on", QoS::AtLeastOnce);
    assert!(sending.now_or_never().is_none(), "nothing is stored yet");
    lamp.pings().await;
    world.disk_moves().await;
    lamp.hears(&publish("lamp/a", Some(1), b"on")).await;
}

/// A lamp that wants what comes on `lamp/a`, also while it is away.
async fn subscribed(world: &mut World) -> Client {
    let mut lamp = stalled(world, &persistent("lamp"), "lamp").await;
    lamp.send(&subscribe(1, &[("lamp/a", QoS::AtLeastOnce)])).await;
    world.news().await;
    world.disk_moves().await;
    lamp.hears(&suback(1, &[1])).await;
    lamp
}

/// Connects; the CONNACK comes when the disk has moved.
async fn stalled(world: &mut World, connect: &[u8], id: &str) -> Client {
    let mut client = world.raw().await;
    client.send(connect).await;
    assert_eq!(world.news().await, format!("{id} online"));
    world.disk_moves().await;
    client.hears(&connack(0)).await;
    client
}

#[tokio::test]
async fn a_session_whose_client_was_there_at_a_kill_ends_when_its_time_is_over() {
    let world = World::with(Limits { session_s: 60, ..unlimited() }, |_, _| {}).await;
    let lamp = comes(&world, "lamp", false).await;
    let world = world.after_a_kill().await;
    world.broker.sweep();
    world.store.commit(row("passed")).await.unwrap();
    world.clock.advance(59_000);
    world.broker.sweep();
    world.store.commit(row("passed")).await.unwrap();
    assert!(world.stored("slamp"));
    world.clock.advance(1001);
    world.broker.sweep();
    world.store.commit(row("passed")).await.unwrap();
    assert!(!world.stored("slamp"));
    drop(lamp);
}

/// Its commit is done when all those before it are.
fn row(name: &str) -> store::Batch {
    let mut batch = store::Batch::default();
    batch.put(Space::Session, name.as_bytes(), b"here");
    batch
}

#[tokio::test]
async fn a_kill_between_an_end_and_its_will_does_not_lose_the_will() {
    let mut world = World::on_a_stalled_disk().await;
    let mut watcher = stalled(&mut world, &persistent("svc-w"), "svc-w").await;
    watcher.send(&subscribe(1, &[("free/#", QoS::AtLeastOnce)])).await;
    world.news().await;
    world.disk_moves().await;
    watcher.hears(&suback(1, &[1])).await;
    let (topic, payload) = ("free/will", &b"gone"[..]);
    let (qos, properties) = (QoS::AtLeastOnce, Properties::default());
    let will = Some(Will { topic, payload, qos, retain: false, properties });
    let hello = made(|out| encode::connect(out, &Connect { will, ..hello("svc-a") }));
    let mut from = stalled(&mut world, &hello, "svc-a").await;
    // A second CONNECT ends the connection, and not in good order.
    from.send(&hello).await;
    let mut news = world.news.try_recv();
    while news.is_err() {
        world.disk_moves().await;
        news = world.news.try_recv();
    }
    assert_eq!(news.unwrap(), "svc-a offline Protocol");
    world.disk_moves().await;
    let world = world.after_a_kill().await;
    let mut watcher = comes(&world, "svc-w", true).await;
    let heard = watcher.next().await;
    assert!(heard.ends_with(b"gone"), "{heard:02x?}");
}

#[tokio::test]
async fn what_was_sent_over_an_earlier_connection_is_known_after_a_narrow_one() {
    let world = World::with(unlimited(), |_, _| {}).await;
    let mut lamp = comes(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    for n in 1..=3_u8 {
        world.handle().send(&key("lamp"), "lamp/a", &[n], QoS::AtLeastOnce).await.unwrap();
        lamp.hears(&publish("lamp/a", Some(n.into()), &[n])).await;
    }
    leave(lamp).await;
    let narrow = [Property::ReceiveMaximum(1), Property::SessionExpiry(600)];
    let mut lamp = world.raw().await;
    lamp.send(&connect5("lamp", false, &narrow)).await;
    lamp.next().await;
    assert_eq!(lamp.next().await[0], 0x3A);
    lamp.send(&[0xE0, 0]).await;
    lamp.closed().await;
    let world = world.after_a_kill().await;
    let mut lamp = comes(&world, "lamp", true).await;
    for n in 1..=3 {
        assert_eq!(lamp.next().await[0], 0x3A, "message {n} is a repetition");
    }
}

#[tokio::test]
async fn a_message_too_large_for_a_client_that_is_there_is_told_and_gone() {
    let mut world = World::with(unlimited(), |_, _| {}).await;
    let properties = [Property::MaximumPacketSize(200), Property::SessionExpiry(600)];
    let mut lamp = world.raw().await;
    lamp.send(&connect5("lamp", false, &properties)).await;
    lamp.next().await;
    lamp.send(&crate::client::subscribe5(1, 0, &[("lamp/a", 1)])).await;
    lamp.next().await;
    let sent = world.handle().send(&key("lamp"), "lamp/a", &[b'x'; 300], QoS::AtLeastOnce).await;
    drop(sent);
    let mut news = world.news().await;
    while !news.contains("missed") {
        news = world.news().await;
    }
    assert_eq!(news, "lamp missed lamp/a TooLarge");
    lamp.send(&[0xC0, 0]).await;
    assert_eq!(lamp.next().await, [0xD0, 0]);
}

/// The queue is read while messages come in: none of them falls between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_queue_that_is_read_while_it_grows_loses_nothing() {
    const EACH: u16 = 25;
    let limits = Limits { queue_messages: 100_000, in_flight: 3, ..unlimited() };
    let world = World::with(limits, |_, _| {}).await;
    let mut lamp = comes(&world, "lamp", false).await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    let mut sending = tokio::task::JoinSet::new();
    for from in 0..16_u8 {
        for n in 0..EACH {
            let (handle, [high, low]) = (world.handle(), n.to_be_bytes());
            sending.spawn(async move {
                let payload = [from, high, low];
                handle.send(&key("lamp"), "lamp/a", &payload, QoS::AtLeastOnce).await.unwrap();
            });
        }
    }
    let mut seen = std::collections::HashSet::new();
    while seen.len() < 16 * usize::from(EACH) {
        let message = lamp.next().await;
        seen.insert(message[message.len() - 3..].to_vec());
        lamp.send(&[0x40, 2, message[10], message[11]]).await;
    }
    while let Some(sent) = sending.join_next().await {
        sent.unwrap();
    }
}

/// Each hears each message once, though two of its filters cover it, and however many there are.
#[tokio::test]
async fn many_subscribers_with_two_filters_hear_a_message_once() {
    let world = World::with(unlimited(), |_, _| {}).await;
    let mut all = Vec::new();
    for n in 0..20 {
        let mut client = world.raw().await;
        client.greets(&connect(&format!("svc-{n}"))).await;
        let filters = [("free/#", QoS::AtMostOnce), ("free/+", QoS::AtMostOnce)];
        client.send(&subscribe(1, &filters)).await;
        client.hears(&suback(1, &[0, 0])).await;
        all.push(client);
    }
    let messages = [publish("free/a", None, b"1"), publish("free/b", None, b"2")];
    all[0].send(&messages.concat()).await;
    for client in &mut all {
        client.hears(&messages[0]).await;
        client.hears(&messages[1]).await;
        client.pings().await;
    }
}

#[tokio::test]
async fn the_will_of_a_connection_that_is_slow_to_end_is_published_once() {
    let world = World::with(unlimited(), |_, _| {}).await;
    let mut watcher = comes(&world, "svc-w", false).await;
    watcher.subscribe("free/#", QoS::AtLeastOnce).await;
    let (topic, payload) = ("free/will", &b"gone"[..]);
    let (qos, properties) = (QoS::AtLeastOnce, Properties::default());
    let will = Some(Will { topic, payload, qos, retain: false, properties });
    let mut from = world.raw().await;
    from.greets(&made(|out| encode::connect(out, &Connect { will, ..hello("svc-a") }))).await;
    // The product is slow; the next connection does not wait for ever.
    from.send(&publish("svc-a/slow", None, b"slow")).await;
    let mut next = world.raw().await;
    next.greets(&connect("svc-a")).await;
    world.slow.notify_one();
    watcher.hears(&publish("free/will", Some(1), b"gone")).await;
    watcher.send(&puback(1)).await;
    watcher.pings().await;
    next.pings().await;
    let world = world.after_a_kill().await;
    let mut watcher = comes(&world, "svc-w", true).await;
    let mut other = comes(&world, "svc-b", false).await;
    other.send(&publish("free/end", Some(1), b"end")).await;
    other.hears(&puback(1)).await;
    assert!(watcher.next().await.ends_with(b"end"), "the will comes again");
}

/// [MQTT5-3.1.2-6]
#[tokio::test]
async fn who_is_back_before_the_end_of_its_session_is_stored_does_not_find_it() {
    let mut world = World::on_a_stalled_disk().await;
    let hello = connect5("lamp", false, &[Property::SessionExpiry(1000)]);
    let mut lamp = world.raw().await;
    lamp.send(&hello).await;
    assert_eq!(world.news().await, "lamp online");
    world.disk_moves().await;
    assert_eq!(lamp.next().await[2], 0, "it had no session");
    let mut farewell = made(|out| encode::disconnect(out, Level::V5, 0));
    farewell.splice(1.., [7, 0, 5, 0x11, 0, 0, 0, 0]);
    lamp.send(&farewell).await;
    assert_eq!(world.news().await, "lamp offline Disconnect");
    // One that is promised nothing comes and goes meanwhile.
    let mut clean = world.raw().await;
    clean.send(&connect("lamp")).await;
    assert_eq!(world.news().await, "lamp online");
    clean.hears(&connack(0)).await;
    leave(clean).await;
    assert_eq!(world.news().await, "lamp offline Disconnect");
    world.broker.sweep();
    let mut again = world.raw().await;
    again.send(&hello).await;
    assert_eq!(world.news().await, "lamp online");
    world.disk_moves().await;
    assert_eq!(again.next().await[2], 0, "its session has ended");
}
