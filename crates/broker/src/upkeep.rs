//! The place where what outlived the server is taken up at start, and what is over is ended.

use std::{sync::Arc, time::Duration};

use base::{Millis, Result};
use store::{Batch, Dir, Space};
use tokio::time::sleep;

use crate::{
    Shared,
    hub::{ClientKey, Reach, Sessions},
    kept::{self, Kept},
    link::{Link, Peer},
    session::Session,
    will::{self, Will},
};

/// Between two looks at what is over.
const EVERY: Duration = Duration::from_secs(30);
/// Kept sessions that one look goes through.
const ROWS: usize = 1000;
/// A session that nobody has is forgotten by memory so long after its client left.
const IDLE: Millis = 600_000;

/// Sessions whose filters the router must know, and wills of clients that were there when the server
/// ended without a word.
pub(crate) fn recover(broker: &Arc<Shared>) -> Result<()> {
    for client in clients(broker, kept::FREE)? {
        subscribe(broker, &client)?;
    }
    for client in clients(broker, kept::WILLS)? {
        take_up(broker, client)?;
    }
    Ok(())
}

fn clients(broker: &Shared, prefix: u8) -> Result<Vec<ClientKey>> {
    let mut found = Vec::new();
    let mut from = vec![prefix];
    loop {
        let to = [prefix + 1];
        let rows = broker.store.scan(Space::Session, &from[..]..&to[..], Dir::Forward, ROWS)?;
        found.extend(rows.iter().filter_map(|(key, _)| kept::client(prefix, key)));
        let Some((last, _)) = rows.last().filter(|_| rows.len() >= ROWS) else { return Ok(found) };
        from.clone_from(last);
        from.push(0);
    }
}

fn subscribe(broker: &Shared, client: &ClientKey) -> Result<()> {
    let now = broker.clock.now();
    let grant = broker.hub.restore(client).filter(|grant| grant.reach == Reach::Free);
    let loaded = Session::load(&broker.store, client, now)?.filter(|kept| !kept.is_over(now));
    let (Some(grant), Some(session)) = (grant, loaded) else {
        let mut batch = Batch::default();
        kept::forget(&broker.store, client, &mut batch)?;
        drop(broker.store.commit(batch));
        return Ok(());
    };
    let domain = broker.router.domain(&grant.tenant.id);
    let session = broker.router.add(Arc::new(session));
    // One that has none, since the bound was higher, stays all the same.
    session.lock().set_permit(grant.sessions.as_ref().and_then(Sessions::take));
    session.set_free(&domain, &grant);
    Ok(())
}

/// Publishes the will of a client that was there when the server ended, or lets it wait on.
fn take_up(broker: &Arc<Shared>, client: ClientKey) -> Result<()> {
    let now = broker.clock.now();
    let key = kept::key(kept::WILLS, &client);
    let row = broker.store.get(Space::Session, &key)?;
    let will = row.and_then(|row| Will::parse(&row));
    let (Some(will), Some(grant)) = (will, broker.hub.restore(&client)) else {
        let mut batch = Batch::default();
        batch.delete(Space::Session, &key);
        drop(broker.store.commit(batch));
        return Ok(());
    };
    let session = broker.router.session(&broker.store, &client, now)?;
    let left_s = session.as_ref().map_or(0, |session| session.lock().ends_at() - now) / 1000;
    let left_s = u32::try_from(left_s).unwrap_or(u32::MAX);
    let delay_s = will.delay_s().min(left_s);
    // In the router, so that the client's next connection finds it.
    let session = session.unwrap_or_else(|| broker.router.add(Arc::new(Session::new(client, now))));
    let domain = broker.router.domain(&grant.tenant.id);
    let (level, peer) = (mqtt::Level::V5, Peer::nobody());
    let link = Arc::new(Link::new(grant, level, session.clone(), domain, peer));
    session.set_will(will::later(broker, &link, Arc::new(will), delay_s));
    Ok(())
}

/// Looks now and then, until the server stops.
pub(crate) async fn run(broker: Arc<Shared>) {
    let stop = broker.stop.clone();
    while stop.run_until_cancelled(sleep(EVERY)).await.is_some() {
        sweep(&broker);
    }
}

pub(crate) fn sweep(broker: &Arc<Shared>) {
    let now = broker.clock.now();
    for sessions in broker.router.sessions() {
        for session in sessions {
            let inner = session.lock();
            let (left, ended) = (inner.link.is_none(), inner.ends_at() <= now);
            let idle = inner.left_at() + IDLE <= now && !inner.is_free();
            drop(inner);
            if left && ended {
                end(broker, &session);
            } else if left && idle {
                // The router holds it, and we: whoever else does has a message on its way to it.
                broker.router.evict(&session, |session| Arc::strong_count(session) <= 2);
            }
        }
    }
    for (tenant, domain) in broker.router.domains() {
        let mut batch = Batch::default();
        let mut retained = domain.retained.write();
        retained.sweep(&tenant, now, &mut batch);
        // In line before what is retained from now on.
        if !batch.is_empty() {
            drop(broker.store.commit(batch));
        }
    }
    if let Err(error) = stored(broker, now) {
        tracing::error!(?error, "kept sessions are unreadable");
    }
}

/// A session in memory whose client did not come back in time.
fn end(broker: &Shared, session: &Arc<Session>) {
    broker.router.evict(session, |session| {
        // Its client may have been here since we looked.
        if !session.is_over(broker.clock.now()) || !session.will_is_done() {
            return false;
        }
        session.clear();
        drop(session.lock().take_permit());
        let mut batch = Batch::default();
        if let Err(error) = kept::forget(&broker.store, &session.client, &mut batch) {
            tracing::error!(?error, client = %session.client.0, "session is unreadable");
        }
        // In line before anything that its client's next session writes.
        drop(broker.store.commit(batch));
        true
    });
}

/// Some of the kept sessions, from where the last look ended.
fn stored(broker: &Shared, now: Millis) -> Result<()> {
    let mut swept = broker.swept.lock();
    let to = [kept::SESSIONS + 1];
    let rows = broker.store.scan(Space::Session, &swept[..]..&to[..], Dir::Forward, ROWS)?;
    *swept = match rows.last() {
        Some((key, _)) if rows.len() >= ROWS => [&key[..], &[0]].concat(),
        _ => vec![kept::SESSIONS],
    };
    drop(swept);
    for (key, row) in rows {
        let Some(client) = kept::client(kept::SESSIONS, &key) else { continue };
        if broker.router.known(&client).is_none()
            && let Some(batch) = overdue(broker, &client, Kept::parse(&row), now)?
        {
            // In line before anything that a session writes which its client begins now.
            broker.router.while_unknown(&client, || drop(broker.store.commit(batch)));
        }
    }
    Ok(())
}

/// What is to be done to the kept session of a client that is not there.
fn overdue(
    broker: &Shared,
    client: &ClientKey,
    kept: Option<Kept>,
    now: Millis,
) -> Result<Option<Batch>> {
    let mut batch = Batch::default();
    if kept.as_ref().is_some_and(|kept| kept.online) {
        // Nobody saw it leave, since a server was killed: its time counts from now.
        if let Some(session) = Session::load(&broker.store, client, now)? {
            let row = session.left_behind().row();
            batch.put(Space::Session, &kept::key(kept::SESSIONS, client), &row);
        }
    } else if kept.is_none_or(|kept| kept.ends_at() <= now) {
        kept::forget(&broker.store, client, &mut batch)?;
    }
    Ok((!batch.is_empty()).then_some(batch))
}
