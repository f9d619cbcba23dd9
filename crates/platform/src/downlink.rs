//! The place where a message of the platform takes the road to a device: content log, live page,
//! broker. The mirror of `uplink.rs`.

use base::{DeviceKey, DeviceNo};
use broker::hub::{Delivery, QoS, Undelivered};
use store::Batch;

use crate::{
    Services, device,
    live::Topic,
    log::{self, Diagnosis, Direction, Message},
    uplink,
};

/// Sends `payload` to a device now, and notes it; a device that is not there does not get it.
pub(crate) fn publish(
    services: &Services,
    no: DeviceNo,
    key: &DeviceKey,
    message: (&str, &[u8], QoS),
) -> Delivery {
    let (topic, payload, qos) = message;
    let delivery = match services.broker() {
        Some(broker) => broker.publish(&device::client(key), topic, payload, qos),
        None => Delivery::Offline,
    };
    note(services, no, key, message, delivery);
    delivery
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
        log::content(no, now, &message, &mut Vec::new(), &mut batch);
    }
    let why = match delivery {
        Delivery::Sent => None,
        Delivery::NoSubscriber | Delivery::Offline => Some(Undelivered::NoSubscriber),
        Delivery::Full => Some(Undelivered::TooFast),
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
