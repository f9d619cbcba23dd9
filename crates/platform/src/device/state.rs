//! The place where a device's times of coming and going are kept: one row of the hot store by
//! device number, written by the batch of the event that changes it.

use base::{DeviceNo, Millis, ProductId, Result};
use store::{Batch, Space, Store};

/// Times are milliseconds, 0 = never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) first_online: Millis,
    pub(crate) last_online: Millis,
    pub(crate) last_offline: Millis,
    /// Of the connection that `last_online` speaks of.
    pub(crate) epoch: u64,
    /// What the device said of itself (`report_info`), as JSON text; empty when it never did.
    pub(crate) info: String,
}

impl State {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(32 + self.info.len());
        for time in [self.first_online, self.last_online, self.last_offline] {
            row.extend_from_slice(&time.to_be_bytes());
        }
        row.extend_from_slice(&self.epoch.to_be_bytes());
        row.extend_from_slice(self.info.as_bytes());
        row
    }

    pub(crate) fn decode(row: &[u8]) -> Option<Self> {
        let (first, row) = row.split_first_chunk::<8>()?;
        let (last, row) = row.split_first_chunk::<8>()?;
        let (off, row) = row.split_first_chunk::<8>()?;
        let (epoch, info) = row.split_first_chunk::<8>()?;
        Some(Self {
            first_online: Millis::from_be_bytes(*first),
            last_online: Millis::from_be_bytes(*last),
            last_offline: Millis::from_be_bytes(*off),
            epoch: u64::from_be_bytes(*epoch),
            info: String::from_utf8(info.to_vec()).ok()?,
        })
    }

    /// The row of a device; a device that was never online has the default.
    pub(crate) fn load(store: &Store, no: DeviceNo) -> Result<Self> {
        let row = store.get(Space::DeviceState, &no.0.to_be_bytes())?;
        Ok(row.as_deref().and_then(Self::decode).unwrap_or_default())
    }

    pub(crate) fn save(&self, no: DeviceNo, batch: &mut Batch) {
        batch.put(Space::DeviceState, &no.0.to_be_bytes(), &self.encode());
    }

    /// Whether the device was online at least once.
    pub(crate) fn activated(&self) -> bool {
        self.first_online != 0
    }
}

/// The counter of a product's activated devices.
pub(crate) fn activated_key(product: &ProductId) -> Vec<u8> {
    [b"activated/", product.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_its_form() {
        let state = State {
            first_online: 1,
            last_online: 2,
            last_offline: 3,
            epoch: u64::MAX,
            info: "{\"name\":\"灯\"}".into(),
        };
        assert_eq!(State::decode(&state.encode()), Some(state));
        assert_eq!(State::decode(&[0; 31]), None);
    }
}
