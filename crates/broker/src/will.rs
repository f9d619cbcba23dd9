//! The place where the message is that a client leaves behind: kept while it is there, published
//! when it is lost.

use std::{sync::Arc, time::Duration};

use base::Millis;
use mqtt::{Property, QoS};
use store::{Batch, Space, Ticket};
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

use crate::{
    Shared,
    hub::{Access, Burst, Grant, Up},
    kept,
    link::Link,
    message::{Message, NEVER},
    post::Post,
    session::Inner,
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

    /// Puts the row under which it outlives the server.
    pub(crate) fn keep(&self, link: &Link, batch: &mut Batch) {
        batch.put(Space::Session, &kept::key(kept::WILLS, &link.session.client), &self.row());
    }

    pub(crate) fn row(&self) -> Vec<u8> {
        let message = Message {
            properties: &self.properties,
            retain: self.retain,
            expires: self.expiry_s.map_or(NEVER, Millis::from),
            ..Message::new(&self.topic, &self.payload, self.qos)
        };
        message.row(Millis::from(self.delay_s))
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

/// A will that waits for its client, as the session knows it.
pub(crate) struct Waiting {
    order: Option<oneshot::Sender<Order>>,
    task: JoinHandle<()>,
}

/// How the wait ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The session is over.
    Publish,
    /// The client is back in time [MQTT5-3.1.3-9].
    Forget,
}

impl Waiting {
    pub(crate) fn order(&mut self, what: Order) {
        if let Some(order) = self.order.take() {
            // Nobody hears it: then the wait is over.
            order.send(what).unwrap_or_default();
        }
    }

    /// After this the row is the caller's: the will was published, or never will be.
    pub(crate) async fn end(mut self, what: Order) {
        self.order(what);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "will is not published");
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }
}

/// Seconds for which the will of a client waits that leaves now.
pub(crate) fn delay_s(link: &Link) -> u32 {
    link.will_delay_s().min(link.session.lock().expiry_s())
}

/// The client of `link` leaves without a word: its will is published before its next connection has
/// one, in one commit with the end of its row, so that it is not lost and not published twice.
pub(crate) async fn now(broker: &Arc<Shared>, link: &Arc<Link>, will: &Will) {
    publish(broker, link, will, Row::Shared).await;
}

/// The client of `link` is gone without a word: its will is published when its delay or its session
/// is over and the client has not come back [MQTT5-3.1.2-8].
pub(crate) fn later(
    broker: &Arc<Shared>,
    link: &Arc<Link>,
    will: Arc<Will>,
    delay_s: u32,
) -> Waiting {
    let (order, ordered) = oneshot::channel();
    let (shared, link) = (broker.clone(), link.clone());
    let task = broker.tasks.spawn(async move {
        let wait = async {
            tokio::select! {
                biased;
                // The session has no place for it: another connection took it by force.
                what = ordered => what.unwrap_or(Order::Forget),
                // A stopping server does not wait, and loses nothing.
                () = shared.stop.cancelled() => Order::Forget,
                () = sleep(Duration::from_secs(delay_s.into())) => Order::Publish,
            }
        };
        // One that is due is published, though its client is back.
        let what = if delay_s == 0 { Order::Publish } else { wait.await };
        if what == Order::Publish {
            publish(&shared, &link, &will, Row::Own).await;
        }
    });
    Waiting { order: Some(order), task }
}

/// Whose row the store has of a will that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// The will's: who takes the session waits for us.
    Own,
    /// The will's, unless another connection took the session meanwhile, by force.
    Shared,
}

impl Row {
    /// Deletes it, if it is the will's. While the session is locked nobody takes it, and puts another.
    fn delete(self, link: &Arc<Link>, session: &Inner, batch: &mut Batch) {
        if self == Self::Own || session.link.as_ref().is_some_and(|own| Arc::ptr_eq(own, link)) {
            batch.delete(Space::Session, &kept::key(kept::WILLS, &link.session.client));
        }
    }
}

/// Goes the road of any message, with the rights that the client has now.
async fn publish(broker: &Arc<Shared>, link: &Arc<Link>, will: &Will, row: Row) {
    let (grant, now) = (&link.grant, broker.clock.now());
    if !allowed(broker, grant, will) {
        tracing::info!(client = %grant.client.0, topic = %will.topic, "will is not allowed");
        let mut batch = Batch::default();
        let session = link.session.lock();
        row.delete(link, &session, &mut batch);
        drop(broker.store.commit(batch));
        return;
    }
    let mut up = Up::new(&will.topic, &will.payload, will.qos);
    up.properties = &will.properties;
    up.expiry_s = will.expiry_s;
    up.retain = will.retain && grant.allows.retained;
    let mut burst = Burst { now, up: vec![up], batch: Batch::default(), down: Vec::new() };
    if let Some(slow) = broker.hub.up(grant, &mut burst) {
        slow.await;
    }
    let mut post = Post::default();
    match commit(broker, link, burst, &mut post, row).await {
        Ok(()) => {
            // Whatever comes now, it is not published again.
            link.set_will(None);
            post.deliver(broker, broker.clock.now(), None);
        }
        Err(error) => {
            post.cancel();
            tracing::error!(?error, client = %grant.client.0, "will is not stored");
        }
    }
}

/// Finds who gets the will, and puts it in line.
fn commit(
    broker: &Shared,
    link: &Arc<Link>,
    burst: Burst<'_>,
    post: &mut Post,
    row: Row,
) -> Ticket {
    let Burst { now, up, mut batch, mut down } = burst;
    let retained = up.iter().any(|up| up.retain).then(|| link.domain.retained.write());
    for up in &up {
        post.route(broker, link, up, (now, &mut batch));
    }
    broker.sort(link, &mut down, post, (now, &mut batch));
    let session = link.session.lock();
    row.delete(link, &session, &mut batch);
    post.commit(broker, link, batch, retained)
}

fn allowed(broker: &Shared, grant: &Grant, will: &Will) -> bool {
    let limit = usize::try_from(grant.limits.payload_bytes).unwrap_or(usize::MAX);
    (grant.limits.payload_bytes == 0 || will.payload.len() <= limit)
        && broker.hub.may(grant, Access::Publish, &will.topic)
}
