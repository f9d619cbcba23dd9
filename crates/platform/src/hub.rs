//! The place where the broker's questions are answered: the device side's table of contents.

use std::{
    future::ready,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use base::{DeviceKey, Millis, Secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use broker::hub::{
    Access, Answer, Burst, ClientKey, Connect, Event, Grant, Hub, Offline, Refusal, Switches,
    Undelivered,
};
use store::{Batch, Store, Ticket};

use crate::{
    Services,
    device::{self, Credential, DownTopics, Session, UserName, password},
    log::{self, Diagnosis},
    product, uplink,
};

/// The product behind the broker.
pub struct PlatformHub(Weak<Services>);

impl std::fmt::Debug for PlatformHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlatformHub")
    }
}

impl PlatformHub {
    /// `services` hold the broker's handle, so the hub holds them only weakly.
    #[must_use]
    pub fn new(services: &Arc<Services>) -> Self {
        Self(Arc::downgrade(services))
    }
}

impl Hub for PlatformHub {
    fn secret(&self, identity: &[u8]) -> Option<Secret> {
        let services = self.0.upgrade()?;
        let client_id = std::str::from_utf8(identity).ok()?;
        let found = services.devices.credential(&services.store, client_id).ok()??;
        STANDARD.decode(found.secret.expose()).ok().filter(|_| found.enabled).map(Secret::new)
    }

    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>> {
        let answer = match self.0.upgrade() {
            None => Err(Refusal::Unavailable),
            Some(services) => admit(&services, hello),
        };
        Box::pin(ready(answer))
    }

    fn may(&self, who: &Grant, access: Access, topic: &str) -> bool {
        session(who).is_some_and(|s| device::rights::may(s.own(), access, topic))
    }

    fn up<'a, 'b: 'a>(
        &'a self,
        who: &'a Grant,
        burst: &'a mut Burst<'b>,
    ) -> Option<Answer<'a, ()>> {
        let (services, session) = (self.0.upgrade()?, session(who)?);
        uplink::up(&services, session, burst)
    }

    fn event(&self, who: &Grant, what: Event<'_>, into: &mut Batch) {
        let (Some(services), Some(session)) = (self.0.upgrade(), session(who)) else { return };
        match what {
            Event::Online { at, peer } => {
                device::came_online(&services, session, at, who.epoch, into);
                log::online(session.no, at, &peer.to_string(), into);
                kick_if_refused_meanwhile(&services, session);
            }
            Event::Offline { at, why } => {
                log::offline(session.no, at, why, into);
                device::went_offline(&services, session, at, who.epoch, into);
            }
            Event::SubscribeRefused { at, filter } => {
                log::diagnose(session.no, at, Diagnosis::SubscribeUnauthorized { filter }, into);
            }
            // Else a device that never listens to its answers would fill its log with them.
            Event::NotDelivered { at, why: Undelivered::NoSubscriber, .. }
                if !session.cell.may_note_unheard(at) => {}
            Event::NotDelivered { at, topic, qos, why } => {
                let what = Diagnosis::NotDelivered { topic, qos: uplink::level(qos), why };
                log::diagnose(session.no, at, what, into);
            }
            Event::Subscribed { .. } | Event::Unsubscribed { .. } => {}
        }
    }

    fn commit(&self, who: &Grant, batch: Batch, store: &Store) -> Ticket {
        match session(who) {
            Some(session) if session.changed.swap(false, Ordering::Relaxed) => {
                session.cell.commit(store, &session.cell.shadow.lock(), batch)
            }
            _ => store.commit(batch),
        }
    }
}

fn session(who: &Grant) -> Option<&Session> {
    who.data.downcast_ref()
}

/// Decides on a CONNECT: who it says it is, whether it is, whether it may.
fn admit(services: &Arc<Services>, hello: &Connect<'_>) -> Result<Grant, Refusal> {
    let key = DeviceKey::from_client_id(hello.client_id).map_err(|_| Refusal::BadIdentifier)?;
    let credential = match services.devices.credential(&services.store, hello.client_id) {
        Ok(found) => found.ok_or(Refusal::BadCredentials)?,
        Err(error) => {
            tracing::error!(?error, "credential mirror is unreadable");
            return Err(Refusal::Unavailable);
        }
    };
    if let Err((refusal, why)) = prove(&credential, hello) {
        complain(services, &credential, hello.now, why);
        return Err(refusal);
    }
    grant(services, key, &credential, hello)
}

/// Whether the caller is the device, and the device may connect.
fn prove(credential: &Credential, hello: &Connect<'_>) -> Result<(), (Refusal, &'static str)> {
    if let Some(identity) = hello.psk {
        if identity != hello.client_id.as_bytes() {
            return Err((Refusal::NotAuthorized, "psk identity is of another device"));
        }
    } else {
        let text = hello.user_name.ok_or((Refusal::BadCredentials, "user name is missing"))?;
        let name =
            UserName::parse(text).ok_or((Refusal::BadCredentials, "user name is malformed"))?;
        if name.client_id != hello.client_id {
            return Err((Refusal::BadCredentials, "user name is of another device"));
        }
        let given = hello.password.ok_or((Refusal::BadCredentials, "password is missing"))?;
        if !password::matches(credential.secret.expose(), text, given) {
            return Err((Refusal::BadCredentials, "password is wrong"));
        }
        if name.expired(hello.now) {
            return Err((Refusal::BadCredentials, "user name has expired"));
        }
    }
    if !credential.enabled {
        return Err((Refusal::NotAuthorized, "device is disabled"));
    }
    Ok(())
}

fn grant(
    services: &Services,
    key: DeviceKey,
    credential: &Credential,
    hello: &Connect<'_>,
) -> Result<Grant, Refusal> {
    let product = product::live(services, &key.product).ok_or(Refusal::Unavailable)?;
    let cell = services.devices.cell(&services.store, credential.no).map_err(|error| {
        tracing::error!(?error, "device state is unreadable");
        Refusal::Unavailable
    })?;
    let client = ClientKey(hello.client_id.into());
    let last = cell.state.lock().epoch;
    let session = Session {
        no: credential.no,
        down: DownTopics::of(&key),
        key,
        client: client.clone(),
        cell,
        gateway: product.gateway,
        custom: product.enterprise,
        content_log: services.settings.content_log,
        changed: AtomicBool::default(),
    };
    Ok(Grant {
        client,
        epoch: services.devices.next_epoch(hello.now, last),
        limits: services.settings.device_limits,
        allows: Switches::default(),
        data: Arc::new(session),
    })
}

/// Notes a refused CONNECT in the log of the device that it names.
fn complain(services: &Services, credential: &Credential, now: Millis, why: &str) {
    if services.devices.may_complain(credential.no, now) {
        let mut batch = Batch::default();
        log::diagnose(credential.no, now, Diagnosis::Connect { why }, &mut batch);
        drop(services.store.commit(batch));
    }
}

/// A device that was disabled or deleted between its CONNECT's check and its registration was
/// missed by the kick: this is the second look.
fn kick_if_refused_meanwhile(services: &Services, session: &Session) {
    let found = services.devices.credential(&services.store, &session.client.0);
    let fine = matches!(found, Ok(Some(c)) if c.enabled && c.no == session.no);
    if !fine && let Some(broker) = services.broker() {
        broker.kick(&session.client, Offline::Kicked);
    }
}
