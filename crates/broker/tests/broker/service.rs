//! Clients with free filters: the tree, shared subscriptions, QoS 2, what is retained, tenants.

use mqtt::{Publish, QoS};

use crate::{
    client::{
        Client, ack, connect, disconnect, packet, persistent, plain, puback, publish, suback,
        subscribe,
    },
    world::World,
};

async fn service(world: &World, id: &str) -> Client {
    let mut client = world.raw().await;
    client.greets(&connect(id)).await;
    client
}

async fn wants(client: &mut Client, filter: &str, qos: QoS) {
    client.send(&subscribe(1, &[(filter, qos)])).await;
    client.hears(&suback(1, &[qos.number()])).await;
}

#[tokio::test]
async fn a_service_hears_devices_and_reaches_them_within_its_tenant() {
    let mut world = World::start().await;
    let (mut backend, mut stranger) = (service(&world, "svc").await, service(&world, "svc2").await);
    world.news().await;
    world.news().await;
    wants(&mut backend, "+/data", QoS::AtLeastOnce).await;
    wants(&mut stranger, "#", QoS::AtLeastOnce).await;
    let mut lamp = world.raw().await;
    lamp.greets(&connect("lamp")).await;
    lamp.subscribe("lamp/control", QoS::AtMostOnce).await;
    lamp.send(&publish("lamp/data", Some(7), b"hot")).await;
    lamp.hears(&puback(7)).await;
    backend.hears(&publish("lamp/data", Some(1), b"hot")).await;
    backend.send(&publish("lamp/control", Some(9), b"off")).await;
    backend.hears(&puback(9)).await;
    lamp.hears(&publish("lamp/control", None, b"off")).await;
    stranger.pings().await;
}

#[tokio::test]
async fn a_group_shares_its_messages() {
    let world = World::start().await;
    let (mut a, mut b) = (service(&world, "svc-a").await, service(&world, "svc-b").await);
    wants(&mut a, "$share/g/free/#", QoS::AtMostOnce).await;
    wants(&mut b, "$share/g/free/#", QoS::AtMostOnce).await;
    let mut from = service(&world, "svc-c").await;
    for _ in 0..4 {
        from.send(&publish("free/x", None, b"x")).await;
    }
    for client in [&mut a, &mut b] {
        for _ in 0..2 {
            client.hears(&publish("free/x", None, b"x")).await;
        }
        client.pings().await;
    }
}

/// [MQTT-4.3.3-1] [MQTT-4.3.3-2]
#[tokio::test]
async fn qos_2_is_delivered_once_both_ways() {
    let world = World::start().await;
    let (mut from, mut to) = (service(&world, "svc-a").await, service(&world, "svc-b").await);
    wants(&mut to, "free/#", QoS::ExactlyOnce).await;
    let message = plain("free/x", QoS::ExactlyOnce, 5, b"once");
    from.send(&packet(&message)).await;
    from.hears(&ack(0x50, 5)).await;
    // The same again is no new message.
    from.send(&packet(&Publish { dup: true, ..message })).await;
    from.hears(&ack(0x50, 5)).await;
    from.send(&ack(0x62, 5)).await;
    from.hears(&ack(0x70, 5)).await;
    to.hears(&packet(&Publish { id: Some(1), ..message })).await;
    to.send(&ack(0x50, 1)).await;
    to.hears(&ack(0x62, 1)).await;
    to.send(&ack(0x70, 1)).await;
    to.pings().await;
    // After its release the id is free for another message.
    from.send(&packet(&message)).await;
    from.hears(&ack(0x50, 5)).await;
    to.hears(&packet(&Publish { id: Some(2), ..message })).await;
}

/// [MQTT-4.3.3-1] [MQTT-4.4.0-1]
#[tokio::test]
async fn f01_qos_2_state_outlives_the_server() {
    let world = World::start().await;
    let mut to = world.raw().await;
    to.greets(&persistent("svc-b")).await;
    wants(&mut to, "free/#", QoS::ExactlyOnce).await;
    let mut from = world.raw().await;
    from.greets(&persistent("svc-a")).await;
    let message = plain("free/x", QoS::ExactlyOnce, 5, b"once");
    from.send(&packet(&message)).await;
    from.hears(&ack(0x50, 5)).await;
    to.hears(&packet(&Publish { id: Some(1), ..message })).await;
    to.send(&ack(0x50, 1)).await;
    to.hears(&ack(0x62, 1)).await;
    let world = world.after_a_kill().await;
    let mut from = world.raw().await;
    assert!(from.greets(&persistent("svc-a")).await);
    from.send(&packet(&Publish { dup: true, ..message })).await;
    from.hears(&ack(0x50, 5)).await;
    from.send(&ack(0x62, 5)).await;
    from.hears(&ack(0x70, 5)).await;
    let mut to = world.raw().await;
    assert!(to.greets(&persistent("svc-b")).await);
    to.hears(&ack(0x62, 1)).await;
    to.send(&ack(0x70, 1)).await;
    to.pings().await;
}

#[tokio::test]
async fn what_is_retained_waits_for_those_who_come_later() {
    let world = World::start().await;
    let mut from = service(&world, "svc-a").await;
    let kept = Publish { retain: true, ..plain("free/x", QoS::AtLeastOnce, 1, b"last") };
    from.send(&packet(&kept)).await;
    from.hears(&puback(1)).await;
    let world = world.after_a_kill().await;
    let mut late = service(&world, "svc-b").await;
    wants(&mut late, "free/+", QoS::AtMostOnce).await;
    late.hears(&packet(&Publish { qos: QoS::AtMostOnce, id: None, ..kept })).await;
    let mut stranger = service(&world, "svc2").await;
    wants(&mut stranger, "#", QoS::AtMostOnce).await;
    stranger.pings().await;
    // An empty one takes it away [MQTT-3.3.1-10], and goes on as any message does.
    let none = Publish { payload: b"", ..kept };
    let mut from = service(&world, "svc-a").await;
    from.send(&packet(&none)).await;
    from.hears(&puback(1)).await;
    late.hears(&packet(&Publish { qos: QoS::AtMostOnce, id: None, retain: false, ..none })).await;
    let mut later = service(&world, "svc-c").await;
    wants(&mut later, "free/+", QoS::AtMostOnce).await;
    later.pings().await;
}

/// [MQTT-3.1.2-5] [MQTT-4.5.0-1]
#[tokio::test]
async fn a_service_that_is_away_finds_what_it_subscribed_to_after_a_kill() {
    let world = World::start().await;
    let persistent = persistent("svc-a");
    let mut backend = world.raw().await;
    backend.greets(&persistent).await;
    wants(&mut backend, "+/data", QoS::AtLeastOnce).await;
    backend.send(&disconnect()).await;
    backend.closed().await;
    let world = world.after_a_kill().await;
    let mut lamp = world.raw().await;
    lamp.greets(&connect("lamp")).await;
    lamp.send(&publish("lamp/data", Some(7), b"hot")).await;
    lamp.hears(&puback(7)).await;
    let world = world.after_a_kill().await;
    let mut backend = world.raw().await;
    assert!(backend.greets(&persistent).await);
    backend.hears(&publish("lamp/data", Some(1), b"hot")).await;
}
