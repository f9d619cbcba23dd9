//! The place where a device's times of coming and going are kept: one row of the hot store by
//! device number, written by the batch of the event that changes it.

use base::{DeviceNo, Millis, Result};
use store::{Batch, Space, Store};
use thing::record::{put_zigzag, take_zigzag};

/// Times are milliseconds, 0 = never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) first_online: Millis,
    pub(crate) last_online: Millis,
    pub(crate) last_offline: Millis,
    /// Of the connection that `last_online` speaks of.
    pub(crate) epoch: u64,
    /// What the device said of itself (`report_info`), as JSON text; empty when it never did.
    pub(crate) info: Box<str>,
}

impl State {
    /// Numbers as what they differ by, seven bits to a byte: without `info` mostly not more than the
    /// twenty bytes that lie in the engine's own entry.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(20 + self.info.len());
        let online = self.last_online;
        put_zigzag(&mut row, online);
        put_zigzag(&mut row, self.first_online.wrapping_sub(online));
        put_zigzag(&mut row, self.last_offline.wrapping_sub(online));
        put_zigzag(&mut row, self.epoch.wrapping_sub(epoch_at(online)).cast_signed());
        row.extend_from_slice(self.info.as_bytes());
        row
    }

    pub(crate) fn decode(row: &[u8]) -> Option<Self> {
        let (online, row) = take_zigzag(row)?;
        let (first, row) = take_zigzag(row)?;
        let (off, row) = take_zigzag(row)?;
        let (epoch, info) = take_zigzag(row)?;
        Some(Self {
            first_online: first.wrapping_add(online),
            last_online: online,
            last_offline: off.wrapping_add(online),
            epoch: epoch.cast_unsigned().wrapping_add(epoch_at(online)),
            info: std::str::from_utf8(info).ok()?.into(),
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

/// About what the number of a connection is that began then: [`super::Devices::next_epoch`].
fn epoch_at(online: Millis) -> u64 {
    online.cast_unsigned().wrapping_mul(1000)
}

/// The counter of a product's activated devices.
pub(crate) fn activated_key(product: &str) -> Vec<u8> {
    [b"activated/", product.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_its_form() {
        let now = 1_795_564_800_000;
        let epoch = 1_795_564_800_000_007;
        let info: Box<str> = "{\"name\":\"灯\"}".into();
        for (first_online, last_online, last_offline, epoch, info) in [
            (0, 0, 0, 0, "".into()),
            (1, 2, 3, u64::MAX, info.clone()),
            (now, now, 0, epoch, "".into()),
            (0, now, now + 1, 0, info),
            (Millis::MIN, Millis::MAX, -1, 1, "x".into()),
            (Millis::MAX, Millis::MIN, Millis::MIN, u64::MAX / 2, "".into()),
        ] {
            let state = State { first_online, last_online, last_offline, epoch, info };
            let row = state.encode();
            assert_eq!(State::decode(&row), Some(state.clone()));
            for cut in 0..row.len() - state.info.len() {
                assert_eq!(State::decode(&row[..cut]), None);
            }
        }
        for bad in [&[0xff; 40][..], &[0, 0, 0, 0, 0xff]] {
            assert_eq!(State::decode(bad), None);
        }
    }

    #[test]
    fn a_state_has_room_in_an_entry() {
        let first_online = 1_795_564_800_000;
        let year = 366 * 86_400_000;
        let last_online = first_online + 10 * year;
        let (last_offline, epoch) = (last_online - year, epoch_at(last_online) + 900_000);
        let state = State { first_online, last_online, last_offline, epoch, info: "".into() };
        let length = state.encode().len();
        assert!(length <= 21, "{length} bytes");
    }
}
