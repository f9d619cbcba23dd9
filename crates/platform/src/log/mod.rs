//! 设备云端日志: the place where a device's content, online, diagnosis, event and action logs are
//! written and read. Product data, not tracing; kept for the retention of logs.

pub(crate) mod actions;
mod content;
pub(crate) mod diagnosis;
pub(crate) mod page;
mod record;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, ops::Range};

use base::{
    DeviceNo, Millis, Result,
    topic::{Kind, Thing, Topic},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use broker::hub::Offline;
use store::{Batch, Series, Store};

pub(crate) use content::{Contents, Message};
pub(crate) use diagnosis::Diagnosis;
pub(crate) use page::{Page, Query};
pub(crate) use record::{ActionCall, Direction, Event, Online};
use thing::EventKind;

/// Which kind of record a row of [`Series::Logs`] is.
pub(crate) mod lane {
    pub(crate) const EVENT: u8 = 1;
    pub(crate) const ONLINE: u8 = 2;
    pub(crate) const DIAGNOSIS: u8 = 3;
    pub(crate) const ACTION: u8 = 4;
    /// Content logs, one lane per family, so that the page's topic filter reads no other.
    pub(crate) const PROPERTY: u8 = 16;
    pub(crate) const EVENTS: u8 = 17;
    pub(crate) const ACTIONS: u8 = 18;
    pub(crate) const SERVICE: u8 = 19;
    pub(crate) const CUSTOM: u8 = 20;
    pub(crate) const OTHER: u8 = 21;
    pub(crate) const CONTENT: [u8; 6] = [PROPERTY, EVENTS, ACTIONS, SERVICE, CUSTOM, OTHER];
}

/// What a content log keeps of a payload; the row also says how long it was.
const CONTENT_BYTES: usize = 8192;

/// The lane of a topic's content log.
pub(crate) fn content_lane(topic: &str) -> u8 {
    match Topic::parse(topic).map(|t| t.kind) {
        Some(Kind::ThingUp(family) | Kind::ThingDown(family)) => match family {
            Thing::Property => lane::PROPERTY,
            Thing::Event => lane::EVENTS,
            Thing::Action => lane::ACTIONS,
            Thing::Service => lane::SERVICE,
            Thing::Raw => lane::OTHER,
        },
        Some(Kind::Custom) => lane::CUSTOM,
        _ => lane::OTHER,
    }
}

/// Adds one message to the content log; those of a burst go together: [`Contents`].
pub(crate) fn content(device: DeviceNo, at: Millis, message: &Message<'_>, batch: &mut Batch) {
    let mut contents = Contents::of(1);
    contents.add((device, at), message, batch);
    contents.end((device, at), batch);
}

/// The beginning of a payload that is kept and shown; text stays text.
pub(crate) fn kept(payload: &[u8]) -> &[u8] {
    let Some(start) = payload.get(..CONTENT_BYTES) else { return payload };
    match std::str::from_utf8(start) {
        Err(cut) if cut.error_len().is_none() => start.get(..cut.valid_up_to()).unwrap_or(start),
        _ => start,
    }
}

/// Adds a row to the diagnosis log.
pub(crate) fn diagnose(device: DeviceNo, at: Millis, what: Diagnosis<'_>, batch: &mut Batch) {
    batch.append(Series::Logs, device, lane::DIAGNOSIS, at, &what.encode());
}

/// Adds an event of the thing model; `params` is its JSON text. `scratch` is reused between calls.
pub(crate) fn event(
    device: DeviceNo,
    at: Millis,
    (kind, id, params): (EventKind, &str, &str),
    scratch: &mut Vec<u8>,
    batch: &mut Batch,
) {
    scratch.clear();
    record::write_event(scratch, kind, id, params);
    batch.append(Series::Logs, device, lane::EVENT, at, scratch);
}

/// Adds "came online from `peer`".
pub(crate) fn online(device: DeviceNo, at: Millis, peer: SocketAddr, batch: &mut Batch) {
    batch.append(Series::Logs, device, lane::ONLINE, at, &record::online_row(peer));
}

/// Adds "went offline, because".
pub(crate) fn offline(device: DeviceNo, at: Millis, why: Offline, batch: &mut Batch) {
    batch.append(Series::Logs, device, lane::ONLINE, at, &record::offline_row(why));
}

/// Adds a call of an action, or what became of it.
pub(crate) fn action(device: DeviceNo, at: Millis, call: &ActionCall, batch: &mut Batch) {
    batch.append(Series::Logs, device, lane::ACTION, at, &call.encode());
}

/// What a page of a log is asked by.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) device: DeviceNo,
    pub(crate) time: Range<Millis>,
    pub(crate) context: Option<String>,
    pub(crate) limit: usize,
}

impl Ask {
    fn query(self, lanes: &[u8], filter: &str) -> Query {
        Query {
            series: Series::Logs,
            device: self.device,
            lanes: lanes.to_vec(),
            time: self.time,
            dir: store::Dir::Backward,
            context: self.context,
            limit: self.limit,
            filter: filter.to_owned(),
        }
    }
}

/// A message of the content log as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) direction: Direction,
    pub(crate) qos: u8,
    /// How long the payload was; what is kept of it may be less.
    pub(crate) size: u32,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
}

/// A page of the content log, newest first; of one topic, one direction, or all.
pub(crate) async fn contents(
    store: &Store,
    ask: Ask,
    topic: Option<String>,
    direction: Option<Direction>,
) -> Result<Page<(Millis, Content)>> {
    let lanes = topic.as_deref().map_or(lane::CONTENT.to_vec(), |t| vec![content_lane(t)]);
    let filter = format!("{topic:?}{direction:?}");
    page::read_parts(store, ask.query(&lanes, &filter), move |_, row| {
        let shown = |(message, size): (Message<'_>, usize)| {
            let wanted = topic.as_ref().is_none_or(|t| t == message.topic)
                && direction.is_none_or(|d| d == message.direction);
            wanted.then(|| {
                let (topic, payload) = (message.topic.to_owned(), message.payload.to_owned());
                let Message { direction, qos, .. } = message;
                let size = u32::try_from(size).unwrap_or(u32::MAX);
                (row.at, Content { direction, qos, size, topic, payload })
            })
        };
        let mut found: Vec<_> = content::Messages::of(&row.value).map(shown).collect();
        found.reverse();
        found
    })
    .await
}

/// A page of the online/offline log, newest first.
pub(crate) async fn onlines(store: &Store, ask: Ask) -> Result<Page<(Millis, Online)>> {
    page::read(store, ask.query(&[lane::ONLINE], ""), |_, row| {
        Some((row.at, Online::decode(&row.value)?))
    })
    .await
}

/// A page of the diagnosis log, newest first.
pub(crate) async fn diagnoses(store: &Store, ask: Ask) -> Result<Page<(Millis, diagnosis::Found)>> {
    page::read(store, ask.query(&[lane::DIAGNOSIS], ""), |_, row| {
        Some((row.at, diagnosis::Found::decode(&row.value)?))
    })
    .await
}

/// A page of the action log, newest first. A call whose outcome is on the same page is left out:
/// the outcome's row carries all of it.
pub(crate) async fn action_calls(
    store: &Store,
    ask: Ask,
    action: Option<String>,
) -> Result<Page<(Millis, ActionCall)>> {
    let filter = format!("{action:?}");
    let mut ended = std::collections::HashSet::new();
    page::read(store, ask.query(&[lane::ACTION], &filter), move |_, row| {
        let call = ActionCall::decode(&row.value)?;
        if action.as_ref().is_some_and(|a| *a != call.action) || ended.contains(&call.token) {
            return None;
        }
        if call.ended() {
            ended.insert(call.token.clone());
        }
        Some((row.at, call))
    })
    .await
}

/// What events are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventFilter {
    pub(crate) kind: Option<EventKind>,
    pub(crate) id: Option<String>,
}

impl EventFilter {
    fn pick(&self, row: &store::Record) -> Option<(Millis, Event)> {
        let event = Event::decode(&row.value)?;
        let wanted = self.kind.is_none_or(|k| k == event.kind)
            && self.id.as_ref().is_none_or(|id| *id == event.id);
        wanted.then_some((row.at, event))
    }
}

/// A page of events, newest first, and how many there are (counted to [`page::SCAN`]).
pub(crate) async fn events(
    store: &Store,
    ask: Ask,
    filter: EventFilter,
) -> Result<(Page<(Millis, Event)>, u64)> {
    let name = format!("{filter:?}");
    let all = Ask { context: None, limit: page::SCAN, ..ask.clone() };
    let counting = filter.clone();
    let count = page::read(store, all.query(&[lane::EVENT], &name), move |_, row| {
        counting.pick(row).map(|_| ())
    })
    .await?;
    let page =
        page::read(store, ask.query(&[lane::EVENT], &name), move |_, row| filter.pick(row)).await?;
    Ok((page, u64::try_from(count.items.len()).unwrap_or(u64::MAX)))
}

/// A payload as text and the name of its encoding: itself, or base64 when it is no text.
pub(crate) fn shown(payload: &[u8]) -> (String, &'static str) {
    match std::str::from_utf8(payload) {
        Ok(text) => (text.to_owned(), ""),
        Err(_) => (STANDARD.encode(payload), "base64"),
    }
}
