//! Packets by chance.

use proptest::{collection::vec, option, prelude::*};

use crate::{Connect, Level, Properties, Property, Publish, QoS, Will, property::Place};

pub(super) fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::V31), Just(Level::V311), Just(Level::V5)]
}

pub(super) fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![Just(QoS::AtMostOnce), Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce)]
}

pub(super) fn text() -> impl Strategy<Value = String> {
    "[^\\x00]{0,24}"
}

pub(super) fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9$/_温度🌡 ]{1,40}"
}

pub(super) fn filter() -> impl Strategy<Value = String> {
    "([a-z$度]{0,3}|\\+)(/([a-z]{0,3}|\\+)){1,4}(/#)?"
}

/// What a CONNECT is made of, owned.
#[derive(Debug, Clone)]
pub(super) struct OwnConnect {
    pub(super) level: Level,
    clean: bool,
    keep_alive: u16,
    client_id: String,
    will: Option<(String, Vec<u8>, QoS, bool)>,
    login: Option<(String, Option<String>)>,
    properties: Vec<u8>,
}

impl OwnConnect {
    pub(super) fn borrow(&self) -> Connect<'_> {
        let properties = |bytes| Properties::new(Place::Connect, bytes).unwrap();
        Connect {
            level: self.level,
            clean: self.clean,
            keep_alive: self.keep_alive,
            client_id: &self.client_id,
            will: self.will.as_ref().map(|(topic, payload, qos, retain)| Will {
                topic,
                payload,
                qos: *qos,
                retain: *retain,
                properties: Properties::default(),
            }),
            user_name: self.login.as_ref().map(|(user, _)| &**user),
            password: self.login.as_ref().and_then(|(_, pw)| pw.as_deref().map(str::as_bytes)),
            properties: properties(&self.properties),
        }
    }
}

pub(super) fn connect(level: impl Strategy<Value = Level>) -> impl Strategy<Value = OwnConnect> {
    let will = (name(), vec(any::<u8>(), 0..40), qos(), any::<bool>());
    let properties = (option::of(any::<u32>()), option::of(1_u16..), vec((text(), text()), 0..3));
    let login = option::of((text(), option::of(text())));
    (level, any::<bool>(), any::<u16>(), text(), option::of(will), login, properties).prop_map(
        |(level, clean, keep_alive, client_id, will, login, (expiry, receive, users))| {
            let mut properties = Vec::new();
            if level == Level::V5 {
                expiry.iter().for_each(|n| Property::SessionExpiry(*n).put(&mut properties));
                receive.iter().for_each(|n| Property::ReceiveMaximum(*n).put(&mut properties));
                users.iter().for_each(|(k, v)| Property::User(k, v).put(&mut properties));
            }
            OwnConnect { level, clean, keep_alive, client_id, will, login, properties }
        },
    )
}

/// What a PUBLISH is made of, owned.
#[derive(Debug, Clone)]
pub(super) struct OwnPublish {
    dup: bool,
    qos: QoS,
    retain: bool,
    topic: String,
    id: u16,
    payload: Vec<u8>,
    properties: Vec<u8>,
}

impl OwnPublish {
    /// Properties only if asked for: below 5.0 there are none.
    pub(super) fn borrow(&self, level: Level) -> Publish<'_> {
        let bytes = if level == Level::V5 { &self.properties[..] } else { &[] };
        Publish {
            dup: self.dup && self.qos != QoS::AtMostOnce,
            qos: self.qos,
            retain: self.retain,
            topic: &self.topic,
            id: (self.qos != QoS::AtMostOnce).then_some(self.id),
            properties: Properties::new(Place::Publish, bytes).unwrap(),
            payload: &self.payload,
        }
    }
}

pub(super) fn publish() -> impl Strategy<Value = OwnPublish> {
    let properties = (option::of(any::<u32>()), option::of(text()), vec(1_u32..268_435_455, 0..3));
    let flags = (any::<bool>(), any::<bool>(), qos());
    (flags, name(), 1_u16.., vec(any::<u8>(), 0..300), properties).prop_map(
        |((dup, retain, qos), topic, id, payload, (expiry, content, ids))| {
            let mut properties = Vec::new();
            expiry.iter().for_each(|n| Property::MessageExpiry(*n).put(&mut properties));
            content.iter().for_each(|text| Property::ContentType(text).put(&mut properties));
            ids.iter().for_each(|id| Property::SubscriptionId(*id).put(&mut properties));
            OwnPublish { dup, qos, retain, topic, id, payload, properties }
        },
    )
}
