//! The place where messages wait for a client, and for its acknowledgement.

use std::sync::Arc;

use base::Millis;
use mqtt::QoS;
use store::{Batch, Space, Store};

use super::Inner;
use crate::{
    hub::{ClientKey, Undelivered},
    kept::{self, Kept},
    link::Link,
    message::{Alias, Message},
};

/// Packet ids are 1 to 65535; those in use lie within so many messages of each other.
const IDS: u64 = 65_535;
/// The queue goes on when fewer bytes than these wait in the outbox.
const PART: usize = 64 * 1024;
/// Bytes by which an alias makes a packet larger, at most.
const ALIAS: usize = 5;

#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) expires: Millis,
    pub(super) stage: Stage,
    pub(super) qos: QoS,
    pub(super) before: Before,
}

/// Whether a message was sent over an earlier connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Never,
    /// The server did not see the end of that connection.
    Perhaps,
    /// It does not expire any more [MQTT5-4.3.3-7].
    Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its commit is not done.
    Transit,
    /// Committed or held; goes out when the window, the rate and the connection allow it.
    Waiting,
    Sent,
    /// At QoS 2: the client has it, and was told to forget its id.
    Released,
}

/// Where a message is until its commit is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reserved {
    /// Nowhere: it goes to a client that is there, or is lost with it.
    Memory,
    /// In the queue, under this number.
    Row(u64),
}

/// What is due to leave a queue next.
pub(crate) enum Due {
    Nothing,
    /// Messages in memory.
    Held,
    /// Messages in the store, from this number on.
    Stored(u64),
}

/// What became of an attempt to send a message of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    Gone,
    /// Gone, too: the client does not take so large a packet.
    TooLarge,
    Sent,
    /// The window is full: an acknowledgement opens it. Or the outbox is: it must leave first.
    Window,
    /// Too fast: later.
    Rate,
}

/// What became of a message that was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is on its way over the connection.
    Sent,
    /// It stays in the queue.
    Kept,
    /// There is no connection, and no queue.
    Nowhere,
}

impl Inner {
    pub(super) fn load_rows(
        &mut self,
        store: &Store,
        client: &ClientKey,
        kept: &Kept,
    ) -> base::Result<()> {
        let mut next = 0;
        loop {
            let page = kept::page(store, client, next)?;
            for (key, value) in &page {
                let Some(seq) = kept::seq(key) else { continue };
                next = seq + 1;
                let Some(stored) = Message::parse(value) else {
                    tracing::error!(client = %client.0, seq, "queued message is not readable");
                    continue;
                };
                let stage = if stored.released { Stage::Released } else { Stage::Waiting };
                match stage {
                    Stage::Released => self.in_flight += 1,
                    _ => self.waiting += 1,
                }
                let (qos, expires) = (stored.message.qos, stored.until);
                let before = if kept.online {
                    Before::Perhaps
                } else if seq <= kept.sent {
                    Before::Sent
                } else {
                    Before::Never
                };
                self.rows.push_back(Row { seq, expires, stage, qos, before });
            }
            if page.len() < kept::PAGE {
                // The numbers of what waits must be near each other.
                self.next = if next > 0 { next } else { self.next };
                return Ok(());
            }
        }
    }

    /// Puts a message into the queue of a durable session, in `batch`.
    pub(crate) fn reserve(
        &mut self,
        client: &ClientKey,
        message: &Message<'_>,
        now: Millis,
        batch: &mut Batch,
    ) -> Result<Reserved, Undelivered> {
        let most = self.most();
        if self.rows.len().saturating_sub(wide(self.in_flight)) >= most {
            self.make_room(client, now, most, batch)?;
        }
        let (seq, qos) = (self.next, message.qos);
        self.next += 1;
        let latest = now.saturating_add(Millis::from(self.queue.seconds) * 1000);
        let expires = message.expires.min(latest);
        batch.put(Space::Queue, &kept::queued(client, seq), &message.row(expires));
        let (stage, before) = (Stage::Transit, Before::Never);
        self.rows.push_back(Row { seq, expires, stage, qos, before });
        Ok(Reserved::Row(seq))
    }

    /// Messages that may wait. Without a queue: those on their way to a client that is there.
    fn most(&self) -> usize {
        match (self.queue.messages, &self.link) {
            (0, Some(link)) => match link.grant.limits.in_flight {
                0 => usize::from(u16::MAX),
                most => most.into(),
            },
            (most, _) => wide(most),
        }
    }

    fn make_room(
        &mut self,
        client: &ClientKey,
        now: Millis,
        most: usize,
        batch: &mut Batch,
    ) -> Result<(), Undelivered> {
        if most == 0 {
            return Err(Undelivered::QueueFull);
        }
        let waiting = |row: &Row| row.stage == Stage::Waiting;
        let before = self.rows.len();
        self.rows.retain(|row| {
            let stays = !waiting(row) || row.expires > now || row.before == Before::Sent;
            if !stays {
                batch.delete(Space::Queue, &kept::queued(client, row.seq));
            }
            stays
        });
        self.waiting -= narrow(before - self.rows.len());
        if self.rows.len().saturating_sub(wide(self.in_flight)) < most {
            return Ok(());
        }
        // The client may know the id of a QoS 2 message: it stays that message's.
        let free =
            |row: &Row| waiting(row) && (row.qos == QoS::AtLeastOnce || row.before != Before::Sent);
        let oldest = self.rows.iter().position(free).filter(|_| self.queue.drop_oldest);
        let row = oldest.and_then(|place| self.rows.remove(place)).ok_or(Undelivered::QueueFull)?;
        self.waiting -= 1;
        batch.delete(Space::Queue, &kept::queued(client, row.seq));
        Ok(())
    }

    /// The commit of a queued message failed: it never was.
    pub(crate) fn cancel(&mut self, seq: u64) {
        if let Ok(place) = self.rows.binary_search_by_key(&seq, |row| row.seq) {
            self.rows.remove(place);
        }
    }

    /// Nobody will deliver a message that is in the line of commits: it waits.
    pub(crate) fn settle(&mut self, seq: u64) {
        if let Ok(place) = self.rows.binary_search_by_key(&seq, |row| row.seq) {
            self.set(place, Stage::Waiting);
            self.waiting += 1;
        }
    }

    /// A message whose commit is done goes to the client, or waits.
    pub(crate) fn deliver(
        &mut self,
        message: &Message<'_>,
        reserved: Reserved,
        now: Millis,
        most: usize,
    ) -> Result<Fate, Undelivered> {
        match reserved {
            Reserved::Row(seq) => self.deliver_row(message, seq, now, most),
            Reserved::Memory => self.deliver_memory(message, now, most),
        }
    }

    /// When it is not kept the row is the caller's to delete.
    fn deliver_row(
        &mut self,
        message: &Message<'_>,
        seq: u64,
        now: Millis,
        most: usize,
    ) -> Result<Fate, Undelivered> {
        // The session that it was for has ended meanwhile.
        let Ok(place) = self.rows.binary_search_by_key(&seq, |row| row.seq) else {
            return Ok(Fate::Nowhere);
        };
        let link = self.link.clone().filter(|link| link.closing().is_none());
        if link.as_ref().is_some_and(|link| !link.takes(message)) {
            self.rows.remove(place);
            return Err(Undelivered::TooLarge);
        }
        let open = self.waiting == 0 && self.outbox.len() + message.size() <= most;
        if let Some(link) = link.filter(|link| open && self.room(link, seq))
            && self.rate.take(now)
        {
            self.in_flight += 1;
            self.set(place, Stage::Sent);
            self.put(&link, message, now, Some(id(seq)), false);
            return Ok(Fate::Sent);
        }
        self.set(place, Stage::Waiting);
        self.waiting += 1;
        Ok(Fate::Kept)
    }

    fn deliver_memory(
        &mut self,
        message: &Message<'_>,
        now: Millis,
        most: usize,
    ) -> Result<Fate, Undelivered> {
        let Some(link) = self.link.clone().filter(|link| link.closing().is_none()) else {
            return Ok(Fate::Nowhere);
        };
        if !link.takes(message) {
            return Err(Undelivered::TooLarge);
        }
        let held = self.rare.as_ref().map_or(0, |rare| rare.held_bytes);
        if self.outbox.len() + held + message.size() > most || !self.rate.take(now) {
            return Err(Undelivered::TooFast);
        }
        if message.qos == QoS::AtMostOnce {
            self.put(&link, message, now, None, false);
            return Ok(Fate::Sent);
        }
        let (seq, qos, expires) = (self.next, message.qos, message.expires);
        self.next += 1;
        let before = Before::Never;
        let mut row = Row { seq, expires, stage: Stage::Waiting, qos, before };
        if self.waiting == 0 && self.room(&link, seq) {
            row.stage = Stage::Sent;
            self.in_flight += 1;
            self.put(&link, message, now, Some(id(seq)), false);
        } else {
            let rare = self.rare();
            rare.held_bytes += message.size();
            rare.held.push_back(message.row(message.expires));
            self.waiting += 1;
        }
        self.rows.push_back(row);
        Ok(Fate::Sent)
    }

    fn set(&mut self, place: usize, stage: Stage) {
        if let Some(row) = self.rows.get_mut(place) {
            row.stage = stage;
        }
    }

    fn put(&mut self, link: &Link, message: &Message<'_>, now: Millis, id: Option<u16>, dup: bool) {
        let alias = self.alias(link, message);
        message.encode(&mut self.outbox, link.level, now, id, (dup, alias));
    }

    /// The number by which the client knows a topic, or is about to.
    fn alias(&mut self, link: &Link, message: &Message<'_>) -> Option<Alias> {
        if link.peer.aliases == 0 || !link.peer.takes(message.packet_bytes() + ALIAS) {
            return None;
        }
        let (topic, known) = (message.topic, &mut self.rare().aliases);
        if let Some(place) = known.iter().position(|known| **known == *topic) {
            let number = u16::try_from(place + 1).ok()?;
            return Some(Alias { number, known: true });
        }
        if known.len() >= usize::from(link.peer.aliases) {
            return None;
        }
        known.push(topic.into());
        let number = u16::try_from(known.len()).ok()?;
        Some(Alias { number, known: false })
    }

    /// Whether one more message may wait for the client's acknowledgement.
    fn room(&self, link: &Link, seq: u64) -> bool {
        let near = self.rows.front().is_none_or(|first| seq - first.seq < IDS);
        self.in_flight < link.window && near
    }

    /// Takes what waits in the outbox; what waits there for the next connection is not `link`'s.
    pub(crate) fn take_outbox(&mut self, link: &Arc<Link>) -> Option<Vec<u8>> {
        let own = self.link.as_ref().is_some_and(|own| Arc::ptr_eq(own, link));
        (own && !self.outbox.is_empty()).then(|| std::mem::take(&mut self.outbox))
    }

    /// What the connection's task has to send from the queue.
    pub(crate) fn due(&self, durable: bool) -> Due {
        let Some(link) = self.link.as_ref().filter(|_| self.waiting > 0) else {
            return Due::Nothing;
        };
        let first = self.rows.iter().find(|row| row.stage == Stage::Waiting);
        match first {
            Some(row) if self.room(link, row.seq) => {
                if durable {
                    Due::Stored(row.seq)
                } else {
                    Due::Held
                }
            }
            _ => Due::Nothing,
        }
    }

    /// The numbers of the messages that wait, from `first` on, at most a page.
    pub(crate) fn waiting(&self, first: u64) -> Vec<u64> {
        let waits = |row: &&Row| row.stage == Stage::Waiting && row.seq >= first;
        self.rows.iter().filter(waits).map(|row| row.seq).take(kept::PAGE).collect()
    }

    /// Sends the first of the messages that are held in memory.
    pub(crate) fn send_held(&mut self, now: Millis) -> Tried {
        let Some(place) = self.rows.iter().position(|row| row.stage == Stage::Waiting) else {
            return Tried::Gone;
        };
        let rare = self.rare();
        let Some(held) = rare.held.pop_front() else { return self.drop_row(place) };
        let stored = Message::parse(&held).map(|stored| stored.message);
        rare.held_bytes = rare.held_bytes.saturating_sub(stored.map_or(0, |m| m.size()));
        let tried = match stored {
            Some(message) => self.send_row(place, &message, now, false),
            None => self.drop_row(place),
        };
        if matches!(tried, Tried::Window | Tried::Rate) {
            let rare = self.rare();
            rare.held_bytes += stored.map_or(0, |m| m.size());
            rare.held.push_front(held);
        }
        tried
    }

    /// Sends a message that was read from the queue; `None`: it is not there.
    pub(crate) fn send_stored(&mut self, seq: u64, value: Option<&[u8]>, now: Millis) -> Tried {
        let Ok(place) = self.rows.binary_search_by_key(&seq, |row| row.seq) else {
            return Tried::Gone;
        };
        if self.rows.get(place).is_none_or(|row| row.stage != Stage::Waiting) {
            return Tried::Sent;
        }
        match value.and_then(Message::parse) {
            Some(stored) => self.send_row(place, &stored.message, now, true),
            None => self.drop_row(place),
        }
    }

    fn send_row(&mut self, place: usize, message: &Message<'_>, now: Millis, paced: bool) -> Tried {
        let (Some(link), Some(row)) = (self.link.clone(), self.rows.get(place).copied()) else {
            return Tried::Window;
        };
        let expired = row.expires <= now && row.before != Before::Sent;
        if expired {
            return self.drop_row(place);
        }
        if !link.takes(message) {
            self.drop_row(place);
            return Tried::TooLarge;
        }
        if !self.room(&link, row.seq) || self.outbox.len() >= PART {
            return Tried::Window;
        }
        if paced && !self.rate.take(now) {
            return Tried::Rate;
        }
        self.in_flight += 1;
        self.waiting -= 1;
        self.set(place, Stage::Sent);
        self.put(&link, message, now, Some(id(row.seq)), row.before != Before::Never);
        Tried::Sent
    }

    fn drop_row(&mut self, place: usize) -> Tried {
        if self.rows.remove(place).is_some() {
            self.waiting -= 1;
        }
        Tried::Gone
    }

    /// The client has acknowledged a QoS 1 message: its number.
    pub(crate) fn acknowledged(&mut self, id: u16) -> Option<u64> {
        self.finish(id, |row| row.stage == Stage::Sent && row.qos == QoS::AtLeastOnce)
    }

    /// The client has a QoS 2 message: its number. With a failure (5.0) it is done with it.
    pub(crate) fn received(&mut self, id: u16, failed: bool) -> Option<u64> {
        if failed {
            return self.finish(id, |row| row.stage == Stage::Sent && row.qos == QoS::ExactlyOnce);
        }
        let place = self.place(id)?;
        let row = self.rows.get_mut(place)?;
        let known =
            row.qos == QoS::ExactlyOnce && matches!(row.stage, Stage::Sent | Stage::Released);
        known.then(|| {
            row.stage = Stage::Released;
            row.seq
        })
    }

    /// The client has forgotten the id of a QoS 2 message: its number.
    pub(crate) fn completed(&mut self, id: u16) -> Option<u64> {
        self.finish(id, |row| row.stage == Stage::Released)
    }

    fn finish(&mut self, id: u16, when: impl Fn(&Row) -> bool) -> Option<u64> {
        let place = self.place(id)?;
        let seq = self.rows.get(place).filter(|row| when(row))?.seq;
        self.rows.remove(place);
        self.in_flight -= 1;
        Some(seq)
    }

    fn place(&self, number: u16) -> Option<usize> {
        let first = self.rows.front()?.seq;
        let ahead = (u64::from(number) + IDS - u64::from(id(first))) % IDS;
        self.rows.binary_search_by_key(&(first + ahead), |row| row.seq).ok()
    }

    /// A QoS 2 message of the client: false when it is known already.
    pub(crate) fn receive(&mut self, id: u16) -> bool {
        let known = &mut self.rare().received;
        let new = !known.contains(&id);
        if new {
            known.push(id);
        }
        new
    }

    /// The commit failed that noted (true) or released QoS 2 messages of the client.
    pub(crate) fn undo(&mut self, ids: &[(u16, bool)]) {
        for (id, noted) in ids.iter().rev() {
            if *noted {
                self.release(*id)
            } else {
                self.receive(*id)
            };
        }
    }

    /// The client releases a QoS 2 message; false when it is not known.
    pub(crate) fn release(&mut self, id: u16) -> bool {
        let Some(rare) = &mut self.rare else { return false };
        let place = rare.received.iter().position(|known| *known == id);
        place.map(|place| rare.received.swap_remove(place)).is_some()
    }

    pub(crate) fn unreleased(&self) -> usize {
        self.rare.as_ref().map_or(0, |rare| rare.received.len())
    }

    /// What was sent and not acknowledged waits again; the number of the last such message.
    pub(super) fn rest(&mut self) -> u64 {
        let (mut sent, mut waiting, mut released) = (0, 0, 0);
        for row in &mut self.rows {
            if row.stage == Stage::Sent {
                (row.stage, row.before) = (Stage::Waiting, Before::Sent);
            }
            if row.before != Before::Never {
                sent = row.seq;
            }
            waiting += u32::from(row.stage == Stage::Waiting);
            released += u32::from(row.stage == Stage::Released);
        }
        (self.waiting, self.in_flight) = (waiting, released);
        sent
    }
}

/// The number of a session's first message: above those of the client's former sessions, so that none
/// of their rows is taken for one of its own.
pub(super) fn first(now: Millis) -> u64 {
    u64::try_from(now).unwrap_or(0).saturating_mul(IDS).saturating_add(1)
}

/// The packet id of a message: its number says it, so that a restart changes nothing.
pub(super) fn id(seq: u64) -> u16 {
    u16::try_from(seq.saturating_sub(1) % IDS + 1).unwrap_or(1)
}

fn wide(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
