//! The place where the keys of the hot store are made: where a row lies, and how a record's key
//! sorts by device, lane, time and sequence.

use base::{DeviceNo, Millis};
use jiff::civil::Date;

use crate::batch::{Series, Space};

const DAY_MILLIS: Millis = 86_400_000;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// A keyspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Our own book-keeping.
    Meta,
    Counters,
    Space(Space),
    Day(Series, Day),
}

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub(crate) i64);

impl Day {
    pub(crate) fn of(at: Millis) -> Self {
        Self(at.div_euclid(DAY_MILLIS))
    }

    /// `YYYYMMDD`; nothing for a day that no calendar has.
    pub(crate) fn name(self) -> Option<String> {
        let days = jiff::Span::new().try_days(self.0).ok()?;
        Some(EPOCH.checked_add(days).ok()?.strftime("%Y%m%d").to_string())
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let date = Date::strptime("%Y%m%d", name).ok()?;
        let day = Self(date.since(EPOCH).ok()?.get_days().into());
        // The parser is lenient; a name of ours is only the one that we give.
        (day.name().as_deref() == Some(name)).then_some(day)
    }
}

/// How long a whole record key is.
pub(crate) const LENGTH: usize = STEM + 8;
/// How long it is without its sequence number.
pub(crate) const STEM: usize = 17;

/// A record's key up to its time: sorts before every key that has it.
pub(crate) fn stem(device: DeviceNo, lane: u8, at: Millis) -> [u8; STEM] {
    let mut key = [0; STEM];
    let (head, time) = key.split_at_mut(9);
    let (number, kind) = head.split_at_mut(8);
    number.copy_from_slice(&device.0.to_be_bytes());
    kind.copy_from_slice(&[lane]);
    // The sign bit turned, so that times before 1970 sort before those after it.
    time.copy_from_slice(&(at ^ Millis::MIN).to_be_bytes());
    key
}

/// A whole key.
pub(crate) fn whole(stem: &[u8], seq: u64) -> [u8; LENGTH] {
    let mut key = [0; LENGTH];
    for (to, from) in key.iter_mut().zip(stem.iter().chain(&seq.to_be_bytes())) {
        *to = *from;
    }
    key
}

/// The time in a key or a stem; nothing if it is neither.
pub(crate) fn time(key: &[u8]) -> Option<Millis> {
    let bytes = key.get(9..STEM)?.try_into().ok()?;
    Some(Millis::from_be_bytes(bytes) ^ Millis::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_parts() {
        let stems = [
            stem(DeviceNo(1), 0, Millis::MIN),
            stem(DeviceNo(1), 0, -1),
            stem(DeviceNo(1), 0, 0),
            stem(DeviceNo(1), 0, 256),
            stem(DeviceNo(1), 1, -5),
            stem(DeviceNo(2), 0, -9),
            stem(DeviceNo(256), 0, Millis::MAX),
        ];
        assert!(stems.is_sorted());
        let (least, most) = (whole(&stems[1], 0), whole(&stems[1], u64::MAX));
        assert!(stems[1][..] < least[..] && most[..] < stems[2][..]);
        assert_eq!(time(&whole(&stems[3], 7)), Some(256));
        assert_eq!(time(b"short"), None);
    }

    #[test]
    fn days_have_names_and_names_have_days() {
        for (at, name) in [
            (0, "19700101"),
            (-1, "19691231"),
            (1_795_564_800_000, "20261125"),
            (1_795_564_799_999, "20261124"),
        ] {
            assert_eq!(Day::of(at).name().as_deref(), Some(name));
            assert_eq!(Day::parse(name), Some(Day::of(at)));
        }
        assert_eq!(Day::of(Millis::MAX).name(), None);
        for bad in ["", "2026112", "20261325", "x0261125", "20261125x"] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }
}
