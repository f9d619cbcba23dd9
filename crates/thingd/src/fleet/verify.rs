//! The place where acknowledged reports are looked for in the history that the cloud API tells.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use base::Millis;
use fleet::device::Device;
use serde::Serialize;
use serde_json::{Value, json};

use super::{cloud::Cloud, tell};

const PAGE: i64 = 1000;
/// Missing reports that are named.
const NAMED: usize = 10;

/// What was found of what was acknowledged.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Verified {
    /// Acknowledged reports.
    pub(super) acknowledged: u64,
    /// Of these, not in the history.
    pub(super) missing: u64,
}

/// Looks every acknowledged report up by its time, in the history of one property.
///
/// # Errors
/// The server refused.
pub(super) async fn verify(
    cloud: &mut Cloud,
    property: &str,
    kept: &[(Device, Vec<Millis>)],
) -> Result<Verified> {
    let mut verified = Verified::default();
    for (device, times) in kept {
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { continue };
        let found = history(cloud, device, property, (*first, *last)).await?;
        verified.acknowledged += times.len() as u64;
        for at in times.iter().filter(|at| !found.contains(at)) {
            verified.missing += 1;
            if verified.missing <= NAMED as u64 {
                tell(&format!("missing: the report of {device:?} at {at}\n"));
            }
        }
    }
    Ok(verified)
}

async fn history(
    cloud: &mut Cloud,
    device: &Device,
    property: &str,
    (first, last): (Millis, Millis),
) -> Result<HashSet<Millis>> {
    let (mut found, mut context) = (HashSet::new(), String::new());
    loop {
        let ask = json!({
            "ProductId": device.product, "DeviceName": device.name, "FieldName": property,
            "MinTime": first, "MaxTime": last, "Limit": PAGE, "Context": context,
        });
        let page = cloud.call("DescribeDeviceDataHistory", &ask).await?;
        for item in page["Results"].as_array().context("no Results")? {
            let at = item["Time"].as_str().and_then(|text| text.parse().ok());
            found.insert(at.context("a time of the history is no number")?);
        }
        if page["Listover"] == Value::Bool(true) {
            return Ok(found);
        }
        context = page["Context"].as_str().context("no Context")?.to_owned();
    }
}
