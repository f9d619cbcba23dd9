//! The place where a session is: what its client subscribed to, what waits for it, and what it has
//! not acknowledged. A durable one outlives its connection and its server.

mod queue;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

use base::Millis;
use mqtt::{QoS, encode};
use parking_lot::{Mutex, MutexGuard};
use store::{Space, Store, Ticket};
use tokio::sync::OwnedSemaphorePermit;

pub(crate) use self::queue::{Due, Fate, Reserved, Tried};
use self::queue::{Row, Stage, first, id};
use crate::{
    hub::{ClientKey, Grant, Reach},
    kept::{self, Kept, Queue},
    link::Link,
    message,
    rate::Rate,
    router::{Domain, Subscriber},
    tree::Wish,
    will::{Order, Waiting},
};

pub(crate) struct Session {
    pub(crate) client: ClientKey,
    durable: AtomicBool,
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) link: Option<Arc<Link>>,
    /// Encoded packets that the connection's task has not taken yet; freed when it takes them.
    outbox: Vec<u8>,
    subscriptions: Vec<(Box<str>, Wish)>,
    /// Whose acknowledgement waits until what is in the outbox is written.
    follower: Option<Waker>,
    /// QoS 1 and 2 messages on their way to the client, by number.
    rows: VecDeque<Row>,
    next: u64,
    in_flight: u32,
    waiting: u32,
    expiry_s: u32,
    left_at: Millis,
    queue: Queue,
    rate: Rate,
    rare: Option<Box<Rare>>,
}

/// What most sessions never have: made when it is first needed, so that the many are small.
#[derive(Default)]
struct Rare {
    /// The last deletion of its rows: those before it are done when it is.
    deletion: Option<Ticket>,
    free: Option<Free>,
    /// Messages that wait, of a session that is not durable.
    held: VecDeque<Vec<u8>>,
    held_bytes: usize,
    /// QoS 2 messages of the client that it has not released.
    received: Vec<u16>,
    /// The will of its last connection, if it waits.
    will: Option<Waiting>,
    /// Its right to outlive its connection, where that is bounded.
    permit: Option<OwnedSemaphorePermit>,
    /// Topics that the client knows by number (5.0).
    aliases: Vec<Box<str>>,
}

/// Where the filters of a session stand, if they are free.
#[derive(Clone)]
pub(crate) struct Free {
    pub(crate) domain: Arc<Domain>,
    pub(crate) who: Arc<Subscriber>,
}

/// How a topic is subscribed to, over all filters that cover it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) qos: QoS,
    pub(crate) as_published: bool,
    pub(crate) ids: Vec<u8>,
}

impl Wanted {
    pub(crate) fn new(wish: Wish) -> Self {
        let mut ids = Vec::new();
        message::put_id(&mut ids, wish.id);
        Self { qos: wish.qos, as_published: wish.as_published, ids }
    }

    pub(crate) fn add(&mut self, wish: Wish) {
        self.qos = self.qos.max(wish.qos);
        self.as_published |= wish.as_published;
        message::put_id(&mut self.ids, wish.id);
    }
}

impl Session {
    pub(crate) fn new(client: ClientKey, now: Millis) -> Self {
        let inner = Inner {
            link: None,
            outbox: Vec::new(),
            subscriptions: Vec::new(),
            follower: None,
            rows: VecDeque::new(),
            next: first(now),
            in_flight: 0,
            waiting: 0,
            expiry_s: 0,
            left_at: 0,
            queue: Queue { messages: 0, seconds: 0, drop_oldest: false },
            rate: Rate::per_second(0),
            rare: None,
        };
        Self { client, durable: AtomicBool::new(false), inner: Mutex::new(inner) }
    }

    /// Reads what was kept of a client's session; `None` if nothing was. One that is over, or cannot be
    /// read, has nothing but its rows, which are to be deleted.
    pub(crate) fn load(
        store: &Store,
        client: &ClientKey,
        now: Millis,
    ) -> base::Result<Option<Self>> {
        let Some(row) = store.get(Space::Session, &kept::key(kept::SESSIONS, client))? else {
            return Ok(None);
        };
        let kept = Kept::parse(&row);
        if kept.is_none() {
            tracing::error!(client = %client.0, "kept session is not readable");
        }
        let Some(kept) = kept.filter(|kept| kept.online || kept.ends_at() > now) else {
            let over = Self::new(client.clone(), now);
            over.durable.store(true, Ordering::SeqCst);
            return Ok(Some(over));
        };
        let session = Self::new(client.clone(), now);
        session.durable.store(true, Ordering::SeqCst);
        let mut inner = session.inner.lock();
        inner.expiry_s = kept.expiry_s;
        inner.left_at = if kept.online { now } else { kept.left_at };
        inner.queue = kept.queue;
        // Exactly what they take.
        inner.subscriptions = kept.subscriptions.to_vec();
        let received = kept::unreleased(store, client)?;
        if !received.is_empty() {
            inner.rare().received = received;
        }
        inner.load_rows(store, client, &kept)?;
        drop(inner);
        Ok(Some(session))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    pub(crate) fn link(&self) -> Option<Arc<Link>> {
        self.inner.lock().link.clone()
    }

    /// Whether a connection has it.
    pub(crate) fn is_of(&self, link: &Arc<Link>) -> bool {
        self.inner.lock().link.as_ref().is_some_and(|own| Arc::ptr_eq(own, link))
    }

    /// Whether it is kept in the store.
    pub(crate) fn is_durable(&self) -> bool {
        self.durable.load(Ordering::SeqCst)
    }

    /// Gives the session to a connection: what it kept, unless it is to begin anew. The PUBRELs that
    /// are still owed go into `hello`.
    pub(crate) fn begin(
        &self,
        link: &Arc<Link>,
        permit: Option<OwnedSemaphorePermit>,
        hello: &mut Vec<u8>,
    ) {
        if link.grant.reach == Reach::Free {
            link.session.set_free(&link.domain, &link.grant);
        }
        let mut inner = self.inner.lock();
        let limits = &link.grant.limits;
        inner.link = Some(link.clone());
        inner.rate = Rate::per_second(limits.down_per_s);
        inner.expiry_s = link.session_s();
        let permit = inner.take_permit().or(permit).filter(|_| inner.expiry_s > 0);
        inner.set_permit(permit);
        inner.queue = Queue {
            messages: limits.queue_messages,
            seconds: limits.queue_s,
            drop_oldest: limits.queue_drop_oldest,
        };
        // One that goes on for this connection alone keeps its rows until then.
        self.durable.fetch_or(inner.expiry_s > 0, Ordering::SeqCst);
        for row in inner.rows.iter().filter(|row| row.stage == Stage::Released) {
            encode::pubrel(hello, link.level, id(row.seq), 0);
        }
    }

    /// Puts its filters into the tree of its tenant.
    pub(crate) fn set_free(self: &Arc<Self>, domain: &Arc<Domain>, grant: &Grant) {
        let who = Arc::new(Subscriber { session: self.clone(), grant: grant.clone() });
        let free = Free { domain: domain.clone(), who };
        let subscriptions = {
            let mut inner = self.inner.lock();
            inner.rare().free = Some(free.clone());
            inner.subscriptions.clone()
        };
        for (filter, wish) in subscriptions {
            free.domain.subscribe(&free.who, &filter, wish);
        }
    }

    /// Its place in the tree of its tenant, if its filters are free.
    pub(crate) fn free(&self) -> Option<Free> {
        self.inner.lock().rare.as_ref()?.free.clone()
    }

    /// Forgets all. True when it was durable: what the store has is the caller's to delete.
    pub(crate) fn clear(&self) -> bool {
        let (durable, subscriptions, free) = {
            let mut inner = self.inner.lock();
            let durable = self.durable.swap(false, Ordering::SeqCst);
            inner.rows.clear();
            (inner.in_flight, inner.waiting, inner.outbox) = (0, 0, Vec::new());
            let mut free = None;
            if let Some(rare) = &mut inner.rare {
                (rare.held, rare.held_bytes) = (VecDeque::new(), 0);
                (rare.received, rare.aliases) = (Vec::new(), Vec::new());
                free = rare.free.take();
            }
            (durable, std::mem::take(&mut inner.subscriptions), free)
        };
        if let Some(free) = free {
            for (filter, _) in subscriptions {
                free.domain.unsubscribe(&free.who, &filter);
            }
        }
        durable
    }

    /// Rows of it are on their way to be deleted.
    pub(crate) fn set_deletion(&self, ticket: Ticket) {
        self.inner.lock().rare().deletion = Some(ticket);
    }

    /// Whether nothing is left of what was deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        let inner = self.inner.lock();
        let deletion = inner.rare.as_ref().and_then(|rare| rare.deletion.as_ref());
        deletion.is_none_or(Ticket::is_done)
    }

    /// The next connection may have it; false when another one has it already.
    pub(crate) fn part(&self, link: &Arc<Link>) -> bool {
        let mut inner = self.inner.lock();
        inner.link.take_if(|own| Arc::ptr_eq(own, link)).is_some()
    }

    /// Its connection ends: what the client did not acknowledge waits for the next one. What is
    /// kept of a durable one.
    pub(crate) fn end(&self, now: Millis) -> Option<Kept> {
        let mut inner = self.inner.lock();
        let sent = inner.abandon(now);
        (self.is_durable() && inner.expiry_s > 0).then(|| inner.kept(false, sent))
    }

    /// What is kept of a durable one whose end nobody saw.
    pub(crate) fn left_behind(&self) -> Kept {
        let mut inner = self.inner.lock();
        let sent = inner.rest();
        inner.kept(false, sent)
    }

    /// The will of its last connection waits.
    pub(crate) fn set_will(&self, will: Waiting) {
        self.inner.lock().rare().will = Some(will);
    }

    /// Whoever ends its session, or goes on with it, ends the wait of its will first.
    pub(crate) fn take_will(&self) -> Option<Waiting> {
        self.inner.lock().rare.as_mut()?.will.take()
    }

    /// The session is over: true when nothing of its will is left to do.
    pub(crate) fn will_is_done(&self) -> bool {
        let mut inner = self.inner.lock();
        inner.rare.as_mut().and_then(|rare| rare.will.as_mut()).is_none_or(|will| {
            will.order(Order::Publish);
            will.is_over()
        })
    }

    /// Whether its client did not come back in time.
    pub(crate) fn is_over(&self, now: Millis) -> bool {
        let inner = self.inner.lock();
        inner.link.is_none() && inner.ends_at() <= now
    }

    /// The client asks for another expiry when it leaves (5.0).
    pub(crate) fn set_expiry(&self, seconds: u32) {
        self.inner.lock().expiry_s = seconds;
    }
}

impl Inner {
    pub(crate) fn kept(&self, online: bool, sent: u64) -> Kept {
        Kept {
            online,
            expiry_s: self.expiry_s,
            left_at: self.left_at,
            sent,
            queue: self.queue,
            subscriptions: self.subscriptions.clone(),
        }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn has_permit(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.permit.is_some())
    }

    pub(crate) fn take_permit(&mut self) -> Option<OwnedSemaphorePermit> {
        self.rare.as_mut()?.permit.take()
    }

    pub(crate) fn set_permit(&mut self, permit: Option<OwnedSemaphorePermit>) {
        if permit.is_some() {
            self.rare().permit = permit;
        }
    }

    pub(crate) fn ends_at(&self) -> Millis {
        kept::ends_at(self.expiry_s, self.left_at)
    }

    /// No connection has it any more; the number of the last message that may have been sent.
    pub(crate) fn abandon(&mut self, now: Millis) -> u64 {
        self.outbox = Vec::new();
        self.take_follower().into_iter().for_each(Waker::wake);
        if let Some(rare) = &mut self.rare {
            rare.aliases = Vec::new();
        }
        self.left_at = now;
        self.rest()
    }

    /// Wakes `waker` when what is in the outbox is written; false when nobody writes yet, or another
    /// one waits already.
    pub(crate) fn follow(&mut self, waker: &Waker) -> bool {
        let served = self.link.as_ref().is_some_and(|link| link.is_served());
        let first = served && self.follower.is_none();
        if first {
            self.follower = Some(waker.clone());
        }
        first
    }

    pub(crate) fn take_follower(&mut self) -> Option<Waker> {
        self.follower.take()
    }

    pub(crate) fn expiry_s(&self) -> u32 {
        self.expiry_s
    }

    pub(crate) fn is_free(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.free.is_some())
    }

    pub(crate) fn left_at(&self) -> Millis {
        self.left_at
    }

    /// Adds or replaces a subscription: the wish that it had, if any; the outer `None` when the client
    /// has too many.
    pub(crate) fn subscribe(
        &mut self,
        filter: &str,
        wish: Wish,
        limit: u16,
    ) -> Option<Option<Wish>> {
        let limit = usize::from(limit);
        if let Some((_, known)) = self.subscriptions.iter_mut().find(|(f, _)| **f == *filter) {
            return Some(Some(std::mem::replace(known, wish)));
        }
        if limit != 0 && self.subscriptions.len() >= limit {
            return None;
        }
        if self.subscriptions.len() < 2 {
            // Most clients have no more.
            self.subscriptions.reserve_exact(1);
        }
        self.subscriptions.push((filter.into(), wish));
        Some(None)
    }

    /// Removes a subscription; false when there was none.
    pub(crate) fn unsubscribe(&mut self, filter: &str) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|(known, _)| **known != *filter);
        self.subscriptions.len() < before
    }

    /// How the client wants a topic; `own`: the message is its own.
    pub(crate) fn wanted(&self, topic: &str, own: bool) -> Option<Wanted> {
        let mut wanted: Option<Wanted> = None;
        for (filter, wish) in &self.subscriptions {
            let covers = **filter == *topic || mqtt::topic::matches(filter, topic);
            if covers && !(own && wish.no_local) {
                match &mut wanted {
                    Some(wanted) => wanted.add(*wish),
                    None => wanted = Some(Wanted::new(*wish)),
                }
            }
        }
        wanted
    }
}
