//! The place where the product speaks to clients.

use std::{fmt, net::SocketAddr, sync::Arc};

use base::Result;
use mqtt::QoS;
use store::{Batch, Ticket};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    Shared, doors,
    greet::Origin,
    hub::{ClientKey, Delivery, Door, Offline, Undelivered},
    message::Message,
    post::Post,
    session::Fate,
};

/// What the product may do with clients; cheap to clone.
#[derive(Clone)]
pub struct Handle(pub(crate) Arc<Shared>);

impl Handle {
    /// Sends a message to a client, at the lower of `qos` and what it subscribed with. At QoS 1 and 2
    /// a session that outlives its connection keeps it, durably before this returns.
    ///
    /// # Errors
    /// The store failed.
    pub async fn send(
        &self,
        client: &ClientKey,
        topic: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Delivery> {
        let (broker, now) = (&self.0, self.0.clock.now());
        let Some(session) = broker.router.session(&broker.store, client, now)? else {
            return Ok(Delivery::Offline);
        };
        let (mut post, mut batch) = (Post::default(), Batch::default());
        let message = Message::new(topic, payload, qos);
        match post.down(broker, (&session, &message), (now, &mut batch)) {
            Ok(true) => {}
            Ok(false) => return Ok(absent(&session, Delivery::NoSubscriber)),
            Err(why) => return Ok(refused(why)),
        }
        let (ticket, shared) = (broker.store.commit(batch), broker.clone());
        // What is in line is delivered, though the caller may not wait for it.
        let sent = broker.aside.spawn(async move { sent(&shared, post, ticket).await });
        sent.await.map_err(base::Error::internal)?
    }

    /// Sends a message at QoS 0: over the connection that is there, or not at all.
    pub fn publish(&self, client: &ClientKey, topic: &str, payload: &[u8]) -> Delivery {
        let (broker, now) = (&self.0, self.0.clock.now());
        let Some(session) = broker.router.known(client) else { return Delivery::Offline };
        let (mut post, mut batch) = (Post::default(), Batch::default());
        let message = Message::new(topic, payload, QoS::AtMostOnce);
        match post.down(broker, (&session, &message), (now, &mut batch)) {
            Ok(true) => {}
            Ok(false) => return absent(&session, Delivery::NoSubscriber),
            Err(why) => return refused(why),
        }
        post.deliver(broker, now, None);
        match post.outcome() {
            Ok(Fate::Sent) => Delivery::Sent,
            Ok(_) => Delivery::Offline,
            Err(why) => refused(why),
        }
    }

    /// Ends a client's connection, if it has one.
    pub fn kick(&self, client: &ClientKey, why: Offline) {
        if let Some(link) = self.0.router.find(client) {
            link.close(why);
        }
    }

    /// Ends the connections of all clients that `which` names.
    pub fn kick_where(&self, which: impl Fn(&ClientKey) -> bool, why: Offline) {
        self.0.each_link(|link| {
            if which(&link.grant.client) {
                link.close(why);
            }
        });
    }

    /// Asks [`crate::hub::Hub::authorities`] again; for the connections that come after.
    pub fn reload_authorities(&self) {
        if let Some(tls) = &self.0.tls {
            tls.reload_authorities();
        }
    }

    #[must_use]
    pub fn is_online(&self, client: &ClientKey) -> bool {
        self.0.router.find(client).is_some_and(|link| link.closing().is_none())
    }

    /// How many clients are online.
    #[must_use]
    pub fn online(&self) -> usize {
        self.0.router.count()
    }

    /// Brings the metrics of the process up to date with what was counted.
    pub fn tell_metrics(&self) {
        self.0.metrics.tell(self.online());
    }

    /// Serves an upgraded WebSocket whose HTTP side agreed on the subprotocol `mqtt`.
    pub fn accept_ws<S>(&self, stream: S, peer: SocketAddr, door: Door)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        doors::accept_ws(&self.0, Box::new(stream), Origin::new(door, peer));
    }
}

async fn sent(broker: &Shared, mut post: Post, ticket: Ticket) -> Result<Delivery> {
    if let Err(error) = ticket.await {
        post.cancel();
        return Err(error);
    }
    post.deliver(broker, broker.clock.now(), None);
    Ok(match post.outcome() {
        Ok(Fate::Sent) => Delivery::Sent,
        Ok(Fate::Kept) => Delivery::Queued,
        Ok(Fate::Nowhere) => Delivery::Offline,
        Err(why) => refused(why),
    })
}

/// A client that is not there does not hear that it did not subscribe.
fn absent(session: &crate::session::Session, there: Delivery) -> Delivery {
    if session.link().is_some() { there } else { Delivery::Offline }
}

fn refused(why: Undelivered) -> Delivery {
    match why {
        Undelivered::NoSubscriber => Delivery::NoSubscriber,
        Undelivered::QueueFull => Delivery::QueueFull,
        Undelivered::TooLarge => Delivery::TooLarge,
        Undelivered::TooFast => Delivery::Full,
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("online", &self.online()).finish_non_exhaustive()
    }
}
