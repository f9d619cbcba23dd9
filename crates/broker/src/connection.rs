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
use bumpalo::Bump;
use mqtt::{Level, encode};
use store::{Batch, Space, Ticket};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, Sleep, sleep, sleep_until, timeout},
};
use tokio_util::io::poll_read_buf;

use crate::{
    Shared,
    enter::{Entered, keep, leave},
    gate::{End, Gate},
    hub::{Burst, Down, Offline, Undelivered, Verdict},
    kept,
    link::Link,
    message::Message,
    post::Post,
    scratch,
    session::{Due, Session, Tried},
    stall::{self, Patience},
    will,
};

/// Bursts whose commit is not done yet; a further one is not read (broker.md 8.1).
const DEPTH: usize = 2;
/// While so much waits to be written, nothing is read: TCP closes the client's window.
const BACKLOG: usize = 64 * 1024;
/// A packet that came in parts and is larger than this is gathered where it lies.
const LARGE: usize = 16 * 1024;
/// How long the queue rests when it is over the client's rate.
const RATE_PAUSE: Duration = Duration::from_millis(20);
/// A timer that is so late means that it was us who were away, and what the client said meanwhile
/// may not have been read.
const ABSENCE: Duration = Duration::from_secs(1);
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
    /// `partial` has whole packets that wait for the present burst.
    more: bool,
    /// The CONNACK is written: others' messages may follow.
    greeted: bool,
    /// When the queue may go on.
    pace: Option<Pin<Box<Sleep>>>,
    patience: Patience,
}

/// What leaves when a burst's commit is done.
struct Pending {
    ticket: Ticket,
    answers: Vec<u8>,
    down: Vec<Down>,
    post: Option<Box<Post>>,
    ids: Vec<(u16, bool)>,
}

/// Watches over keepalive: one timer, moved only when it fires.
struct Silence {
    limit: Duration,
    heard: Instant,
    timer: Pin<Box<Sleep>>,
}

enum Wake {
    Bytes(Vec<u8>),
    End(End),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(
        broker: Arc<Shared>,
        stream: S,
        Entered { link, hello, ticket }: Entered,
        keep_alive: u16,
    ) -> Self {
        let silence = (keep_alive > 0).then(|| {
            let limit = Duration::from_millis(u64::from(keep_alive) * 1500);
            let heard = Instant::now();
            Silence { limit, heard, timer: Box::pin(sleep_until(heard + limit)) }
        });
        let first =
            Pending { ticket, answers: hello, down: Vec::new(), post: None, ids: Vec::new() };
        let mut pending = VecDeque::with_capacity(1);
        pending.push_back(first);
        Self {
            gate: Gate::new(broker.clone(), link.clone()),
            broker,
            link,
            stream,
            partial: Vec::new(),
            writing: Vec::new(),
            written: 0,
            unflushed: false,
            pending,
            silence,
            more: false,
            greeted: false,
            pace: None,
            patience: Patience::default(),
        }
    }

    /// Serves the client to its end; `rest` came behind its CONNECT.
    pub(crate) async fn run(&mut self, rest: Vec<u8>) {
        let mut end = if rest.is_empty() { None } else { self.burst(rest).await };
        let end = loop {
            if let Some(end) = end {
                break end;
            }
            end = match poll_fn(|cx| self.poll_wake(cx)).await {
                Wake::Bytes(bytes) => self.burst(bytes).await,
                Wake::End(end) => Some(end),
            };
        };
        self.finish(end).await;
    }

    /// One read: decided on, given to the product, routed, and committed together.
    async fn burst(&mut self, bytes: Vec<u8>) -> Option<End> {
        let now = self.broker.clock.now();
        // Topics that the client names by number are written out here; most bursts have none.
        let bump = Bump::new();
        let (up, down) = (Vec::new(), Vec::new());
        let mut burst = Burst { now, up, batch: Batch::default(), down };
        let progress = self.gate.read(&bytes, &bump, &mut burst);
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
        }
        let (batch, down, post) = self.route(burst);
        drop(bump);
        self.keep(bytes, progress.used);
        self.more = progress.more;
        if progress.packets > 0 {
            let ticket = self.broker.hub.commit(&self.link.grant, batch, &self.broker.store);
            let answers = std::mem::take(&mut self.gate.answers);
            if std::mem::take(&mut self.gate.pinged) {
                self.patience.pinged();
            }
            // Exactly what it will ever hold; a connection that only listens pays nothing.
            self.pending.reserve_exact(DEPTH.saturating_sub(self.pending.len()));
            let ids = std::mem::take(&mut self.gate.ids);
            self.pending.push_back(Pending { ticket, answers, down, post, ids });
        }
        progress.end
    }

    /// Finds the receivers of a burst's messages, and what its subscriptions ask for.
    fn route(&mut self, burst: Burst<'_>) -> (Batch, Vec<Down>, Option<Box<Post>>) {
        let Burst { now, up, mut batch, mut down } = burst;
        let mut post = Post::default();
        for up in up.iter().filter(|up| up.verdict == Verdict::Accepted) {
            post.route(&self.broker, &self.link, up, (now, &mut batch));
        }
        if !down.is_empty() {
            self.broker.sort(&self.link, &mut down, &mut post, (now, &mut batch));
        }
        for (filter, wish) in self.gate.fetch.drain(..) {
            post.fetch(&self.broker, &self.link, (&filter, wish), (now, &mut batch));
        }
        if std::mem::take(&mut self.gate.changed) {
            keep(&self.link, &mut batch);
        }
        // Pending bursts are small, so that an idle connection is.
        let post = (!post.is_empty()).then(|| Box::new(post));
        (batch, down, post)
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
            return Poll::Ready(Wake::End(End::new(Offline::Shutdown)));
        }
        self.poll_patience(cx);
        let closing = self.link.closing();
        if let Some(why) = closing
            && (why != Offline::Shutdown || self.link.abandoned())
        {
            return Poll::Ready(Wake::End(End::new(why)));
        }
        let idle = match self.poll_write(cx) {
            Poll::Ready(Ok(())) => true,
            Poll::Ready(Err(error)) => return Poll::Ready(self.lost(&error)),
            Poll::Pending => false,
        };
        if closing == Some(Offline::Shutdown) {
            let done = idle && self.pending.is_empty();
            let end = Wake::End(End::new(Offline::Shutdown));
            return if done { Poll::Ready(end) } else { Poll::Pending };
        }
        let committing = self.pending.len() >= DEPTH;
        if self.writing.len() - self.written < BACKLOG
            && let Poll::Ready(wake) = self.poll_input(cx, committing)
        {
            return Poll::Ready(wake);
        }
        self.poll_silence(cx, committing).map(|()| Wake::End(End::new(Offline::KeepAlive)))
    }

    /// The next bytes to be looked into. While too many bursts wait for the disk, pings are taken and
    /// one read more.
    fn poll_input(&mut self, cx: &mut Context<'_>, committing: bool) -> Poll<Wake> {
        loop {
            if !committing && std::mem::take(&mut self.more) {
                return Poll::Ready(Wake::Bytes(std::mem::take(&mut self.partial)));
            }
            let waits = self.pending.back().map_or(0, |last| last.answers.len());
            if committing && !(self.partial.is_empty() && waits < BACKLOG) {
                return Poll::Pending;
            }
            match ready!(self.poll_read(cx)) {
                Ok(None) => return Poll::Ready(Wake::End(End::new(Offline::Disconnect))),
                Ok(Some(bytes)) if committing || self.is_ping_behind(&bytes) => {
                    self.hold(bytes);
                    // So that its timer runs.
                    self.poll_patience(cx);
                }
                Ok(Some(bytes)) => return Poll::Ready(Wake::Bytes(bytes)),
                Err(error) => return Poll::Ready(self.lost(&error)),
            }
        }
    }

    fn is_ping_behind(&self, bytes: &[u8]) -> bool {
        !self.pending.is_empty() && stall::pings(bytes) > 0
    }

    /// Answers the pings at the head of a read with the burst before them; the rest is for later.
    fn hold(&mut self, bytes: Vec<u8>) {
        let pings = stall::pings(&bytes);
        if pings > 0
            && let Some(last) = self.pending.back_mut()
        {
            (0..pings).for_each(|_| encode::pingresp(&mut last.answers));
            self.patience.pinged();
            self.broker.metrics.bytes_in.increment(wide(2 * pings));
            if let Some(silence) = &mut self.silence {
                silence.heard = Instant::now();
            }
        }
        self.keep(bytes, 2 * pings);
        self.more = !self.partial.is_empty();
    }

    /// Lets the answers to pings overtake a disk that is slow.
    fn poll_patience(&mut self, cx: &mut Context<'_>) {
        if self.pending.is_empty() {
            self.patience.rest();
        } else if self.greeted && self.patience.poll(cx).is_ready() {
            for pending in &mut self.pending {
                stall::overtake(&mut pending.answers, &mut self.writing);
            }
        }
    }

    fn lost(&self, error: &io::Error) -> Wake {
        tracing::debug!(client = %self.link.grant.client.0, %error, "connection is lost");
        let odd = error.kind() == io::ErrorKind::InvalidData;
        Wake::End(End::new(if odd { Offline::Protocol } else { Offline::Disconnect }))
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
        let Pending { mut answers, down, post, .. } = pending;
        if self.writing.capacity() == 0 && !(answers.is_empty() && down.is_empty()) {
            self.writing = scratch::take();
        }
        self.greeted = true;
        self.writing.extend_from_slice(&answers);
        if self.gate.answers.capacity() == 0 {
            answers.clear();
            self.gate.answers = answers;
        }
        if down.is_empty() && post.is_none() {
            return;
        }
        let now = self.broker.clock.now();
        if let Some(mut post) = post {
            post.deliver(&self.broker, now);
            // What came back to this client stays in its order.
            if let Some(own) = self.link.session.lock().take_outbox() {
                self.writing.extend_from_slice(&own);
            }
        }
        let mut batch = Batch::default();
        for down in down {
            let message = Message::new(&down.topic, &down.payload, down.qos);
            if let Err(why) = self.send(&message, now) {
                self.broker.lost(&down.to, (&message, why), (now, &mut batch));
            }
        }
        if !batch.is_empty() {
            drop(self.broker.store.commit(batch));
        }
    }

    /// Appends an answer of the product to the bytes that are about to be written.
    fn send(&mut self, message: &Message<'_>, now: Millis) -> Result<(), Undelivered> {
        if !self.link.takes(message) {
            return Err(Undelivered::TooLarge);
        }
        if self.writing.len() + message.size() > self.broker.options.outbox_bytes {
            return Err(Undelivered::TooFast);
        }
        message.encode(&mut self.writing, self.link.level, now, None, (false, None));
        self.broker.metrics.messages_out.increment(1);
        Ok(())
    }

    /// Sends from the queue what the client's window has room for; false when that is nothing.
    fn pump(&mut self, cx: &mut Context<'_>, due: Due) -> bool {
        if let Some(pace) = &mut self.pace {
            if pace.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.pace = None;
        }
        let (tried, sent) = match due {
            Due::Nothing => return false,
            Due::Held => self.pump_held(),
            Due::Stored(first) => match self.pump_stored(first) {
                Ok(done) => done,
                Err(error) => {
                    tracing::error!(?error, client = %self.link.grant.client.0, "queue is unreadable");
                    self.link.close(Offline::Shutdown);
                    return false;
                }
            },
        };
        let pause = match (tried, due) {
            (Tried::Rate, _) => RATE_PAUSE,
            (_, Due::Stored(_)) => Duration::from_millis(self.link.grant.limits.replay_ms.into()),
            _ => Duration::ZERO,
        };
        if !pause.is_zero() {
            let mut pace = Box::pin(sleep(pause));
            // Asked at once, so that it wakes us.
            self.pace = pace.as_mut().poll(cx).is_pending().then_some(pace);
        }
        sent
    }

    fn pump_held(&self) -> (Tried, bool) {
        let (now, mut sent) = (self.broker.clock.now(), false);
        for _ in 0..kept::PAGE {
            let tried = self.link.session.lock().send_held(now);
            match tried {
                Tried::Sent | Tried::Gone => sent = true,
                other => return (other, sent),
            }
            if !matches!(self.link.session.lock().due(false), Due::Held) {
                break;
            }
        }
        (Tried::Sent, sent)
    }

    fn pump_stored(&self, first: u64) -> base::Result<(Tried, bool)> {
        let (client, now) = (&self.link.session.client, self.broker.clock.now());
        // What waits now is in the store; what comes while we read may not be in what we read.
        let waiting = self.link.session.lock().waiting(first);
        let page = kept::page(&self.broker.store, client, first)?;
        let last = match page.last() {
            Some((key, _)) if page.len() >= kept::PAGE => kept::seq(key).unwrap_or(u64::MAX),
            _ => u64::MAX,
        };
        let mut rows = page.iter().filter_map(|(key, value)| Some((kept::seq(key)?, value)));
        let mut row = rows.next();
        let (mut batch, mut tried, mut sent) = (Batch::default(), Tried::Sent, false);
        for seq in waiting.into_iter().take_while(|seq| *seq <= last) {
            while row.is_some_and(|(at, _)| at < seq) {
                row = rows.next();
            }
            let value = row.filter(|(at, _)| *at == seq).map(|(_, value)| &value[..]);
            tried = self.link.session.lock().send_stored(seq, value, now);
            match tried {
                Tried::Sent => sent = true,
                Tried::Gone => {
                    sent = true;
                    batch.delete(Space::Queue, &kept::queued(client, seq));
                }
                Tried::Window | Tried::Rate => break,
            }
            if self.link.grant.limits.replay_ms > 0 {
                break;
            }
        }
        if !batch.is_empty() {
            drop(self.broker.store.commit(batch));
        }
        Ok((tried, sent))
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
            if !self.greeted {
                break;
            }
            let mut inner = self.link.session.lock();
            let (outbox, due) = (inner.take_outbox(), inner.due(self.link.session.is_durable()));
            drop(inner);
            match outbox {
                Some(outbox) => self.writing = outbox,
                None if self.pump(cx, due) => {}
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
            if committing || now > silence.timer.deadline() + ABSENCE {
                silence.heard = now;
            }
            let due = silence.heard + silence.limit;
            if due <= now {
                return Poll::Ready(());
            }
            silence.timer.as_mut().reset(due);
        }
    }

    /// Lets go what is committed, ends on our side, then says farewell.
    async fn finish(&mut self, end: End) {
        self.link.close(end.why);
        let mut failed = false;
        while let Some(mut pending) = self.pending.pop_front() {
            match (&mut pending.ticket).await {
                Ok(()) if !failed => self.release(pending),
                // What follows a failure is not acknowledged; its messages are there all the same.
                Ok(()) => drop(pending),
                Err(_) => {
                    failed = true;
                    pending.cancel(&self.link.session);
                }
            }
        }
        let wait = will::wait(&self.broker, &self.link).filter(|_| end.will);
        if end.will
            && wait.is_none()
            && let Some(will) = self.link.take_will()
        {
            will::now(&self.broker, &self.link, &will).await;
        }
        let over = wait.as_ref().map(|wait| &wait.over);
        if let Err(error) = leave(&self.broker, &self.link, end.why, over).await {
            tracing::error!(?error, client = %self.link.grant.client.0, "offline is not stored");
        }
        if let (Some(will), Some(wait)) = (self.link.take_will(), wait) {
            will::left(&self.broker, &self.link, will, wait).await;
        }
        // The client may be gone, or deaf: neither matters any more.
        drop(timeout(FAREWELL, self.farewell(end.reason)).await);
    }

    /// Writes what is due; a 5.0 client is told why it ends.
    async fn farewell(&mut self, reason: u8) -> io::Result<()> {
        if self.greeted && self.link.level == Level::V5 && reason != 0 {
            encode::disconnect(&mut self.writing, Level::V5, reason);
        }
        let rest = self.writing.get(self.written..).unwrap_or_default();
        self.stream.write_all(rest).await?;
        self.stream.shutdown().await
    }
}

impl Pending {
    /// Its commit failed: nothing of it ever was.
    fn cancel(&mut self, session: &Session) {
        session.lock().undo(&self.ids);
        if let Some(post) = &mut self.post {
            post.cancel();
        }
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
