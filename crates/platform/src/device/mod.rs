//! 设备调试、设备管理: the place where devices are made, listed, enabled and deleted, and where
//! their credentials, rights and times are.

pub(crate) mod actions;
mod cell;
mod connection;
mod import;
mod mirror;
pub(crate) mod password;
mod proof;
pub(crate) mod purge;
mod registry;
pub(crate) mod rights;
mod session;
mod state;
mod sys;
pub mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod types;

use std::sync::atomic::Ordering::Relaxed;

use base::{Code, DeviceKey, DeviceNo, Error, Millis, OrCode, ProductId, Result, Secret};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use broker::hub::{ClientKey, Offline};
use serde_json::{Value, json};
use store::Batch;

pub(crate) use cell::next_connect;
pub use connection::connection;
pub use import::{LOT, import};
pub(crate) use mirror::Credential;
pub(crate) use password::UserName;
pub(crate) use proof::{NO_PSK, prove};
pub use registry::Devices;
pub(crate) use session::{Session, thing_down};
use state::{State, activated_key};
pub(crate) use sys::on_sys;
pub use types::{Connection, Described, Device, Search, Status};

use crate::{
    Cx, Services, cert,
    product::{self, Authentication},
};

/// The most devices of one bulk call.
const BULK: usize = 100;
/// The longest firmware version.
const VERSION_CHARS: usize = 64;
/// The longest secret as text (device-protocol.md 1.2).
const SECRET_CHARS: usize = 64;

/// What the caller chose for a new device.
#[derive(Debug, Default)]
pub struct Given {
    pub secret: Option<String>,
    /// PEM.
    pub certificate: Option<String>,
}

/// Stores a new device and answers when it may connect; with the key of its certificate, if it has
/// one that the platform made: nobody can ask for it again.
///
/// # Errors
/// The product is not the caller's, the name is taken, the product is full, or what was given is not
/// what the product's devices have.
pub async fn create(cx: &Cx, key: &DeviceKey, given: Given) -> Result<(Device, Option<Secret>)> {
    let product = product::get(cx, &key.product).await?;
    let secret = match given.secret {
        Some(given) if product.authentication == Authentication::Key => checked(given)?,
        // Devices with a certificate have a secret, too, which nobody knows: what takes secrets and
        // does not know of certificates refuses them.
        _ => STANDARD.encode(cx.rand.bytes::<16>()),
    };
    let issued = cert::for_device(cx, &product, key.client_id(), given.certificate).await?;
    let certificate = issued.as_ref().map_or("", |issued| &issued.certificate);
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    // Under the lock: a product that is being deleted must not get a device.
    let owner = product::owned_in(cx, &mut tx, &key.product).await?;
    let count = tables::count(&mut tx, &key.product).await?;
    if count >= u64::from(cx.settings.devices_per_product) {
        let full = format!("product {} has {count} devices already", key.product);
        return Err(Error::new(Code::LimitExceededDeviceExceedLimit, full));
    }
    let created = cx.clock.now();
    let new = tables::New {
        uin: cx.uin,
        project: &owner.project,
        key,
        secret: &secret,
        certificate,
        created,
    };
    if !tables::insert(&mut tx, &new).await? {
        let taken = format!("device {key} exists already");
        return Err(Error::new(Code::InvalidParameterValueDeviceAlreadyExist, taken));
    }
    tables::outbox_add(&mut tx, key).await?;
    let device = tables::find_in(&mut tx, key).await?.or_code(Code::InternalError, || "no row")?;
    tx.commit().await?;
    cx.devices.mirror.apply(&cx.store).await?;
    Ok((device, issued.and_then(|issued| issued.key)))
}

/// A secret that the caller chose: base64 text of at least one byte.
fn checked(given: String) -> Result<String> {
    let valid = given.len() <= SECRET_CHARS && STANDARD.decode(&given).is_ok_and(|k| !k.is_empty());
    if valid {
        return Ok(given);
    }
    Err(Error::new(
        Code::InvalidParameterValue,
        "defined psk is not base64 of at most 64 characters",
    ))
}

/// Whether a product has devices, in a transaction of the caller.
///
/// # Errors
/// The store failed.
pub(crate) async fn exists_under(tx: &mut store::Tx, product: &ProductId) -> Result<bool> {
    Ok(tables::count(tx, product).await? > 0)
}

/// Whether the product is the caller's.
///
/// # Errors
/// It is not.
pub(crate) async fn own_product(cx: &Cx, product: &ProductId) -> Result<()> {
    product::get(cx, product).await.map(|_| ())
}

/// The device that a call names; its `DeviceId` (`{pid}/{name}`) wins over the two other fields.
pub(crate) fn key(product: &str, name: &str, id: Option<&str>) -> Result<DeviceKey> {
    match id.filter(|id| !id.is_empty()) {
        None => DeviceKey::parse(product, name),
        Some(id) => {
            let (product, name) = id.split_once('/').unwrap_or((id, ""));
            DeviceKey::parse(product, name)
        }
    }
}

/// A device of the caller's account.
///
/// # Errors
/// It does not exist for this account.
pub async fn find(cx: &Cx, key: &DeviceKey) -> Result<Device> {
    tables::find(&cx.store, key)
        .await?
        .filter(|device| device.uin == cx.uin)
        .or_code(Code::ResourceNotFoundDeviceNotExist, || missing(key))
}

fn missing(key: &DeviceKey) -> String {
    format!("device {key} does not exist")
}

/// A device of the caller's account, with its state.
///
/// # Errors
/// It does not exist for this account.
pub async fn describe(cx: &Cx, key: &DeviceKey) -> Result<Described> {
    let device = find(cx, key).await?;
    let product = product::get(cx, &key.product).await?;
    described(cx.services(), device, product.name, product.gateway)
}

fn described(
    services: &Services,
    device: Device,
    product_name: String,
    gateway: bool,
) -> Result<Described> {
    let state = current(services, device.no)?;
    let status = status(services, &device.key, &state);
    let (first_online, last_online) = (state.first_online, state.last_online);
    Ok(Described { device, status, first_online, last_online, product_name, gateway })
}

/// A page of devices, newest first, and how many there are in all.
///
/// # Errors
/// The product or project is not the caller's.
pub async fn list(cx: &Cx, search: &Search) -> Result<(Vec<Described>, u64)> {
    match (&search.product, &search.project) {
        (Some(product), _) => own_product(cx, product).await?,
        (None, Some(project)) => product::own_project(cx, project).await?,
        (None, None) => {}
    }
    let (devices, total) = tables::list(&cx.store, search).await?;
    let mut found = Vec::with_capacity(devices.len());
    for device in devices {
        let product = product::get(cx, &device.key.product).await?;
        found.push(described(cx.services(), device, product.name, product.gateway)?);
    }
    Ok((found, total))
}

/// Removes devices: all of them, or none when one does not exist. Their history goes afterwards, in
/// the background; nobody sees it any more, since a new device of the same name has another number.
///
/// # Errors
/// One of them does not exist for this account.
pub async fn delete(cx: &Cx, keys: &[DeviceKey]) -> Result<()> {
    bounded(keys)?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    let mut gone = Vec::new();
    for key in keys {
        let device = in_account(cx, &mut tx, key).await?;
        tables::delete(&mut tx, &device).await?;
        tables::outbox_add(&mut tx, key).await?;
        gone.push((device.no, device.key.product));
    }
    tx.commit().await?;
    cx.devices.mirror.bar(keys);
    let mirrored = cx.devices.mirror.apply(&cx.store).await;
    let erased = purge::erase(cx.services(), &gone).await;
    keys.iter().for_each(|key| kick(cx.services(), key));
    // Also what went wrong here is on the list.
    cx.devices.purging.ask();
    mirrored.and(erased)
}

/// Allows devices to connect, or forbids it and ends their connections: all of them, or none when
/// one does not exist.
///
/// # Errors
/// One of them does not exist for this account.
pub async fn enable(cx: &Cx, keys: &[DeviceKey], enabled: bool) -> Result<()> {
    bounded(keys)?;
    let mut tx = cx.store.begin().await?;
    tx.lock(cx.uin).await?;
    for key in keys {
        let device = in_account(cx, &mut tx, key).await?;
        tables::enable(&mut tx, device.no, enabled).await?;
        tables::outbox_add(&mut tx, key).await?;
    }
    tx.commit().await?;
    if !enabled {
        cx.devices.mirror.bar(keys);
    }
    let mirrored = cx.devices.mirror.apply(&cx.store).await;
    if !enabled {
        keys.iter().for_each(|key| kick(cx.services(), key));
    }
    mirrored
}

fn bounded(keys: &[DeviceKey]) -> Result<()> {
    if (1..=BULK).contains(&keys.len()) {
        return Ok(());
    }
    let text = format!("{} devices are not 1 to {BULK}", keys.len());
    Err(Error::new(Code::InvalidParameterValue, text))
}

async fn in_account(cx: &Cx, tx: &mut store::Tx, key: &DeviceKey) -> Result<Device> {
    tables::find_in(tx, key)
        .await?
        .filter(|device| device.uin == cx.uin)
        .or_code(Code::ResourceNotFoundDeviceNotExist, || missing(key))
}

fn kick(services: &Services, key: &DeviceKey) {
    if let Some(broker) = services.broker() {
        broker.kick(&client(key), Offline::Kicked);
    }
}

/// The broker's name of a device.
pub(crate) fn client(key: &DeviceKey) -> ClientKey {
    ClientKey(key.client_id().into())
}

/// Heals what a crash left between SQL and the hot store; runs at start.
///
/// # Errors
/// A store failed.
pub async fn sweep(services: &Services) -> Result<()> {
    services.devices.mirror.apply(&services.store).await
}

/// How many devices a product has, and how many of them were online once.
///
/// # Errors
/// A store failed.
pub async fn counts(services: &Services, product: &ProductId) -> Result<(u64, u64)> {
    let all = tables::count_now(&services.store, product).await?;
    let activated = services.store.counter(&activated_key(product.as_str()))?;
    Ok((all, u64::try_from(activated).unwrap_or(0)))
}

/// A device's times. Memory knows what is still on its way to the disk: who was just told that a
/// device came asks before the batch of its coming is committed.
fn current(services: &Services, no: DeviceNo) -> Result<State> {
    match services.devices.cell_in_use(no) {
        Some(cell) => Ok(cell.state.lock().clone()),
        None => State::load(&services.store, no),
    }
}

fn status(services: &Services, key: &DeviceKey, state: &State) -> Status {
    if services.broker().is_some_and(|broker| broker.is_online(&client(key))) {
        Status::Online
    } else if state.activated() {
        Status::Offline
    } else {
        Status::Inactive
    }
}

/// For the live page: the device's status, `None` when it is gone.
pub(crate) fn live_status(services: &Services, key: &DeviceKey) -> Option<i64> {
    let credential = services.devices.credential(&services.store, &key.client_id()).ok()??;
    let state = current(services, credential.no).ok()?;
    Some(status(services, key, &state).number())
}

/// How many devices of a product are online.
pub(crate) fn online(services: &Services, product: &ProductId) -> u64 {
    services.devices.online(product)
}

/// Devices that the first look at a product's live page asks for: the newest.
const LOOK: u64 = 1000;

/// For the live page: who of the newest devices of a product is online.
pub(crate) async fn online_devices(services: &Services, product: &ProductId) -> Vec<Value> {
    let search = Search::of_product(product.clone(), LOOK);
    let devices = match tables::list(&services.store, &search).await {
        Ok((devices, _)) => devices,
        Err(error) => {
            tracing::error!(?error, "devices of a live page are unreadable");
            return Vec::new();
        }
    };
    let Some(broker) = services.broker() else { return Vec::new() };
    let online = devices.iter().filter(|device| broker.is_online(&client(&device.key)));
    let entry = |device: &Device| live_entry(&device.key, Status::Online.number());
    online.map(entry).collect()
}

/// A device's status as a product's live page gets it.
pub(crate) fn live_entry(key: &DeviceKey, status: i64) -> Value {
    json!({ "DeviceName": key.name.as_str(), "Status": status })
}

/// A connection began. The row of its times comes with the commit of `into`.
pub(crate) fn came_online(
    services: &Services,
    session: &Session,
    (at, epoch): (Millis, u64),
    into: &mut Batch,
) {
    services.devices.connected(session.product());
    let mut state = session.cell.state.lock();
    if session.cell.is_gone() {
        return;
    }
    if !state.activated() {
        state.first_online = at;
        into.count(&activated_key(session.product()), 1);
    }
    if epoch >= state.epoch {
        (state.last_online, state.epoch) = (at, epoch);
        services.live.status(|| session.key(), Status::Online.number());
    }
    session.moved.store(true, Relaxed);
}

/// A connection ended; of an older connection than the last one it says nothing.
pub(crate) fn went_offline(services: &Services, session: &Session, at: Millis, epoch: u64) {
    services.devices.disconnected(session.product());
    let mut state = session.cell.state.lock();
    if session.cell.is_gone() {
        return;
    }
    if epoch >= state.epoch {
        state.last_offline = at;
        session.moved.store(true, Relaxed);
        services.live.status(|| session.key(), Status::Offline.number());
    }
}

/// Keeps what a device said of itself; gives back the firmware version if it is another one, for
/// the metadata. The row is in the burst's own commit.
pub(crate) fn keep_info(session: &Session, info: &str) -> Option<String> {
    let mut state = session.cell.state.lock();
    if *state.info == *info || session.cell.is_gone() {
        return None;
    }
    let version = firmware(info).filter(|version| firmware(&state.info).as_ref() != Some(version));
    state.info = info.into();
    session.moved.store(true, Relaxed);
    version
}

/// `fw_ver` of a `report_info`.
fn firmware(info: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Info {
        fw_ver: Option<String>,
    }
    let version = serde_json::from_str::<Info>(info).ok()?.fw_ver?;
    // PostgreSQL has no text with a NUL.
    let fits = (1..=VERSION_CHARS).contains(&version.chars().count()) && !version.contains('\0');
    fits.then_some(version)
}

/// Forgets what a device said of itself, so that its next report is news again.
pub(crate) fn forget_info(services: &Services, no: DeviceNo) {
    if let Some(cell) = services.devices.cell_in_use(no) {
        cell.state.lock().info = Box::default();
    }
}

/// Notes a reported firmware version in the metadata, where lists look for it.
pub(crate) async fn set_version(services: &Services, no: DeviceNo, version: &str) -> Result<()> {
    let mut tx = services.store.begin().await?;
    tables::set_version(&mut tx, no, version).await?;
    tx.commit().await
}
