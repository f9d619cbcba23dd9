//! The place where a session is a row: what of it must survive the server, and under which keys.

use base::Millis;
use mqtt::QoS;
use store::{Batch, Space, Store};

use crate::{
    hub::ClientKey,
    message::{put, take},
    tree::Wish,
};

const VERSION: u8 = 1;
const ONLINE: u8 = 0x01;
const DROP_OLDEST: u8 = 0x02;

/// What is kept of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The client is connected; at start it tells that the server did not end in good order.
    pub(crate) online: bool,
    /// Seconds that it outlives its connection; [`u32::MAX`] for ever.
    pub(crate) expiry_s: u32,
    pub(crate) left_at: Millis,
    /// The last message of the queue that may have been sent before.
    pub(crate) sent: u64,
    pub(crate) queue: Queue,
    pub(crate) subscriptions: Vec<(Box<str>, Wish)>,
}

/// How much may wait for a client that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queue {
    pub(crate) messages: u32,
    pub(crate) seconds: u32,
    pub(crate) drop_oldest: bool,
}

impl Kept {
    /// When it ends, if its client does not come back.
    pub(crate) fn ends_at(&self) -> Millis {
        ends_at(self.expiry_s, self.left_at)
    }

    pub(crate) fn row(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(40 + self.subscriptions.len() * 64);
        let drop = if self.queue.drop_oldest { DROP_OLDEST } else { 0 };
        row.extend_from_slice(&[VERSION, if self.online { ONLINE | drop } else { drop }]);
        row.extend_from_slice(&self.expiry_s.to_be_bytes());
        row.extend_from_slice(&self.left_at.to_be_bytes());
        row.extend_from_slice(&self.sent.to_be_bytes());
        row.extend_from_slice(&self.queue.messages.to_be_bytes());
        row.extend_from_slice(&self.queue.seconds.to_be_bytes());
        for (filter, wish) in &self.subscriptions {
            put(&mut row, filter.as_bytes());
            row.push(options(*wish));
            row.extend_from_slice(&wish.id.to_be_bytes());
        }
        row
    }

    /// Reads a row; `None` if it is not one.
    pub(crate) fn parse(row: &[u8]) -> Option<Self> {
        let (&[version, flags], rest) = row.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        let (expiry_s, rest) = rest.split_first_chunk::<4>()?;
        let (left_at, rest) = rest.split_first_chunk::<8>()?;
        let (sent, rest) = rest.split_first_chunk::<8>()?;
        let (messages, rest) = rest.split_first_chunk::<4>()?;
        let (seconds, mut rest) = rest.split_first_chunk::<4>()?;
        let mut subscriptions = Vec::new();
        while !rest.is_empty() {
            let (filter, tail) = take(rest)?;
            let (&options, tail) = tail.split_first()?;
            let (id, tail) = tail.split_first_chunk::<4>()?;
            let filter = std::str::from_utf8(filter).ok().filter(|f| mqtt::topic::valid_filter(f));
            subscriptions.push((filter?.into(), wish(options, u32::from_be_bytes(*id))?));
            rest = tail;
        }
        Some(Self {
            online: flags & ONLINE != 0,
            expiry_s: u32::from_be_bytes(*expiry_s),
            left_at: Millis::from_be_bytes(*left_at),
            sent: u64::from_be_bytes(*sent),
            queue: Queue {
                messages: u32::from_be_bytes(*messages),
                seconds: u32::from_be_bytes(*seconds),
                drop_oldest: flags & DROP_OLDEST != 0,
            },
            subscriptions,
        })
    }
}

/// When a session ends whose client left then.
pub(crate) fn ends_at(expiry_s: u32, left_at: Millis) -> Millis {
    if expiry_s == u32::MAX {
        return Millis::MAX;
    }
    left_at.saturating_add(Millis::from(expiry_s) * 1000)
}

fn options(wish: Wish) -> u8 {
    wish.qos.number() | u8::from(wish.no_local) << 2 | u8::from(wish.as_published) << 3
}

fn wish(options: u8, id: u32) -> Option<Wish> {
    let (no_local, as_published) = (options & 4 != 0, options & 8 != 0);
    Some(Wish { qos: QoS::from_u8(options & 3)?, no_local, as_published, id })
}

/// The prefix of the keys of sessions.
pub(crate) const SESSIONS: u8 = b's';
/// Of the sessions that the router must know at start: those with free filters.
pub(crate) const FREE: u8 = b'f';
/// Of the wills that are neither published nor thrown away.
pub(crate) const WILLS: u8 = b'w';
/// Of the ids of QoS 2 messages that the client has not released.
const RECEIVED: u8 = b'i';

/// The key of what `prefix` says about a client.
pub(crate) fn key(prefix: u8, client: &ClientKey) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + client.0.len());
    key.push(prefix);
    key.extend_from_slice(client.0.as_bytes());
    key
}

/// The client of a key of `prefix`.
pub(crate) fn client(prefix: u8, key: &[u8]) -> Option<ClientKey> {
    let name = key.strip_prefix(&[prefix])?;
    std::str::from_utf8(name).ok().map(|name| ClientKey(name.into()))
}

/// No client id holds U+0000 [MQTT-1.5.3-2], so no client's keys are among another's.
pub(crate) fn received(client: &ClientKey, id: u16) -> Vec<u8> {
    let mut key = key(RECEIVED, client);
    key.push(0);
    key.extend_from_slice(&id.to_be_bytes());
    key
}

/// The key of a message of a client's queue.
pub(crate) fn queued(client: &ClientKey, seq: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(client.0.len() + 9);
    key.extend_from_slice(client.0.as_bytes());
    key.push(0);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// The number of a message in its queue.
pub(crate) fn seq(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Rows that one look at the store takes.
pub(crate) const PAGE: usize = 64;

/// The messages of a client's queue from `first` on, at most [`PAGE`].
pub(crate) fn page(
    store: &Store,
    client: &ClientKey,
    first: u64,
) -> base::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let (from, mut to) = (queued(client, first), client.0.as_bytes().to_vec());
    to.push(1);
    store.scan(Space::Queue, &from[..]..&to[..], store::Dir::Forward, PAGE)
}

/// The ids that a client has not released.
pub(crate) fn unreleased(store: &Store, client: &ClientKey) -> base::Result<Vec<u16>> {
    let (from, mut to) = (received(client, 0), key(RECEIVED, client));
    to.push(1);
    let rows = store.scan(Space::Session, &from[..]..&to[..], store::Dir::Forward, 65_536)?;
    let id = |key: &[u8]| key.last_chunk::<2>().map(|bytes| u16::from_be_bytes(*bytes));
    Ok(rows.iter().filter_map(|(key, _)| id(key)).collect())
}

/// Deletes all that is kept of a session; its will stays until it is published.
pub(crate) fn forget(store: &Store, client: &ClientKey, batch: &mut Batch) -> base::Result<()> {
    batch.delete(Space::Session, &key(SESSIONS, client));
    batch.delete(Space::Session, &key(FREE, client));
    for id in unreleased(store, client)? {
        batch.delete(Space::Session, &received(client, id));
    }
    let mut first = 0;
    loop {
        let rows = page(store, client, first)?;
        for (key, _) in &rows {
            batch.delete(Space::Queue, key);
            first = seq(key).unwrap_or(first).saturating_add(1);
        }
        if rows.len() < PAGE {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let wish = Wish { qos: QoS::ExactlyOnce, no_local: true, as_published: false, id: 9 };
        let kept = Kept {
            online: true,
            expiry_s: 60,
            left_at: 1_000,
            sent: 7,
            queue: Queue { messages: 150, seconds: 86_400, drop_oldest: true },
            subscriptions: vec![("a/+".into(), wish), ("$share/g/#".into(), wish)],
        };
        let row = kept.row();
        assert_eq!(Kept::parse(&row), Some(kept.clone()));
        assert_eq!(kept.ends_at(), 61_000);
        for cut in 0..30 {
            assert_eq!(Kept::parse(&row[..cut]), None, "{cut}");
        }
        assert_eq!(Kept::parse(&row[..row.len() - 1]), None);
    }

    #[test]
    fn keys_are_of_one_client_alone() {
        let (a, ab) = (ClientKey("a".into()), ClientKey("ab".into()));
        assert_eq!(client(SESSIONS, &key(SESSIONS, &ab)), Some(ab.clone()));
        assert!(queued(&a, u64::MAX) < queued(&ab, 0));
        assert!(received(&a, u16::MAX) < received(&ab, 0));
        assert_eq!(seq(&queued(&a, 77)), Some(77));
    }
}
