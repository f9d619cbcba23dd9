//! The place where one burst's messages find their receivers, and wait for its commit.

use std::{cell::RefCell, sync::Arc, task::Waker};

use base::Millis;
use foldhash::HashMap;
use mqtt::QoS;
use parking_lot::RwLockWriteGuard;
use store::{Batch, Space, Ticket};

use crate::{
    Shared,
    hub::{Access, ClientKey, Down, Lost, Reach, Undelivered, Up},
    kept,
    link::Link,
    message::{Message, NEVER},
    retained::{Kept, Retained},
    session::{Fate, Reserved, Session, Wanted},
    tree::{Hit, Wish},
};

/// So many receivers are looked through one by one.
const FEW: usize = 8;
/// Bytes of retained messages that the subscriptions of one burst get at most.
const FETCH: usize = 4 << 20;
/// Bytes that are set aside for a burst at most before they are there.
const ARENA: usize = 64 * 1024;

/// Messages of a post whose memory is kept for another, and such posts of a thread.
const ITEMS: usize = 1024;
const SPARES: usize = 4;

thread_local! {
    #[expect(clippy::vec_box, reason = "who waits for its commit holds the box")]
    static SPARE: RefCell<Vec<Box<Post>>> = const { RefCell::new(Vec::new()) };
}

/// Messages on their way, in the order in which they came: one arena, no allocation for each.
pub(crate) struct Post {
    arena: Vec<u8>,
    receivers: Vec<Arc<Session>>,
    /// Where a receiver is, by its address; of few it is not noted.
    places: HashMap<usize, usize>,
    /// Of each receiver, which of the hits was the last for it.
    marks: Vec<usize>,
    items: Vec<Item>,
    /// The receivers of the message that is routed, and of those of its topic that follow it.
    hits: Vec<(u32, Wanted)>,
    /// The topic that they are for: where it lies in the arena, and whether the product took the
    /// message.
    known: Option<(usize, usize, bool)>,
    /// A group is among them, whose members take turns.
    shared: bool,
    /// Messages that the burst has.
    expected: usize,
    /// What is to be retained from the commit on.
    kept: Vec<Kept>,
    /// What became of the last one that was delivered.
    last: Result<Fate, Undelivered>,
}

impl Default for Post {
    fn default() -> Self {
        let (arena, receivers, items, hits) = Default::default();
        let (places, marks, kept) = Default::default();
        let (known, shared, expected, last) = (None, false, 1, Ok(Fate::Nowhere));
        Self { arena, receivers, places, marks, items, hits, known, shared, expected, kept, last }
    }
}

struct Item {
    to: u32,
    at: usize,
    topic: usize,
    properties: usize,
    payload: usize,
    ids: Vec<u8>,
    qos: QoS,
    retain: bool,
    expires: Millis,
    reserved: Reserved,
}

impl Post {
    /// For a burst of so many messages.
    pub(crate) fn take(messages: usize) -> Box<Self> {
        let mut post = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        post.expected = messages;
        post
    }

    /// Ends it; its memory is for a later one.
    pub(crate) fn give(mut self: Box<Self>) {
        let large = self.arena.capacity() > ARENA || self.items.capacity() > ITEMS;
        if large || !self.items.is_empty() || self.places.capacity() > 0 {
            return;
        }
        self.arena.clear();
        self.receivers.clear();
        self.marks.clear();
        self.hits.clear();
        self.kept.clear();
        (self.known, self.shared, self.last) = (None, false, Ok(Fate::Nowhere));
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < SPARES {
                spare.push(self);
            }
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.kept.is_empty()
    }

    /// A client's message: to the owner of its topic and to those who subscribed.
    pub(crate) fn route(
        &mut self,
        broker: &Shared,
        from: &Arc<Link>,
        up: &Up<'_>,
        (now, batch): (Millis, &mut Batch),
    ) {
        let expires = up.expiry_s.map_or(NEVER, |s| now.saturating_add(Millis::from(s) * 1000));
        let message = Message {
            properties: up.properties,
            retain: up.retain,
            expires,
            ..Message::new(up.topic, up.payload, up.qos)
        };
        if up.retain {
            self.kept.push(Kept::of(&message));
        }
        // Most bursts have one topic.
        if !self.knows(up) {
            self.hits.clear();
            (self.known, self.shared) = (None, false);
            if !up.taken {
                self.own(broker, from, up.topic, now);
            }
            if from.domain.has_subscribers() {
                self.subscribers(broker, from, up.topic);
            }
        }
        if let Some(at) = self.push(broker, &message, (now, batch))
            && !self.shared
        {
            self.known = Some((at, up.topic.len(), up.taken));
        }
    }

    /// Whether the receivers of the message before are also those of this one.
    fn knows(&self, up: &Up<'_>) -> bool {
        self.known.is_some_and(|(at, length, taken)| {
            taken == up.taken && self.arena.get(at..at + length) == Some(up.topic.as_bytes())
        })
    }

    /// The client whose own topic it is.
    fn own(&mut self, broker: &Shared, from: &Arc<Link>, topic: &str, now: Millis) {
        if from.grant.reach == Reach::Own {
            if let Some(wanted) = from.session.lock().wanted(topic, true) {
                self.hit(&from.session, wanted);
            }
            return;
        }
        let Some(owner) = broker.hub.owner(topic) else { return };
        match broker.router.session(&broker.store, &owner, now) {
            Ok(Some(session)) => {
                let wanted = session.lock().wanted(topic, false);
                if let Some(wanted) = wanted {
                    self.hit(&session, wanted);
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(?error, client = %owner.0, "session is unreadable"),
        }
    }

    fn subscribers(&mut self, broker: &Shared, from: &Arc<Link>, topic: &str) {
        let domain = from.domain.clone();
        domain.tree.read().matches(topic, |hit| match hit {
            Hit::One(to, wish) => {
                let own = wish.no_local && Arc::ptr_eq(&to.session, &from.session);
                if !own && broker.hub.may(&to.grant, Access::Receive, topic) {
                    self.want(&to.session, wish);
                }
            }
            Hit::Group(group) => {
                self.shared = true;
                let mut members = group
                    .turn()
                    .filter(|(to, _)| broker.hub.may(&to.grant, Access::Receive, topic));
                let first = members.next();
                let there = |to: &Session| to.link().is_some();
                let online = match first {
                    Some((to, _)) if !there(&to.session) => {
                        members.find(|(to, _)| there(&to.session)).or(first)
                    }
                    first => first,
                };
                if let Some((to, wish)) = online {
                    self.want(&to.session, wish);
                }
            }
        });
    }

    fn want(&mut self, to: &Arc<Session>, wish: Wish) {
        let to = self.receiver(to);
        let mark = &mut self.marks[wide(to)];
        match self.hits.get_mut(*mark).filter(|(known, _)| *known == to) {
            Some((_, wanted)) => wanted.add(wish),
            None => {
                *mark = self.hits.len();
                self.hits.push((to, Wanted::new(wish)));
            }
        }
    }

    fn hit(&mut self, to: &Arc<Session>, wanted: Wanted) {
        let to = self.receiver(to);
        self.hits.push((to, wanted));
    }

    fn receiver(&mut self, to: &Arc<Session>) -> u32 {
        let place = if self.receivers.len() <= FEW {
            self.receivers.iter().position(|known| Arc::ptr_eq(known, to))
        } else {
            self.places.get(&Arc::as_ptr(to).addr()).copied()
        };
        let place = place.unwrap_or_else(|| {
            self.receivers.push(to.clone());
            self.marks.push(0);
            let from = if self.receivers.len() == FEW + 1 { 0 } else { self.receivers.len() - 1 };
            if self.receivers.len() > FEW {
                let late = self.receivers.iter().enumerate().skip(from);
                self.places.extend(late.map(|(place, known)| (Arc::as_ptr(known).addr(), place)));
            }
            self.receivers.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// A message of the product's to one client. False when the client's session does not want it.
    pub(crate) fn down(
        &mut self,
        broker: &Shared,
        (to, message): (&Arc<Session>, &Message<'_>),
        (now, batch): (Millis, &mut Batch),
    ) -> Result<bool, Undelivered> {
        let Some(wanted) = to.lock().wanted(message.topic, false) else { return Ok(false) };
        let to = self.receiver(to);
        let at = self.keep(message);
        self.item(broker, message, (at, to, wanted), (now, batch))?;
        Ok(true)
    }

    /// Retained messages for a new subscription.
    pub(crate) fn fetch(
        &mut self,
        broker: &Shared,
        from: &Arc<Link>,
        (filter, wish): (&str, Wish),
        (now, batch): (Millis, &mut Batch),
    ) {
        let domain = from.domain.clone();
        let to = self.receiver(&from.session);
        let mut skipped = 0;
        domain.retained.read().matching(filter, now, |kept| {
            if self.arena.len() >= FETCH {
                skipped += 1;
                return;
            }
            if !broker.hub.may(&from.grant, Access::Receive, &kept.topic) {
                return;
            }
            let message = Message {
                properties: &kept.properties,
                retain: true,
                expires: kept.expires.unwrap_or(NEVER),
                ..Message::new(&kept.topic, &kept.payload, kept.qos)
            };
            let wanted = Wanted { as_published: true, ..Wanted::new(wish) };
            let at = self.keep(&message);
            if let Err(why) = self.item(broker, &message, (at, to, wanted), (now, &mut *batch)) {
                broker.lost(&from.session.client, (&message, why), (now, &mut *batch));
            }
        });
        if skipped > 0 {
            broker.metrics.undelivered.add(skipped);
            tracing::info!(client = %from.session.client.0, skipped, "too much is retained for it");
        }
    }

    /// Where the message lies in the arena; nowhere if nobody gets it.
    fn push(
        &mut self,
        broker: &Shared,
        message: &Message<'_>,
        (now, batch): (Millis, &mut Batch),
    ) -> Option<usize> {
        if self.hits.is_empty() {
            return None;
        }
        let at = self.keep(message);
        let hits = std::mem::take(&mut self.hits);
        for (to, wanted) in hits.iter().cloned() {
            if let Err(why) = self.item(broker, message, (at, to, wanted), (now, &mut *batch)) {
                let client = self.receivers[wide(to)].client.clone();
                broker.lost(&client, (message, why), (now, &mut *batch));
            }
        }
        self.hits = hits;
        Some(at)
    }

    fn keep(&mut self, message: &Message<'_>) -> usize {
        let at = self.arena.len();
        if at == 0 && self.expected > 1 {
            // Messages of a burst are mostly alike.
            self.arena.reserve(message.size().saturating_mul(self.expected).min(ARENA));
            self.items.reserve(self.expected);
        }
        self.arena.extend_from_slice(message.topic.as_bytes());
        self.arena.extend_from_slice(message.properties);
        self.arena.extend_from_slice(message.payload);
        at
    }

    fn item(
        &mut self,
        _: &Shared,
        message: &Message<'_>,
        (at, to, wanted): (usize, u32, Wanted),
        (now, batch): (Millis, &mut Batch),
    ) -> Result<(), Undelivered> {
        let qos = message.qos.min(wanted.qos);
        let retain = message.retain && wanted.as_published;
        let session = &self.receivers[wide(to)];
        let mut reserved = Reserved::Memory;
        if qos > QoS::AtMostOnce && session.is_durable() {
            let kept = Message { qos, retain, ids: &wanted.ids, ..*message };
            let mut inner = session.lock();
            // It may have ended just now, and with it the queue.
            if session.is_durable() {
                reserved = inner.reserve(&session.client, &kept, now, batch)?;
            }
        }
        self.items.push(Item {
            to,
            at,
            topic: message.topic.len(),
            properties: message.properties.len(),
            payload: message.payload.len(),
            ids: wanted.ids,
            qos,
            retain,
            expires: message.expires,
            reserved,
        });
        Ok(())
    }

    /// Gives what was routed its place in the line of commits. What is retained has the same order in
    /// memory, so that a restart changes nothing; `held` since its receivers were looked for.
    pub(crate) fn commit(
        &mut self,
        broker: &Shared,
        from: &Link,
        mut batch: Batch,
        held: Option<RwLockWriteGuard<'_, Retained>>,
    ) -> Ticket {
        if self.kept.is_empty() {
            return broker.hub.commit(&from.grant, batch, &broker.store);
        }
        let tenant = &from.grant.tenant.id;
        let mut retained = held.unwrap_or_else(|| from.domain.retained.write());
        for kept in std::mem::take(&mut self.kept) {
            if retained.set(tenant, kept, &mut batch).is_err() {
                broker.metrics.undelivered.add(1);
                tracing::debug!(%tenant, "too much is retained");
            }
        }
        broker.hub.commit(&from.grant, batch, &broker.store)
    }

    /// What became of the only message.
    pub(crate) fn outcome(&self) -> Result<Fate, Undelivered> {
        self.last
    }

    /// The commit is done: all go to their clients, or wait for them. Whether `from` is to wait for a
    /// connection that was woken: it is woken when that one has written.
    pub(crate) fn deliver(
        &mut self,
        broker: &Shared,
        now: Millis,
        from: Option<(&Arc<Session>, &Waker)>,
    ) -> bool {
        let (mut last, mut follows) = (self.last, false);
        let mut batch = Batch::default();
        let mut items = std::mem::take(&mut self.items);
        for run in items.chunk_by(|a, b| a.to == b.to) {
            let Some(session) = run.first().and_then(|item| self.receivers.get(wide(item.to)))
            else {
                continue;
            };
            let mut inner = session.lock();
            let (mut missed, mut sent) = (Vec::new(), 0);
            for item in run {
                let Some(message) = self.message(item) else { continue };
                last = inner.deliver(&message, item.reserved, now, broker.options.outbox_bytes);
                match last {
                    Ok(Fate::Sent) => sent += 1,
                    Ok(_) => {}
                    Err(why) => missed.push((item, why)),
                }
                if let Reserved::Row(seq) = item.reserved
                    && !matches!(last, Ok(Fate::Sent | Fate::Kept))
                {
                    batch.delete(Space::Queue, &kept::queued(&session.client, seq));
                }
            }
            if let Some((own, waker)) = from
                && sent > 0
                && !follows
                && !Arc::ptr_eq(own, session)
            {
                follows = inner.follow(waker);
            }
            let link = inner.link.clone();
            drop(inner);
            broker.metrics.messages_out.add(sent);
            if let Some(link) = link {
                link.wake();
            }
            for (item, why) in missed {
                if let Some(message) = self.message(item) {
                    broker.lost(&session.client, (&message, why), (now, &mut batch));
                }
            }
        }
        if !batch.is_empty() {
            drop(broker.store.commit(batch));
        }
        items.clear();
        (self.items, self.last) = (items, last);
        follows
    }

    fn message<'a>(&'a self, item: &'a Item) -> Option<Message<'a>> {
        let rest = self.arena.get(item.at..)?;
        let (topic, rest) = rest.split_at_checked(item.topic)?;
        let (properties, rest) = rest.split_at_checked(item.properties)?;
        let (payload, _) = rest.split_at_checked(item.payload)?;
        let (qos, retain, expires, ids) = (item.qos, item.retain, item.expires, &item.ids[..]);
        let topic = std::str::from_utf8(topic).ok()?;
        Some(Message { topic, properties, ids, payload, qos, retain, expires })
    }

    /// The commit failed: nothing of it ever was.
    pub(crate) fn cancel(&mut self) {
        for item in std::mem::take(&mut self.items) {
            if let (Reserved::Row(seq), Some(to)) =
                (item.reserved, self.receivers.get(wide(item.to)))
            {
                to.lock().cancel(seq);
            }
        }
    }
}

/// Who drops it undelivered has ended in the middle: the rows are in the line of commits.
impl Drop for Post {
    fn drop(&mut self) {
        for item in &self.items {
            if let (Reserved::Row(seq), Some(to)) =
                (item.reserved, self.receivers.get(wide(item.to)))
            {
                let mut inner = to.lock();
                inner.settle(seq);
                inner.link.iter().for_each(|link| link.wake());
            }
        }
    }
}

impl Shared {
    /// Tells the product of a message that its receiver did not get.
    pub(crate) fn lost(
        &self,
        to: &ClientKey,
        (message, why): (&Message<'_>, Undelivered),
        (at, batch): (Millis, &mut Batch),
    ) {
        self.metrics.undelivered.add(1);
        let (topic, qos) = (message.topic, message.qos);
        self.hub.lost(to, Lost { at, topic, qos, why }, batch);
    }

    /// Sorts what the product made of a burst: what is for others, or must not be lost, goes the way
    /// of the post; the rest is answered over the connection itself.
    pub(crate) fn sort(
        &self,
        from: &Arc<Link>,
        downs: &mut Vec<Down>,
        post: &mut Post,
        (now, batch): (Millis, &mut Batch),
    ) {
        let own = &from.grant.client;
        downs.retain_mut(|down| {
            let message = Message::new(&down.topic, &down.payload, down.qos);
            if down.to == *own && down.qos == QoS::AtMostOnce {
                let wanted = from.session.lock().wanted(&down.topic, false).is_some();
                if !wanted {
                    let why = Undelivered::NoSubscriber;
                    self.lost(own, (&message, why), (now, &mut *batch));
                }
                return wanted;
            }
            let session = match self.router.session(&self.store, &down.to, now) {
                Ok(session) => session,
                Err(error) => {
                    tracing::error!(?error, client = %down.to.0, "session is unreadable");
                    None
                }
            };
            let why = match session {
                None => Some(Undelivered::NoSubscriber),
                Some(session) => match post.down(self, (&session, &message), (now, &mut *batch)) {
                    Ok(true) => None,
                    Ok(false) => Some(Undelivered::NoSubscriber),
                    Err(why) => Some(why),
                },
            };
            if let Some(why) = why {
                self.lost(&down.to, (&message, why), (now, &mut *batch));
            }
            false
        });
    }
}

fn wide(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
