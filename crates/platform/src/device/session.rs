//! The place where a connected device is described: what the hot road needs of it, in memory.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use base::{DeviceKey, DeviceNo, topic::Thing};
use broker::hub::ClientKey;
use store::{Batch, Store, Ticket};

use super::{cell::Cell, rights::Own};
use crate::message::Replies;

/// How long the id of a product is.
const PRODUCT_BYTES: usize = 10;

/// A device behind a connection; the broker carries it as [`broker::hub::Grant`]'s data.
#[derive(Debug)]
pub(crate) struct Session {
    /// `{pid}{dn}`.
    pub(crate) client: ClientKey,
    pub(crate) cell: Arc<Cell>,
    pub(crate) gateway: bool,
    pub(crate) custom: bool,
    pub(crate) content_log: bool,
    /// Made with the first reply: most devices of a large fleet are silent.
    pub(crate) down: OnceLock<Box<DownTopics>>,
    /// A burst changed the shadow; its commit adds the row.
    pub(crate) changed: AtomicBool,
    /// The device came or went, or told of itself; the commit of that adds the row of its state.
    pub(crate) moved: AtomicBool,
    /// What a burst brought for waiting callers; its commit lets them go.
    pub(crate) replies: Replies,
}

impl Session {
    /// Commits a batch, and the device's rows that changed since the last one.
    pub(crate) fn commit(&self, store: &Store, batch: Batch) -> Ticket {
        let taken = |flag: &AtomicBool| flag.load(Relaxed) && flag.swap(false, Relaxed);
        match (taken(&self.changed), taken(&self.moved)) {
            (false, false) => store.commit(batch),
            rows => self.cell.commit_rows(store, rows, batch),
        }
    }

    /// The topics of its replies.
    pub(crate) fn down(&self) -> &DownTopics {
        self.down.get_or_init(|| Box::new(DownTopics::of(&self.key())))
    }

    pub(crate) fn no(&self) -> DeviceNo {
        self.cell.no
    }

    pub(crate) fn product(&self) -> &str {
        self.client.0.split_at(PRODUCT_BYTES).0
    }

    /// The device's name; made for who asks, since a session of every connection would keep it twice.
    pub(crate) fn key(&self) -> DeviceKey {
        DeviceKey::from_client_id(&self.client.0).expect("a session was made of its device's key")
    }

    pub(crate) fn own(&self) -> Own<'_> {
        let (product, name) = self.client.0.split_at(PRODUCT_BYTES);
        Own { product, name, gateway: self.gateway, custom: self.custom }
    }
}

/// The topics of replies.
#[derive(Debug, Clone)]
pub(crate) struct DownTopics {
    pub(crate) property: Arc<str>,
    pub(crate) event: Arc<str>,
    pub(crate) sys: Arc<str>,
}

impl DownTopics {
    fn of(key: &DeviceKey) -> Self {
        Self {
            property: thing_down(Thing::Property, key).into(),
            event: thing_down(Thing::Event, key).into(),
            sys: format!("$sys/operation/result/{key}").into(),
        }
    }
}

/// `$thing/down/{family}/{pid}/{dn}`
pub(crate) fn thing_down(family: Thing, key: &DeviceKey) -> String {
    format!("$thing/down/{}/{key}", family.as_str())
}
