//! A process that is killed while it commits: everything that it was told is durable is there after
//! the next start, and nothing twice.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "the child is told its folder by the environment")]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use base::{Clock, DeviceNo, Millis, Rand};
use store::{Batch, Dir, Metadata, Options, Series, SeriesQuery, Space, Store};

const FOLDER: &str = "THINGD_TEST_KILL_FOLDER";
const LAMP: DeviceNo = DeviceNo(1);
const ROUNDS: usize = 10;
/// Tasks of the child, so that groups of several commits are torn too.
const TASKS: u64 = 4;
/// 2026-11-25T12:00:00Z.
const NOON: Millis = 1_795_608_000_000;

#[test]
fn f01_nothing_acknowledged_is_lost_by_kill_9() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Ok(folder) = std::env::var(FOLDER) {
        runtime.block_on(commit_until_killed(Path::new(&folder)));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let [random] = Rand::system().bytes::<1>();
        acknowledged.extend(one_life(folder.path(), usize::from(random)));
        runtime.block_on(check(folder.path(), &acknowledged, round));
    }
    assert!(acknowledged.len() > 10 * ROUNDS);
}

async fn open(folder: &Path) -> Store {
    let options = Options {
        data: folder.to_owned(),
        metadata: Metadata::Sqlite,
        points_days: 9,
        logs_days: 9,
        group_messages: 1000,
        group_bytes: 1 << 20,
        group_delay: Duration::from_millis(1),
    };
    Store::open(options, Clock::manual(NOON)).await.unwrap()
}

/// Runs the child until it has acknowledged some `lines` commits; gives all that it acknowledged.
fn one_life(folder: &Path, lines: usize) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "f01_nothing_acknowledged_is_lost_by_kill_9"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut seen, mut line) = (Vec::new(), String::new());
    // After the kill, what was printed before it is read to its end.
    while out.read_line(&mut line).unwrap() > 0 {
        // A line without its end was cut by the kill.
        if let Some(number) = line.strip_suffix('\n').and_then(|l| l.strip_prefix("ack ")) {
            seen.push(number.parse().unwrap());
        }
        line.clear();
        if seen.len() == lines + 10 {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success(), "the child must die by the kill");
    seen
}

/// The child.
async fn commit_until_killed(folder: &Path) {
    let store = open(folder).await;
    let first = numbers(&store).last().map_or(0, |last| last + 1);
    let tasks: Vec<_> =
        (first..first + TASKS).map(|first| tokio::spawn(commit(store.clone(), first))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Each commit is a record, two rows and a count, all named by one number.
async fn commit(store: Store, first: u64) {
    for number in (first..).step_by(usize::try_from(TASKS).unwrap()) {
        let name = number.to_be_bytes();
        let mut batch = Batch::default();
        batch.append(Series::Points, LAMP, 0, NOON, &name);
        batch.put(Space::Queue, &name, &[7; 300]);
        batch.put(Space::Shadow, b"latest", &name);
        batch.count(b"commits", 1);
        store.commit(batch).await.unwrap();
        // One write, so that lines of tasks are not mixed.
        std::io::stdout().write_all(format!("ack {number}\n").as_bytes()).unwrap();
    }
}

async fn check(folder: &Path, acknowledged: &BTreeSet<u64>, round: usize) {
    let store = open(folder).await;
    let found = numbers(&store);
    let unique: BTreeSet<_> = found.iter().copied().collect();
    assert_eq!(unique.len(), found.len(), "round {round}: nothing is there twice");
    let lost: Vec<_> = acknowledged.difference(&unique).collect();
    assert!(lost.is_empty(), "round {round}: lost {lost:?}");
    // A commit is whole or not at all.
    let rows = store.scan(Space::Queue, &[0][..]..&[255][..], Dir::Forward, usize::MAX).unwrap();
    assert_eq!(rows.len(), found.len(), "round {round}");
    assert_eq!(usize::try_from(store.counter(b"commits").unwrap()).unwrap(), found.len());
    store.close().await.unwrap();
}

/// The numbers of all records, in their order of commit.
fn numbers(store: &Store) -> Vec<u64> {
    let query = SeriesQuery {
        series: Series::Points,
        device: LAMP,
        lane: 0,
        time: NOON..NOON + 1,
        dir: Dir::Forward,
        after: None,
        limit: usize::MAX,
    };
    let mut numbers: Vec<_> = store
        .series(&query)
        .unwrap()
        .iter()
        .map(|record| u64::from_be_bytes(record.value.as_slice().try_into().unwrap()))
        .collect();
    numbers.sort_unstable();
    numbers
}
