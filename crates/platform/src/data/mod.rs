//! 物模型数据: the place where what devices say of themselves is checked, kept and shown: reports,
//! events, latest and desired values, history.
//!
//! Times: a message's own time counts unless it is absent, of a clock that was never set, or more
//! than a day ahead; then the time of arrival does. A report of the past goes to its place in the
//! history and leaves newer latest values alone.
//!
//! Desired values wait until the device clears them (`clear_control`) or reports the same value.

pub(crate) mod actions;
mod history;
mod shadow;
#[cfg(test)]
mod tests;
mod types;
mod up;

use std::sync::Arc;

use base::{Code, DeviceKey, DeviceNo, Error, Millis, OrCode, Result};
use serde_json::{Value, json};
use store::Batch;
use thing::{record, shadow::Shadow};

pub(crate) use history::{Ask, history};
pub(crate) use shadow::{load, save};
pub(crate) use types::Shown;
pub(crate) use up::{on_event, on_property, unexpected};

use crate::{
    Cx, Services,
    device::{self, Device},
    live::Topic,
    product,
};

/// Latest values of a device as the cloud API shows them:
/// `{"brightness":{"Value":5,"LastUpdate":1551432955984}}`; what was never reported is left out.
///
/// # Errors
/// The device does not exist for this account.
pub async fn latest(cx: &Cx, key: &DeviceKey) -> Result<String> {
    let (device, live) = modelled(cx, key).await?;
    let cell = cx.devices.cell(&cx.store, device.no)?;
    let shadow = cell.shadow.lock();
    let mut out = Vec::new();
    for property in live.model.properties() {
        let Some(entry) = shadow.get(&property.field.id) else { continue };
        out.push(if out.is_empty() { b'{' } else { b',' });
        out.extend_from_slice(format!("\"{}\":{{\"Value\":", entry.id).as_bytes());
        entry.value.write_json(&mut out);
        out.extend_from_slice(format!(",\"LastUpdate\":{}}}", entry.changed).as_bytes());
    }
    out.extend_from_slice(if out.is_empty() { b"{}" } else { b"}" });
    String::from_utf8(out).map_err(Error::internal)
}

/// All properties of the model with what is known of each.
///
/// # Errors
/// The device does not exist for this account.
pub async fn properties(cx: &Cx, key: &DeviceKey) -> Result<Vec<Shown>> {
    let (device, live) = modelled(cx, key).await?;
    let cell = cx.devices.cell(&cx.store, device.no)?;
    let shadow = cell.shadow.lock();
    Ok(live.model.properties().map(|p| shadow::shown(&shadow, &p.field.id)).collect())
}

/// For the live page: all properties, `None` when the device is gone.
pub(crate) fn live_properties(services: &Services, key: &DeviceKey) -> Option<Vec<Value>> {
    let live = product::live(services, &key.product)?;
    let credential = services.devices.credential(&services.store, &key.client_id()).ok()??;
    let cell = services.devices.cell(&services.store, credential.no).ok()?;
    let shadow = cell.shadow.lock();
    Some(live.model.properties().map(|p| entry(&shadow::shown(&shadow, &p.field.id))).collect())
}

/// A property as the live page gets it.
fn entry(shown: &Shown) -> Value {
    json!({
        "Id": shown.id,
        "Value": shown.value,
        "ChangeTime": shown.changed,
        "ReportTime": shown.reported,
        "Desired": shown.desired,
    })
}

/// Tells open pages what became of the properties that `record` names.
fn tell(
    services: &Services,
    key: &DeviceKey,
    shadow: &Shadow,
    ids: impl Iterator<Item = Box<str>>,
) {
    if !services.live.listening() {
        return;
    }
    let topic = Topic::Props(key.clone());
    if services.live.looked_at(&topic) {
        for id in ids {
            services.live.publish(&topic, Some(&id), &entry(&shadow::shown(shadow, &id)));
        }
    }
}

/// A report that was checked, whoever made it.
struct Report<'a> {
    no: DeviceNo,
    key: &'a DeviceKey,
    record: &'a [u8],
    /// Its own time, and the time of its arrival.
    at: Millis,
    now: Millis,
}

/// What a report does: history, latest values, open pages. The caller sees to it that the shadow's
/// row is committed.
fn take(services: &Services, report: &Report<'_>, shadow: &mut Shadow, batch: &mut Batch) {
    let Report { no, key, record, at, now } = *report;
    history::append(no, at, record, batch);
    // A device's clock that runs ahead must not keep later reports from showing.
    let at = at.min(now);
    if at < now && shadow::is_late(shadow, record, at) {
        return;
    }
    shadow.apply_report(record, at, |_, _| ());
    shadow.fulfil(record);
    tell(services, key, shadow, record::fields(record).map(|field| field.id.into()));
}

/// Sets desired values; durable when it returns.
///
/// # Errors
/// The store failed.
pub(crate) async fn desire(services: &Services, device: &Device, record: &[u8]) -> Result<()> {
    let cell = services.devices.cell(&services.store, device.no)?;
    let ticket = {
        let mut shadow = cell.shadow.lock();
        shadow.set_desired(record, services.clock.now());
        tell(services, &device.key, &shadow, record::fields(record).map(|f| f.id.into()));
        cell.commit(&services.store, &shadow, Batch::default())
    };
    ticket.await
}

/// Stores a report that the cloud makes in the device's name (`ControlDeviceData`, `reported`).
///
/// # Errors
/// The device does not exist, or the values are not of its model.
pub async fn simulate(cx: &Cx, key: &DeviceKey, params: &str, at: Option<Millis>) -> Result<()> {
    let (device, live) = modelled(cx, key).await?;
    let mut record = Vec::new();
    live.model.check_report(params, &mut record).map_err(|why| {
        Error::new(Code::InvalidParameterValueModelDefineInvalid, why.to_string())
    })?;
    let now = cx.clock.now();
    let report = Report { no: device.no, key, record: &record, at: time(at, now), now };
    let cell = cx.devices.cell(&cx.store, device.no)?;
    let ticket = {
        let mut shadow = cell.shadow.lock();
        let mut batch = Batch::default();
        take(cx.services(), &report, &mut shadow, &mut batch);
        cell.commit(&cx.store, &shadow, batch)
    };
    ticket.await
}

/// A device and the model of its product.
async fn modelled(cx: &Cx, key: &DeviceKey) -> Result<(Device, Arc<product::Live>)> {
    let device = device::find(cx, key).await?;
    let live = product::live(cx.services(), &key.product)
        .or_code(Code::ResourceNotFoundStudioProductNotExist, || {
            format!("product {} does not exist", key.product)
        })?;
    Ok((device, live))
}

/// Clocks that were never set tell a time before this: 2001-09-09.
const NEVER_SET: Millis = 1_000_000_000_000;
/// A day.
const AHEAD: Millis = 86_400_000;

/// The time of a message that came at `now` and says `given`.
fn time(given: Option<Millis>, now: Millis) -> Millis {
    given.filter(|at| (NEVER_SET..=now.saturating_add(AHEAD)).contains(at)).unwrap_or(now)
}
