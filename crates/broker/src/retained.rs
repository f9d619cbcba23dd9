//! The place where the last message of a topic waits for those who subscribe later, tenant by
//! tenant: in memory level by level, and as a row each.

use std::{collections::BTreeSet, sync::Arc};

use base::{Millis, Result};
use foldhash::{HashMap, HashMapExt as _};
use mqtt::{QoS, topic};
use store::{Batch, Dir, Space, Store};

use crate::{
    message::{Message, NEVER},
    tree::first,
};

/// Expired messages that one sweep removes at most.
const SWEEP: usize = 1024;
/// Rows that one look at the store takes.
const PAGE: usize = 1024;
/// More levels than any client may use; so deep goes the walk through them.
const LEVELS: usize = 256;
/// Bytes that a message takes beside its own, roughly.
const OVERHEAD: usize = 128;
/// The longest key of a row.
const KEY: usize = 65_535;

/// A retained message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) topic: Arc<str>,
    pub(crate) payload: Box<[u8]>,
    pub(crate) qos: QoS,
    /// Property bytes of 5.0 that are passed on; the expiry is not among them.
    pub(crate) properties: Box<[u8]>,
    pub(crate) expires: Option<Millis>,
}

/// What one tenant may have retained [A12].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// The tenant has as much retained as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// The retained messages of one tenant.
pub(crate) struct Retained {
    quota: Quota,
    messages: usize,
    bytes: usize,
    root: Node,
    /// Those that expire, soonest first.
    due: BTreeSet<(Millis, Arc<str>)>,
}

#[derive(Default)]
struct Node {
    kept: Option<Arc<Kept>>,
    below: HashMap<Box<str>, Node>,
}

impl Kept {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        Self {
            topic: message.topic.into(),
            payload: message.payload.into(),
            qos: message.qos,
            properties: message.properties.into(),
            expires: (message.expires != NEVER).then_some(message.expires),
        }
    }

    fn size(&self) -> usize {
        self.topic.len() + self.payload.len() + self.properties.len() + OVERHEAD
    }

    pub(crate) fn row(&self) -> Vec<u8> {
        let message = Message {
            properties: &self.properties,
            retain: true,
            expires: self.expires.unwrap_or(NEVER),
            ..Message::new(&self.topic, &self.payload, self.qos)
        };
        message.row(NEVER)
    }

    /// Reads the row of a topic; `None` if it is not one.
    fn parse(name: &str, row: &[u8]) -> Option<Self> {
        let Message { topic, payload, qos, properties, expires, .. } = Message::parse(row)?.message;
        let good = topic == name && topic::valid_name(name) && levels(name) <= LEVELS;
        good.then(|| Self {
            topic: name.into(),
            payload: payload.into(),
            qos,
            properties: properties.into(),
            expires: (expires != NEVER).then_some(expires),
        })
    }
}

impl Retained {
    pub(crate) fn new(quota: Quota) -> Self {
        Self { quota, messages: 0, bytes: 0, root: Node::default(), due: BTreeSet::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Keeps a message in the place of the topic's former one, or with an empty payload none; the
    /// row goes into `batch`.
    pub(crate) fn set(&mut self, tenant: &str, kept: Kept, batch: &mut Batch) -> Result<(), Full> {
        let key = key(tenant, &kept.topic);
        if kept.payload.is_empty() {
            // Also when there is none: the row may be there if a commit failed.
            self.take(&kept.topic);
            batch.delete(Space::Retained, &key);
            return Ok(());
        }
        let former = self.root.find(&kept.topic).map(Kept::size);
        let bytes = self.bytes - former.unwrap_or_default() + kept.size();
        let messages = self.messages + usize::from(former.is_none());
        let fits = bytes <= self.quota.bytes && messages <= self.quota.messages;
        if !fits || key.len() > KEY || levels(&kept.topic) > LEVELS {
            return Err(Full);
        }
        batch.put(Space::Retained, &key, &kept.row());
        self.put(kept);
        Ok(())
    }

    /// All that match a filter and have not expired.
    pub(crate) fn matching(&self, filter: &str, now: Millis, mut each: impl FnMut(&Arc<Kept>)) {
        let mut fresh = |kept: &Arc<Kept>| {
            if kept.expires.is_none_or(|expires| now < expires) {
                each(kept);
            }
        };
        self.root.walk(Some(filter), true, &mut fresh);
    }

    /// Removes messages that have expired, so many per call.
    pub(crate) fn sweep(&mut self, tenant: &str, now: Millis, batch: &mut Batch) {
        for _ in 0..SWEEP {
            let Some((_, topic)) = self.due.first().filter(|(expires, _)| *expires <= now).cloned()
            else {
                return;
            };
            self.take(&topic);
            batch.delete(Space::Retained, &key(tenant, &topic));
        }
    }

    fn put(&mut self, kept: Kept) {
        self.take(&kept.topic);
        self.messages += 1;
        self.bytes += kept.size();
        if let Some(expires) = kept.expires {
            self.due.insert((expires, kept.topic.clone()));
        }
        let topic = kept.topic.clone();
        self.root.at(&topic).kept = Some(Arc::new(kept));
    }

    fn take(&mut self, topic: &str) -> Option<Arc<Kept>> {
        let former = self.root.take(Some(topic))?;
        self.messages -= 1;
        self.bytes -= former.size();
        if let Some(expires) = former.expires {
            self.due.remove(&(expires, former.topic.clone()));
        }
        Some(former)
    }
}

impl Node {
    fn at(&mut self, topic: &str) -> &mut Self {
        topic.split('/').fold(self, |node, level| node.below.entry(level.into()).or_default())
    }

    fn find(&self, topic: &str) -> Option<&Kept> {
        let node = topic.split('/').try_fold(self, |node, level| node.below.get(level))?;
        node.kept.as_deref()
    }

    /// Nodes that nobody needs any more go.
    fn take(&mut self, rest: Option<&str>) -> Option<Arc<Kept>> {
        let Some(rest) = rest else { return self.kept.take() };
        let (level, rest) = first(rest);
        let next = self.below.get_mut(level)?;
        let taken = next.take(rest);
        if next.kept.is_none() && next.below.is_empty() {
            self.below.remove(level);
        }
        taken
    }

    /// `rest` are the levels of the filter that follow this node.
    fn walk(&self, rest: Option<&str>, top: bool, each: &mut impl FnMut(&Arc<Kept>)) {
        let Some(rest) = rest else { return self.kept.iter().for_each(each) };
        let (level, rest) = first(rest);
        // A wildcard does not stand for a first level that begins with `$` [MQTT-4.7.2-1].
        let visible = |name: &str| !(top && name.starts_with('$'));
        match level {
            "#" => {
                // `a/#` covers `a`.
                self.kept.iter().for_each(&mut *each);
                let below = self.below.iter().filter(|(name, _)| visible(name));
                below.for_each(|(_, next)| next.walk(Some("#"), false, each));
            }
            "+" => {
                let below = self.below.iter().filter(|(name, _)| visible(name));
                below.for_each(|(_, next)| next.walk(rest, false, each));
            }
            name => {
                if let Some(next) = self.below.get(name) {
                    next.walk(rest, false, each);
                }
            }
        }
    }
}

/// All tenants' retained messages at start. A row that is damaged is reported and left out.
pub(crate) fn load(store: &Store, quota: Quota) -> Result<HashMap<Box<str>, Retained>> {
    let mut tenants: HashMap<Box<str>, Retained> = HashMap::new();
    let mut from = Vec::new();
    loop {
        // No UTF-8 begins with this byte.
        let rows = store.scan(Space::Retained, &from[..]..&[0xff], Dir::Forward, PAGE)?;
        for (key, row) in &rows {
            let Some((tenant, kept)) = parse(key, row) else {
                let key: String = String::from_utf8_lossy(key).chars().take(200).collect();
                tracing::error!(?key, "a retained message is unreadable");
                continue;
            };
            let known = tenants.entry(tenant.into());
            known.or_insert_with(|| Retained::new(quota)).put(kept);
        }
        match rows.last() {
            Some((last, _)) if rows.len() == PAGE => {
                from.clone_from(last);
                from.push(0);
            }
            _ => return Ok(tenants),
        }
    }
}

pub(crate) fn parse<'a>(key: &'a [u8], row: &[u8]) -> Option<(&'a str, Kept)> {
    let (tenant, topic) = std::str::from_utf8(key).ok()?.split_once('\0')?;
    Some((tenant, Kept::parse(topic, row)?))
}

/// No tenant's id and no topic holds U+0000.
pub(crate) fn key(tenant: &str, topic: &str) -> Vec<u8> {
    [tenant.as_bytes(), &[0], topic.as_bytes()].concat()
}

fn levels(topic: &str) -> usize {
    topic.split('/').count()
}

#[cfg(test)]
pub(crate) mod tests;
