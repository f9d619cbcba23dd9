//! The place where a client key finds its connection.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::RwLock;

use crate::{hub::ClientKey, link::Link};

/// Locks that share the clients, so that connections seldom wait for each other.
const SHARDS: usize = 64;

type Shard = RwLock<HashMap<ClientKey, Arc<Link>>>;

/// All links that are online or about to be; at most one per client.
pub(crate) struct Router {
    shards: Vec<Shard>,
    hasher: RandomState,
    count: AtomicUsize,
}

/// The client has come back meanwhile with a later epoch.
#[derive(Debug)]
pub(crate) struct Stale;

impl Router {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { shards, hasher: RandomState::new(), count: AtomicUsize::new(0) }
    }

    /// Puts `link` in; gives out the link that it replaces. The higher epoch wins, whoever is first.
    pub(crate) fn enter(&self, link: &Arc<Link>) -> Result<Option<Arc<Link>>, Stale> {
        let mut shard = self.shard(&link.grant.client).write();
        match shard.entry(link.grant.client.clone()) {
            Entry::Vacant(place) => {
                place.insert(link.clone());
                self.count.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            }
            Entry::Occupied(place) if place.get().grant.epoch >= link.grant.epoch => Err(Stale),
            Entry::Occupied(mut place) => Ok(Some(place.insert(link.clone()))),
        }
    }

    /// Takes `link` out, unless another one has taken its place.
    pub(crate) fn leave(&self, link: &Arc<Link>) {
        let mut shard = self.shard(&link.grant.client).write();
        if let Entry::Occupied(place) = shard.entry(link.grant.client.clone())
            && Arc::ptr_eq(place.get(), link)
        {
            place.remove();
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn find(&self, client: &ClientKey) -> Option<Arc<Link>> {
        self.shard(client).read().get(client).cloned()
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Calls `each` for every link; one shard is locked at a time, so `each` must be short.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&Link)) {
        for shard in &self.shards {
            shard.read().values().for_each(|link| each(link));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose the shard")]
    fn shard(&self, client: &ClientKey) -> &Shard {
        &self.shards[self.hasher.hash_one(client) as usize % SHARDS]
    }
}
