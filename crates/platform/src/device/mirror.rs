//! The place where device credentials live outside SQL: rows of the hot store, read by CONNECT and
//! by the PSK callback, and a bounded memory of them. SQL is the truth; its outbox is applied here
//! before an API call answers, and swept at start, so that a crash in between heals.

use std::{collections::HashSet, sync::Arc};

use base::{DeviceKey, DeviceNo, Result, Secret};
use foldhash::{HashMap, HashMapExt as _};
use parking_lot::Mutex;
use store::{Batch, Space, Store, Ticket};

use super::tables;

/// What a door must know of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) no: DeviceNo,
    pub(crate) enabled: bool,
    /// The base64 text, as devices and people know it.
    pub(crate) secret: Secret,
    /// Most have none.
    pub(crate) bound: Option<Box<Bound>>,
}

/// What a door must know of the certificate of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// SHA-256 of its DER.
    pub(crate) fingerprint: [u8; 32],
    /// DER of its public key.
    pub(crate) public_key: Box<[u8]>,
}

const VERSION: u8 = 1;
/// With a certificate: its fingerprint, and the length and bytes of its key, before the secret.
const BOUND: u8 = 2;

impl Credential {
    fn encode(&self) -> Vec<u8> {
        let version = if self.bound.is_some() { BOUND } else { VERSION };
        let mut row = vec![version, u8::from(self.enabled)];
        row.extend_from_slice(&self.no.0.to_be_bytes());
        if let Some(Bound { fingerprint, public_key }) = self.bound.as_deref() {
            row.extend_from_slice(fingerprint);
            let length = u16::try_from(public_key.len()).unwrap_or(0);
            row.extend_from_slice(&length.to_be_bytes());
            row.extend_from_slice(public_key.get(..length.into()).unwrap_or_default());
        }
        row.extend_from_slice(self.secret.expose());
        row
    }

    fn decode(row: &[u8]) -> Option<Self> {
        let (head, rest) = row.split_first_chunk::<2>()?;
        let (no, rest) = rest.split_first_chunk::<8>()?;
        let (flag, bound, secret) = match head {
            [VERSION, flag] => (flag, None, rest),
            [BOUND, flag] => {
                let (fingerprint, rest) = rest.split_first_chunk::<32>()?;
                let (length, rest) = rest.split_first_chunk::<2>()?;
                let (key, secret) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
                let bound = Bound { fingerprint: *fingerprint, public_key: key.into() };
                (flag, Some(Box::new(bound)), secret)
            }
            _ => return None,
        };
        let (no, secret) = (DeviceNo(u64::from_be_bytes(*no)), Secret::new(secret));
        Some(Self { no, enabled: *flag == 1, secret, bound })
    }
}

/// Credentials by client id.
pub(crate) struct Mirror {
    known: Mutex<Known>,
    /// Held from reading SQL until the rows are on their way to the hot store, so that an older
    /// reading never follows a newer one.
    applying: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mirror")
    }
}

/// How many credentials (170 bytes each), and how many wrong names, are remembered, each in two
/// generations.
const KNOWN: usize = 16_384;
const UNKNOWN: usize = 5_000;

struct Known {
    found: Generations<Arc<Credential>>,
    missing: Generations<()>,
    /// Deleted or disabled, but the hot store may not know it yet: they get no credential.
    barred: HashSet<Box<str>>,
    /// Grows with each change, so that a slow reader does not put back what was true before it.
    changes: u64,
}

/// A map that forgets its older half when it is full.
struct Generations<V> {
    young: HashMap<Box<str>, V>,
    old: HashMap<Box<str>, V>,
    half: usize,
}

impl<V: Clone> Generations<V> {
    fn new(half: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), half }
    }

    fn get(&mut self, key: &str) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.put(key, value.clone());
        Some(value)
    }

    fn put(&mut self, key: Box<str>, value: V) {
        if self.young.len() >= self.half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn remove(&mut self, key: &str) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

impl Default for Mirror {
    fn default() -> Self {
        let (found, missing) = (Generations::new(KNOWN), Generations::new(UNKNOWN));
        Self {
            known: Mutex::new(Known { found, missing, barred: HashSet::new(), changes: 0 }),
            applying: tokio::sync::Mutex::new(()),
        }
    }
}

impl Mirror {
    /// The credential of a client id `{pid}{dn}`; never touches SQL.
    pub(crate) fn get(&self, store: &Store, client_id: &str) -> Result<Option<Arc<Credential>>> {
        let changes = {
            let mut known = self.known.lock();
            if known.barred.contains(client_id) {
                return Ok(None);
            }
            if let Some(found) = known.found.get(client_id) {
                return Ok(Some(found));
            }
            if known.missing.get(client_id).is_some() {
                return Ok(None);
            }
            known.changes
        };
        let row = store.get(Space::Credential, client_id.as_bytes())?;
        let found = row.as_deref().and_then(Credential::decode).map(Arc::new);
        let mut known = self.known.lock();
        if known.changes == changes {
            match &found {
                Some(credential) => known.found.put(client_id.into(), credential.clone()),
                None => known.missing.put(client_id.into(), ()),
            }
        }
        Ok(found)
    }

    /// Refuses devices from now until [`Mirror::apply`] has brought what SQL says of them: whoever is
    /// deleted or disabled stays out although the hot store may be refusing writes.
    pub(crate) fn bar(&self, keys: &[DeviceKey]) {
        let mut known = self.known.lock();
        known.barred.extend(keys.iter().map(|key| key.client_id().into_boxed_str()));
    }

    /// Brings what SQL's outbox names into the hot store; returns when that is durable.
    pub(crate) async fn apply(&self, store: &Store) -> Result<()> {
        loop {
            let (rows, ticket) = self.enqueue(store).await?;
            ticket.await?;
            if rows.is_empty() {
                return Ok(());
            }
            {
                let mut known = self.known.lock();
                known.changes += 1;
                for row in &rows {
                    let client_id = row.key.client_id();
                    known.found.remove(&client_id);
                    known.missing.remove(&client_id);
                    known.barred.remove(client_id.as_str());
                }
            }
            let mut tx = store.begin().await?;
            tables::outbox_done(&mut tx, &rows).await?;
            tx.commit().await?;
        }
    }

    async fn enqueue(&self, store: &Store) -> Result<(Vec<Outbox>, Ticket)> {
        let _turn = self.applying.lock().await;
        let rows = tables::outbox(store).await?;
        let mut batch = Batch::default();
        for row in &rows {
            let client_id = row.key.client_id();
            match &row.now {
                Some(now) => batch.put(Space::Credential, client_id.as_bytes(), &now.encode()),
                None => batch.delete(Space::Credential, client_id.as_bytes()),
            }
        }
        Ok((rows, store.commit(batch)))
    }
}

/// A device whose credential may differ from the mirror's, and what SQL says of it now.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) id: i64,
    pub(crate) key: DeviceKey,
    pub(crate) now: Option<Credential>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_form_and_garbage_is_no_credential() {
        let bound = Bound { fingerprint: [7; 32], public_key: [9; 300].into() };
        for bound in [None, Some(bound)] {
            let secret = Secret::new("YWJj");
            let credential =
                Credential { no: DeviceNo(7), enabled: true, secret, bound: bound.map(Box::new) };
            assert_eq!(Credential::decode(&credential.encode()), Some(credential));
        }
        for bad in [&[][..], &[1], &[9, 1, 0, 0, 0, 0, 0, 0, 0, 7], &[1, 1, 0, 0], &[2; 43]] {
            assert_eq!(Credential::decode(bad), None);
        }
    }

    #[test]
    fn generations_forget_the_oldest_and_keep_the_used() {
        let mut map = Generations::new(2);
        for key in ["a", "b", "c"] {
            map.put(key.into(), key.to_owned());
        }
        assert_eq!(map.get("a").as_deref(), Some("a"));
        map.put("d".into(), "d".into());
        assert_eq!(map.get("b"), None);
        assert_eq!(map.get("a").as_deref(), Some("a"));
        map.remove("a");
        assert_eq!(map.get("a"), None);
        assert!(map.young.len() + map.old.len() <= 4);
    }
}
