//! The place where a connected device is described: what the hot road needs of it, in memory.

use std::sync::{Arc, atomic::AtomicBool};

use base::{DeviceKey, DeviceNo, topic::Thing};
use broker::hub::ClientKey;

use super::{cell::Cell, rights::Own};
use crate::message::Replies;

/// A device behind a connection; the broker carries it as [`broker::hub::Grant`]'s data.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) no: DeviceNo,
    pub(crate) key: DeviceKey,
    pub(crate) client: ClientKey,
    pub(crate) cell: Arc<Cell>,
    pub(crate) gateway: bool,
    pub(crate) custom: bool,
    pub(crate) content_log: bool,
    pub(crate) down: DownTopics,
    /// A burst changed the shadow; its commit adds the row.
    pub(crate) changed: AtomicBool,
    /// What a burst brought for waiting callers; its commit lets them go.
    pub(crate) replies: Replies,
}

impl Session {
    pub(crate) fn own(&self) -> Own<'_> {
        Own {
            product: self.key.product.as_str(),
            name: self.key.name.as_str(),
            gateway: self.gateway,
            custom: self.custom,
        }
    }
}

/// The topics of replies, made once per connection.
#[derive(Debug, Clone)]
pub(crate) struct DownTopics {
    pub(crate) property: Arc<str>,
    pub(crate) event: Arc<str>,
    pub(crate) sys: Arc<str>,
}

impl DownTopics {
    pub(crate) fn of(key: &DeviceKey) -> Self {
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
