//! The place where commits meet: a bounded queue of groups, and the one thread that makes them
//! durable, one fsync per group.

use std::{collections::VecDeque, sync::Arc, thread::JoinHandle, time::Duration};

use base::{Code, Error, Result};
use parking_lot::{Condvar, Mutex};
use tokio::{sync::watch, time::Instant};

use crate::{
    Batch, Ticket,
    hot::{Trouble, Writer},
    metrics,
    ticket::{Done, Failure},
};

/// The most that waits for the disk. Beyond it a commit is refused at once, as busy: a sender
/// cannot be made to wait, since `commit` is synchronous.
const QUEUE_BYTES: usize = 64 << 20;

/// A commit that takes longer is told of: devices have waited for it, and ask why.
const SLOW: Duration = Duration::from_secs(1);

/// How long a group waits for company while nobody waits for it.
const RELAXED: Duration = Duration::from_millis(25);

/// When a group is closed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) delay: Duration,
}

/// The sending side; the thread ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Commits {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    queue: Mutex<Queue>,
    /// Something came, or the queue was closed.
    changed: Condvar,
    failed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Queue {
    groups: VecDeque<Group>,
    bytes: usize,
    /// The memory of a group that was written, for the next one: groups are large, and grow.
    spare: Batch,
    /// Why nothing is taken any more.
    closed: Option<Failure>,
}

/// Commits that will share one fsync.
#[derive(Debug)]
struct Group {
    batch: Batch,
    done: Arc<Done>,
    /// When its first commit came.
    since: Instant,
}

impl Group {
    fn is_full(&self, limits: Limits) -> bool {
        self.batch.len() >= limits.rows || self.batch.bytes() >= limits.bytes
    }

    /// When it is written, full or not.
    fn due(&self, limits: Limits) -> Instant {
        let relaxed = self.batch.is_relaxed();
        self.since + if relaxed { limits.delay.max(RELAXED) } else { limits.delay }
    }
}

/// Whoever waits for a group that was never written hears of it.
impl Drop for Group {
    fn drop(&mut self) {
        self.done.resolve(Err(stopped()));
    }
}

fn stopped() -> Failure {
    Failure::new(Code::ServiceUnavailable, "the store is closed")
}

impl Commits {
    /// Starts the thread.
    pub(crate) fn start(writer: Writer, limits: Limits) -> Result<Self> {
        let shared = Arc::new(Shared {
            limits,
            queue: Mutex::default(),
            changed: Condvar::new(),
            failed: watch::Sender::new(false),
        });
        let worker = Worker { shared: shared.clone(), writer };
        let thread = std::thread::Builder::new()
            .name("store-commit".into())
            .spawn(move || worker.run())
            .map_err(Error::internal)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn commit(&self, batch: Batch) -> Ticket {
        if batch.misfit() {
            return Ticket::refused(Failure::new(
                Code::InvalidParameterValue,
                "a key of 0 or of more than 65535 bytes cannot be stored, nor a device of more than 40 bits",
            ));
        }
        if batch.is_empty() {
            return Ticket::durable();
        }
        let mut queue = self.shared.queue.lock();
        if let Some(why) = &queue.closed {
            return Ticket::refused(why.clone());
        }
        if queue.bytes + batch.bytes() > QUEUE_BYTES {
            let message = format!("the store is busy, {} bytes wait for the disk", queue.bytes);
            return Ticket::refused(Failure::new(Code::ServiceUnavailable, message));
        }
        let (ticket, sooner) = queue.push(batch, self.shared.limits);
        drop(queue);
        if sooner {
            self.shared.changed.notify_one();
        }
        ticket
    }

    /// Takes no more, writes what waits, ends the thread. Blocks; done twice, it does nothing.
    pub(crate) fn close(&self) {
        self.shared.queue.lock().closed.get_or_insert_with(stopped);
        self.shared.changed.notify_one();
        let thread = self.thread.lock().take();
        if *self.shared.failed.borrow() {
            // A failed engine may hold the thread for ever.
            return;
        }
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the commit thread panicked");
        }
    }

    /// The engine failed elsewhere: nothing is taken any more.
    pub(crate) fn fail(&self) {
        self.shared.fail(&Failure::new(Code::InternalError, "internal error"));
    }

    /// Becomes true when the engine failed.
    pub(crate) fn failed(&self) -> watch::Receiver<bool> {
        self.shared.failed.subscribe()
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Nothing is taken any more, and whoever asks hears that the store failed.
    fn fail(&self, why: &Failure) {
        self.queue.lock().closed = Some(why.clone());
        self.failed.send_replace(true);
    }

    /// Keeps the memory of a written group, unless a batch larger than groups are took it.
    fn keep(&self, mut batch: Batch) {
        if batch.bytes() <= self.limits.bytes {
            batch.clear();
            let former = std::mem::replace(&mut self.queue.lock().spare, batch);
            drop(former);
        }
    }
}

fn tell(rows: usize, (waited, wrote): (Duration, Duration), queued: usize) {
    metrics::committed(rows, (waited, wrote), queued);
    if waited > SLOW {
        tracing::warn!(rows, ?waited, ?wrote, "a commit was slow");
    }
}

impl Queue {
    /// Adds a batch; whether there is something to write sooner than the thread knows.
    fn push(&mut self, batch: Batch, limits: Limits) -> (Ticket, bool) {
        self.bytes += batch.bytes();
        if let Some(last) = self.groups.back_mut()
            && last.batch.len() + batch.len() <= limits.rows
            && last.batch.bytes() + batch.bytes() <= limits.bytes
        {
            let was_relaxed = last.batch.is_relaxed();
            last.batch.absorb(batch);
            let sooner = was_relaxed && !last.batch.is_relaxed() || last.is_full(limits);
            return (Ticket::waiting(last.done.clone()), sooner);
        }
        let batch = if batch.bytes() < limits.bytes {
            let mut room = std::mem::take(&mut self.spare);
            room.absorb(batch);
            room
        } else {
            batch
        };
        let group = Group { batch, done: Arc::default(), since: Instant::now() };
        let ticket = Ticket::waiting(group.done.clone());
        self.groups.push_back(group);
        (ticket, true)
    }

    /// The first group, if it is time to write it.
    fn ripe(&mut self, limits: Limits) -> Option<Group> {
        let first = self.groups.front()?;
        let full = self.groups.len() > 1 || first.is_full(limits);
        if !full && self.closed.is_none() && Instant::now() < first.due(limits) {
            return None;
        }
        let group = self.groups.pop_front()?;
        self.bytes -= group.batch.bytes();
        Some(group)
    }
}

struct Worker {
    shared: Arc<Shared>,
    writer: Writer,
}

impl Worker {
    fn run(mut self) {
        while let Some(mut group) = self.next() {
            let begun = Instant::now();
            let outcome = self.writer.write(&group.batch);
            let queued = self.shared.queue.lock().bytes;
            match outcome {
                Ok(()) => {
                    group.done.resolve(Ok(()));
                    let took = (group.since.elapsed(), begun.elapsed());
                    tell(group.batch.len(), took, queued);
                    self.shared.keep(std::mem::take(&mut group.batch));
                }
                Err(Trouble::Refused(why)) => {
                    metrics::failed();
                    group.done.resolve(Err(why));
                }
                Err(Trouble::Fatal(why)) => {
                    metrics::failed();
                    self.shared.fail(&why);
                    group.done.resolve(Err(why));
                    return;
                }
            }
        }
        if let Err(Trouble::Fatal(why) | Trouble::Refused(why)) = self.writer.note() {
            self.shared.fail(&why);
        }
    }

    /// The next group to write; none when the store is closed and all is written.
    fn next(&self) -> Option<Group> {
        let mut queue = self.shared.queue.lock();
        loop {
            if let Some(group) = queue.ripe(self.shared.limits) {
                return Some(group);
            }
            match queue.groups.front().map(|group| group.due(self.shared.limits)) {
                Some(due) => {
                    self.shared.changed.wait_until(&mut queue, due.into_std());
                }
                None if queue.closed.is_some() => return None,
                None => self.shared.changed.wait(&mut queue),
            }
        }
    }
}

/// However the thread ends, by a panic too, nobody waits for it in vain.
impl Drop for Worker {
    fn drop(&mut self) {
        if self.shared.queue.lock().closed.is_none() {
            self.shared.fail(&Failure::new(Code::InternalError, "internal error"));
        }
        let mut queue = self.shared.queue.lock();
        queue.bytes = 0;
        let left = std::mem::take(&mut queue.groups);
        drop(queue);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use base::DeviceNo;

    use super::*;
    use crate::{Series, Space};

    fn row(relaxed: bool) -> Batch {
        let mut batch = Batch::default();
        batch.append(Series::Logs, DeviceNo(1), 1, 1, b"online");
        if relaxed {
            batch.relax();
        } else {
            batch.put(Space::Queue, b"k", b"v");
        }
        batch
    }

    #[test]
    fn what_nobody_waits_for_waits_for_company() {
        let limits = Limits { rows: 6, bytes: 1 << 20, delay: Duration::ZERO };
        let mut queue = Queue::default();
        let mut sooner = |relaxed| queue.push(row(relaxed), limits).1;
        let first = sooner(true);
        assert!(first, "the thread must know when it is due");
        assert_eq!([sooner(true), sooner(false), sooner(true)], [false, true, false]);
        assert!(sooner(true), "it is full");
        let waits = |queue: &Queue| {
            queue.groups.front().map(|group| group.due(limits).duration_since(group.since))
        };
        assert_eq!(waits(&queue), Some(Duration::ZERO));
        assert!(queue.ripe(limits).is_some());
        queue.push(row(true), limits);
        assert_eq!(waits(&queue), Some(RELAXED));
        queue.closed = Some(stopped());
        assert!(queue.ripe(limits).is_some(), "closing waits for nothing");
    }
}
