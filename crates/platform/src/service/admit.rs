//! The place where the broker's questions about service clients are answered: all of it in memory.

use std::sync::{Arc, atomic::Ordering};

use base::{DeviceKey, Millis, topic::Topic};
use broker::hub::{
    Access, Burst, ClientKey, Connect, Event, Grant, Limits, Offline, Reach, Refusal, Switches,
    Verdict,
};

use super::{Name, ServiceSession, hash, rights::Who, tables, types::Known, types::PREFIX};
use crate::{
    Services, downlink,
    log::{self, Direction, Message},
    product, uplink,
};

/// Bytes of a client id; with the entry's name before it, it is the name of a session.
const CLIENT_ID: usize = 128;
/// The last connection of an entry is written down at most this often.
const NOTE_EVERY: Millis = 60_000;

/// What a backend may, unlike a device: it speaks for many.
const LIMITS: Limits = Limits {
    up_qos0_per_s: 0,
    up_qos1_per_s: 0,
    down_per_s: 0,
    payload_bytes: 256 * 1024,
    topic_bytes: 0,
    topic_levels: 128,
    subscriptions: 1000,
    keep_alive_s: 0,
    in_flight: 0,
    session_s: 30 * 86_400,
    queue_messages: 10_000,
    queue_s: 86_400,
    queue_drop_oldest: false,
    replay_ms: 0,
};

/// Whether a user name is one of a service client's, whatever follows.
pub(crate) fn is_name(user_name: &str) -> bool {
    user_name.starts_with(PREFIX)
}

/// Whether a session is a service client's: no device's client id has a `/`.
pub(crate) fn is_client(client: &ClientKey) -> bool {
    client.0.contains('/')
}

/// The service client behind a connection; `None`: it is a device.
pub(crate) fn session(who: &Grant) -> Option<&ServiceSession> {
    who.data.downcast_ref()
}

/// Decides on a CONNECT with such a user name.
pub(crate) fn admit(services: &Services, hello: &Connect<'_>) -> Result<Grant, Refusal> {
    let user = hello.user_name.unwrap_or_default();
    let refuse = |refusal, why| {
        let user: String = user.chars().take(32).collect();
        tracing::info!(user, peer = %hello.peer, why, "service client refused");
        refusal
    };
    let known =
        prove(services, user, hello.password).map_err(|(refusal, why)| refuse(refusal, why))?;
    if !(1..=CLIENT_ID).contains(&hello.client_id.len()) {
        return Err(refuse(Refusal::BadIdentifier, "client id is too long"));
    }
    let every = Millis::from(services.settings.connect_every_s) * 1000;
    if !known.connects.take(hello.client_id, hello.now, every) {
        return Err(refuse(Refusal::TooOften, "client id connects too often"));
    }
    let client = ClientKey(format!("{user}/{}", hello.client_id).into());
    Ok(grant(services, client, known, hello.now))
}

fn prove(
    services: &Services,
    user: &str,
    token: Option<&[u8]>,
) -> Result<Arc<Known>, (Refusal, &'static str)> {
    let found = services.service_clients.get(user);
    let found = found.and_then(|known| Some((known.now()?, known)));
    let (entry, known) = found.ok_or((Refusal::BadCredentials, "there is no such client"))?;
    let token = token.ok_or((Refusal::BadCredentials, "token is missing"))?;
    if hash(token) != entry.token {
        return Err((Refusal::BadCredentials, "token is wrong"));
    }
    if !entry.enabled {
        return Err((Refusal::NotAuthorized, "client is disabled"));
    }
    Ok(known)
}

fn grant(services: &Services, client: ClientKey, known: Arc<Known>, now: Millis) -> Grant {
    Grant {
        client,
        epoch: services.devices.next_epoch(now, 0),
        limits: Arc::new(LIMITS),
        allows: Switches { retained: true, will: true, qos2: true, many_filters: true },
        tenant: known.tenant.clone(),
        reach: Reach::Free,
        sessions: known.sessions.clone(),
        data: Arc::new(ServiceSession(known)),
    }
}

/// The standing of a service client whose session outlived the server; `None`: it has none now.
pub(crate) fn restore(services: &Services, client: &ClientKey) -> Option<Grant> {
    let (name, _) = client.0.split_once('/')?;
    let known = services.service_clients.get(name)?;
    known.now().filter(|entry| entry.enabled)?;
    Some(grant(services, client.clone(), known, services.clock.now()))
}

/// Whether a service client may use a topic or filter; what its entry says now counts.
pub(crate) fn may(
    services: &Services,
    session: &ServiceSession,
    access: Access,
    text: &str,
) -> bool {
    let entry = session.0.entry.read();
    let Some(entry) = entry.as_deref().filter(|entry| entry.enabled) else { return false };
    Who { services, entry, tenant: &session.0.tenant }.may(access, text)
}

/// The device client whose own topic this is.
pub(crate) fn owner(services: &Services, topic: &str) -> Option<ClientKey> {
    let Topic { product, device, .. } = Topic::parse(topic)?;
    product::named(services, product)?;
    Some(ClientKey([product, device].concat().into()))
}

/// What goes to devices is in their content logs, as what the cloud API sends them is.
pub(crate) fn up(services: &Services, burst: &mut Burst<'_>) {
    let accepted = burst.up.iter().filter(|up| up.verdict == Verdict::Accepted);
    for up in accepted {
        let Some(key) = device(services, up.topic) else { continue };
        let found = services.devices.credential(&services.store, &key.client_id());
        let Ok(Some(credential)) = found else { continue };
        let (direction, qos) = (Direction::Down, uplink::level(up.qos));
        let message = Message { direction, topic: up.topic, payload: up.payload, qos };
        if services.settings.content_log {
            log::content(credential.no, burst.now, &message, &mut burst.batch);
        }
        downlink::look(services, &key, burst.now, &message);
    }
}

fn device(services: &Services, topic: &str) -> Option<DeviceKey> {
    let Topic { product, device, .. } = Topic::parse(topic)?;
    product::named(services, product)?;
    DeviceKey::parse(product, device).ok()
}

/// Something happened to a service client. No log of a device is concerned.
pub(crate) fn event(services: &Arc<Services>, who: &Grant, what: Event<'_>) {
    let Some(ServiceSession(known)) = session(who) else { return };
    match what {
        Event::Online { at, .. } => {
            known.online.fetch_add(1, Ordering::Relaxed);
            known.connected.fetch_max(at, Ordering::Relaxed);
            // Who was deleted or disabled between its check and its registration was missed by the
            // kick: this is the second look.
            match known.now().filter(|entry| entry.enabled) {
                Some(entry) => note(services, known, &entry.name, at),
                None => {
                    if let Some(broker) = services.broker() {
                        broker.kick(&who.client, Offline::Kicked);
                    }
                }
            }
        }
        Event::Offline { .. } => {
            known.online.fetch_sub(1, Ordering::Relaxed);
        }
        Event::SubscribeRefused { filter, .. } => {
            let filter: String = filter.chars().take(200).collect();
            tracing::info!(client = %who.client.0, filter, "subscription refused");
        }
        Event::Subscribed { .. } | Event::Unsubscribed { .. } => {}
    }
}

/// Writes down when the client was here.
fn note(services: &Arc<Services>, known: &Known, name: &Name, at: Millis) {
    let noted = known.noted.load(Ordering::Relaxed);
    let due = noted == 0 || at - noted >= NOTE_EVERY || at < noted;
    let mine = known.noted.compare_exchange(noted, at, Ordering::Relaxed, Ordering::Relaxed);
    if !due || mine.is_err() {
        return;
    }
    let (all, name) = (services.clone(), name.clone());
    services.calls.spawn(async move {
        let noted = async {
            let mut tx = all.store.begin().await?;
            tables::connected(&mut tx, &name, at).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::error!(?error, client = %name, "last connection is not stored");
        }
    });
}
