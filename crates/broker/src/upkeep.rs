//! The place where what outlived the server is taken up at start, and what is over is ended.

use std::{sync::Arc, time::Duration};

use base::{Millis, Result};
use store::{Batch, Dir, Space};
use tokio::time::sleep;

use crate::{
    Shared,
    hub::{ClientKey, Reach},
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
        let key = kept::key(kept::WILLS, &client);
        let row = broker.store.get(Space::Session, &key)?.unwrap_or_default();
        let broker = broker.clone();
        broker.clone().tasks.spawn(async move {
            if let Err(error) = publish(&broker, &client, &row).await {
                tracing::error!(?error, client = %client.0, "will is not published");
            }
        });
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
    let loaded = Session::load(&broker.store, client, now)?;
    let (Some(grant), Some(session)) = (grant, loaded) else {
        let mut batch = Batch::default();
        kept::forget(&broker.store, client, &mut batch)?;
        drop(broker.store.commit(batch));
        return Ok(());
    };
    let domain = broker.router.domain(&grant.tenant.id);
    broker.router.add(Arc::new(session)).set_free(&domain, &grant);
    Ok(())
}

/// Publishes the will of a client that the server did not see leave.
async fn publish(broker: &Arc<Shared>, client: &ClientKey, row: &[u8]) -> Result<()> {
    let mut batch = Batch::default();
    batch.delete(Space::Session, &kept::key(kept::WILLS, client));
    if let (Some(will), Some(grant)) = (Will::parse(row), broker.hub.restore(client)) {
        let domain = broker.router.domain(&grant.tenant.id);
        let session = Arc::new(Session::new(client.clone()));
        let link = Arc::new(Link::new(grant, mqtt::Level::V5, session, domain, Peer::nobody()));
        will::left(broker, &link, will).await;
    }
    broker.store.commit(batch).await
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
    let mut batch = Batch::default();
    for (tenant, domain) in broker.router.domains() {
        domain.retained.write().sweep(&tenant, now, &mut batch);
    }
    if let Err(error) = stored(broker, now, &mut batch) {
        tracing::error!(?error, "kept sessions are unreadable");
    }
    if !batch.is_empty() {
        drop(broker.store.commit(batch));
    }
}

/// A session in memory whose client did not come back in time.
fn end(broker: &Shared, session: &Arc<Session>) {
    let mut batch = Batch::default();
    broker.router.evict(session, |session| {
        session.clear();
        if let Err(error) = kept::forget(&broker.store, &session.client, &mut batch) {
            tracing::error!(?error, client = %session.client.0, "session is unreadable");
        }
        true
    });
    if !batch.is_empty() {
        drop(broker.store.commit(batch));
    }
}

/// Some of the kept sessions, from where the last look ended.
fn stored(broker: &Shared, now: Millis, batch: &mut Batch) -> Result<()> {
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
        let over = Kept::parse(&row).is_none_or(|kept| !kept.online && kept.ends_at() <= now);
        if over && broker.router.known(&client).is_none() {
            kept::forget(&broker.store, &client, batch)?;
        }
    }
    Ok(())
}
