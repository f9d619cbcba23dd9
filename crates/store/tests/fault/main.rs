//! The place where the disk under the hot store loses power, fills up, fails and stalls. A child
//! commits under load on a disk that `shim.c` watches and disturbs; what it was told is durable must
//! be there afterwards, whole and once, and the next start must succeed.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "the child is told its part by the environment")]

mod power;

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Lines, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use base::{Clock, Code, DeviceNo, Millis, Rand};
use store::{Batch, Dir, Metadata, Options, Series, SeriesQuery, Space, Store, Ticket};
use tempfile::TempDir;
use tokio::time::timeout;

const PART: &str = "FAULT_PART";
const LAMP: DeviceNo = DeviceNo(1);
/// Tasks of the child, so that groups of several commits are hit too.
const TASKS: u64 = 4;
/// 2026-11-25T12:00:00Z.
const NOON: Millis = 1_795_608_000_000;
const DAY: Millis = 86_400_000;

/// A disk with a store, and the orders to it.
struct Bed {
    folder: TempDir,
    acknowledged: BTreeSet<u64>,
}

/// A child that writes to it.
struct Life {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("order")).unwrap();
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("shim.so"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fault/shim.c"))
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(built.expect("a C compiler is needed").success());
        Self { folder, acknowledged: BTreeSet::new() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Begins a life of the store in a process of its own, which plays the test's part.
    fn live(&self, test: &str) -> Life {
        let at = |name: &str| self.folder.path().join(name);
        fs::remove_file(at("log")).ok();
        fs::remove_dir_all(at("keep")).ok();
        fs::create_dir(at("keep")).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", test])
            .env(PART, self.folder.path())
            .env("LD_PRELOAD", at("shim.so"))
            .env("FAULT_UNDER", self.data())
            .env("FAULT_LOG", at("log"))
            .env("FAULT_KEEP", at("keep"))
            .env("FAULT_ORDER", at("order"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Life { child, lines }
    }

    fn order(&self, what: &str) {
        fs::write(self.folder.path().join("order").join(what), "").unwrap();
    }

    fn take_back(&self, what: &str) {
        fs::remove_file(self.folder.path().join("order").join(what)).ok();
    }

    /// Reads what the child says until `wanted` more commits are acknowledged or it has no more to
    /// say; gives what else it said.
    fn hear(&mut self, life: &mut Life, wanted: usize) -> Vec<String> {
        let (mut heard, mut other) = (0, Vec::new());
        while heard < wanted
            && let Some(Ok(line)) = life.lines.next()
        {
            match line.strip_prefix("ack ") {
                // A line that the kill cut short ends with the process.
                Some(number) if number.ends_with('.') => {
                    self.acknowledged.insert(number.trim_end_matches('.').parse().unwrap());
                    heard += 1;
                }
                _ => other.push(line),
            }
        }
        other
    }

    /// Opens what is left without disturbance: all that was acknowledged, once and whole.
    async fn check(&self, what: &str) {
        let store = open(&self.data()).await;
        let found = numbers(&store);
        let unique: BTreeSet<_> = found.iter().copied().collect();
        assert_eq!(unique.len(), found.len(), "{what}: something is there twice");
        let lost: Vec<_> = self.acknowledged.difference(&unique).collect();
        assert!(lost.is_empty(), "{what}: lost {lost:?}");
        let rows = store.scan(Space::Queue, &[0][..]..&[255][..], Dir::Forward, usize::MAX);
        assert_eq!(rows.unwrap().len(), found.len(), "{what}: a commit is not whole");
        assert_eq!(usize::try_from(store.counter(b"commits").unwrap()).unwrap(), found.len());
        // And it goes on.
        store.commit(batch(1 << 40)).await.unwrap();
        let mut undo = Batch::default();
        undo.delete(Space::Queue, &(1_u64 << 40).to_be_bytes());
        undo.count(b"commits", -1);
        store.commit(undo).await.unwrap();
        store.close().await.unwrap();
    }
}

impl Life {
    fn kill(mut self, bed: &mut Bed) {
        self.child.kill().unwrap();
        // What was said before the kill counts.
        bed.hear(&mut self, usize::MAX);
        self.child.wait().unwrap();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// In the child: the bed's folder.
fn part() -> Option<PathBuf> {
    std::env::var(PART).ok().map(PathBuf::from)
}

async fn open(data: &Path) -> Store {
    let options = Options {
        data: data.to_owned(),
        metadata: Metadata::Sqlite,
        points_days: 9,
        logs_days: 9,
        group_messages: 1000,
        group_bytes: 1 << 20,
        group_delay: Duration::from_millis(1),
    };
    Store::open(options, Clock::manual(NOON)).await.unwrap()
}

/// A commit is two records, a row of up to some pages, and a count, all named by one number.
fn batch(number: u64) -> Batch {
    let name = number.to_be_bytes();
    let mut batch = Batch::default();
    batch.append(Series::Points, LAMP, 0, NOON, &name);
    batch.append(Series::Points, LAMP, 1, NOON - DAY, &name);
    let size = usize::try_from(number * 7919 % 20_000).unwrap();
    batch.put(Space::Queue, &name, &noise(number, size));
    batch.put(Space::Shadow, b"latest", &name);
    batch.count(b"commits", 1);
    batch
}

/// Bytes that cannot be compressed.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let next =
        |last: &u64| Some(last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed | 1));
    std::iter::successors(Some(seed), next).map(|n| n.to_be_bytes()[0]).take(size).collect()
}

/// The numbers of all records of whole commits, in their order.
fn numbers(store: &Store) -> Vec<u64> {
    let of = |lane| {
        let query = SeriesQuery {
            series: Series::Points,
            device: LAMP,
            lane,
            time: Millis::MIN..Millis::MAX,
            dir: Dir::Forward,
            after: None,
            limit: usize::MAX,
        };
        let number = |value: &[u8]| u64::from_be_bytes(value.try_into().unwrap());
        let mut numbers: Vec<_> =
            store.series(&query).unwrap().iter().map(|record| number(&record.value)).collect();
        numbers.retain(|number| *number < 1 << 40);
        numbers.sort_unstable();
        numbers
    };
    let (today, yesterday) = (of(0), of(1));
    assert_eq!(today, yesterday, "a commit is not whole");
    today
}

/// The child: commits, and moves closed days into tables meanwhile, until it dies or its store does.
async fn work(data: &Path) {
    let store = open(data).await;
    let first = numbers(&store).last().map_or(0, |last| last + 1);
    let tasks: Vec<_> = (first..first + TASKS)
        .map(|first| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in (first..).step_by(usize::try_from(TASKS).unwrap()) {
                    let Ok(()) = store.commit(batch(number)).await else { return };
                    say(&format!("ack {number}."));
                    if number % 50 == 0 {
                        store.expire().await.ok();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    timeout(Duration::from_secs(20), store.failed()).await.expect("nobody is told");
    for number in (1 << 39)..(1 << 39) + 9 {
        assert!(store.commit(batch(number)).await.is_err(), "written after a failure");
    }
    say("failed");
    std::process::exit(7);
}

/// One write, so that lines of tasks are not mixed.
fn say(line: &str) {
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[test]
fn f02_a_power_cut_loses_nothing_that_was_acknowledged() {
    if let Some(folder) = part() {
        return runtime().block_on(work(&folder.join("data")));
    }
    let runtime = runtime();
    let mut bed = Bed::new();
    for (round, fate) in [power::Fate::Lost, power::Fate::Torn, power::Fate::Kept]
        .into_iter()
        .cycle()
        .take(9)
        .enumerate()
    {
        let [random] = Rand::system().bytes::<1>();
        let mut life = bed.live("f02_a_power_cut_loses_nothing_that_was_acknowledged");
        bed.hear(&mut life, 10 + usize::from(random / 4));
        // At any moment, or when a commit is written and not yet synced.
        if round % 2 == 0 {
            bed.order("cut");
            bed.hear(&mut life, usize::MAX);
            bed.take_back("cut");
        }
        life.kill(&mut bed);
        power::cut(bed.folder.path(), fate);
        runtime.block_on(bed.check(&format!("round {round}, {fate:?}")));
    }
    assert!(bed.acknowledged.len() > 90);
}

/// The disk fills up under the engine, faster than its room is asked for.
#[test]
fn f05_enospc_in_a_commit_ends_the_store_and_loses_nothing() {
    broken("f05_enospc_in_a_commit_ends_the_store_and_loses_nothing", "enospc");
}

/// One fsync fails, later ones would not: what the failed one left behind is gone all the same.
#[test]
fn f06_a_failed_fsync_ends_the_store_and_loses_nothing() {
    broken("f06_a_failed_fsync_ends_the_store_and_loses_nothing", "eio");
}

fn broken(test: &str, order: &str) {
    if let Some(folder) = part() {
        return runtime().block_on(work(&folder.join("data")));
    }
    let runtime = runtime();
    let mut bed = Bed::new();
    for round in 0..3 {
        let [random] = Rand::system().bytes::<1>();
        let mut life = bed.live(test);
        bed.hear(&mut life, 10 + usize::from(random / 4));
        bed.order(order);
        let said = bed.hear(&mut life, usize::MAX);
        assert!(said.iter().any(|line| line == "failed"), "{said:?}");
        assert_eq!(life.child.wait().unwrap().code(), Some(7));
        bed.take_back(order);
        power::cut(bed.folder.path(), power::Fate::Lost);
        runtime.block_on(bed.check(&format!("round {round}")));
    }
}

#[test]
fn f07_a_stalled_disk_holds_up_commits_but_not_the_process() {
    const NAME: &str = "f07_a_stalled_disk_holds_up_commits_but_not_the_process";
    if let Some(folder) = part() {
        return runtime().block_on(stall(&folder));
    }
    let mut bed = Bed::new();
    let mut life = bed.live(NAME);
    bed.hear(&mut life, usize::MAX);
    assert!(life.child.wait().unwrap().success());
    assert!(bed.acknowledged.len() > 10);
    runtime().block_on(bed.check("after the stall"));
}

/// The child: its disk stalls until as much waits as may wait.
async fn stall(folder: &Path) {
    let store = open(&folder.join("data")).await;
    store.commit(batch(0)).await.unwrap();
    say("ack 0.");
    let order = folder.join("order/stall");
    fs::write(&order, "").unwrap();
    let mut waiting: Vec<(u64, Ticket)> = Vec::new();
    let refused = loop {
        let number = u64::try_from(waiting.len()).unwrap() + 1;
        let mut batch = batch(number);
        batch.put(Space::Session, b"large", &noise(number, 1 << 20));
        let ticket = store.commit(batch);
        if ticket.is_done() {
            break ticket;
        }
        waiting.push((number, ticket));
        assert!(waiting.len() < 100, "nothing is refused");
    };
    assert_eq!(refused.await.unwrap_err().code(), Code::ServiceUnavailable);
    assert!(waiting.iter().all(|(_, ticket)| !ticket.is_done()));
    // Others go on meanwhile: readers, and whoever only waits.
    assert_eq!(numbers(&store), [0]);
    let failed = timeout(Duration::from_millis(50), store.failed()).await;
    assert!(failed.is_err(), "slow is not broken");
    fs::remove_file(&order).unwrap();
    for (number, ticket) in waiting {
        ticket.await.unwrap();
        say(&format!("ack {number}."));
    }
    store.close().await.unwrap();
}
