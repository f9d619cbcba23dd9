//! 物模型数据: the place where what devices say of themselves is checked, kept and shown: reports,
//! events, latest and desired values, history.
//!
//! Times: a message's own time counts unless it is absent, of a clock that was never set, or more
//! than a day ahead; then the time of arrival does. A report of the past goes to its place in the
//! history and leaves newer latest values alone, property by property.
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
    let shadow = cell.shadow_of(&cx.store, &live);
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
    let shadow = cell.shadow_of(&cx.store, &live);
    Ok(live.model.properties().map(|p| shadow::shown(&shadow, &p.field.id)).collect())
}

/// For the live page: all properties, `None` when the device is gone.
pub(crate) fn live_properties(services: &Services, key: &DeviceKey) -> Option<Vec<Value>> {
    let live = product::live(services, &key.product)?;
    let credential = services.devices.credential(&services.store, &key.client_id()).ok()??;
    let cell = services.devices.cell(&services.store, credential.no).ok()?;
    let shadow = cell.shadow_of(&services.store, &live);
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

/// The properties that `record` names.
fn named(record: &[u8]) -> impl Iterator<Item = Box<str>> {
    record::fields(record).map(|field| field.id.into())
}

/// A report that was checked, whoever made it.
struct Report<'a> {
    no: DeviceNo,
    record: &'a [u8],
    /// Its own time, and the time of its arrival.
    at: Millis,
    now: Millis,
}

/// What a report does: history, latest values. The caller sees to it that the shadow's row is
/// committed, and that open pages hear of it.
fn take(report: &Report<'_>, shadow: &mut Shadow, batch: &mut Batch) {
    let Report { no, record, at, now } = *report;
    history::append(no, at, record, batch);
    // A device's clock that runs ahead must not keep later reports from showing.
    shadow.apply_report(record, at.min(now), now, |_, _| ());
}

/// Sets desired values; durable when it returns.
///
/// # Errors
/// The store failed; then nothing is desired.
pub(crate) async fn desire(
    services: &Services,
    device: &Device,
    live: &product::Live,
    record: &[u8],
) -> Result<()> {
    let now = services.clock.now();
    change(services, device, live, record, |shadow, _| shadow.set_desired(record, now)).await
}

/// Stores a report that the cloud makes in the device's name (`ControlDeviceData`, `reported`).
///
/// # Errors
/// The device does not exist, the values are not of its model, or the store failed.
pub async fn simulate(cx: &Cx, key: &DeviceKey, params: &str, at: Option<Millis>) -> Result<()> {
    let (device, live) = modelled(cx, key).await?;
    let mut record = Vec::new();
    live.model.check_report(params, &mut record).map_err(|why| {
        Error::new(Code::InvalidParameterValueModelDefineInvalid, why.to_string())
    })?;
    stand_in(cx.services(), &device, &live, &record, at).await
}

/// Takes a checked report that the device did not make.
async fn stand_in(
    services: &Services,
    device: &Device,
    live: &product::Live,
    record: &[u8],
    at: Option<Millis>,
) -> Result<()> {
    let now = services.clock.now();
    let report = Report { no: device.no, record, at: time(at, now), now };
    change(services, device, live, record, |shadow, batch| take(&report, shadow, batch)).await
}

/// Changes what `record` names by the cloud's hand. Open pages hear of it when it is durable; when
/// it cannot be, it is taken back.
async fn change(
    services: &Services,
    device: &Device,
    live: &product::Live,
    record: &[u8],
    change: impl FnOnce(&mut Shadow, &mut Batch),
) -> Result<()> {
    let cell = services.devices.cell(&services.store, device.no)?;
    let _turn = cell.changing().lock().await;
    let (before, after, ticket) = {
        let mut shadow = cell.shadow_of(&services.store, live);
        let (before, mut batch) = (shadow.clone(), Batch::default());
        change(&mut shadow, &mut batch);
        let ticket = cell.commit(&services.store, &shadow, batch);
        (before, shadow.clone(), ticket)
    };
    let done = ticket.await;
    let mut shadow = cell.shadow.lock();
    if done.is_err() {
        shadow.revert(&before, &after);
        // A burst may have brought it into a row of its own meanwhile, and onto a page.
        drop(cell.commit(&services.store, &shadow, Batch::default()));
    }
    tell(services, &device.key, &shadow, named(record));
    done
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
