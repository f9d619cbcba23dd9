//! The place where all authorities are in memory, for the doors. SQL is the truth; after each change
//! they are read again.

use std::{collections::HashMap, fmt, sync::Arc};

use base::{Result, Uin};
use parking_lot::RwLock;
use store::Store;

use super::{Authority, tables};

type Known = HashMap<Uin, HashMap<String, Arc<Authority>>>;

/// The authorities of all accounts.
pub(crate) struct Authorities {
    known: RwLock<Known>,
    /// Held from reading SQL until memory has it, so that an older reading never follows a newer one.
    refreshing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({} accounts)", self.known.read().len())
    }
}

impl Authorities {
    pub(crate) async fn load(store: &Store) -> Result<Self> {
        let known = RwLock::new(read(store).await?);
        Ok(Self { known, refreshing: tokio::sync::Mutex::new(()) })
    }

    pub(super) async fn refresh(&self, store: &Store) -> Result<()> {
        let _turn = self.refreshing.lock().await;
        let fresh = read(store).await?;
        *self.known.write() = fresh;
        Ok(())
    }

    pub(crate) fn get(&self, uin: Uin, name: &str) -> Option<Arc<Authority>> {
        self.known.read().get(&uin)?.get(name).cloned()
    }

    /// Of an account, by name.
    pub(super) fn of(&self, uin: Uin) -> Vec<Arc<Authority>> {
        let known = self.known.read();
        let mut all: Vec<_> =
            known.get(&uin).into_iter().flat_map(HashMap::values).cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The DER of each of them.
    pub(crate) fn ders(&self) -> Vec<Vec<u8>> {
        let known = self.known.read();
        known.values().flat_map(HashMap::values).filter_map(|one| one.der().ok()).collect()
    }
}

async fn read(store: &Store) -> Result<Known> {
    let mut known = Known::default();
    for authority in tables::every(store).await? {
        let of = known.entry(authority.uin).or_default();
        of.insert(authority.name.clone(), Arc::new(authority));
    }
    Ok(known)
}
