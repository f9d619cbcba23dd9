//! The place where it is written down who subscribed to what in one tenant: filters that are plain
//! names by hash, filters with wildcards level by level.
//!
//! A topic visits a node at most once, so its cost is bounded by the filters there are [A14]. The
//! walk is as deep as the longest filter: callers bound its levels.

use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::{HashMap, HashMapExt as _};
use mqtt::{QoS, topic};

/// What a subscriber asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) qos: QoS,
    pub(crate) no_local: bool,
    pub(crate) as_published: bool,
    /// The subscription's id; 0: none.
    pub(crate) id: u32,
}

/// Subscribers by filter.
pub(crate) struct Tree<S> {
    exact: HashMap<Box<str>, Leaf<S>>,
    wild: Node<S>,
}

/// Where the filters with wildcards go on, and those that end here.
struct Node<S> {
    named: HashMap<Box<str>, Node<S>>,
    /// `+`
    any: Option<Box<Node<S>>>,
    /// Filters that end at this level.
    here: Leaf<S>,
    /// Filters that end with `#` after this level.
    below: Leaf<S>,
}

/// Who subscribed to one filter.
struct Leaf<S> {
    plain: Vec<(S, Wish)>,
    groups: Vec<Group<S>>,
}

/// The clients that share one filter under one name.
pub(crate) struct Group<S> {
    name: Box<str>,
    members: Vec<(S, Wish)>,
    next: AtomicUsize,
}

/// A subscription that matches.
pub(crate) enum Hit<'t, S> {
    One(&'t S, Wish),
    Group(&'t Group<S>),
}

impl<S> Default for Tree<S> {
    fn default() -> Self {
        Self { exact: HashMap::new(), wild: Node::default() }
    }
}

impl<S> Default for Node<S> {
    fn default() -> Self {
        let (named, any) = (HashMap::new(), None);
        Self { named, any, here: Leaf::default(), below: Leaf::default() }
    }
}

impl<S> Default for Leaf<S> {
    fn default() -> Self {
        Self { plain: Vec::new(), groups: Vec::new() }
    }
}

impl<S: Clone + Eq> Tree<S> {
    /// `filter` as the client sent it, also `$share/{group}/{filter}`; it takes the place of the
    /// client's former wish for it. True when there was none.
    pub(crate) fn insert(&mut self, filter: &str, client: S, wish: Wish) -> bool {
        let (group, filter) = split(filter);
        if is_wild(filter) {
            return self.wild.leaf(filter).insert(group, client, wish);
        }
        if let Some(leaf) = self.exact.get_mut(filter) {
            return leaf.insert(group, client, wish);
        }
        self.exact.entry(filter.into()).or_default().insert(group, client, wish)
    }

    /// True when the client had subscribed to it.
    pub(crate) fn remove(&mut self, filter: &str, client: &S) -> bool {
        let (group, filter) = split(filter);
        if is_wild(filter) {
            return self.wild.remove(Some(filter), group, client);
        }
        let Some(leaf) = self.exact.get_mut(filter) else { return false };
        let removed = leaf.remove(group, client);
        if leaf.is_empty() {
            self.exact.remove(filter);
        }
        removed
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wild.is_empty()
    }

    /// Calls `each` for every subscription that matches: for plain ones one by one, once for those
    /// that a group shares.
    pub(crate) fn matches<'t>(&'t self, topic: &str, mut each: impl FnMut(Hit<'t, S>)) {
        if let Some(leaf) = self.exact.get(topic) {
            leaf.hits(&mut each);
        }
        // A wildcard does not stand for a first level that begins with `$` [MQTT-4.7.2-1].
        self.wild.walk(Some(topic), !topic.starts_with('$'), &mut each);
    }
}

impl<S: Clone + Eq> Node<S> {
    /// Where the subscribers of `filter` are, made if need be.
    fn leaf(&mut self, filter: &str) -> &mut Leaf<S> {
        let mut node = self;
        for level in filter.split('/') {
            node = match level {
                "#" => return &mut node.below,
                "+" => node.any.get_or_insert_default(),
                name => node.named.entry(name.into()).or_default(),
            };
        }
        &mut node.here
    }

    /// `rest` are the levels that follow this node. Nodes that nobody needs any more go.
    fn remove(&mut self, rest: Option<&str>, group: Option<&str>, client: &S) -> bool {
        let Some(rest) = rest else { return self.here.remove(group, client) };
        let (level, rest) = first(rest);
        match level {
            "#" => self.below.remove(group, client),
            "+" => {
                let Some(next) = &mut self.any else { return false };
                let removed = next.remove(rest, group, client);
                if next.is_empty() {
                    self.any = None;
                }
                removed
            }
            name => {
                let Some(next) = self.named.get_mut(name) else { return false };
                let removed = next.remove(rest, group, client);
                if next.is_empty() {
                    self.named.remove(name);
                }
                removed
            }
        }
    }

    fn is_empty(&self) -> bool {
        let ends = self.here.is_empty() && self.below.is_empty();
        ends && self.any.is_none() && self.named.is_empty()
    }

    /// `rest` are the levels of the topic that follow this node; `wild`: wildcards stand for them.
    fn walk<'t>(&'t self, rest: Option<&str>, wild: bool, each: &mut impl FnMut(Hit<'t, S>)) {
        if wild {
            // Also when the topic ends here: `a/#` covers `a`.
            self.below.hits(each);
        }
        let Some(rest) = rest else { return self.here.hits(each) };
        let (level, rest) = first(rest);
        if let Some(next) = self.named.get(level) {
            next.walk(rest, true, each);
        }
        if let Some(next) = self.any.as_ref().filter(|_| wild) {
            next.walk(rest, true, each);
        }
    }
}

impl<S: Clone + Eq> Leaf<S> {
    fn insert(&mut self, group: Option<&str>, client: S, wish: Wish) -> bool {
        let members = match group {
            None => &mut self.plain,
            Some(name) => self.group(name),
        };
        if let Some(former) = members.iter_mut().find(|(member, _)| *member == client) {
            // Equal is not the same: it may have other rights than before.
            *former = (client, wish);
            return false;
        }
        members.push((client, wish));
        true
    }

    fn group(&mut self, name: &str) -> &mut Vec<(S, Wish)> {
        let place = self.groups.iter().position(|group| *group.name == *name);
        let place = place.unwrap_or_else(|| {
            let (members, next) = (Vec::new(), AtomicUsize::new(0));
            self.groups.push(Group { name: name.into(), members, next });
            self.groups.len() - 1
        });
        &mut self.groups[place].members
    }

    fn remove(&mut self, group: Option<&str>, client: &S) -> bool {
        let Some(name) = group else { return take(&mut self.plain, client) };
        let Some(place) = self.groups.iter().position(|group| *group.name == *name) else {
            return false;
        };
        let members = &mut self.groups[place].members;
        let removed = take(members, client);
        if members.is_empty() {
            self.groups.remove(place);
        }
        removed
    }

    fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.groups.is_empty()
    }

    fn hits<'t>(&'t self, each: &mut impl FnMut(Hit<'t, S>)) {
        for (client, wish) in &self.plain {
            each(Hit::One(client, *wish));
        }
        self.groups.iter().for_each(|group| each(Hit::Group(group)));
    }
}

impl<S> Group<S> {
    /// All members, beginning with another one each time: the first that is there may take it.
    pub(crate) fn turn(&self) -> impl Iterator<Item = (&S, Wish)> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (late, early) = self.members.split_at(turn % self.members.len().max(1));
        early.iter().chain(late).map(|(client, wish)| (client, *wish))
    }
}

fn take<S: Eq>(members: &mut Vec<(S, Wish)>, client: &S) -> bool {
    let place = members.iter().position(|(member, _)| member == client);
    place.map(|place| members.remove(place)).is_some()
}

/// The group, if any, and the filter itself.
fn split(filter: &str) -> (Option<&str>, &str) {
    match topic::shared(filter) {
        Some((group, filter)) => (Some(group), filter),
        None => (None, filter),
    }
}

fn is_wild(filter: &str) -> bool {
    filter.bytes().any(|b| matches!(b, b'+' | b'#'))
}

/// The first level, and those that follow if there are any.
pub(crate) fn first(levels: &str) -> (&str, Option<&str>) {
    topic::first(levels)
}

#[cfg(test)]
mod tests;
