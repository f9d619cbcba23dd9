//! The place where the broker's questions are answered: the device side's table of contents.

use std::{
    future::ready,
    sync::{Arc, OnceLock, Weak, atomic::AtomicBool},
};

use base::{DeviceKey, Millis, ProductId, Secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use broker::hub::{
    Access, Answer, Burst, ClientKey, Connect, Event, Grant, Hub, Lost, Offline, Reach, Refusal,
    Switches, Undelivered,
};
use store::{Batch, Store, Ticket};

use crate::{
    Services,
    device::{self, Credential, Session},
    log::{self, Diagnosis},
    message::Replies,
    product::{self, Authentication},
    service, uplink,
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
        let key = DeviceKey::from_client_id(client_id).ok()?;
        if product::authentication(&services, &key.product)?.1 != Authentication::Key {
            complain(&services, &found, services.clock.now(), device::NO_PSK);
            return None;
        }
        // A disabled device is told so when it connects.
        STANDARD.decode(found.secret.expose()).ok().map(Secret::new)
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.0.upgrade().map(|services| services.authorities.ders()).unwrap_or_default()
    }

    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>> {
        let answer = match self.0.upgrade() {
            None => Err(Refusal::Unavailable),
            Some(services) if hello.user_name.is_some_and(service::is_name) => {
                service::admit(&services, hello)
            }
            Some(services) => admit(&services, hello),
        };
        Box::pin(ready(answer))
    }

    fn may(&self, who: &Grant, access: Access, topic: &str) -> bool {
        if let Some(client) = service::session(who) {
            let services = self.0.upgrade();
            return services.is_some_and(|all| service::may(&all, client, access, topic));
        }
        session(who).is_some_and(|s| device::rights::may(s.own(), access, topic))
    }

    fn owner(&self, topic: &str) -> Option<ClientKey> {
        service::owner(&*self.0.upgrade()?, topic)
    }

    fn restore(&self, client: &ClientKey) -> Option<Grant> {
        let services = self.0.upgrade()?;
        match DeviceKey::from_client_id(&client.0) {
            Ok(key) => {
                let found = services.devices.credential(&services.store, &client.0).ok()??;
                let (who, now) = ((client.clone(), &key.product), services.clock.now());
                Some(&found).filter(|c| c.enabled).and_then(|c| grant(&services, who, c, now).ok())
            }
            Err(_) => service::restore(&services, client),
        }
    }

    fn up(&self, who: &Grant, burst: &mut Burst<'_>) -> Option<Answer<'static, ()>> {
        let services = self.0.upgrade()?;
        let Some(session) = session(who) else {
            service::up(&services, burst);
            return None;
        };
        uplink::up(&services, session, burst)
    }

    fn event(&self, who: &Grant, what: Event<'_>, into: &mut Batch) {
        let Some(services) = self.0.upgrade() else { return };
        let Some(session) = session(who) else { return service::event(&services, who, what) };
        match what {
            Event::Online { at, peer } => {
                device::came_online(&services, session, (at, who.epoch), into);
                log::online(session.no(), at, peer, into);
                kick_if_refused_meanwhile(&services, session);
            }
            Event::Offline { at, why } => {
                log::offline(session.no(), at, why, into);
                device::went_offline(&services, session, at, who.epoch);
            }
            Event::SubscribeRefused { at, filter } => {
                log::diagnose(session.no(), at, Diagnosis::SubscribeUnauthorized { filter }, into);
            }
            Event::Subscribed { .. } | Event::Unsubscribed { .. } => {}
        }
    }

    fn lost(&self, to: &ClientKey, what: Lost<'_>, into: &mut Batch) {
        if service::is_client(to) {
            return;
        }
        let Some(services) = self.0.upgrade() else { return };
        let Ok(Some(device)) = services.devices.credential(&services.store, &to.0) else { return };
        let Ok(cell) = services.devices.cell(&services.store, device.no) else { return };
        let Lost { at, topic, qos, why } = what;
        // Else a device that never listens to its answers would fill its log with them.
        if why == Undelivered::NoSubscriber && !cell.may_note_unheard(at) {
            return;
        }
        let what = Diagnosis::NotDelivered { topic, qos: uplink::level(qos), why };
        log::diagnose(device.no, at, what, into);
    }

    fn commit(&self, who: &Grant, batch: Batch, store: &Store) -> Ticket {
        let Some(session) = session(who) else { return store.commit(batch) };
        let ticket = session.commit(store, batch);
        session.replies.release(&ticket);
        ticket
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
    if let Err((refusal, why)) = device::prove(services, &key, &credential, hello) {
        complain(services, &credential, hello.now, why);
        return Err(refusal);
    }
    let who = (ClientKey(hello.client_id.into()), &key.product);
    let grant = grant(services, who, &credential, hello.now)?;
    let every = Millis::from(services.settings.connect_every_s) * 1000;
    if session(&grant).is_some_and(|session| !session.cell.may_connect(hello.now, every)) {
        complain(services, &credential, hello.now, "device connects too often");
        return Err(Refusal::TooOften);
    }
    Ok(grant)
}

/// What a device gets that is let in.
fn grant(
    services: &Services,
    (client, product): (ClientKey, &ProductId),
    credential: &Credential,
    now: Millis,
) -> Result<Grant, Refusal> {
    let product = product::live(services, product).ok_or(Refusal::Unavailable)?;
    let cell = services.devices.cell(&services.store, credential.no).map_err(|error| {
        tracing::error!(?error, "device state is unreadable");
        Refusal::Unavailable
    })?;
    let last = cell.state.lock().epoch;
    let session = Session {
        down: OnceLock::new(),
        client: client.clone(),
        cell,
        gateway: product.gateway,
        custom: product.enterprise,
        content_log: services.settings.content_log,
        changed: AtomicBool::default(),
        moved: AtomicBool::default(),
        replies: Replies::default(),
    };
    Ok(Grant {
        client,
        epoch: services.devices.next_epoch(now, last),
        limits: services.settings.device_limits.clone(),
        allows: allows(product.enterprise),
        tenant: product.tenant.clone().ok_or(Refusal::Unavailable)?,
        reach: Reach::Own,
        sessions: None,
        data: Arc::new(session),
    })
}

/// What the manual's limits forbid, an enterprise instance allows (L73).
fn allows(enterprise: bool) -> Switches {
    Switches { retained: enterprise, will: enterprise, qos2: enterprise, many_filters: enterprise }
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
    let fine = matches!(found, Ok(Some(c)) if c.enabled && c.no == session.no());
    if !fine && let Some(broker) = services.broker() {
        broker.kick(&session.client, Offline::Kicked);
    }
}
