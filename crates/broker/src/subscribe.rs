//! The place where SUBSCRIBE and UNSUBSCRIBE are answered.

use mqtt::{Level, Property, QoS, Subscribe, Subscription, Unsubscribe, encode};

use crate::{
    gate::{End, Gate},
    hub::{Access, Burst, Event},
    reason,
    tree::Wish,
};

impl Gate<'_> {
    pub(super) fn subscribe(
        &mut self,
        subscribe: &Subscribe<'_>,
        burst: &mut Burst<'_>,
    ) -> Option<End> {
        let before = self.work.answers.len();
        let id = subscribe.properties.iter().find_map(|property| match property {
            Property::SubscriptionId(id) => Some(id),
            _ => None,
        });
        let several = subscribe.filters().nth(1).is_some();
        let allowed = self.link.grant.allows.many_filters || !several;
        let mut codes = Vec::new();
        for wanted in subscribe.filters() {
            let filter = wanted.filter;
            let code =
                if allowed { self.add(&wanted, id.unwrap_or(0)) } else { Err(reason::QUOTA) };
            let event = match code {
                Ok(granted) => {
                    codes.push(granted.number());
                    Event::Subscribed { at: burst.now, filter }
                }
                Err(code) => {
                    codes.push(if self.link.level == Level::V5 { code } else { reason::REFUSED });
                    if !self.inward.complaints.take(burst.now) {
                        continue;
                    }
                    Event::SubscribeRefused { at: burst.now, filter }
                }
            };
            self.broker.hub.event(&self.link.grant, event, &mut burst.batch);
        }
        encode::suback(&mut self.work.answers, self.link.level, subscribe.id, &codes);
        self.too_large(before)
    }

    /// The end of a client that asks for more codes than it takes in one packet.
    fn too_large(&mut self, before: usize) -> Option<End> {
        if self.link.peer.takes(self.work.answers.len() - before) {
            return None;
        }
        self.work.answers.truncate(before);
        Some(End::fault(reason::TOO_LARGE))
    }

    fn add(&mut self, wanted: &Subscription<'_>, id: u32) -> Result<QoS, u8> {
        let filter = wanted.filter;
        if !self.may(Access::Subscribe, filter) {
            return Err(reason::NOT_AUTHORIZED);
        }
        let most = if self.link.grant.allows.qos2 { QoS::ExactlyOnce } else { QoS::AtLeastOnce };
        let wish = Wish {
            qos: wanted.qos.min(most),
            no_local: wanted.no_local,
            as_published: wanted.retain_as_published,
            id,
        };
        let limit = self.link.grant.limits.subscriptions;
        let former =
            self.link.session.lock().subscribe(filter, wish, limit).ok_or(reason::QUOTA)?;
        if let Some(free) = self.link.session.free() {
            free.domain.subscribe(&free.who, filter, wish);
        }
        // Most clients ask again, each time they come, for what is written down already.
        self.work.changed |= former != Some(wish);
        let retained = match wanted.retain_handling {
            0 => true,
            1 => former.is_none(),
            _ => false,
        };
        // [MQTT5-4.8.2]: a shared subscription gets nothing that is retained.
        let any = || !self.link.domain.retained.read().is_empty();
        if retained && mqtt::topic::shared(filter).is_none() && any() {
            // Once, however often the packet names it.
            self.work.fetch.retain(|(known, _)| **known != *filter);
            self.work.fetch.push((filter.into(), wish));
        }
        Ok(wish.qos)
    }

    pub(super) fn unsubscribe(
        &mut self,
        unsubscribe: &Unsubscribe<'_>,
        burst: &mut Burst<'_>,
    ) -> Option<End> {
        let before = self.work.answers.len();
        let mut codes = Vec::new();
        for filter in unsubscribe.filters() {
            if !self.link.session.lock().unsubscribe(filter) {
                codes.push(reason::NO_SUBSCRIPTION);
                continue;
            }
            if let Some(free) = self.link.session.free() {
                free.domain.unsubscribe(&free.who, filter);
            }
            self.work.changed = true;
            codes.push(0);
            let event = Event::Unsubscribed { at: burst.now, filter };
            self.broker.hub.event(&self.link.grant, event, &mut burst.batch);
        }
        encode::unsuback(&mut self.work.answers, self.link.level, unsubscribe.id, &codes);
        self.too_large(before)
    }
}
