//! The place where a page of a device's series is read: some lanes merged by time, filtered while
//! reading, in bounded steps.

use std::{collections::VecDeque, ops::Range};

use base::{Code, DeviceNo, Error, Millis, OrCode, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use store::{Cursor, Dir, Record, Series, SeriesQuery, Store};

/// The most records that one page reads; a page may be short because of it.
pub(crate) const SCAN: usize = 20_000;
/// Records per read of one lane.
const CHUNK: usize = 128;

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

/// Turns a record of a lane into an item, or leaves it out.
pub(crate) trait Pick<T>: FnMut(u8, &Record) -> Option<T> + Send + 'static {}
impl<T, F: FnMut(u8, &Record) -> Option<T> + Send + 'static> Pick<T> for F {}

struct Lane {
    lane: u8,
    after: Option<Cursor>,
    waiting: VecDeque<(Cursor, Record)>,
    dry: bool,
}

/// Reads one page, off the runtime's threads.
pub(crate) async fn read<T: Send + 'static>(
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
        let Some((cursor, record)) = next.waiting.pop_front() else { break true };
        read += 1;
        items.extend(pick(next.lane, &record));
        next.after = Some(cursor);
    };
    let context = if over { String::new() } else { close(query, &lanes) };
    Ok(Page { items, context, over })
}

fn refill(store: &Store, query: &Query, lane: &mut Lane) -> Result<()> {
    if lane.dry || !lane.waiting.is_empty() {
        return Ok(());
    }
    let found = store.series(&SeriesQuery {
        series: query.series,
        device: query.device,
        lane: lane.lane,
        time: query.time.clone(),
        dir: query.dir,
        after: lane.after.clone(),
        limit: CHUNK,
    })?;
    lane.dry = found.len() < CHUNK;
    lane.waiting.extend(found.into_iter().map(|r| (r.cursor.clone(), r)));
    Ok(())
}

/// The lane whose next record comes first.
fn first(lanes: &mut [Lane], dir: Dir) -> Option<&mut Lane> {
    lanes.iter_mut().filter(|l| !l.waiting.is_empty()).min_by_key(|l| {
        let at = l.waiting.front().map_or(0, |(_, r)| r.at);
        match dir {
            Dir::Forward => at,
            Dir::Backward => at.saturating_neg(),
        }
    })
}

/// Lanes at the place where `query.context` left them.
fn open(query: &Query) -> Result<Vec<Lane>> {
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
            after: places.pop_front().flatten(),
            waiting: VecDeque::new(),
            dry: false,
        })
        .collect())
}

fn parse(query: &Query, text: &str) -> Option<VecDeque<Option<Cursor>>> {
    let bytes = STANDARD.decode(text).ok()?;
    let mut rest = bytes.strip_prefix(&stamp(query))?;
    let mut places = VecDeque::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_at_checked(2)?;
        let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
        let (cursor, after) = after.split_at_checked(length)?;
        places.push_back((length > 0).then(|| Cursor(cursor.to_vec())));
        rest = after;
    }
    (places.len() == query.lanes.len()).then_some(places)
}

fn close(query: &Query, lanes: &[Lane]) -> String {
    let mut bytes = stamp(query).to_vec();
    for lane in lanes {
        let cursor = lane.after.as_ref().map_or(&[][..], |c| &c.0);
        let length = u16::try_from(cursor.len()).expect("a cursor is a short key");
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
