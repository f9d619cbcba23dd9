//! The place that knows how long days are kept, drops them, and lets journals go.

use std::time::Duration;

use base::{Clock, Millis, Result};
use tokio::time::Instant;

use super::{
    key::{Day, Place},
    kv::Kv,
};
use crate::{Series, Space};

const AHEAD: Millis = 86_400_000;
/// With more journals than this, the spaces that seldom change are flushed, since they pin them.
const JOURNALS: usize = 4;

/// Less than this that visits left in memory is not worth a table.
const FEW: u64 = 128 << 10;
/// What is larger, or grows by more between two looks, is no tail of what was busy before: the engine
/// sees to it, at a better price for each row.
const MANY: u64 = 4 << 20;
const GROWS: u64 = 512 << 10;

/// Between two tables of today's logs that are made for this: tables of logs stay as many as they are.
const REST: Duration = Duration::from_secs(600);

/// What the last look saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The bytes in memory, in the order of [`of_visits`].
    bytes: [u64; 4],
    /// When today's logs were last made a table for this.
    logs: Option<Instant>,
}

/// How many days each series is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    pub(crate) points_days: u32,
    pub(crate) logs_days: u32,
}

impl Keep {
    /// The oldest day that is kept: today and that many days before it.
    pub(crate) fn oldest(self, series: Series, now: Millis) -> Day {
        let days = match series {
            Series::Points => self.points_days,
            Series::Logs => self.logs_days,
        };
        Day(Day::of(now).0.saturating_sub(days.into()))
    }

    /// The day of a record, unless it is past its retention or more than a day ahead.
    pub(crate) fn day(self, series: Series, at: Millis, now: Millis) -> Option<Day> {
        let day = Day::of(at);
        (day >= self.oldest(series, now) && at <= now.saturating_add(AHEAD)).then_some(day)
    }
}

/// Drops the days that are past their retention.
pub(super) fn expire(kv: &dyn Kv, keep: Keep, clock: &Clock) -> Result<()> {
    for series in [Series::Points, Series::Logs] {
        let oldest = keep.oldest(series, clock.now());
        for day in kv.days(series).into_iter().filter(|day| *day < oldest) {
            kv.drop_day(series, day)?;
            tracing::info!(?series, day = day.name(), "dropped a day that is past its retention");
        }
    }
    Ok(())
}

/// Flushes the days that closed (late records too), so that no idle keyspace pins a journal.
pub(super) fn settle(kv: &dyn Kv, clock: &Clock) -> Result<()> {
    let today = Day::of(clock.now());
    for series in [Series::Points, Series::Logs] {
        for day in kv.days(series).into_iter().filter(|day| *day < today) {
            kv.flush(Place::Day(series, day))?;
        }
    }
    if kv.journals()?.0 > JOURNALS { flush_spaces(kv) } else { Ok(()) }
}

/// Where a device that comes or goes leaves rows.
pub(super) fn of_visits(clock: &Clock) -> impl Iterator<Item = Place> {
    let today = Place::Day(Series::Logs, Day::of(clock.now()));
    let spaces = [Space::DeviceState, Space::Session].map(Place::Space);
    spaces.into_iter().chain([Place::Counters, today])
}

/// Begins to flush what visits left: thousands of devices that come and stay would else leave rows in
/// memory that nobody reads.
pub(super) fn tidy(kv: &dyn Kv, clock: &Clock, seen: &mut Seen) -> Result<()> {
    for (place, bytes) in of_visits(clock).zip(&mut seen.bytes) {
        let before = std::mem::replace(bytes, kv.in_memory(place));
        if !(FEW..MANY).contains(bytes) || bytes.saturating_sub(before) >= GROWS {
            continue;
        }
        if matches!(place, Place::Day(..)) {
            // Only when nothing is logged any more.
            if *bytes != before || seen.logs.is_some_and(|at| at.elapsed() < REST) {
                continue;
            }
            seen.logs = Some(Instant::now());
        }
        kv.start_flush(place)?;
    }
    Ok(())
}

/// Flushes everything, so that a start has little to read again from journals.
pub(super) fn rest(kv: &dyn Kv) -> Result<()> {
    for series in [Series::Points, Series::Logs] {
        for day in kv.days(series) {
            kv.flush(Place::Day(series, day))?;
        }
    }
    flush_spaces(kv)
}

fn flush_spaces(kv: &dyn Kv) -> Result<()> {
    let spaces = [
        Space::Shadow,
        Space::Credential,
        Space::DeviceState,
        Space::Session,
        Space::Queue,
        Space::Retained,
        Space::Outbox,
    ];
    for place in spaces.map(Place::Space).into_iter().chain([Place::Meta, Place::Counters]) {
        kv.flush(place)?;
    }
    Ok(())
}
