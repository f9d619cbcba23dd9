//! The place where an accepted client gets its session, and where it leaves it.

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use store::{Batch, Space, Ticket};
use tokio::time::timeout;

use crate::{
    Shared,
    gate::End,
    greet::Guest,
    hub::{Event, Offline, Reach},
    kept,
    link::Link,
    router::Claim,
    session::Session,
    will::{self, Order, Waiting},
};

/// How long a client waits for the end of its former connection.
const TAKEOVER: Duration = Duration::from_secs(1);

/// A client in its place.
pub(crate) struct Entered {
    pub(crate) link: Arc<Link>,
    /// The CONNACK and what is owed since the last connection: may be sent when `ticket` resolves.
    pub(crate) hello: Vec<u8>,
    pub(crate) ticket: Ticket,
}

/// Gives a client its place; the former holder is gone, with its last word, before we go on.
/// `None` when the client came back or was sent away meanwhile.
pub(crate) async fn enter(
    broker: &Arc<Shared>,
    guest: &mut Guest,
    peer: SocketAddr,
) -> Option<Entered> {
    let (link, forced) = place(broker, guest).await?;
    // A connection that is broken must not stay in the router as if it were served.
    let seated = AssertUnwindSafe(seat(broker, guest, &link, (peer, forced))).catch_unwind().await;
    seated.unwrap_or_else(|_| {
        tracing::error!(client = %link.grant.client.0, "connection task panicked");
        drop(leave(broker, &link, Offline::Shutdown, None));
        None
    })
}

/// Begins or goes on with the session that is the connection's now.
async fn seat(
    broker: &Arc<Shared>,
    guest: &mut Guest,
    link: &Arc<Link>,
    (peer, forced): (SocketAddr, bool),
) -> Option<Entered> {
    // Whoever stops the broker looks at the router after it said so: one of us sees the other.
    if broker.stop.is_cancelled() {
        link.close(Offline::Shutdown);
    }
    let goes_on = goes_on(broker, link);
    let waited = link.session.take_will();
    let back = waited.is_some() && goes_on;
    if let Some(will) = waited {
        will.end(if goes_on { Order::Forget } else { Order::Publish }).await;
        if !link.session.is_of(link) {
            link.set_ended();
            return None;
        }
    }
    broker.metrics.accepted.add(1);
    tracing::debug!(client = %link.grant.client.0, %peer, "accepted");
    let now = broker.clock.now();
    let mut batch = Batch::default();
    let mut deletes = false;
    if !goes_on {
        match forget(broker, &link.session, &mut batch) {
            Ok(had_rows) => deletes = had_rows,
            Err(error) => {
                tracing::error!(?error, client = %link.grant.client.0, "session is unreadable");
                drop(leave(broker, link, Offline::Shutdown, None));
                return None;
            }
        }
    }
    let mut owed = Vec::new();
    link.session.begin(link, guest.permit.take(), &mut owed);
    keep(link, &mut batch);
    if let Some(will) = guest.will.take() {
        will.keep(link, &mut batch);
        link.set_will(Some(will));
    } else if back || forced {
        // The former connection has still to say its own, and cannot take the row away any more.
        batch.delete(Space::Session, &kept::key(kept::WILLS, &link.session.client));
    }
    let ticket = tell(broker, link, Event::Online { at: now, peer }, batch);
    if deletes {
        link.session.set_deletion(ticket.another());
    }
    let mut hello = guest.welcome(broker, goes_on);
    hello.extend_from_slice(&owed);
    Some(Entered { link: link.clone(), hello, ticket })
}

/// Finds or makes the session, and waits until nobody else has it; whether it had to be taken away.
async fn place(broker: &Arc<Shared>, guest: &Guest) -> Option<(Arc<Link>, bool)> {
    let client = &guest.grant.client;
    let domain = broker.router.domain(&guest.grant.tenant.id);
    let mut force = false;
    loop {
        let session = match broker.router.session(&broker.store, client, broker.clock.now()) {
            Ok(Some(session)) => session,
            Ok(None) => {
                broker.router.add(Arc::new(Session::new(client.clone(), broker.clock.now())))
            }
            Err(error) => {
                tracing::error!(?error, client = %client.0, "session is unreadable");
                return None;
            }
        };
        let (grant, level, peer) = (guest.grant.clone(), guest.level, guest.peer);
        let link = Arc::new(Link::new(grant, level, session, domain.clone(), peer));
        match broker.router.claim(&link, force, broker.clock.now()) {
            Claim::Done => return Some((link, force)),
            Claim::Stale => return None,
            Claim::Lost => {}
            Claim::Taken(former) => {
                former.0.close(Offline::Takeover);
                force = timeout(TAKEOVER, former.0.ended()).await.is_err();
                if force {
                    tracing::warn!(client = %client.0, "former connection is slow to end");
                }
            }
        }
    }
}

/// Whether the client finds its session as it left it.
fn goes_on(broker: &Shared, link: &Link) -> bool {
    let session = &link.session;
    let ended = session.lock().ends_at() <= broker.clock.now();
    session.is_durable() && !link.peer.clean && !ended
}

/// Leaves nothing of what a session was; whether the store had something of it.
fn forget(broker: &Shared, session: &Session, batch: &mut Batch) -> base::Result<bool> {
    let durable = session.clear();
    if durable {
        kept::forget(&broker.store, &session.client, batch)?;
    }
    Ok(durable)
}

/// Writes the row of a durable session.
pub(crate) fn keep(link: &Link, batch: &mut Batch) {
    if !link.session.is_durable() {
        return;
    }
    let row = link.session.lock().kept(true, 0).row();
    batch.put(Space::Session, &kept::key(kept::SESSIONS, &link.session.client), &row);
    if link.grant.reach == Reach::Free {
        batch.put(Space::Session, &kept::key(kept::FREE, &link.session.client), &[]);
    }
}

/// A client is gone: its will is published, now or when its time is there, and it leaves; that is
/// durable when the ticket resolves.
pub(crate) async fn depart(broker: &Arc<Shared>, link: &Arc<Link>, end: End) -> Ticket {
    link.close(end.why);
    let mut waiting = None;
    if let Some(will) = link.will().filter(|_| end.will) {
        match will::delay_s(link) {
            0 => will::now(broker, link, &will).await,
            delay_s => waiting = Some(will::later(broker, link, will, delay_s)),
        }
        link.set_will(None);
    }
    leave(broker, link, end.why, waiting)
}

/// Tells the product that a client is gone, keeps what outlives it, and makes room for its next
/// connection. A will that was not dealt with is thrown away.
pub(crate) fn leave(
    broker: &Shared,
    link: &Arc<Link>,
    why: Offline,
    will: Option<Waiting>,
) -> Ticket {
    link.close(why);
    let now = broker.clock.now();
    let mut batch = Batch::default();
    let (session, own) = (&link.session, link.session.is_of(link));
    let mut deletes = false;
    if own {
        match session.end(now) {
            Some(kept) => {
                let key = kept::key(kept::SESSIONS, &session.client);
                batch.put(Space::Session, &key, &kept.row());
            }
            None => {
                drop(session.lock().take_permit());
                match forget(broker, session, &mut batch) {
                    Ok(had_rows) => deletes = had_rows,
                    Err(error) => {
                        tracing::error!(?error, client = %session.client.0, "session is unreadable");
                    }
                }
            }
        }
        if let Some(will) = will {
            session.set_will(will);
        } else if link.has_will() {
            batch.delete(Space::Session, &kept::key(kept::WILLS, &session.client));
        }
    }
    let ticket = tell(broker, link, Event::Offline { at: now, why }, batch);
    if deletes {
        session.set_deletion(ticket.another());
    }
    // Now, so that the rows of the client's next connection come behind these.
    if session.part(link) {
        broker.router.leave(session);
    }
    link.set_ended();
    ticket
}

/// Commits a coming or a going. Where `batch` has nothing of the session, nobody is promised
/// anything, and nobody waits for the disk.
fn tell(broker: &Shared, link: &Link, what: Event<'_>, mut batch: Batch) -> Ticket {
    if batch.is_empty() {
        batch.relax();
    }
    broker.hub.event(&link.grant, what, &mut batch);
    let relaxed = batch.is_relaxed();
    let ticket = broker.hub.commit(&link.grant, batch, &broker.store);
    if !relaxed {
        return ticket;
    }
    // Refused: the disk is full, say.
    if ticket.is_done()
        && let Some(Err(error)) = ticket.now_or_never()
    {
        tracing::warn!(?error, client = %link.grant.client.0, "coming or going is not stored");
    }
    Ticket::durable()
}
