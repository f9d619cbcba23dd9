//! 服务端客户端: the place where backends of an instance are that connect over MQTT with a name and a
//! token: what they may do, and what the broker asks about them. The manual has no such chapter.

pub(crate) mod actions;
mod admit;
mod connects;
mod filter;
mod memory;
mod rights;
pub mod tables;
#[cfg(test)]
mod tests;
mod types;

use std::sync::Arc;

use base::{Code, Error, InstanceId, OrCode, Result, Secret};
use broker::hub::{ClientKey, Offline};
use sha2::{Digest as _, Sha256};

pub(crate) use admit::{admit, event, is_client, is_name, may, owner, restore, session, up};
pub(crate) use memory::ServiceClients;
pub(crate) use types::ServiceSession;
pub use types::{Change, Draft, Entry, Filters, Listed, Name, Remark, Scope};

use crate::{Cx, Services, instance};

/// Service clients of one instance.
const ENTRIES: u64 = 100;
const TOKEN_CHARS: usize = 32;

/// Makes a service client; its token is known to nobody else, and not told again.
///
/// # Errors
/// The instance does not exist, or has its fill.
pub async fn create(cx: &Cx, instance: &InstanceId, what: Draft) -> Result<(Name, String)> {
    let instance = instance::get(cx, instance).await?;
    let token = cx.rand.alphanumeric(TOKEN_CHARS);
    let new = Entry {
        name: Name::new(&cx.rand),
        uin: cx.uin,
        instance: instance.id.clone(),
        what,
        enabled: true,
        created: cx.clock.now(),
        token: hash(token.as_bytes()),
    };
    let name = new.name.clone();
    let _turn = cx.service_clients.changing.lock().await;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let count = tables::count(&mut tx, &instance.id).await?;
    if count >= ENTRIES {
        let text = format!("instance {} has {count} service clients already", instance.id);
        return Err(Error::new(Code::LimitExceeded, text));
    }
    tables::insert(&mut tx, &new).await?;
    tx.commit().await?;
    cx.service_clients.add(Arc::new(new), cx.products.tenants.of(&instance), 0);
    Ok((name, token))
}

/// Hex of the SHA-256: tokens are random and long, so nothing slower is needed.
fn hash(token: &[u8]) -> Secret {
    Secret::new(hex::encode(Sha256::digest(token)))
}

/// The service clients of an instance, the newest first.
///
/// # Errors
/// The instance does not exist for this account.
pub async fn list(cx: &Cx, instance: &InstanceId) -> Result<Vec<Listed>> {
    let instance = instance::get(cx, instance).await?;
    Ok(cx.service_clients.of_instance(&instance.id))
}

/// Changes what a service client may do; its connections end.
///
/// # Errors
/// It does not exist in this instance.
pub async fn modify(cx: &Cx, instance: &InstanceId, name: &Name, change: Change) -> Result<()> {
    let instance = instance::get(cx, instance).await?;
    let _turn = cx.service_clients.changing.lock().await;
    let known = cx.service_clients.get(name.as_str());
    let found = known.and_then(|known| Some((known.now()?, known)));
    let (before, known) = found
        .filter(|(entry, _)| entry.instance == instance.id)
        .or_code(Code::ResourceNotFound, || missing(name))?;
    let after = Arc::new(changed(&before, change));
    let mut tx = cx.store.begin().await?;
    if !tables::update(&mut tx, &after).await? {
        return Err(Error::new(Code::ResourceNotFound, missing(name)));
    }
    tx.commit().await?;
    let other = after.enabled != before.enabled || !same_rights(&after.what, &before.what);
    *known.entry.write() = Some(after);
    if other {
        kick(cx, name);
    }
    Ok(())
}

fn changed(before: &Entry, change: Change) -> Entry {
    let (mut after, Change { remark, products, publish, subscribe, enabled }) =
        (before.clone(), change);
    let Draft { remark: was, products: scope, publish: out, subscribe: into } = &mut after.what;
    remark.into_iter().for_each(|new| *was = new);
    products.into_iter().for_each(|new| *scope = new);
    publish.into_iter().for_each(|new| *out = new);
    subscribe.into_iter().for_each(|new| *into = new);
    after.enabled = enabled.unwrap_or(before.enabled);
    after
}

fn same_rights(a: &Draft, b: &Draft) -> bool {
    (&a.products, &a.publish, &a.subscribe) == (&b.products, &b.publish, &b.subscribe)
}

fn missing(name: &Name) -> String {
    format!("service client {name} does not exist")
}

/// Deletes a service client; its connections end, and its token is worth nothing from now on.
///
/// # Errors
/// It does not exist in this instance.
pub async fn delete(cx: &Cx, instance: &InstanceId, name: &Name) -> Result<()> {
    let instance = instance::get(cx, instance).await?;
    let _turn = cx.service_clients.changing.lock().await;
    let entry = cx.service_clients.get(name.as_str()).and_then(|known| known.now());
    entry
        .filter(|entry| entry.instance == instance.id)
        .or_code(Code::ResourceNotFound, || missing(name))?;
    let mut tx = cx.store.begin().await?;
    tables::delete(&mut tx, name).await?;
    tx.commit().await?;
    cx.service_clients.remove(name);
    kick(cx, name);
    Ok(())
}

/// Ends all connections of a service client.
fn kick(services: &Services, name: &Name) {
    if let Some(broker) = services.broker() {
        broker.kick_where(|client| is_of(client, name), Offline::Kicked);
    }
}

fn is_of(client: &ClientKey, name: &Name) -> bool {
    client.0.split_once('/').is_some_and(|(entry, _)| entry == name.as_str())
}
