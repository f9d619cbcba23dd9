//! The place where it is decided which topics a service client may use: all in memory, asked for
//! every message that is published by one or goes to one.

use base::topic::{Kind, Topic};
use broker::hub::{Access, Tenant};

use super::{Entry, filter};
use crate::{
    Services, device,
    product::{self, Live},
};

/// What holds for the client that asks.
pub(super) struct Who<'a> {
    pub(super) services: &'a Services,
    pub(super) entry: &'a Entry,
    pub(super) tenant: &'a Tenant,
}

impl Who<'_> {
    /// Whether it may publish to a topic, subscribe to a filter, or receive a message of a topic.
    pub(super) fn may(&self, access: Access, text: &str) -> bool {
        let what = &self.entry.what;
        match access {
            Access::Publish => what.publish.cover(text) && self.may_publish(text),
            Access::Subscribe => {
                let inner = filter::unshared(text);
                what.subscribe.cover(inner) && self.may_subscribe(inner)
            }
            Access::Receive => what.subscribe.cover(text) && self.may_receive(text),
        }
    }

    /// Free topics, and those that a device listens to by right. What controls devices goes through
    /// the cloud API, which checks it and keeps account of it.
    fn may_publish(&self, topic: &str) -> bool {
        if topic.starts_with('$') {
            return false;
        }
        let Some(live) = product::named(self.services, filter::first(topic)) else { return true };
        let Some(Topic { product, device: name, .. }) = Topic::parse(topic) else { return false };
        let own =
            device::rights::Own { product, name, gateway: live.gateway, custom: live.enterprise };
        self.owns(product, &live) && device::rights::may(own, Access::Subscribe, topic)
    }

    /// Only what is wrong in any case is refused here: wildcards may stand for more than the client
    /// may receive, and what it gets is decided message by message.
    fn may_subscribe(&self, filter: &str) -> bool {
        let product = match filter::first(filter) {
            "+" | "#" => None,
            first if first.starts_with('$') => {
                if !filter::reported(filter) {
                    return false;
                }
                filter::product(filter)
            }
            first => product::named(self.services, first).map(|_| first),
        };
        product.is_none_or(|id| self.may_see(id))
    }

    /// What devices report, their custom topics, and free topics.
    fn may_receive(&self, topic: &str) -> bool {
        if topic.starts_with('$') {
            return match Topic::parse(topic) {
                Some(Topic { kind: Kind::ThingUp(_) | Kind::OtaReport, product, .. }) => {
                    self.may_see(product)
                }
                _ => false,
            };
        }
        let first = filter::first(topic);
        product::named(self.services, first).is_none_or(|live| self.owns(first, &live))
    }

    fn may_see(&self, product: &str) -> bool {
        product::named(self.services, product).is_some_and(|live| self.owns(product, &live))
    }

    fn owns(&self, product: &str, live: &Live) -> bool {
        live.tenant.as_ref().is_some_and(|tenant| tenant.id == self.tenant.id)
            && self.entry.what.products.has(product)
    }
}
