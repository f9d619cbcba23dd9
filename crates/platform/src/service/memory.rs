//! The place where all service clients are in memory: the broker asks here and never waits for SQL.
//! SQL is the truth; who changes it changes memory after the commit, one change at a time.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use base::{InstanceId, Millis, Result};
use broker::hub::{Sessions, Tenant};
use parking_lot::RwLock;
use store::Store;

use super::{Entry, Listed, Name, connects::Connects, tables, types::Known};
use crate::instance::{self, Tenants};

/// All service clients of this server.
#[derive(Default)]
pub(crate) struct ServiceClients {
    known: RwLock<HashMap<Name, Arc<Known>>>,
    /// Sessions of one that may outlive their connections; 0 is no limit.
    sessions: u32,
    /// Held from reading what is to be changed until memory has the change.
    pub(super) changing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for ServiceClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceClients({})", self.known.read().len())
    }
}

impl ServiceClients {
    /// `sessions` of one may outlive their connections; 0 is no limit.
    pub(crate) async fn load(store: &Store, tenants: &Tenants, sessions: u32) -> Result<Self> {
        let instances = instance::every(store).await?;
        let all = Self { sessions, ..Self::default() };
        for (entry, connected) in tables::every(store).await? {
            if let Some(instance) = instances.get(&entry.instance) {
                all.add(entry, tenants.of(instance), connected);
            }
        }
        Ok(all)
    }

    pub(super) fn add(&self, entry: Arc<Entry>, tenant: Arc<Tenant>, connected: Millis) {
        let name = entry.name.clone();
        let known = Known {
            entry: RwLock::new(Some(entry)),
            tenant,
            connected: AtomicI64::new(connected),
            noted: AtomicI64::new(connected),
            online: AtomicUsize::new(0),
            connects: Connects::default(),
            sessions: (self.sessions > 0).then(|| Sessions::at_most(self.sessions)),
        };
        self.known.write().insert(name, Arc::new(known));
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Known>> {
        self.known.read().get(name).cloned()
    }

    pub(super) fn remove(&self, name: &Name) {
        if let Some(known) = self.known.write().remove(name) {
            *known.entry.write() = None;
        }
    }

    /// Those of an instance, the newest first.
    pub(super) fn of_instance(&self, instance: &InstanceId) -> Vec<Listed> {
        let known = self.known.read();
        let all = known.values().filter_map(|known| known.listed());
        let mut of: Vec<Listed> = all.filter(|one| one.entry.instance == *instance).collect();
        of.sort_by(|a, b| (b.entry.created, &a.entry.name).cmp(&(a.entry.created, &b.entry.name)));
        of
    }
}

impl Known {
    /// What holds now; `None`: deleted.
    pub(super) fn now(&self) -> Option<Arc<Entry>> {
        self.entry.read().clone()
    }

    fn listed(&self) -> Option<Listed> {
        let at = self.connected.load(Ordering::Relaxed);
        Some(Listed {
            entry: self.now()?,
            connected: (at != 0).then_some(at),
            online: self.online.load(Ordering::Relaxed),
        })
    }
}
