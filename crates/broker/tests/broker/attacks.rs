//! The numbered attacks that show in the broker alone.

use std::time::Duration;

use broker::hub::Limits;
use mqtt::{Property, Publish, QoS};
use tokio::time::{Instant, interval};

use crate::{
    client::{
        Client, ack5, connect, connect5, packet, plain, puback, publish, publish5, put, suback,
        subscribe,
    },
    v5::{disconnected, service},
    world::{DEADLINE, World},
};

fn unlimited() -> Limits {
    Limits { up_qos0_per_s: 0, up_qos1_per_s: 0, down_per_s: 0, ..Limits::default() }
}

async fn old(world: &World, id: &str) -> Client {
    let mut client = world.raw().await;
    client.greets(&connect(id)).await;
    client
}

/// A PUBLISH at QoS 0 on any bytes as its topic.
fn on(topic: &[u8]) -> Vec<u8> {
    let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
    body.extend_from_slice(topic);
    let mut bytes = vec![0x30];
    let mut length = body.len();
    while length > 127 {
        bytes.push(u8::try_from(length & 127).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.append(&mut body);
    bytes
}

#[tokio::test]
async fn a03_topics_that_are_none_end_the_connection() {
    let mut world = World::start().await;
    for topic in [
        &b""[..],
        b"a\0b",
        b"\xED\xA0\x80",
        b"\xED\xBF\xBF",
        b"\xC0\xAF",
        b"\xE0\x80\xAF",
        b"\xF4\x90\x80\x80",
        b"\xFF\xFE",
        b"lamp/#",
        b"+/report",
    ] {
        let mut lamp = world.client("lamp").await;
        lamp.send(&on(topic)).await;
        lamp.closed().await;
        assert_eq!(world.news().await, "lamp offline Protocol", "{topic:02x?}");
    }
}

/// Every level of a long topic could be looked at once for every filter; it is not.
#[tokio::test]
async fn a03_topics_of_any_length_and_depth_cost_little() {
    let mut world = World::with(unlimited(), |_, _| {}).await;
    let mut watcher = old(&world, "svc-w").await;
    for depth in 1..=9 {
        let filter = vec!["+"; depth].join("/");
        watcher.subscribe(&format!("{filter}/#"), QoS::AtMostOnce).await;
    }
    let mut from = old(&world, "svc-a").await;
    let begun = Instant::now();
    for topic in [vec!["a"; 10_000].join("/"), "a/".repeat(32_767), "/".repeat(65_535)] {
        for _ in 0..20 {
            from.send(&on(topic.as_bytes())).await;
        }
    }
    let longest = "a".repeat(65_535);
    from.send(&on(longest.as_bytes())).await;
    from.pings().await;
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    watcher.pings().await;
    // They are over the limits of a topic, and the product hears of it.
    while world.news().await != "svc-a Unauthorized" {}
}

/// One byte now and then keeps nobody's place.
#[tokio::test]
async fn a06_a_connect_that_drips_has_no_more_time_than_others() {
    let hello = Duration::from_millis(500);
    let world = World::with(Limits::default(), |options, _| options.hello = hello).await;
    let mut slow = world.raw().await;
    let begun = Instant::now();
    let mut pace = interval(Duration::from_millis(25));
    let mut sent = 0;
    for byte in connect(&"n".repeat(200)) {
        pace.tick().await;
        if !slow.try_send(&[byte]).await {
            break;
        }
        sent += 1;
    }
    assert!(sent < 60 && begun.elapsed() < 4 * hello, "{sent} bytes, {:?}", begun.elapsed());
    old(&world, "lamp").await.pings().await;
}

/// A keepalive of hours is cut at 5.0, and the silence is counted by what is left.
#[tokio::test]
async fn a06_the_server_s_keepalive_counts() {
    let limits = Limits { keep_alive_s: 1, ..Limits::default() };
    let mut world = World::with(limits, |_, _| {}).await;
    let mut lamp = world.raw().await;
    lamp.send(&connect5("lamp", true, &[])).await;
    let answer = lamp.next().await;
    assert!(answer.windows(3).any(|three| three == [0x13, 0, 1]), "{answer:02x?}");
    lamp.hears(&disconnected(0x8D)).await;
    lamp.closed().await;
    assert_eq!(world.news().await, "lamp online");
    assert_eq!(world.news().await, "lamp offline KeepAlive");
}

/// The right to a topic is asked for again when a message comes to a filter that covers more.
#[tokio::test]
async fn a10_a_wildcard_gets_nothing_that_its_client_may_not_receive() {
    let world = World::start().await;
    let mut from = old(&world, "svc-a").await;
    let hidden = Publish { retain: true, ..plain("hidden/x", QoS::AtLeastOnce, 1, b"h") };
    let open = Publish { topic: "open/x", payload: b"o", ..hidden };
    for message in [&hidden, &open] {
        from.send(&packet(message)).await;
        from.hears(&puback(1)).await;
    }
    for filter in ["#", "+/x", "+/#", "hidden/#", "$share/g/+/x"] {
        let mut to = old(&world, "svc-b").await;
        to.send(&subscribe(1, &[(filter, QoS::AtMostOnce)])).await;
        to.hears(&suback(1, &[0])).await;
        let retained = !filter.starts_with('$') && !filter.starts_with('h');
        if retained {
            let kept = Publish { qos: QoS::AtMostOnce, id: None, ..open };
            to.hears(&packet(&kept)).await;
        }
        for message in [&hidden, &open] {
            from.send(&packet(&Publish { retain: false, ..*message })).await;
            from.hears(&puback(1)).await;
        }
        if !filter.starts_with('h') {
            to.hears(&publish("open/x", None, b"o")).await;
        }
        to.pings().await;
    }
}

/// A client id is a name within its owner's own names: who proves nothing takes nothing over.
#[tokio::test]
async fn a13_a_stranger_who_knows_a_client_id_takes_nothing() {
    let mut world = World::start().await;
    let mut lamp = world.client("lamp").await;
    lamp.subscribe("lamp/a", QoS::AtLeastOnce).await;
    let mut thief = connect("lamp");
    let place = thief.len() - 1;
    thief[place] ^= 1;
    for _ in 0..20 {
        let mut stranger = world.raw().await;
        stranger.send(&thief).await;
        stranger.hears(&crate::client::connack(4)).await;
        stranger.closed().await;
    }
    lamp.pings().await;
    assert_eq!(world.news().await, "lamp subscribed lamp/a");
    assert!(world.news.try_recv().is_err(), "the session was touched");
}

#[tokio::test]
async fn a14_a_bomb_of_subscriptions_has_an_end_and_slows_nobody() {
    let limits = Limits { subscriptions: 1000, topic_levels: 0, ..unlimited() };
    let mut world = World::with(limits, |_, _| {}).await;
    let mut bomb = old(&world, "svc-bomb").await;
    let mut granted = 0;
    for part in 0..50 {
        let filters: Vec<String> =
            (0..200).map(|n| format!("{}/{part}/{n}", vec!["+"; 50].join("/"))).collect();
        let filters: Vec<_> = filters.iter().map(|text| (&**text, QoS::AtMostOnce)).collect();
        bomb.send(&subscribe(1, &filters)).await;
        let answer = bomb.next().await;
        granted += answer.iter().rev().take(200).filter(|code| **code == 0).count();
    }
    assert_eq!(granted, 1000);
    let mut from = old(&world, "svc-a").await;
    let begun = Instant::now();
    let topic = vec!["a"; 52].join("/");
    for id in 1..=200 {
        from.send(&publish(&topic, Some(id), b"")).await;
        from.hears(&puback(id)).await;
    }
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    assert!(world.news().await.ends_with(" online"));
}

/// What 5.0 lets a client ask for has the server's bounds.
#[tokio::test]
async fn a15_properties_have_bounds() {
    let world = World::with(unlimited(), |_, _| {}).await;
    // Numbers of topics that were not offered, or that name nothing.
    for (reason, bytes) in [
        (0x94, vec![0x30, 8, 0, 1, b'x', 3, 0x23, 0, 17, b'p']),
        (0x82, vec![0x30, 8, 0, 1, b'x', 3, 0x23, 0, 0, b'p']),
        (0x82, vec![0x30, 8, 0, 0, 3, 0x23, 0, 9, b'p', b'p']),
    ] {
        let mut client = service(&world, "svc-a", &[]).await;
        client.send(&bytes).await;
        client.hears(&disconnected(reason)).await;
        client.closed().await;
    }
    // More that is not released than was offered.
    let mut client = service(&world, "svc-a", &[]).await;
    for id in 1..=1024 {
        client.send(&publish5(&plain("free/x", QoS::ExactlyOnce, id, b""), &[])).await;
        client.hears(&ack5(0x50, id, 0)).await;
    }
    client.send(&publish5(&plain("free/x", QoS::ExactlyOnce, 1025, b""), &[])).await;
    client.hears(&disconnected(0x93)).await;
    client.closed().await;
}

#[tokio::test]
async fn a15_properties_of_the_user_are_passed_on_within_the_size_of_a_packet() {
    let world = World::with(unlimited(), |_, _| {}).await;
    let mut to = service(&world, "svc-b", &[Property::MaximumPacketSize(2000)]).await;
    to.send(&crate::client::subscribe5(1, 0, &[("free/#", 0)])).await;
    to.hears(&[0x90, 4, 0, 1, 0, 0]).await;
    let mut from = service(&world, "svc-a", &[]).await;
    let many = vec![Property::User("k", "v"); 9000];
    from.send(&publish5(&plain("free/x", QoS::AtLeastOnce, 1, b""), &many)).await;
    let answer = from.next().await;
    assert_eq!(answer[0] & 0xF0, 0x40, "{answer:02x?}");
    from.send(&publish5(&plain("free/x", QoS::AtLeastOnce, 2, b"small"), &many[..2])).await;
    from.hears(&ack5(0x40, 2, 0)).await;
    let message = publish5(&plain("free/x", QoS::AtMostOnce, 0, b"small"), &many[..2]);
    to.hears(&message).await;
    // A CONNECT has less room.
    let mut client = world.raw().await;
    let bytes = connect5("svc-c", true, &vec![Property::User("k", "v"); 20_000]);
    assert!(bytes.len() > 100_000 && !put(&many).is_empty());
    client.try_send(&bytes).await;
    assert!(client.gone().await);
}

/// One device floods: it is refused, and its neighbour is served.
#[tokio::test]
async fn a16_a_flood_of_one_does_not_use_up_the_rate_of_another() {
    let limits = Limits { up_qos1_per_s: 10, ..Limits::default() };
    let mut world = World::with(limits, |_, _| {}).await;
    let mut flood = world.client("lamp").await;
    let mut fan = world.client("fan").await;
    let bytes: Vec<u8> = (1..=2000).flat_map(|id| publish("lamp/x", Some(id), b"f")).collect();
    flood.send(&bytes).await;
    for id in 1..=2000 {
        flood.hears(&puback(id)).await;
    }
    for id in 1..=10 {
        fan.send(&publish("fan/report", Some(id), id.to_string().as_bytes())).await;
        fan.hears(&puback(id)).await;
        assert!(world.stored(&id.to_string()));
    }
    let told: Vec<_> = std::iter::from_fn(|| world.news.try_recv().ok()).collect();
    let refused = told.iter().filter(|news| news.contains("lamp TooFast")).count();
    assert!((1..=20).contains(&refused), "{refused} of 1990 were told");
    assert!(told.iter().all(|news| !news.starts_with("fan TooFast")));
}

/// A message at the bound of a packet goes through; one byte more is not waited for.
#[tokio::test]
async fn a17_a_payload_is_bounded_before_it_has_come() {
    let mut world = World::start().await;
    let mut lamp = world.client("lamp").await;
    // 256 MB are promised; none of them is awaited.
    lamp.send(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 6, b'l', b'a', b'm', b'p', b'/', b'x']).await;
    lamp.closed().await;
    assert_eq!(world.news().await, "lamp offline Protocol");
    let mut five = world.raw().await;
    five.greets(&connect5("fan", true, &[])).await;
    five.send(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]).await;
    five.hears(&disconnected(0x95)).await;
}
