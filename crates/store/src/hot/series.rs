//! The place where pages of a day-partitioned series are read.

use std::ops::ControlFlow;

use base::{Code, DeviceNo, Error, Millis, Result};

use super::{
    key::{self, Day, Place},
    kv::Kv,
};
use crate::{Cursor, Dir, Record, Series, SeriesQuery};

/// One page. Days follow each other and records lie in the day of their time, so nothing is merged.
pub(super) fn read(kv: &dyn Kv, query: &SeriesQuery) -> Result<Vec<Record>> {
    let (from, to) = bounds(query)?;
    let mut found = Vec::new();
    if from >= to || query.limit == 0 {
        return Ok(found);
    }
    for day in days(kv, query.series, query.dir, &from, &to) {
        let place = Place::Day(query.series, day);
        kv.range(place, &from..&to, query.dir, &mut |key, value| {
            // A key that is none of ours cannot lie between two stems.
            if let Some(at) = key::time(key) {
                found.push(Record { at, cursor: Cursor(key.to_vec()), value: value.to_vec() });
            }
            if found.len() < query.limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        if found.len() >= query.limit {
            break;
        }
    }
    Ok(found)
}

/// The first key that is wanted and the first that is not any more.
fn bounds(query: &SeriesQuery) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut from = key::stem(query.device, query.lane, query.time.start).to_vec();
    let mut to = key::stem(query.device, query.lane, query.time.end).to_vec();
    if let Some(Cursor(after)) = &query.after {
        let lane = key::stem(query.device, query.lane, 0);
        if after.len() != key::LENGTH || after.get(..key::HEAD) != lane.get(..key::HEAD) {
            return Err(Error::new(
                Code::InvalidParameterValue,
                "cursor is not of this device and kind of record",
            ));
        }
        match query.dir {
            // The least key that is greater.
            Dir::Forward => from = from.max([after.as_slice(), &[0]].concat()),
            Dir::Backward => to = to.min(after.clone()),
        }
    }
    Ok((from, to))
}

/// The days that may hold keys of `from..to`, in the order of reading.
fn days(kv: &dyn Kv, series: Series, dir: Dir, from: &[u8], to: &[u8]) -> Vec<Day> {
    let day = |key: &[u8]| Day::of(key::time(key).unwrap_or_default());
    let (first, last) = (day(from), day(to));
    let mut days = kv.days(series);
    days.retain(|day| (first..=last).contains(day));
    if dir == Dir::Backward {
        days.reverse();
    }
    days
}

/// The next keys of a device in one day, of all lanes, at most `limit`. Going on after the last page
/// does not read again over what was deleted.
pub(super) fn keys_of_device(
    kv: &dyn Kv,
    (series, day): (Series, Day),
    device: DeviceNo,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Vec<u8>>> {
    let from = match after {
        Some(after) => [after, &[0]].concat(),
        None => key::stem(device, 0, Millis::MIN).to_vec(),
    };
    // Above every key of the device, also of the last lane and time.
    let to = key::whole(&key::stem(device, u8::MAX, Millis::MAX), u64::MAX);
    let mut keys = Vec::new();
    kv.range(Place::Day(series, day), &from[..]..&to[..], Dir::Forward, &mut |key, _| {
        keys.push(key.to_vec());
        if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(keys)
}
