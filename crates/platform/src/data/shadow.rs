//! The place where the latest and desired values of a device are a row of the hot store.

use base::{DeviceNo, Result};
use store::{Batch, Space, Store};
use thing::shadow::Shadow;

use super::Shown;

/// The row of a device; a device that never spoke has an empty one.
pub(crate) fn load(store: &Store, no: DeviceNo) -> Result<Shadow> {
    let Some(row) = store.get(Space::Shadow, &no.0.to_be_bytes())? else {
        return Ok(Shadow::default());
    };
    Ok(Shadow::decode(&row).unwrap_or_else(|| {
        tracing::error!(device = no.0, "latest values are unreadable and start anew");
        Shadow::default()
    }))
}

/// Adds the row to a batch.
pub(crate) fn save(no: DeviceNo, shadow: &Shadow, batch: &mut Batch) {
    let mut row = Vec::new();
    shadow.encode(&mut row);
    batch.put(Space::Shadow, &no.0.to_be_bytes(), &row);
}

/// What is known of one property.
pub(super) fn shown(shadow: &Shadow, id: &str) -> Shown {
    let latest = shadow.get(id);
    let desired = shadow.desired().find(|(wanted, ..)| *wanted == id);
    Shown {
        id: id.to_owned(),
        value: latest.map(|entry| entry.value.to_json()).unwrap_or_default(),
        changed: latest.map_or(0, |entry| entry.changed),
        reported: latest.map_or(0, |entry| entry.reported),
        desired: desired.map(|(_, value, _)| value.to_json()).unwrap_or_default(),
    }
}
