//! The hot store as others see it: what is acknowledged, seen, kept and dropped.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
};

use base::{Clock, Code};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::hot::Room;

const DAY: Millis = 86_400_000;
/// 2026-11-25T12:00:00Z.
const NOON: Millis = 1_795_608_000_000;
const LAMP: DeviceNo = DeviceNo(7);

fn options(data: &Path) -> Options {
    Options {
        data: data.to_owned(),
        metadata: Metadata::Sqlite,
        points_days: 3,
        logs_days: 1,
        group_messages: 1000,
        group_bytes: 1 << 20,
        group_delay: Duration::ZERO,
    }
}

async fn open(folder: &TempDir, clock: &Clock) -> Store {
    Store::open(options(folder.path()), clock.clone()).await.unwrap()
}

async fn open_probed(
    folder: &TempDir,
    probe: impl Fn() -> std::io::Result<Room> + Send + Sync + 'static,
) -> Store {
    let clock = Clock::manual(NOON);
    Store::open_with(options(folder.path()), clock, Arc::new(probe)).await.unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::default();
    batch.put(Space::Queue, key, value);
    batch
}

fn points(dir: Dir, after: Option<Cursor>, limit: usize) -> SeriesQuery {
    let time = Millis::MIN..Millis::MAX;
    SeriesQuery { series: Series::Points, device: LAMP, lane: 0, time, dir, after, limit }
}

fn values(records: &[Record]) -> Vec<String> {
    records.iter().map(|r| String::from_utf8(r.value.clone()).unwrap()).collect()
}

#[tokio::test]
async fn what_is_acknowledged_is_seen_and_outlives_the_process() {
    let (folder, clock) = (folder(), Clock::manual(NOON));
    let mut store = open(&folder, &clock).await;
    let mut batch = Batch::default();
    batch.put(Space::Shadow, b"a", b"1");
    batch.put(Space::Shadow, b"b", b"old");
    batch.put(Space::Shadow, b"b", b"2");
    batch.put(Space::Shadow, b"c", b"3");
    batch.put(Space::Session, b"a", b"other space");
    batch.put(Space::Shadow, b"d", b"gone");
    batch.delete(Space::Shadow, b"d");
    batch.append(Series::Points, LAMP, 0, NOON, b"p");
    batch.count(b"n", 2);
    batch.count(b"n", 3);
    store.commit(batch).await.unwrap();
    for reopened in [false, true] {
        if reopened {
            store.close().await.unwrap();
            drop(store);
            store = open(&folder, &clock).await;
        }
        assert_eq!(store.get(Space::Shadow, b"b").unwrap().as_deref(), Some(&b"2"[..]));
        assert_eq!(store.get(Space::Shadow, b"d").unwrap(), None);
        assert_eq!(store.get(Space::Shadow, b"").unwrap(), None);
        let scan = |from: &'static [u8], to: &'static [u8], dir, limit| {
            let rows = store.scan(Space::Shadow, from..to, dir, limit).unwrap();
            rows.into_iter().map(|(k, _)| String::from_utf8(k).unwrap()).collect::<String>()
        };
        assert_eq!(scan(b"a", b"c", Dir::Forward, 9), "ab");
        assert_eq!(scan(b"a", b"z", Dir::Backward, 2), "cb");
        assert_eq!(scan(b"c", b"a", Dir::Forward, 9), "");
        assert_eq!(scan(b"a", b"z", Dir::Forward, 0), "");
        assert_eq!(values(&store.series(&points(Dir::Forward, None, 9)).unwrap()), ["p"]);
        assert_eq!(store.counter(b"n").unwrap(), 5);
        assert_eq!(store.counter(b"never").unwrap(), 0);
    }
}

/// The engine's worker ends with the first table that it cannot write, and a flush waits for it.
#[test]
fn closing_ends_though_the_disk_is_gone() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (folder, clock) = (folder(), Clock::manual(NOON));
        let store = open(&folder, &clock).await;
        for key in 0_u8..16 {
            store.commit(put(&[key], &vec![key; 1 << 19])).await.unwrap();
        }
        std::fs::remove_dir_all(folder.path()).unwrap();
        let closed = timeout(Duration::from_secs(20), store.close()).await.expect("closing hangs");
        assert!(closed.is_err(), "the engine has failed");
    });
    // The thread that waits for the engine would be waited for.
    runtime.shutdown_background();
}

/// The same for what is done every hour; and the store says that it failed.
#[test]
fn f06_keeping_days_ends_though_the_disk_is_gone_and_the_store_fails() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (folder, clock) = (folder(), Clock::manual(NOON));
        let store = open(&folder, &clock).await;
        let mut batch = Batch::default();
        batch.append(Series::Points, LAMP, 0, NOON - DAY, b"p");
        store.commit(batch).await.unwrap();
        std::fs::remove_dir_all(folder.path()).unwrap();
        let kept = timeout(Duration::from_secs(20), store.expire()).await;
        assert!(kept.expect("keeping hangs").is_err());
        timeout(Duration::from_secs(20), store.failed()).await.expect("nobody is told");
        assert!(store.commit(put(b"k", b"v")).await.is_err());
        timeout(Duration::from_secs(20), store.close()).await.expect("closing hangs").ok();
    });
    runtime.shutdown_background();
}

/// Nothing is committed after the engine's worker died, so no commit finds out.
#[test]
fn f06_an_engine_that_fails_in_its_background_is_noticed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (folder, clock) = (folder(), Clock::manual(NOON));
        let store = open(&folder, &clock).await;
        std::fs::remove_dir_all(folder.path()).unwrap();
        // More than its memory takes, so that a table is written.
        store.commit(put(b"k", &vec![7; 17 << 20])).await.unwrap();
        timeout(Duration::from_secs(20), store.failed()).await.expect("nobody is told");
        assert!(store.commit(put(b"k", b"v")).await.is_err());
    });
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_is_gone() {
    let (folder, clock) = (folder(), Clock::manual(NOON));
    let store = open(&folder, &clock).await;
    let error = Store::open(options(folder.path()), clock.clone()).await.unwrap_err();
    assert_eq!(error.message(), format!("another thingd serves {}", folder.path().display()));
    drop(store);
    open(&folder, &clock).await;
}

#[tokio::test]
async fn the_folder_is_made_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let data = folder.path().join("deep/data");
    Store::open(options(&data), Clock::manual(NOON)).await.unwrap();
    assert_eq!(std::fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_closed_store_takes_nothing_and_an_empty_batch_is_durable_at_once() {
    let folder = folder();
    let store = open(&folder, &Clock::manual(NOON)).await;
    let waiting = store.commit(put(b"k", b"v"));
    let ticket = store.commit(Batch::default());
    assert!(ticket.is_done());
    ticket.await.unwrap();
    store.close().await.unwrap();
    assert!(waiting.is_done());
    waiting.await.unwrap();
    assert_eq!(store.get(Space::Queue, b"k").unwrap().as_deref(), Some(&b"v"[..]));
    let refused = store.commit(put(b"k", b"w"));
    assert!(refused.is_done());
    assert_eq!(refused.await.unwrap_err().code(), Code::ServiceUnavailable);
    assert!(store.begin().await.is_err());
    store.close().await.unwrap();
}

#[tokio::test]
async fn keys_that_no_engine_takes_are_refused() {
    let folder = folder();
    let store = open(&folder, &Clock::manual(NOON)).await;
    for key in [vec![], vec![1; 65_536]] {
        let error = store.commit(put(&key, b"v")).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidParameterValue);
    }
    store.commit(put(&[1; 65_535], b"v")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_batches_add_up_and_each_record_has_its_own_key() {
    let folder = folder();
    let store = open(&folder, &Clock::manual(NOON)).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    let mut batch = Batch::default();
                    batch.count(b"n", 2);
                    batch.count(b"m", -1);
                    batch.append(Series::Points, LAMP, 0, NOON, b"p");
                    batch.append(Series::Points, LAMP, 0, NOON, b"p");
                    store.commit(batch).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.counter(b"n").unwrap(), 400);
    assert_eq!(store.counter(b"m").unwrap(), -200);
    assert_eq!(store.series(&points(Dir::Forward, None, 1000)).unwrap().len(), 400);
}

#[tokio::test]
async fn pages_go_on_where_they_stopped_whatever_comes_in_between() {
    let (folder, clock) = (folder(), Clock::manual(NOON));
    let store = open(&folder, &clock).await;
    // Three days, two records with the same time in each, and neighbours that must not be seen.
    let times = [NOON - 2 * DAY, NOON - DAY, NOON];
    let mut batch = Batch::default();
    for (day, at) in times.into_iter().enumerate() {
        for (n, lane, device) in [(0, 0, 7), (1, 0, 7), (2, 1, 7), (3, 0, 6), (4, 0, 8)] {
            let value = format!("{day}{n}");
            batch.append(Series::Points, DeviceNo(device), lane, at, value.as_bytes());
        }
    }
    store.commit(batch).await.unwrap();
    let forward = ["00", "01", "10", "11", "20", "21"];
    for (dir, expected) in [
        (Dir::Forward, forward.to_vec()),
        (Dir::Backward, forward.into_iter().rev().collect::<Vec<_>>()),
    ] {
        for limit in 1..=7 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.series(&points(dir, after.clone(), limit)).unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.cursor.clone());
                assert!(page.len() <= limit);
                seen.extend(values(&page));
            }
            assert_eq!(seen, expected, "{dir:?} by {limit}");
        }
    }
    let first = store.series(&points(Dir::Backward, None, 3)).unwrap();
    let cursor = first.last().unwrap().cursor.clone();
    let mut batch = Batch::default();
    batch.append(Series::Points, LAMP, 0, NOON, b"new");
    batch.append(Series::Points, LAMP, 0, NOON - 2 * DAY + 1, b"late");
    store.commit(batch).await.unwrap();
    let next = store.series(&points(Dir::Backward, Some(cursor.clone()), 9)).unwrap();
    assert_eq!(values(&next), ["10", "late", "01", "00"]);
    clock.advance(2 * DAY);
    store.expire().await.unwrap();
    let next = store.series(&points(Dir::Backward, Some(cursor.clone()), 9)).unwrap();
    assert_eq!(values(&next), ["10"]);
    let other = SeriesQuery { lane: 1, ..points(Dir::Forward, Some(cursor), 9) };
    assert_eq!(store.series(&other).unwrap_err().code(), Code::InvalidParameterValue);
}

#[tokio::test]
async fn a_time_range_has_its_start_and_not_its_end() {
    let folder = folder();
    let store = open(&folder, &Clock::manual(NOON)).await;
    let mut batch = Batch::default();
    for at in [NOON - 1, NOON, NOON + 1, NOON + 2] {
        batch.append(Series::Points, LAMP, 0, at, (at - NOON).to_string().as_bytes());
    }
    store.commit(batch).await.unwrap();
    for (time, expected) in [
        (NOON..NOON + 2, vec!["0", "1"]),
        (NOON..NOON, vec![]),
        #[expect(clippy::reversed_empty_ranges, reason = "a caller may ask so")]
        (NOON + 2..NOON, vec![]),
        (Millis::MIN..NOON, vec!["-1"]),
    ] {
        for dir in [Dir::Forward, Dir::Backward] {
            let query = SeriesQuery { time: time.clone(), ..points(dir, None, 9) };
            let mut found = values(&store.series(&query).unwrap());
            if dir == Dir::Backward {
                found.reverse();
            }
            assert_eq!(found, expected, "{time:?}");
        }
    }
}

#[tokio::test]
async fn days_are_kept_as_long_as_their_series_and_no_longer() {
    let (folder, clock) = (folder(), Clock::manual(NOON));
    let mut store = open(&folder, &clock).await;
    let mut batch = Batch::default();
    for (days, name) in [(-4, "old"), (-3, "oldest"), (0, "today"), (1, "ahead")] {
        batch.append(Series::Points, LAMP, 0, NOON + days * DAY, name.as_bytes());
        batch.append(Series::Logs, LAMP, 0, NOON + days * DAY, name.as_bytes());
    }
    batch.append(Series::Points, LAMP, 0, NOON + DAY + 1, b"too far ahead");
    store.commit(batch).await.unwrap();
    assert_eq!(store.0.hot.days(Series::Points), ["20261122", "20261125", "20261126"]);
    assert_eq!(store.0.hot.days(Series::Logs), ["20261125", "20261126"]);
    let all = |store: &Store| values(&store.series(&points(Dir::Forward, None, 9)).unwrap());
    assert_eq!(all(&store), ["oldest", "today", "ahead"]);

    clock.advance(DAY);
    store.expire().await.unwrap();
    assert_eq!(all(&store), ["today", "ahead"]);
    // A record of a closed day goes to that day, which is flushed again.
    let mut batch = Batch::default();
    batch.append(Series::Points, LAMP, 0, NOON + 1, b"late");
    batch.append(Series::Points, LAMP, 0, NOON - 3 * DAY, b"too late");
    store.commit(batch).await.unwrap();
    store.expire().await.unwrap();
    assert_eq!(all(&store), ["today", "late", "ahead"]);
    assert_eq!(store.0.hot.days(Series::Points), ["20261125", "20261126"]);

    drop(store);
    store = open(&folder, &clock).await;
    assert_eq!(all(&store), ["today", "late", "ahead"]);
    clock.advance(9 * DAY);
    store.expire().await.unwrap();
    assert!(all(&store).is_empty());
    drop(store);
    store = open(&folder, &clock).await;
    assert!(
        store.0.hot.days(Series::Points).is_empty() && store.0.hot.days(Series::Logs).is_empty()
    );
}

#[tokio::test]
async fn a_forgotten_device_leaves_no_record_and_its_neighbours_keep_theirs() {
    let folder = folder();
    let store = open(&folder, &Clock::manual(NOON)).await;
    let mut batch = Batch::default();
    for n in 0..5000 {
        batch.append(Series::Points, LAMP, 0, NOON - DAY + n, b"p");
    }
    for lane in [0, 255] {
        for device in [6, 7, 8] {
            batch.append(Series::Logs, DeviceNo(device), lane, NOON, b"l");
        }
    }
    store.commit(batch).await.unwrap();
    // Twice, and both at once.
    let (a, b) = tokio::join!(store.forget_device(LAMP), store.forget_device(LAMP));
    a.and(b).unwrap();
    let left = |device, lane| {
        let query = SeriesQuery {
            series: Series::Logs,
            device: DeviceNo(device),
            lane,
            ..points(Dir::Forward, None, 9)
        };
        store.series(&query).unwrap().len()
    };
    assert!(store.series(&points(Dir::Forward, None, 9)).unwrap().is_empty());
    assert_eq!([left(7, 0), left(7, 255)], [0, 0]);
    assert_eq!([left(6, 0), left(6, 255), left(8, 0), left(8, 255)], [1; 4]);
}

#[tokio::test]
async fn f05_a_full_disk_refuses_commits_until_there_is_room() {
    let folder = folder();
    let free = Arc::new(AtomicU64::new(1 << 20));
    let seen = free.clone();
    let store =
        open_probed(&folder, move || Ok(Room { free: seen.load(Ordering::SeqCst), all: 1 << 30 }))
            .await;
    let error = store.commit(put(b"k", b"v")).await.unwrap_err();
    assert_eq!(error.code(), Code::ResourceInsufficient);
    assert_eq!(store.get(Space::Queue, b"k").unwrap(), None);
    free.store(1 << 29, Ordering::SeqCst);
    store.commit(put(b"k", b"v")).await.unwrap();
}

#[tokio::test]
async fn what_visits_left_in_memory_goes_into_tables_while_there_is_room() {
    let folder = folder();
    let free = Arc::new(AtomicU64::new(1 << 29));
    let seen = free.clone();
    let probe = move || Ok(Room { free: seen.load(Ordering::SeqCst), all: 1 << 30 });
    let store = open_probed(&folder, probe).await;
    let mut visits = Batch::default();
    for n in 0..2000_u32 {
        visits.put(Space::Session, &n.to_be_bytes(), b"kept");
        visits.put(Space::DeviceState, &n.to_be_bytes(), b"came");
        visits.append(Series::Logs, LAMP, 0, NOON, b"came");
    }
    store.commit(visits).await.unwrap();
    let held = || store.0.hot.in_memory();
    let before = held();
    assert!(before > 3 * (128 << 10), "{before}");
    // A table that finds no room would be the end of the engine.
    free.store(0, Ordering::SeqCst);
    store.0.hot.tidy().unwrap();
    assert_eq!(held(), before);
    free.store(1 << 29, Ordering::SeqCst);
    store.0.hot.tidy().unwrap();
    assert!((1..before).contains(&held()), "logs are let alone while they grow");
    store.0.hot.tidy().unwrap();
    assert_eq!(held(), 0);
    for n in 0..2000_u32 {
        let row = store.get(Space::Session, &n.to_be_bytes()).unwrap();
        assert_eq!(row.as_deref(), Some(&b"kept"[..]));
    }
    // A few are not worth a table.
    let mut few = Batch::default();
    few.put(Space::Session, b"one", b"kept");
    store.commit(few).await.unwrap();
    store.0.hot.tidy().unwrap();
    assert!(held() > 0);
}

#[tokio::test]
async fn records_after_a_crash_follow_those_before_it() {
    let (first, clock) = (folder(), Clock::manual(NOON));
    let store = open(&first, &clock).await;
    let append = |value: String| {
        let mut batch = Batch::default();
        batch.append(Series::Points, LAMP, 0, NOON, value.as_bytes());
        batch
    };
    // More than lie between two marks, so that the last groups stand behind one.
    for n in 0..70 {
        store.commit(append(n.to_string())).await.unwrap();
    }
    // What a kill leaves.
    let second = folder();
    copy(&first.path().join("hot"), &second.path().join("hot"));
    std::fs::copy(first.path().join("hot.mark"), second.path().join("hot.mark")).unwrap();
    let store = open(&second, &clock).await;
    store.commit(append("70".into())).await.unwrap();
    let all = values(&store.series(&points(Dir::Forward, None, 99)).unwrap());
    assert_eq!(all, (0..=70).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_disk_that_fills_drops_old_days_early() {
    let (folder, clock) = (folder(), Clock::manual(NOON));
    let free = Arc::new(AtomicU64::new(1 << 29));
    let seen = free.clone();
    let probe = move || Ok(Room { free: seen.load(Ordering::SeqCst), all: 1 << 30 });
    let store = Store::open_with(options(folder.path()), clock.clone(), Arc::new(probe)).await;
    let store = store.unwrap();
    let mut batch = Batch::default();
    batch.append(Series::Logs, LAMP, 0, NOON, b"l");
    store.commit(batch).await.unwrap();
    drop(store);
    free.store(0, Ordering::SeqCst);
    clock.advance(2 * DAY);
    let seen = free.clone();
    let probe = move || Ok(Room { free: seen.load(Ordering::SeqCst), all: 1 << 30 });
    let store = Store::open_with(options(folder.path()), clock, Arc::new(probe)).await.unwrap();
    assert_eq!(store.0.hot.days(Series::Logs).len(), 1);
    assert!(store.commit(put(b"k", b"v")).await.is_err());
    assert!(store.0.hot.days(Series::Logs).is_empty());
}

#[tokio::test]
async fn f07_a_queue_that_is_full_refuses_at_once_and_loses_nothing_it_took() {
    let folder = folder();
    let (go, gate) = mpsc::channel::<()>();
    let gate = parking_lot::Mutex::new(gate);
    let store = open_probed(&folder, move || {
        gate.lock().recv().ok();
        Ok(Room { free: 1 << 30, all: 1 << 30 })
    })
    .await;
    let value = vec![7; 1 << 20];
    let (mut taken, mut busy) = (Vec::new(), 0);
    for n in 0..80_u32 {
        let ticket = store.commit(put(&n.to_be_bytes(), &value));
        if ticket.is_done() {
            assert_eq!(ticket.await.unwrap_err().code(), Code::ServiceUnavailable);
            busy += 1;
        } else {
            taken.push((n, ticket));
        }
    }
    assert!((63..=65).contains(&taken.len()), "{}", taken.len());
    assert_eq!(taken.len() + busy, 80);
    drop(go);
    for (n, ticket) in taken {
        ticket.await.unwrap();
        assert!(store.get(Space::Queue, &n.to_be_bytes()).unwrap().is_some());
    }
    store.commit(put(b"k", b"v")).await.unwrap();
}

#[tokio::test]
async fn a_commit_thread_that_dies_leaves_nobody_waiting() {
    let folder = folder();
    let alive = Arc::new(AtomicBool::new(true));
    let seen = alive.clone();
    let store = open_probed(&folder, move || {
        assert!(seen.load(Ordering::SeqCst), "on purpose");
        // Never room for sure, so that the next commit asks again.
        Ok(Room { free: 0, all: 1 })
    })
    .await;
    assert!(store.commit(put(b"k", b"v")).await.is_err());
    assert!(!*store.0.commits.failed().borrow());
    alive.store(false, Ordering::SeqCst);
    assert!(store.commit(put(b"k", b"v")).await.is_err());
    store.failed().await;
    assert_eq!(store.commit(put(b"k", b"v")).await.unwrap_err().code(), Code::InternalError);
}

#[tokio::test]
async fn f06_an_engine_that_fails_is_never_written_to_again() {
    let folder = folder();
    let store = open(&folder, &Clock::manual(NOON)).await;
    store.commit(put(b"k", b"v")).await.unwrap();
    drop(store);
    let (kv, broken) = broken::open(folder.path());
    let disk = Disk::new(hot::probe(folder.path().to_owned()));
    let keep = Keep { points_days: 1, logs_days: 1 };
    let writer =
        hot::Writer::open(kv.clone(), Clock::manual(NOON), keep, disk, folder.path()).unwrap();
    let limits = Limits { rows: 10, bytes: 1000, delay: Duration::ZERO };
    let commits = Commits::start(writer, limits).unwrap();
    let mut often = put(b"k", b"u");
    often.absorb(put(b"k", b"w"));
    often.delete(Space::Session, b"k");
    often.count(b"k", 1);
    often.count(b"k", 1);
    commits.commit(often).await.unwrap();
    broken.store(true, Ordering::SeqCst);
    assert_eq!(commits.commit(put(b"k", b"x")).await.unwrap_err().code(), Code::InternalError);
    assert!(commits.failed().wait_for(|failed| *failed).await.is_ok());
    broken.store(false, Ordering::SeqCst);
    assert_eq!(commits.commit(put(b"k", b"y")).await.unwrap_err().code(), Code::InternalError);
    let place = hot::key::Place::Space(Space::Queue);
    assert_eq!(kv.get(place, b"k").unwrap().as_deref(), Some(&b"w"[..]));
}

/// fjall with a disk that can be told to fail, and that insists on the trait's promises.
mod broken {
    use super::*;
    use crate::hot::{
        self,
        key::{Day, Place},
        kv::{Kv, KvBatch, See},
    };

    #[derive(Debug)]
    struct Broken {
        kv: Arc<dyn Kv>,
        broken: Arc<AtomicBool>,
    }

    struct BrokenBatch<'a> {
        batch: Box<dyn KvBatch + 'a>,
        broken: bool,
        /// The trait's promise: each key once.
        keys: HashSet<(Place, Vec<u8>)>,
    }

    impl BrokenBatch<'_> {
        fn once(&mut self, place: Place, key: &[u8]) {
            assert!(self.keys.insert((place, key.to_vec())), "{key:?} twice in {place:?}");
        }
    }

    pub(super) fn open(data: &Path) -> (Arc<dyn Kv>, Arc<AtomicBool>) {
        let broken = Arc::new(AtomicBool::new(false));
        let kv = hot::engine(data).unwrap();
        (Arc::new(Broken { kv, broken: broken.clone() }), broken)
    }

    impl Kv for Broken {
        fn batch(&self) -> Box<dyn KvBatch + '_> {
            let broken = self.broken.load(Ordering::SeqCst);
            Box::new(BrokenBatch { batch: self.kv.batch(), broken, keys: HashSet::new() })
        }
        fn get(&self, place: Place, key: &[u8]) -> Result<Option<Vec<u8>>> {
            self.kv.get(place, key)
        }
        fn range(
            &self,
            place: Place,
            keys: Range<&[u8]>,
            dir: Dir,
            see: &mut See<'_>,
        ) -> Result<()> {
            self.kv.range(place, keys, dir, see)
        }
        fn has(&self, place: Place) -> bool {
            self.kv.has(place)
        }
        fn days(&self, series: Series) -> Vec<Day> {
            self.kv.days(series)
        }
        fn flush(&self, place: Place) -> Result<()> {
            self.kv.flush(place)
        }
        fn in_memory(&self, place: Place) -> u64 {
            self.kv.in_memory(place)
        }
        fn start_flush(&self, place: Place) -> Result<()> {
            self.kv.start_flush(place)
        }
        fn alive(&self) -> Result<()> {
            self.kv.alive()
        }
        fn drop_day(&self, series: Series, day: Day) -> Result<()> {
            self.kv.drop_day(series, day)
        }
        fn journals(&self) -> Result<(usize, u64)> {
            self.kv.journals()
        }
    }

    impl KvBatch for BrokenBatch<'_> {
        fn put(&mut self, place: Place, key: &[u8], value: &[u8]) -> Result<()> {
            self.once(place, key);
            self.batch.put(place, key, value)
        }
        fn delete(&mut self, place: Place, key: &[u8]) -> Result<()> {
            self.once(place, key);
            self.batch.delete(place, key)
        }
        fn commit(self: Box<Self>) -> Result<()> {
            if self.broken {
                return Err(Error::internal("input/output error"));
            }
            self.batch.commit()
        }
    }
}

#[tokio::test]
async fn a_group_waits_for_its_delay_or_until_it_is_full() {
    let folder = folder();
    let hour = Duration::from_secs(3600);
    let options = Options { group_delay: hour, group_messages: 3, ..options(folder.path()) };
    let store = Store::open(options, Clock::manual(NOON)).await.unwrap();
    let first = store.commit(put(b"a", b"1"));
    let second = store.commit(put(b"b", b"2"));
    assert!(!first.is_done() && !second.is_done());
    let third = store.commit(put(b"c", b"3"));
    first.await.unwrap();
    assert!(second.is_done() && third.is_done());
    // What does not fit any more opens the next group, and so closes this one.
    let first = store.commit(put(b"a", b"1"));
    let mut large = put(b"b", b"1");
    large.absorb(put(b"c", b"1"));
    large.absorb(put(b"d", b"1"));
    let large = store.commit(large);
    first.await.unwrap();
    large.await.unwrap();
    // Closing waits for nothing.
    let last = store.commit(put(b"a", b"last"));
    store.close().await.unwrap();
    last.await.unwrap();
}

#[tokio::test]
async fn f04_a_store_that_lost_acknowledged_data_does_not_open() {
    let (folder, clock) = (folder(), Clock::manual(NOON));
    let store = open(&folder, &clock).await;
    for n in 0..3_u32 {
        store.commit(put(&n.to_be_bytes(), b"v")).await.unwrap();
    }
    drop(store);
    // An older state of the engine, as a recovery that dropped the journal's end would leave it.
    let old = tempfile::tempdir().unwrap();
    copy(&folder.path().join("hot"), &old.path().join("hot"));
    let store = open(&folder, &clock).await;
    store.commit(put(b"more", b"v")).await.unwrap();
    drop(store);
    std::fs::remove_dir_all(folder.path().join("hot")).unwrap();
    copy(&old.path().join("hot"), &folder.path().join("hot"));
    let error = Store::open(options(folder.path()), clock.clone()).await.unwrap_err();
    assert!(error.message().contains("lost acknowledged data"), "{error}");
    // A torn side file proves nothing.
    let mark = folder.path().join("hot.mark");
    std::fs::write(&mark, &std::fs::read(&mark).unwrap()[..9]).unwrap();
    let store = open(&folder, &clock).await;
    assert!(store.get(Space::Queue, &2_u32.to_be_bytes()).unwrap().is_some());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What the model does.
#[derive(Debug, Clone)]
enum Step {
    Put(bool, u8, u8),
    Delete(bool, u8),
    Append { device: u8, lane: u8, at: i16, value: u8 },
    Count(u8, i8),
    Commit,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), 0..12_u8, any::<u8>()).prop_map(|(s, k, v)| Step::Put(s, k, v)),
        3 => (any::<bool>(), 0..12_u8).prop_map(|(s, k)| Step::Delete(s, k)),
        // Hours around noon, so that several days and both edges of retention are met.
        6 => (0..3_u8, 0..2_u8, -110..40_i16, any::<u8>())
            .prop_map(|(device, lane, at, value)| Step::Append { device, lane, at, value }),
        3 => (0..3_u8, any::<i8>()).prop_map(|(k, by)| Step::Count(k, by)),
        3 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ]
}

#[derive(Debug, Default)]
struct Model {
    rows: BTreeMap<(bool, u8), u8>,
    records: BTreeMap<(u8, u8, Millis, usize), u8>,
    counters: BTreeMap<u8, i64>,
    made: usize,
}

fn space(which: bool) -> Space {
    if which { Space::Shadow } else { Space::Queue }
}

impl Model {
    fn take(&mut self, step: &Step, batch: &mut Batch) {
        match *step {
            Step::Put(which, key, value) => {
                batch.put(space(which), &[key], &[value]);
                self.rows.insert((which, key), value);
            }
            Step::Delete(which, key) => {
                batch.delete(space(which), &[key]);
                self.rows.remove(&(which, key));
            }
            Step::Append { device, lane, at, value } => {
                let at = NOON + Millis::from(at) * 3_600_000;
                batch.append(Series::Points, DeviceNo(device.into()), lane, at, &[value]);
                let kept = NOON - DAY / 2 - 3 * DAY..=NOON + DAY;
                if kept.contains(&at) {
                    self.records.insert((device, lane, at, self.made), value);
                }
                self.made += 1;
            }
            Step::Count(key, by) => {
                batch.count(&[key], by.into());
                *self.counters.entry(key).or_default() += i64::from(by);
            }
            Step::Commit | Step::Reopen => {}
        }
    }

    fn check(&self, store: &Store) {
        for which in [false, true] {
            let expected: Vec<(Vec<u8>, Vec<u8>)> = self
                .rows
                .range((which, 0)..=(which, u8::MAX))
                .map(|((_, key), value)| (vec![*key], vec![*value]))
                .collect();
            let all = store.scan(space(which), &[0]..&[255], Dir::Forward, 99).unwrap();
            assert_eq!(all, expected);
            let mut back = store.scan(space(which), &[0]..&[255], Dir::Backward, 99).unwrap();
            back.reverse();
            assert_eq!(back, expected);
            for key in 0..12 {
                let found = store.get(space(which), &[key]).unwrap();
                assert_eq!(found, self.rows.get(&(which, key)).map(|value| vec![*value]));
            }
        }
        for device in 0..3 {
            for lane in 0..2 {
                self.check_records(store, device, lane);
            }
        }
        for key in 0..3 {
            let expected = self.counters.get(&key).copied().unwrap_or_default();
            assert_eq!(store.counter(&[key]).unwrap(), expected);
        }
    }

    fn check_records(&self, store: &Store, device: u8, lane: u8) {
        let from = (device, lane, Millis::MIN, 0);
        let to = (device, lane, Millis::MAX, usize::MAX);
        let expected: Vec<(Millis, Vec<u8>)> =
            self.records.range(from..to).map(|(key, value)| (key.2, vec![*value])).collect();
        for (dir, limit) in [(Dir::Forward, 3), (Dir::Backward, 2), (Dir::Forward, 99)] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let device = DeviceNo(device.into());
                let query = SeriesQuery { device, lane, ..points(dir, after.clone(), limit) };
                let page = store.series(&query).unwrap();
                let Some(last) = page.last() else { break };
                after = Some(last.cursor.clone());
                found.extend(page.into_iter().map(|record| (record.at, record.value)));
            }
            if dir == Dir::Backward {
                found.reverse();
            }
            assert_eq!(found, expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_hot_store_is_an_ordered_map(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (folder, clock) = (folder(), Clock::manual(NOON));
            let mut store = open(&folder, &clock).await;
            let (mut model, mut batch) = (Model::default(), Batch::default());
            for step in steps.iter().chain([&Step::Reopen]) {
                model.take(step, &mut batch);
                if matches!(step, Step::Commit | Step::Reopen) {
                    store.commit(std::mem::take(&mut batch)).await.unwrap();
                    model.check(&store);
                }
                if matches!(step, Step::Reopen) {
                    drop(store);
                    store = open(&folder, &clock).await;
                    model.check(&store);
                }
            }
        });
    }
}
