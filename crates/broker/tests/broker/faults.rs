//! The numbered faults that show in the broker alone.

use std::time::Duration;

use broker::hub::{Delivery, Limits};
use mqtt::{Connect, Properties, Publish, QoS, Will, encode};
use socket2::SockRef;
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    client::{
        Client, ack, connack, connect, connect5, disconnect, hello, made, packet, persistent,
        plain, puback, publish,
    },
    world::{DEADLINE, World, key},
};

fn unlimited() -> Limits {
    Limits { up_qos0_per_s: 0, up_qos1_per_s: 0, down_per_s: 0, ..Limits::default() }
}

#[tokio::test]
async fn f07_pings_are_answered_while_the_disk_stalls() {
    let mut world = World::on_a_stalled_disk().await;
    let mut lamp = stalled(&mut world, "lamp").await;
    for id in [1, 3] {
        for id in [id, id + 1] {
            lamp.send(&publish("lamp/report", Some(id), b"x")).await;
            lamp.pings().await;
        }
        world.disk_moves().await;
        lamp.hears(&puback(id)).await;
        lamp.hears(&puback(id + 1)).await;
    }
    // A client that has nothing under way does not notice.
    lamp.pings().await;
    assert!(world.stored("x"));
}

/// A client whose coming was stored: its CONNACK promises that.
async fn stalled(world: &mut World, id: &str) -> Client {
    let mut client = world.raw().await;
    client.send(&connect(id)).await;
    assert_eq!(world.news().await, format!("{id} online"));
    world.disk_moves().await;
    client.hears(&connack(0)).await;
    client
}

/// Bursts that are held up by the disk are not many, so that neither is what they hold.
#[tokio::test]
async fn f07_a_stalled_disk_stops_the_reading() {
    let mut world = World::on_a_stalled_disk().await;
    let mut lamp = stalled(&mut world, "lamp").await;
    // More than the sockets between us hold.
    let part = publish("lamp/report", Some(1), &[b'x'; 60_000]).repeat(16);
    let flood = async {
        for _ in 0..100 {
            lamp.send(&part).await;
        }
    };
    assert!(timeout(Duration::from_millis(1500), flood).await.is_err(), "all was read");
}

#[tokio::test]
async fn f11_a_clock_that_jumps_ends_no_connection_and_no_session_too_early() {
    const HOUR: i64 = 3_600_000;
    const YEAR: i64 = 365 * 24 * HOUR;
    let mut world = World::with(Limits { up_qos1_per_s: 2, ..unlimited() }, |_, _| {}).await;
    let mut lamp = world.client("lamp").await;
    let mut away = world.raw().await;
    away.greets(&persistent("fan")).await;
    away.subscribe("fan/a", QoS::AtLeastOnce).await;
    away.send(&disconnect()).await;
    away.closed().await;
    let mut id = 0;
    for jump in [HOUR, -2 * HOUR, HOUR, -10 * YEAR, 10 * YEAR, 1000, -1000] {
        world.clock.advance(jump);
        lamp.pings().await;
        // One message a second is within the rate, whatever the clock says.
        id += 1;
        lamp.send(&publish("lamp/report", Some(id), id.to_string().as_bytes())).await;
        lamp.hears(&puback(id)).await;
        assert!(world.stored(&id.to_string()), "after {jump}");
        world.broker.sweep();
        assert!(world.handle().is_online(&key("lamp")));
        world.clock.advance(1000);
    }
    // The time of the session counts from when its client left, and all jumps add up to nothing.
    let sent = world.handle().send(&key("fan"), "fan/a", b"x", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(sent, Delivery::Queued);
}

#[tokio::test]
async fn f13_an_end_in_the_middle_of_a_packet_leaves_one_will_and_the_session() {
    let mut world = World::start().await;
    let mut watcher = world.client("svc-w").await;
    watcher.subscribe("free/#", QoS::AtMostOnce).await;
    let will = Will {
        topic: "free/will",
        payload: b"gone",
        qos: QoS::AtMostOnce,
        retain: false,
        properties: Properties::default(),
    };
    let hello = Connect { clean: false, will: Some(will), ..hello("svc-a") };
    let hello = made(|out| encode::connect(out, &hello));
    let whole = publish("free/half", Some(9), b"never");
    for cut in 1..whole.len() {
        let stream = TcpStream::connect(world.broker.addresses().tcp.unwrap()).await.unwrap();
        let reset = cut % 2 == 0;
        if reset {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
        let mut client = Client::new(stream);
        if client.greets(&hello).await {
            let message = client.next().await;
            assert_eq!(message.last(), Some(&b'q'));
            client.send(&puback(u16::from_be_bytes([message[10], message[11]]))).await;
        } else {
            assert_eq!(cut, 1, "the session goes on");
            client.subscribe("mine/x", QoS::AtLeastOnce).await;
        }
        client.send(&whole[..cut]).await;
        if reset {
            drop(client);
        } else {
            client.says_no_more().await;
            client.closed().await;
        }
        watcher.hears(&publish("free/will", None, b"gone")).await;
        watcher.pings().await;
        // What comes while it is away waits for it.
        watcher.send(&publish("mine/x", Some(1), b"q")).await;
        watcher.hears(&puback(1)).await;
    }
}

async fn comes_back(world: &World, id: &str) -> Client {
    let mut client = world.raw().await;
    assert!(client.greets(&persistent(id)).await);
    client
}

/// Whatever of an exchange is lost with its connection, and whether the other side saw it or not:
/// the message has its effect once.
#[tokio::test]
async fn f15_what_is_sent_again_after_a_loss_has_no_effect_twice() {
    let world = World::start().await;
    let mut to = world.raw().await;
    to.greets(&persistent("svc-b")).await;
    to.subscribe("free/x", QoS::ExactlyOnce).await;
    let mut from = world.raw().await;
    from.greets(&persistent("svc-a")).await;
    let release = ack(0x62, 5);
    for step in 0..40_u8 {
        let number = [step];
        let message = plain("free/x", QoS::ExactlyOnce, 5, &number);
        let mut bytes = packet(&message);
        // Lost before its answer, wholly or in part.
        for _ in 0..step % 3 {
            let cut = bytes.len() - usize::from(step) % bytes.len();
            from.send(&bytes[..cut]).await;
            from = comes_back(&world, "svc-a").await;
            bytes = packet(&Publish { dup: true, ..message });
        }
        from.send(&bytes).await;
        from.hears(&ack(0x50, 5)).await;
        for _ in 0..step % 4 {
            from.send(&release).await;
            from = comes_back(&world, "svc-a").await;
        }
        from.send(&release).await;
        from.hears(&ack(0x70, 5)).await;
    }
    let mut seen = Vec::new();
    for _ in 0..40 {
        seen.extend(to.next().await.last().copied());
    }
    assert_eq!(seen, (0..40).collect::<Vec<u8>>());
    for id in 1..=40 {
        to.send(&ack(0x50, id)).await;
        to.hears(&ack(0x62, id)).await;
        to.send(&ack(0x70, id)).await;
    }
    to.pings().await;
}

/// All come back at once to a server that was killed; only some at a time are greeted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f16_after_a_kill_hundreds_come_back_to_their_sessions_at_once() {
    const MANY: usize = 400;
    let world = World::start().await;
    let mut clients = JoinSet::new();
    for n in 0..MANY {
        let mut client = world.raw().await;
        clients.spawn(async move {
            let id = format!("d{n}");
            assert!(!client.greets(&persistent(&id)).await);
            client.subscribe(&format!("{id}/a"), QoS::AtLeastOnce).await;
            client
        });
    }
    let former = clients.join_all().await;
    let world = world
        .after_a_kill_with(|options| {
            options.greetings = 16;
            // They are many of one address, and hurried; a machine may be slow.
            options.hello = Duration::from_secs(3600);
        })
        .await;
    drop(former);
    let address = world.broker.addresses().tcp.unwrap();
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for n in 0..MANY {
        clients.spawn(async move {
            let mut client = Client::new(TcpStream::connect(address).await.unwrap());
            assert!(client.greets(&persistent(&format!("d{n}"))).await, "the session is there");
            client.pings().await;
            client
        });
    }
    let mut clients = clients.join_all().await;
    assert!(begun.elapsed() < DEADLINE);
    assert_eq!(world.handle().online(), MANY);
    // Nobody had to subscribe again.
    let sent = world.handle().send(&key("d7"), "d7/a", b"x", QoS::AtLeastOnce).await.unwrap();
    assert_eq!(sent, Delivery::Sent);
    let mut heard = 0;
    for client in &mut clients {
        client.send(&made(encode::pingreq)).await;
        heard += usize::from(client.next().await[0] == 0x32);
    }
    assert_eq!(heard, 1);
}

/// Reads nothing, and costs the others nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f18_a_slow_reader_has_a_bounded_queue_and_others_do_not_notice() {
    const MANY: usize = 600;
    let mut world = World::with(unlimited(), |options, _| options.outbox_bytes = 1 << 18).await;
    let mut slow = world.raw().await;
    slow.greets(&connect("svc-slow")).await;
    slow.subscribe("free/#", QoS::AtMostOnce).await;
    let (mut fast, mut from) = (world.raw().await, world.raw().await);
    fast.greets(&connect("svc-fast")).await;
    fast.subscribe("free/#", QoS::AtMostOnce).await;
    from.greets(&connect("svc-from")).await;
    let message = publish("free/x", None, &[b'x'; 60_000]);
    let begun = Instant::now();
    for _ in 0..MANY {
        from.send(&message).await;
        fast.hears(&message).await;
    }
    from.pings().await;
    fast.pings().await;
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    while world.news().await != "svc-slow missed free/x TooFast" {}
    // It may go on with what waited for it, and is not cut off.
    slow.send(&made(encode::pingreq)).await;
    let mut got = 0;
    while slow.next().await == message {
        got += 1;
    }
    assert!(got < MANY, "all {got} were kept");
}

/// A client of 5.0 is told that the server goes; all are gone in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f27_a_shutdown_with_many_clients_tells_each_why() {
    let mut world = World::start().await;
    let mut clients = JoinSet::new();
    for n in 0..300 {
        let mut client = world.raw().await;
        clients.spawn(async move {
            client.greets(&connect5(&format!("d{n}"), true, &[])).await;
            client
        });
    }
    let clients = clients.join_all().await;
    let begun = Instant::now();
    world.broker.shutdown(DEADLINE).await;
    assert!(begun.elapsed() < DEADLINE);
    for mut client in clients {
        client.hears(&[0xE0, 1, 0x8B]).await;
        client.closed().await;
    }
    assert_eq!(world.handle().online(), 0);
    while let Ok(news) = world.news.try_recv() {
        assert!(news.ends_with(" online") || news.ends_with(" offline Shutdown"), "{news}");
    }
}
