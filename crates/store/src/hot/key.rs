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

/// How long a whole record key is: what the engine keeps in an entry itself, not behind a pointer.
pub(crate) const LENGTH: usize = STEM + 8;
/// How long it is without its sequence number.
pub(crate) const STEM: usize = HEAD + 6;
/// How much of it tells device and lane.
pub(crate) const HEAD: usize = 6;

/// Devices have numbers below this one, of five bytes.
pub(crate) const DEVICES: u64 = (1 << 40) - 1;
/// The latest time that a key can tell, six bytes long: in the year 10889.
const LATEST: Millis = (1 << 48) - 1;

/// A record's key up to its time: sorts before every key that has it. A time before 1970 counts as
/// 1970, and a number that no device has as [`DEVICES`]: of neither a record is kept.
pub(crate) fn stem(device: DeviceNo, lane: u8, at: Millis) -> [u8; STEM] {
    let [_, _, _, d @ ..] = device.0.min(DEVICES).to_be_bytes();
    let [_, _, t @ ..] = at.clamp(0, LATEST).to_be_bytes();
    let mut key = [0; STEM];
    for (to, from) in key.iter_mut().zip(d.into_iter().chain([lane]).chain(t)) {
        *to = from;
    }
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
    let bytes: [u8; STEM - HEAD] = key.get(HEAD..STEM)?.try_into().ok()?;
    Some(bytes.iter().fold(0, |at, byte| at << 8 | Millis::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_parts() {
        let stems = [
            stem(DeviceNo(1), 0, 0),
            stem(DeviceNo(1), 0, 1),
            stem(DeviceNo(1), 0, 256),
            stem(DeviceNo(1), 0, 1_795_564_800_000),
            stem(DeviceNo(1), 1, 5),
            stem(DeviceNo(2), 0, 9),
            stem(DeviceNo(256), 0, Millis::MAX),
            stem(DeviceNo(DEVICES - 1), u8::MAX, Millis::MAX),
            stem(DeviceNo(DEVICES), 0, 0),
        ];
        assert!(stems.windows(2).all(|pair| pair[0] < pair[1]));
        let (least, most) = (whole(&stems[1], 0), whole(&stems[1], u64::MAX));
        assert!(stems[1][..] < least[..] && most[..] < stems[2][..]);
        assert_eq!(time(&whole(&stems[3], 7)), Some(1_795_564_800_000));
        assert_eq!(time(&stems[2]), Some(256));
        assert_eq!(time(b"short"), None);
    }

    #[test]
    fn what_a_key_cannot_tell_sorts_at_its_ends() {
        assert_eq!(stem(DeviceNo(1), 0, Millis::MIN), stem(DeviceNo(1), 0, 0));
        assert_eq!(time(&stem(DeviceNo(1), 0, Millis::MAX)), Some(LATEST));
        assert_eq!(stem(DeviceNo(u64::MAX), 3, 5), stem(DeviceNo(DEVICES), 3, 5));
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
