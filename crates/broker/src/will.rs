//! The place where the message is that a client leaves behind: kept while it is there, published
//! when it is lost.

use std::{sync::Arc, time::Duration};

use base::Millis;
use mqtt::{Property, QoS};
use store::{Batch, Space};
use tokio_util::sync::CancellationToken;

use crate::{
    Shared,
    hub::{Access, Burst, Grant, Up},
    kept,
    link::Link,
    message::{Message, NEVER},
    post::Post,
};

/// What the client said in its CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Will {
    topic: Box<str>,
    payload: Box<[u8]>,
    /// What 5.0 passes on.
    properties: Box<[u8]>,
    qos: QoS,
    retain: bool,
    delay_s: u32,
    expiry_s: Option<u32>,
}

impl Will {
    pub(crate) fn of(will: &mqtt::Will<'_>) -> Self {
        let (mut properties, mut delay_s, mut expiry_s) = (Vec::new(), 0, None);
        for property in will.properties.iter() {
            match property {
                Property::WillDelay(seconds) => delay_s = seconds,
                Property::MessageExpiry(seconds) => expiry_s = Some(seconds),
                other => other.put(&mut properties),
            }
        }
        Self {
            topic: will.topic.into(),
            payload: will.payload.into(),
            properties: properties.into(),
            qos: will.qos,
            retain: will.retain,
            delay_s,
            expiry_s,
        }
    }

    pub(crate) fn delay_s(&self) -> u32 {
        self.delay_s
    }

    /// The row under which it outlives the server.
    pub(crate) fn keep(&self, link: &Link, batch: &mut Batch) {
        let message = Message {
            properties: &self.properties,
            retain: self.retain,
            expires: self.expiry_s.map_or(NEVER, Millis::from),
            ..Message::new(&self.topic, &self.payload, self.qos)
        };
        let row = message.row(Millis::from(self.delay_s));
        batch.put(Space::Session, &kept::key(kept::WILLS, &link.session.client), &row);
    }

    /// Reads its row; `None` if it is not one.
    pub(crate) fn parse(row: &[u8]) -> Option<Self> {
        let stored = Message::parse(row)?;
        let message = stored.message;
        Some(Self {
            topic: message.topic.into(),
            payload: message.payload.into(),
            properties: message.properties.into(),
            qos: message.qos,
            retain: message.retain,
            delay_s: u32::try_from(stored.until).ok()?,
            expiry_s: u32::try_from(message.expires).ok(),
        })
    }
}

/// How long a will waits for its client.
pub(crate) struct Wait {
    seconds: u32,
    /// Cancelled when the session ends, or the server stops.
    pub(crate) over: CancellationToken,
}

impl Wait {
    pub(crate) fn new(broker: &Shared, seconds: u32) -> Option<Self> {
        (seconds > 0).then(|| Self { seconds, over: broker.stop.child_token() })
    }
}

/// How long the will of a client waits that leaves now.
pub(crate) fn wait(broker: &Shared, link: &Link) -> Option<Wait> {
    Wait::new(broker, link.will_delay_s().min(link.session.lock().expiry_s()))
}

/// The client of `link` leaves without a word: its will is published before its next connection has
/// one, in one commit with the end of its row, so that it is not lost and not published twice.
pub(crate) async fn now(broker: &Arc<Shared>, link: &Arc<Link>, will: &Will) {
    let mut batch = Batch::default();
    if link.session.is_of(link) {
        batch.delete(Space::Session, &kept::key(kept::WILLS, &link.session.client));
    }
    publish(broker, link, will, batch).await;
}

/// The client of `link` is gone without a word: its will is published when its delay or its session
/// is over and the client has not come back [MQTT5-3.1.2-8].
pub(crate) async fn left(
    broker: &Arc<Shared>,
    link: &Arc<Link>,
    will: Will,
    Wait { seconds, over }: Wait,
) {
    let (shared, link) = (broker.clone(), link.clone());
    let waiting = async move {
        let delay = tokio::time::sleep(Duration::from_secs(seconds.into()));
        // A stopping server does not wait, and loses nothing.
        over.run_until_cancelled(delay).await;
        let ended = over.is_cancelled() && !shared.stop.is_cancelled();
        let left = link.session.lock().left_with(link.grant.epoch);
        let mut batch = Batch::default();
        if left {
            batch.delete(Space::Session, &kept::key(kept::WILLS, &link.session.client));
        }
        if left || ended {
            publish(&shared, &link, &will, batch).await;
        }
    };
    if broker.stop.is_cancelled() {
        waiting.await;
    } else {
        broker.tasks.spawn(waiting);
    }
}

/// Goes the road of any message, with the rights that the client has now.
pub(crate) async fn publish(broker: &Arc<Shared>, link: &Arc<Link>, will: &Will, batch: Batch) {
    let (grant, now) = (&link.grant, broker.clock.now());
    if !allowed(broker, grant, will) {
        tracing::info!(client = %grant.client.0, topic = %will.topic, "will is not allowed");
        drop(broker.store.commit(batch));
        return;
    }
    let mut up = Up::new(&will.topic, &will.payload, will.qos);
    up.properties = &will.properties;
    up.expiry_s = will.expiry_s;
    up.retain = will.retain && grant.allows.retained;
    let mut burst = Burst { now, up: vec![up], batch, down: Vec::new() };
    if let Some(slow) = broker.hub.up(grant, &mut burst) {
        slow.await;
    }
    let mut post = Post::default();
    let Burst { up, mut batch, mut down, .. } = burst;
    for up in &up {
        post.route(broker, link, up, (now, &mut batch));
    }
    broker.sort(link, &mut down, &mut post, (now, &mut batch));
    match broker.hub.commit(grant, batch, &broker.store).await {
        Ok(()) => post.deliver(broker, broker.clock.now()),
        Err(error) => {
            post.cancel();
            tracing::error!(?error, client = %grant.client.0, "will is not stored");
        }
    }
}

fn allowed(broker: &Shared, grant: &Grant, will: &Will) -> bool {
    let limit = usize::try_from(grant.limits.payload_bytes).unwrap_or(usize::MAX);
    (grant.limits.payload_bytes == 0 || will.payload.len() <= limit)
        && broker.hub.may(grant, Access::Publish, &will.topic)
}
