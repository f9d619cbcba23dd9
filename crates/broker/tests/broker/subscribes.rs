//! SUBSCRIBE, UNSUBSCRIBE and what reaches a subscriber.

use broker::hub::{Delivery, Limits};
use mqtt::QoS;

use crate::{
    client::{publish, suback, subscribe, unsuback, unsubscribe},
    world::{World, key},
};

#[tokio::test]
async fn qos_2_is_granted_as_1_and_foreign_filters_are_refused() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    let filters = [
        ("lamp/a", QoS::AtMostOnce),
        ("lamp/b", QoS::ExactlyOnce),
        ("other/c", QoS::AtMostOnce),
        ("#", QoS::AtMostOnce),
    ];
    client.send(&subscribe(9, &filters)).await;
    assert_eq!(client.next().await, suback(9, &[0, 1, 0x80, 0x80]));
    for news in ["subscribed lamp/a", "subscribed lamp/b", "refused other/c", "refused #"] {
        assert_eq!(world.news().await, format!("lamp {news}"));
    }
}

#[tokio::test]
async fn one_subscription_too_many_is_refused_and_a_repeated_one_is_not() {
    let mut world = World::with(Limits { subscriptions: 2, ..Limits::default() }, |_, _| {}).await;
    let mut client = world.client("lamp").await;
    for (filter, code) in [("lamp/a", 0), ("lamp/b", 0), ("lamp/a", 0), ("lamp/c", 0x80)] {
        client.send(&subscribe(3, &[(filter, QoS::AtMostOnce)])).await;
        assert_eq!(client.next().await, suback(3, &[code]), "{filter}");
    }
}

#[tokio::test]
async fn a_message_reaches_who_subscribed_at_the_lower_qos() {
    let mut world = World::start().await;
    let (mut client, handle) = (world.client("lamp").await, world.handle());
    let to = key("lamp");
    let send = async |topic: &str, qos| handle.send(&to, topic, b"x", qos).await.unwrap();
    assert_eq!(send("lamp/a", QoS::AtMostOnce).await, Delivery::NoSubscriber);
    client.subscribe("lamp/+/b", QoS::AtMostOnce).await;
    client.subscribe("lamp/q1", QoS::AtLeastOnce).await;
    assert_eq!(send("lamp/a/b", QoS::AtLeastOnce).await, Delivery::Sent);
    assert_eq!(client.next().await, publish("lamp/a/b", None, b"x"));
    assert_eq!(send("lamp/q1", QoS::AtMostOnce).await, Delivery::Sent);
    assert_eq!(client.next().await, publish("lamp/q1", None, b"x"));
    assert_eq!(send("lamp/q1", QoS::AtLeastOnce).await, Delivery::Sent);
    assert_eq!(client.next().await, publish("lamp/q1", Some(1), b"x"));
    let gone = handle.publish(&key("nobody"), "nobody/a", b"x");
    assert_eq!(gone, Delivery::Offline);
}

#[tokio::test]
async fn after_unsubscribe_nothing_comes() {
    let mut world = World::start().await;
    let (mut client, handle) = (world.client("lamp").await, world.handle());
    client.subscribe("lamp/a", QoS::AtMostOnce).await;
    assert_eq!(world.news().await, "lamp subscribed lamp/a");
    client.send(&unsubscribe(4, &["lamp/a", "lamp/never"])).await;
    assert_eq!(client.next().await, unsuback(4));
    assert_eq!(world.news().await, "lamp unsubscribed lamp/a");
    let left = handle.publish(&key("lamp"), "lamp/a", b"x");
    assert_eq!(left, Delivery::NoSubscriber);
}

#[tokio::test]
async fn a_client_that_subscribed_to_its_own_topic_hears_itself() {
    let mut world = World::start().await;
    let mut client = world.client("lamp").await;
    client.subscribe("lamp/data", QoS::AtMostOnce).await;
    client.send(&publish("lamp/data", None, b"echo")).await;
    assert_eq!(client.next().await, publish("lamp/data", None, b"echo"));
}
