//! The place where a page of a device's series is read: some lanes merged by time, filtered while
//! reading, in bounded steps.

use std::{collections::VecDeque, ops::Range};

use base::{Code, DeviceNo, Error, Millis, OrCode, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use store::{Cursor, Dir, Record, Series, SeriesQuery, Store};

use super::record::Reader;

/// The most items, also of those left out, that one page reads; a page may be short because of it.
pub(crate) const SCAN: usize = 20_000;
/// Records per read of one lane: few at first, then ever more up to this. One of the content log has
/// up to 24 KiB.
const CHUNK: usize = 32;
const FIRST_CHUNK: usize = 16;

/// Which records, from where.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) series: Series,
    pub(crate) device: DeviceNo,
    pub(crate) lanes: Vec<u8>,
    pub(crate) time: Range<Millis>,
    pub(crate) dir: Dir,
    /// What the last page gave back.
    pub(crate) context: Option<String>,
    pub(crate) limit: usize,
    /// Whatever else the answer depends on: a context of another question is refused.
    pub(crate) filter: String,
}

/// A part of an answer. `over`: nothing follows; otherwise `context` leads on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) context: String,
    pub(crate) over: bool,
}

/// Turns a record of a lane into its items in the query's order; `None` is an item left out. Asked
/// again for the same record, it gives as many.
pub(crate) trait Pick<T>: FnMut(u8, &Record) -> Vec<Option<T>> + Send + 'static {}
impl<T, F: FnMut(u8, &Record) -> Vec<Option<T>> + Send + 'static> Pick<T> for F {}

/// How far a lane was read: up to this record, of which `seen` items, or all.
#[derive(Clone)]
struct Place {
    record: Cursor,
    seen: Option<u16>,
}

struct Lane<T> {
    lane: u8,
    place: Option<Place>,
    waiting: VecDeque<Record>,
    /// What is left of the last record, and its time.
    open: VecDeque<Option<T>>,
    at: Millis,
    chunk: usize,
    dry: bool,
}

/// Reads one page of records of one item each, off the runtime's threads.
pub(crate) async fn read<T: Send + 'static>(
    store: &Store,
    query: Query,
    mut pick: impl FnMut(u8, &Record) -> Option<T> + Send + 'static,
) -> Result<Page<T>> {
    read_parts(store, query, move |lane, record| vec![pick(lane, record)]).await
}

/// Reads one page of items, of which a record has several.
pub(crate) async fn read_parts<T: Send + 'static>(
    store: &Store,
    query: Query,
    pick: impl Pick<T>,
) -> Result<Page<T>> {
    let store = store.clone();
    tokio::task::spawn_blocking(move || read_now(&store, &query, pick))
        .await
        .map_err(Error::internal)?
}

fn read_now<T>(store: &Store, query: &Query, mut pick: impl Pick<T>) -> Result<Page<T>> {
    let mut lanes = open(query)?;
    let mut items = Vec::new();
    let mut read = 0;
    let over = loop {
        for lane in &mut lanes {
            refill(store, query, lane)?;
        }
        let Some(next) = first(&mut lanes, query.dir) else { break true };
        if items.len() >= query.limit || read >= SCAN {
            break false;
        }
        read += 1;
        items.extend(next.take(&mut pick));
    };
    let context = if over { String::new() } else { close(query, &lanes) };
    Ok(Page { items, context, over })
}

impl<T> Lane<T> {
    /// When the next item was, if there is one.
    fn next_at(&self) -> Option<Millis> {
        if self.open.is_empty() { self.waiting.front().map(|r| r.at) } else { Some(self.at) }
    }

    /// The next item, unless it is left out.
    fn take(&mut self, pick: &mut impl Pick<T>) -> Option<T> {
        if self.open.is_empty() {
            self.unfold(pick);
        }
        let item = self.open.pop_front().flatten();
        if let Some(place) = &mut self.place {
            let seen = place.seen.unwrap_or_default().saturating_add(1);
            place.seen = (!self.open.is_empty()).then_some(seen);
        }
        item
    }

    /// Opens the next record behind what the page before has shown of it.
    fn unfold(&mut self, pick: &mut impl Pick<T>) {
        let Some(record) = self.waiting.pop_front() else { return };
        self.open = pick(self.lane, &record).into();
        self.at = record.at;
        let last = self.place.take().filter(|place| place.record == record.cursor);
        let seen = last.and_then(|place| place.seen).unwrap_or_default();
        self.open.drain(..usize::from(seen).min(self.open.len()));
        self.place = Some(Place { record: record.cursor, seen: Some(seen) });
    }

    /// Where the next read begins: a record that was read in part is read again.
    fn after(&self, dir: Dir) -> Option<Cursor> {
        let Place { record, seen } = self.place.as_ref()?;
        Some(if seen.is_some() { record.before(dir) } else { record.clone() })
    }
}

fn refill<T>(store: &Store, query: &Query, lane: &mut Lane<T>) -> Result<()> {
    if lane.dry || lane.next_at().is_some() {
        return Ok(());
    }
    let found = store.series(&SeriesQuery {
        series: query.series,
        device: query.device,
        lane: lane.lane,
        time: query.time.clone(),
        dir: query.dir,
        after: lane.after(query.dir),
        limit: lane.chunk,
    })?;
    lane.dry = found.len() < lane.chunk;
    lane.chunk = CHUNK.min(lane.chunk * 2);
    lane.waiting.extend(found);
    Ok(())
}

/// The lane whose next item comes first.
fn first<T>(lanes: &mut [Lane<T>], dir: Dir) -> Option<&mut Lane<T>> {
    let full = lanes.iter_mut().filter_map(|lane| lane.next_at().map(|at| (at, lane)));
    full.min_by_key(|(at, _)| match dir {
        Dir::Forward => *at,
        Dir::Backward => at.saturating_neg(),
    })
    .map(|(_, lane)| lane)
}

/// Lanes at the place where `query.context` left them.
fn open<T>(query: &Query) -> Result<Vec<Lane<T>>> {
    let mut places = match query.context.as_deref().filter(|c| !c.is_empty()) {
        None => VecDeque::new(),
        Some(text) => parse(query, text)
            .or_code(Code::InvalidParameterValue, || "context is not of this query")?,
    };
    Ok(query
        .lanes
        .iter()
        .map(|&lane| Lane {
            lane,
            place: places.pop_front().flatten(),
            waiting: VecDeque::new(),
            open: VecDeque::new(),
            at: 0,
            chunk: FIRST_CHUNK,
            dry: false,
        })
        .collect())
}

fn parse(query: &Query, text: &str) -> Option<VecDeque<Option<Place>>> {
    let bytes = STANDARD.decode(text).ok()?;
    let mut rest = Reader(bytes.strip_prefix(&stamp(query))?);
    let mut places = VecDeque::new();
    while !rest.0.is_empty() {
        let seen = u16::from_be_bytes(rest.take()?);
        let length = usize::from(u16::from_be_bytes(rest.take()?));
        let record = Cursor(rest.bytes(length)?.to_vec());
        let seen = (seen > 0).then_some(seen);
        places.push_back((length > 0).then_some(Place { record, seen }));
    }
    (places.len() == query.lanes.len()).then_some(places)
}

/// Each lane's place: how many items were seen of its record (0: all), its length, itself.
fn close<T>(query: &Query, lanes: &[Lane<T>]) -> String {
    let mut bytes = stamp(query).to_vec();
    for lane in lanes {
        let (cursor, seen) = match &lane.place {
            Some(Place { record, seen }) => (&record.0[..], seen.unwrap_or_default()),
            None => (&[][..], 0),
        };
        let length = u16::try_from(cursor.len()).expect("a cursor is a short key");
        bytes.extend_from_slice(&seen.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(cursor);
    }
    STANDARD.encode(bytes)
}

/// What a context must begin with: a hash (FNV-1a) of the question.
fn stamp(query: &Query) -> [u8; 8] {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let numbers = query.device.0.to_be_bytes();
    let times = [query.time.start.to_be_bytes(), query.time.end.to_be_bytes()];
    let parts = numbers.iter().chain(times.iter().flatten()).chain(&query.lanes);
    for byte in parts.chain(query.filter.as_bytes()) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash.to_be_bytes()
}
