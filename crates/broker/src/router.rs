//! The place where a client key finds its session, and a topic its subscribers.

use std::{
    hash::BuildHasher as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use base::{Millis, Result};
use foldhash::{HashMap, fast::RandomState};
use parking_lot::RwLock;
use store::Store;

use crate::{
    hub::{ClientKey, Grant, Offline},
    link::Link,
    retained::{self, Retained},
    session::Session,
    tree::{Tree, Wish},
};

/// Locks that share the clients, so that connections seldom wait for each other.
const SHARDS: usize = 64;

type Shard = RwLock<HashMap<ClientKey, Arc<Session>>>;

/// All sessions that are in memory: of clients that are there, and of those that something waits
/// for.
pub(crate) struct Router {
    shards: Vec<Shard>,
    hasher: RandomState,
    online: AtomicUsize,
    domains: RwLock<HashMap<Box<str>, Arc<Domain>>>,
    quota: retained::Quota,
}

/// What the clients of one tenant share.
pub(crate) struct Domain {
    /// The subscriptions of clients whose filters are free.
    pub(crate) tree: RwLock<Tree<Arc<Subscriber>>>,
    /// Whether the tree was ever used: most tenants have no such clients.
    used: AtomicBool,
    pub(crate) retained: RwLock<Retained>,
}

/// A client with free filters.
pub(crate) struct Subscriber {
    pub(crate) session: Arc<Session>,
    pub(crate) grant: Grant,
}

impl PartialEq for Subscriber {
    fn eq(&self, other: &Self) -> bool {
        self.session.client == other.session.client
    }
}

impl Eq for Subscriber {}

impl Domain {
    pub(crate) fn has_subscribers(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    pub(crate) fn subscribe(&self, who: &Arc<Subscriber>, filter: &str, wish: Wish) {
        self.tree.write().insert(filter, who.clone(), wish);
        self.used.store(true, Ordering::Release);
    }

    pub(crate) fn unsubscribe(&self, who: &Arc<Subscriber>, filter: &str) {
        self.tree.write().remove(filter, who);
    }
}

/// Why a connection cannot have its client's session.
#[derive(Debug, Clone)]
pub(crate) enum Claim {
    Done,
    /// Another one has it; it must end first.
    Taken(Former),
    /// The client has come back meanwhile with a later epoch.
    Stale,
    /// The session is not the one in the router any more.
    Lost,
}

#[derive(Clone)]
pub(crate) struct Former(pub(crate) Arc<Link>);

impl std::fmt::Debug for Former {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Former")
    }
}

impl Router {
    /// With what is retained already.
    pub(crate) fn new(kept: HashMap<Box<str>, Retained>, quota: retained::Quota) -> Self {
        let shards = (0..SHARDS).map(|_| Shard::default()).collect();
        let domain = |retained| Arc::new(Domain::new(retained));
        let domains = kept.into_iter().map(|(id, retained)| (id, domain(retained))).collect();
        Self {
            shards,
            hasher: RandomState::default(),
            online: AtomicUsize::new(0),
            domains: RwLock::new(domains),
            quota,
        }
    }

    /// What the clients of a tenant share.
    pub(crate) fn domain(&self, tenant: &str) -> Arc<Domain> {
        if let Some(domain) = self.domains.read().get(tenant) {
            return domain.clone();
        }
        let mut domains = self.domains.write();
        let new = || Arc::new(Domain::new(Retained::new(self.quota)));
        domains.entry(tenant.into()).or_insert_with(new).clone()
    }

    pub(crate) fn domains(&self) -> Vec<(Box<str>, Arc<Domain>)> {
        self.domains.read().iter().map(|(id, domain)| (id.clone(), domain.clone())).collect()
    }

    /// The session of a client, from memory or from the store; `None` also when it is over.
    pub(crate) fn session(
        &self,
        store: &Store,
        client: &ClientKey,
        now: Millis,
    ) -> Result<Option<Arc<Session>>> {
        let session = match self.known(client) {
            Some(session) => Some(session),
            None => Session::load(store, client, now)?.map(|loaded| self.add(Arc::new(loaded))),
        };
        Ok(session.filter(|session| !session.is_over(now)))
    }

    pub(crate) fn known(&self, client: &ClientKey) -> Option<Arc<Session>> {
        self.shard(client).read().get(client).cloned()
    }

    /// Puts a session in, unless its client has one.
    pub(crate) fn add(&self, session: Arc<Session>) -> Arc<Session> {
        let mut shard = self.shard(&session.client).write();
        shard.entry(session.client.clone()).or_insert(session).clone()
    }

    /// Gives `link` its session. The higher epoch wins, whoever is first; `force` does not wait for
    /// the end of the former connection.
    pub(crate) fn claim(&self, link: &Arc<Link>, force: bool, now: Millis) -> Claim {
        let mut shard = self.shard(&link.session.client).write();
        let known =
            shard.entry(link.session.client.clone()).or_insert_with(|| link.session.clone());
        if !Arc::ptr_eq(known, &link.session) {
            return Claim::Lost;
        }
        let mut inner = link.session.lock();
        match &inner.link {
            Some(former) if former.grant.epoch >= link.grant.epoch => return Claim::Stale,
            Some(former) if !force => return Claim::Taken(Former(former.clone())),
            Some(former) => {
                former.close(Offline::Takeover);
                inner.abandon(now);
            }
            None => {
                self.online.fetch_add(1, Ordering::Relaxed);
            }
        }
        inner.link = Some(link.clone());
        Claim::Done
    }

    /// One connection less; its session goes with it, unless it is durable or taken.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        self.online.fetch_sub(1, Ordering::Relaxed);
        self.forget(session);
    }

    /// Takes a session out that nobody has and nothing is kept of.
    pub(crate) fn forget(&self, session: &Arc<Session>) {
        if !session.is_durable() {
            self.evict(session, |session| !session.is_durable());
        }
    }

    /// Takes a session out that no connection has, if `when` says so. While rows of it are being
    /// deleted it stands between them and its client.
    pub(crate) fn evict(&self, session: &Arc<Session>, when: impl FnOnce(&Arc<Session>) -> bool) {
        let mut shard = self.shard(&session.client).write();
        let known = shard.get(&session.client).is_some_and(|known| Arc::ptr_eq(known, session));
        if known && session.link().is_none() && session.is_deleted() && when(session) {
            shard.remove(&session.client);
        }
    }

    /// Does something while a client has no session in memory, and gets none.
    pub(crate) fn while_unknown(&self, client: &ClientKey, work: impl FnOnce()) {
        let shard = self.shard(client).write();
        if !shard.contains_key(client) {
            work();
        }
    }

    pub(crate) fn find(&self, client: &ClientKey) -> Option<Arc<Link>> {
        self.known(client)?.link()
    }

    /// How many clients are online.
    pub(crate) fn count(&self) -> usize {
        self.online.load(Ordering::Relaxed)
    }

    /// All sessions in memory, shard by shard.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = Vec<Arc<Session>>> + '_ {
        self.shards.iter().map(|shard| shard.read().values().cloned().collect())
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose the shard")]
    fn shard(&self, client: &ClientKey) -> &Shard {
        &self.shards[self.hasher.hash_one(client) as usize % SHARDS]
    }
}

impl Domain {
    fn new(retained: Retained) -> Self {
        Self {
            tree: RwLock::new(Tree::default()),
            used: AtomicBool::new(false),
            retained: RwLock::new(retained),
        }
    }
}
