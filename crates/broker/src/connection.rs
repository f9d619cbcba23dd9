//! The place where a client that was let in is served: one task, which reads bursts, waits for
//! their commits, and writes.

use std::{
    collections::VecDeque,
    future::{Future as _, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use base::Millis;
use store::{Batch, Ticket};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, Sleep, sleep_until, timeout},
};
use tokio_util::io::poll_read_buf;

use crate::{
    Shared,
    gate::Gate,
    hub::{Burst, Delivery, Down, Event, Offline, Undelivered, Verdict},
    link::Link,
    scratch,
};

/// Bursts whose commit is not done yet; a further one is not read (broker.md 8.1).
const DEPTH: usize = 2;
/// While so much waits to be written, nothing is read: TCP closes the client's window.
const BACKLOG: usize = 64 * 1024;
/// A packet that came in parts and is larger than this is gathered where it lies.
const LARGE: usize = 16 * 1024;
/// How long the farewell on the wire may take.
const FAREWELL: Duration = Duration::from_secs(1);

pub(crate) struct Connection<S> {
    broker: Arc<Shared>,
    link: Arc<Link>,
    stream: S,
    gate: Gate,
    /// The beginning of a packet whose rest has not come yet.
    partial: Vec<u8>,
    writing: Vec<u8>,
    written: usize,
    unflushed: bool,
    pending: VecDeque<Pending>,
    silence: Option<Silence>,
}

/// What leaves when a burst's commit is done.
struct Pending {
    ticket: Ticket,
    answers: Vec<u8>,
    down: Vec<Down>,
}

/// Watches over keepalive: one timer, moved only when it fires.
struct Silence {
    limit: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

enum Wake {
    Bytes(Vec<u8>),
    End(Offline),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// `hello` is what the CONNACK's side has to send first; `rest` came behind the CONNECT.
    pub(crate) fn new(
        broker: Arc<Shared>,
        link: Arc<Link>,
        stream: S,
        hello: Vec<u8>,
        keep_alive: u16,
    ) -> Self {
        let silence = (keep_alive > 0).then(|| {
            let limit = Duration::from_millis(u64::from(keep_alive) * 1500);
            let heard = Instant::now();
            Silence { limit, heard, timer: Box::pin(sleep_until(heard + limit)) }
        });
        Self {
            gate: Gate::new(broker.clone(), link.clone()),
            broker,
            link,
            stream,
            partial: Vec::new(),
            writing: hello,
            written: 0,
            unflushed: false,
            pending: VecDeque::new(),
            silence,
        }
    }

    /// Serves the client to its end; `rest` came behind its CONNECT.
    pub(crate) async fn run(&mut self, rest: Vec<u8>) {
        let mut end = if rest.is_empty() { None } else { self.burst(rest).await };
        let why = loop {
            if let Some(why) = end {
                break why;
            }
            end = match poll_fn(|cx| self.poll_wake(cx)).await {
                Wake::Bytes(bytes) => self.burst(bytes).await,
                Wake::End(why) => Some(why),
            };
        };
        self.finish(why).await;
    }

    /// One read: decided on, given to the product, routed, and committed together.
    async fn burst(&mut self, bytes: Vec<u8>) -> Option<Offline> {
        let now = self.broker.clock.now();
        let (up, down) = (Vec::new(), Vec::new());
        let mut burst = Burst { now, up, batch: Batch::default(), down };
        let progress = self.gate.read(&bytes, &mut burst);
        self.broker.metrics.bytes_in.increment(wide(progress.used));
        if progress.packets > 0
            && let Some(silence) = &mut self.silence
        {
            silence.heard = Instant::now();
        }
        if !burst.up.is_empty() {
            self.broker.metrics.messages_in.increment(wide(burst.up.len()));
            if let Some(slow) = self.broker.hub.up(&self.link.grant, &mut burst) {
                slow.await;
            }
            self.route(&mut burst);
        }
        let Burst { batch, down, up, .. } = burst;
        drop(up);
        self.keep(bytes, progress.used);
        if progress.packets > 0 {
            let ticket = self.broker.hub.commit(&self.link.grant, batch, &self.broker.store);
            let answers = std::mem::take(&mut self.gate.answers);
            // Exactly what it will ever hold; a connection that only listens pays nothing.
            self.pending.reserve_exact(DEPTH.saturating_sub(self.pending.len()));
            self.pending.push_back(Pending { ticket, answers, down });
        }
        progress.end
    }

    /// Adds what the client itself subscribed to, and settles which answers will reach it.
    fn route(&self, burst: &mut Burst<'_>) {
        let own = &self.link.grant.client;
        let lost: Vec<Down> = self.link.grants(|granted| {
            for up in burst.up.iter().filter(|up| !up.taken && up.verdict == Verdict::Accepted) {
                if granted(up.topic).is_some() {
                    let (topic, payload) = (up.topic.into(), up.payload.to_vec());
                    burst.down.push(Down { to: own.clone(), topic, payload, qos: up.qos });
                }
            }
            let unwanted = |down: &mut Down| {
                down.to == *own
                    && granted(&down.topic)
                        .map(|granted| down.qos = down.qos.min(granted))
                        .is_none()
            };
            burst.down.extract_if(.., unwanted).collect()
        });
        for down in &lost {
            self.undelivered(down, Undelivered::NoSubscriber, burst.now, &mut burst.batch);
        }
    }

    /// Keeps the beginning of an unfinished packet.
    fn keep(&mut self, bytes: Vec<u8>, used: usize) {
        let rest = bytes.get(used..).unwrap_or_default();
        if used == 0 && rest.len() > LARGE && bytes.capacity() != scratch::SIZE {
            self.partial = bytes;
        } else {
            if !rest.is_empty() {
                self.partial = rest.to_vec();
            }
            scratch::give(bytes);
        }
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        self.link.listen(cx.waker());
        if let Poll::Ready(Err(error)) = self.poll_pending(cx) {
            // Nothing may be acknowledged that is not stored.
            tracing::warn!(?error, client = %self.link.grant.client.0, "commit failed");
            return Poll::Ready(Wake::End(Offline::Shutdown));
        }
        let closing = self.link.closing();
        if let Some(why) = closing
            && (why != Offline::Shutdown || self.link.abandoned())
        {
            return Poll::Ready(Wake::End(why));
        }
        let idle = match self.poll_write(cx) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => return Poll::Ready(self.lost(&error)),
            Poll::Pending => false,
        };
        if closing == Some(Offline::Shutdown) {
            let done = idle && self.pending.is_empty();
            return if done { Poll::Ready(Wake::End(Offline::Shutdown)) } else { Poll::Pending };
        }
        let committing = self.pending.len() >= DEPTH;
        if !committing && self.writing.len() - self.written < BACKLOG {
            match self.poll_read(cx) {
                Poll::Ready(Ok(None)) => return Poll::Ready(Wake::End(Offline::Disconnect)),
                Poll::Ready(Ok(Some(bytes))) => return Poll::Ready(Wake::Bytes(bytes)),
                Poll::Ready(Err(error)) => return Poll::Ready(self.lost(&error)),
                Poll::Pending => {}
            }
        }
        self.poll_silence(cx, committing).map(|()| Wake::End(Offline::KeepAlive))
    }

    fn lost(&self, error: &io::Error) -> Wake {
        tracing::debug!(client = %self.link.grant.client.0, %error, "connection is lost");
        let odd = error.kind() == io::ErrorKind::InvalidData;
        Wake::End(if odd { Offline::Protocol } else { Offline::Disconnect })
    }

    /// Releases the bursts whose commit is done, in their order.
    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<base::Result<()>> {
        while let Some(first) = self.pending.front_mut() {
            ready!(Pin::new(&mut first.ticket).poll(cx))?;
            if let Some(pending) = self.pending.pop_front() {
                self.release(pending);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn release(&mut self, pending: Pending) {
        let Pending { mut answers, down, .. } = pending;
        if self.writing.capacity() == 0 && !(answers.is_empty() && down.is_empty()) {
            self.writing = scratch::take();
        }
        self.writing.extend_from_slice(&answers);
        if self.gate.answers.capacity() == 0 {
            answers.clear();
            self.gate.answers = answers;
        }
        if down.is_empty() {
            return;
        }
        let now = self.broker.clock.now();
        let mut batch = Batch::default();
        for down in down {
            if let Err(why) = self.send(&down, now) {
                self.undelivered(&down, why, now, &mut batch);
            }
        }
        if !batch.is_empty() {
            drop(self.broker.store.commit(batch));
        }
    }

    fn send(&mut self, down: &Down, now: Millis) -> Result<(), Undelivered> {
        if down.to != self.link.grant.client {
            return match self.broker.publish(&down.to, &down.topic, &down.payload, down.qos, now) {
                Delivery::Sent | Delivery::Offline => Ok(()),
                Delivery::NoSubscriber => Err(Undelivered::NoSubscriber),
                Delivery::Full => Err(Undelivered::TooFast),
            };
        }
        let message = (&*down.topic, &*down.payload);
        if !self.link.answer(&mut self.writing, message, down.qos) {
            return Err(Undelivered::TooFast);
        }
        self.broker.metrics.messages_out.increment(1);
        Ok(())
    }

    /// Tells the product of a message that its receiver, while online, did not get.
    fn undelivered(&self, down: &Down, why: Undelivered, at: Millis, batch: &mut Batch) {
        self.broker.metrics.undelivered.increment(1);
        let event = Event::NotDelivered { at, topic: &down.topic, qos: down.qos, why };
        if down.to == self.link.grant.client {
            self.broker.hub.event(&self.link.grant, event, batch);
        } else if let Some(link) = self.broker.router.find(&down.to) {
            self.broker.hub.event(&link.grant, event, batch);
        }
    }

    /// Writes what there is, the connection's own answers before the outbox.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            while self.written < self.writing.len() {
                let rest = self.writing.get(self.written..).unwrap_or_default();
                let wrote = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
                if wrote == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.written += wrote;
                self.unflushed = true;
                self.broker.metrics.bytes_out.increment(wide(wrote));
            }
            self.written = 0;
            scratch::give(std::mem::take(&mut self.writing));
            match self.link.take_outbox() {
                Some(outbox) => self.writing = outbox,
                None => break,
            }
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once, behind what is there of an unfinished packet; `None` at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        let stream = Pin::new(&mut self.stream);
        if self.partial.len() > LARGE {
            self.partial.reserve(scratch::SIZE);
            let read = ready!(poll_read_buf(stream, cx, &mut self.partial))?;
            return Poll::Ready(Ok((read > 0).then(|| std::mem::take(&mut self.partial))));
        }
        let mut bytes = scratch::take();
        bytes.extend_from_slice(&self.partial);
        match poll_read_buf(stream, cx, &mut bytes) {
            Poll::Ready(Ok(read)) if read > 0 => {
                self.partial = Vec::new();
                Poll::Ready(Ok(Some(bytes)))
            }
            other => {
                scratch::give(bytes);
                other.map_ok(|_| None)
            }
        }
    }

    /// Ready when the client was silent for too long. While we do not read, its silence is ours.
    fn poll_silence(&mut self, cx: &mut Context<'_>, committing: bool) -> Poll<()> {
        let Some(silence) = &mut self.silence else { return Poll::Pending };
        loop {
            ready!(silence.timer.as_mut().poll(cx));
            let now = Instant::now();
            if committing {
                silence.heard = now;
            }
            let due = silence.heard + silence.limit;
            if due <= now {
                return Poll::Ready(());
            }
            silence.timer.as_mut().reset(due);
        }
    }

    /// Ends on our side, then says farewell.
    async fn finish(&mut self, why: Offline) {
        if let Err(error) = leave(&self.broker, &self.link, why).await {
            tracing::error!(?error, client = %self.link.grant.client.0, "offline is not stored");
        }
        // The client may be gone, or deaf: neither matters any more.
        drop(timeout(FAREWELL, self.stream.shutdown()).await);
    }
}

/// Tells the product that a client is gone, and makes room for its next connection.
pub(crate) fn leave(broker: &Shared, link: &Arc<Link>, why: Offline) -> Ticket {
    link.close(why);
    let mut batch = Batch::default();
    let event = Event::Offline { at: broker.clock.now(), why };
    broker.hub.event(&link.grant, event, &mut batch);
    let ticket = broker.store.commit(batch);
    broker.router.leave(link);
    broker.metrics.connections.decrement(1.0);
    link.set_ended();
    ticket
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
