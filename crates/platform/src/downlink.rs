//! The place where a message of the platform takes the road to a device: content log, live page,
//! broker. The mirror of `uplink.rs`.

use base::{DeviceKey, DeviceNo, Result};
use broker::hub::{Delivery, QoS, Undelivered};
use store::Batch;

use crate::{
    Services, device,
    live::Topic,
    log::{self, Diagnosis, Direction, Message},
    uplink,
};

/// Sends a message to a device now, at QoS 0, and notes it; a device that is not there does not get
/// it.
pub(crate) fn publish(
    services: &Services,
    no: DeviceNo,
    key: &DeviceKey,
    (topic, payload): (&str, &[u8]),
) -> Delivery {
    let delivery = match services.broker() {
        Some(broker) => broker.publish(&device::client(key), topic, payload),
        None => Delivery::Offline,
    };
    note(services, no, key, (topic, payload, QoS::AtMostOnce), delivery);
    delivery
}

/// Sends a message to a device, and notes it. At QoS 1 and 2 a device whose session outlives its
/// connection finds it when it is back.
pub(crate) async fn send(
    services: &Services,
    no: DeviceNo,
    key: &DeviceKey,
    message: (&str, &[u8], QoS),
) -> Result<Delivery> {
    let (topic, payload, qos) = message;
    let delivery = match services.broker() {
        Some(broker) => broker.send(&device::client(key), topic, payload, qos).await?,
        None => Delivery::Offline,
    };
    note(services, no, key, message, delivery);
    Ok(delivery)
}

fn note(
    services: &Services,
    no: DeviceNo,
    key: &DeviceKey,
    (topic, payload, qos): (&str, &[u8], QoS),
    delivery: Delivery,
) {
    let (now, qos) = (services.clock.now(), uplink::level(qos));
    let message = Message { direction: Direction::Down, topic, payload, qos };
    let mut batch = Batch::default();
    if services.settings.content_log {
        log::content(no, now, &message, &mut batch);
    }
    let why = match delivery {
        Delivery::Sent | Delivery::Queued => None,
        Delivery::NoSubscriber | Delivery::Offline => Some(Undelivered::NoSubscriber),
        Delivery::Full => Some(Undelivered::TooFast),
        Delivery::QueueFull => Some(Undelivered::QueueFull),
        Delivery::TooLarge => Some(Undelivered::TooLarge),
    };
    if let Some(why) = why {
        log::diagnose(no, now, Diagnosis::NotDelivered { topic, qos, why }, &mut batch);
    }
    drop(services.store.commit(batch));
    look(services, key, now, &message);
}

/// Shows a message to those who look at the device's messages.
pub(crate) fn look(services: &Services, key: &DeviceKey, at: base::Millis, message: &Message<'_>) {
    if !services.live.listening() {
        return;
    }
    let topic = Topic::Messages(key.clone());
    if services.live.looked_at(&topic) {
        let (payload, encoding) = log::shown(log::kept(message.payload));
        let news = serde_json::json!({
            "Time": at,
            "Direction": message.direction.as_str(),
            "Topic": message.topic,
            "Payload": payload,
            "Encoding": encoding,
        });
        services.live.publish(&topic, None, &news);
    }
}
