//! The place where a client that was let in is served: one task, which reads bursts, waits for
//! their commits, and writes.

mod pump;

use std::{
    collections::VecDeque,
    future::{Future as _, poll_fn},
    io,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use base::Millis;
use bumpalo::Bump;
use futures_util::FutureExt as _;
use mqtt::{Level, encode};
use store::{Batch, Ticket};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Sleep, timeout},
};
use tokio_util::io::poll_read_buf;

use crate::{
    Shared,
    enter::{Entered, depart, keep, leave},
    gate::{End, Gate, Inward, Work},
    hub::{Answer, Burst, Down, Offline, Undelivered, Verdict},
    link::Link,
    message::Message,
    post::Post,
    scratch,
    session::Session,
    silence::Silence,
    stall::{self, Patience},
    tree::Wish,
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
    inward: Inward,
    /// The beginning of a packet whose rest has not come yet.
    partial: Vec<u8>,
    writing: Vec<u8>,
    written: usize,
    unflushed: bool,
    /// All is written; only a burst, or who wakes us, changes that.
    quiet: bool,
    pending: VecDeque<Pending>,
    silence: Option<Silence>,
    /// `partial` has whole packets that wait for the present burst.
    more: bool,
    /// The CONNACK is written: others' messages may follow.
    greeted: bool,
    /// When the queue may go on.
    pace: Option<Pin<Box<Sleep>>>,
    patience: Patience,
    /// Another connection was woken by what is released, and wakes us when it has written: a message
    /// is more urgent than its acknowledgement.
    follows: bool,
}

/// What leaves when a burst's commit is done.
struct Pending {
    /// What the product still has to do before.
    slow: Option<Answer<'static, ()>>,
    ticket: Ticket,
    answers: Vec<u8>,
    down: Vec<Down>,
    post: Option<Box<Post>>,
    ids: Vec<(u16, bool)>,
}

enum Wake {
    Bytes(Vec<u8>),
    End(End),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// `rest` came behind the client's CONNECT.
    pub(crate) fn new(
        broker: Arc<Shared>,
        stream: S,
        Entered { link, hello, ticket }: Entered,
        (keep_alive, rest): (u16, Vec<u8>),
    ) -> Self {
        let silence = broker.watch.begin(&link, keep_alive);
        let (down, ids) = (Vec::new(), Vec::new());
        let first = Pending { slow: None, ticket, answers: hello, down, post: None, ids };
        let mut pending = VecDeque::with_capacity(1);
        pending.push_back(first);
        Self {
            inward: Inward::new(&link.grant.limits),
            broker,
            link,
            stream,
            more: !rest.is_empty(),
            partial: rest,
            writing: Vec::new(),
            written: 0,
            unflushed: false,
            quiet: false,
            pending,
            silence,
            greeted: false,
            pace: None,
            patience: Patience::default(),
            follows: false,
        }
    }

    /// Serves the client to its end.
    pub(crate) async fn run(&mut self) {
        let end = poll_fn(|cx| self.poll_end(cx)).await;
        // Boxed, so that a connection that is served is small.
        Box::pin(self.finish(end)).await;
    }

    /// Its task is broken: the client must not stay in the router as if it were served.
    pub(crate) async fn panicked(&mut self) {
        let (broker, link) = (&self.broker, &self.link);
        if link.has_ended() {
            return;
        }
        tracing::error!(client = %link.grant.client.0, "connection task panicked");
        let departing = depart(broker, link, End::new(Offline::Shutdown));
        // Its will may be what is broken.
        let departed = AssertUnwindSafe(Box::pin(departing)).catch_unwind().await;
        if departed.is_err() && !link.has_ended() {
            drop(leave(broker, link, Offline::Shutdown, None));
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            match ready!(self.poll_wake(cx)) {
                Wake::End(end) => return Poll::Ready(end),
                Wake::Bytes(bytes) => {
                    if let Some(end) = self.burst(bytes, cx) {
                        return Poll::Ready(end);
                    }
                }
            }
        }
    }

    /// One read: decided on, given to the product, routed, and committed together.
    fn burst(&mut self, bytes: Vec<u8>, cx: &Context<'_>) -> Option<End> {
        self.quiet = false;
        let now = self.broker.clock.now();
        // Topics that the client names by number are written out here; most bursts have none.
        let bump = Bump::new();
        let (up, down) = (Vec::new(), Vec::new());
        let mut burst = Burst { now, up, batch: Batch::default(), down };
        let mut gate = Gate::new(&self.broker, &self.link, &mut self.inward);
        let progress = gate.read(&bytes, &bump, &mut burst);
        let Work { answers, pinged, ids, fetch, changed } = gate.work;
        self.broker.metrics.bytes_in.add(wide(progress.used));
        if progress.packets > 0
            && let Some(silence) = &mut self.silence
        {
            silence.hear(&self.broker.watch);
        }
        let (mut slow, asked) = (None, !burst.up.is_empty());
        if asked {
            self.broker.metrics.messages_in.add(wide(burst.up.len()));
            slow = self.broker.hub.up(&self.link.grant, &mut burst);
        }
        let domain = self.link.domain.clone();
        // What is retained is set under the lock under which its receivers are found: who subscribes
        // meanwhile gets it in the one way or the other.
        let retains = fetch.is_empty() && burst.up.iter().any(|up| up.retain);
        let retained = retains.then(|| domain.retained.write());
        let (batch, down, mut post) = self.route(burst, &fetch, changed);
        drop(bump);
        self.keep(bytes, progress.used);
        self.more = progress.more;
        if progress.packets > 0 {
            let (broker, link) = (&self.broker, &self.link);
            let ticket = match &mut post {
                Some(post) => post.commit(broker, link, batch, retained),
                None if !asked && batch.is_empty() => Ticket::durable(),
                None => broker.hub.commit(&link.grant, batch, &broker.store),
            };
            if pinged {
                self.patience.pinged();
            }
            self.wait(Pending { slow, ticket, answers, down, post, ids }, (now, cx.waker()));
        } else {
            scratch::give(answers);
        }
        progress.end
    }

    /// Releases a burst when its turn has come, at once if it waits for nothing.
    fn wait(&mut self, mut pending: Pending, (now, waker): (Millis, &Waker)) {
        if self.pending.is_empty() && pending.slow.is_none() && pending.ticket.is_durable() {
            return self.release(pending, now, waker);
        }
        // The buffer is for others, as long as this waits for the disk.
        let kept = pending.answers.as_slice().into();
        scratch::give(std::mem::replace(&mut pending.answers, kept));
        // Exactly what it will ever hold.
        self.pending.reserve_exact(DEPTH.saturating_sub(self.pending.len()));
        self.pending.push_back(pending);
    }

    /// Finds the receivers of a burst's messages, and what its subscriptions ask for.
    fn route(
        &self,
        burst: Burst<'_>,
        fetch: &[(Box<str>, Wish)],
        changed: bool,
    ) -> (Batch, Vec<Down>, Option<Box<Post>>) {
        let Burst { now, up, mut batch, mut down } = burst;
        let mut post = Post::take(up.len());
        for up in up.iter().filter(|up| up.verdict == Verdict::Accepted) {
            post.route(&self.broker, &self.link, up, (now, &mut batch));
        }
        if !down.is_empty() {
            self.broker.sort(&self.link, &mut down, &mut post, (now, &mut batch));
        }
        for (filter, wish) in fetch {
            post.fetch(&self.broker, &self.link, (filter, *wish), (now, &mut batch));
        }
        if changed {
            keep(&self.link, &mut batch);
        }
        if post.is_empty() {
            post.give();
            return (batch, down, None);
        }
        (batch, down, Some(post))
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
        if std::mem::take(&mut self.follows) {
            return Poll::Pending;
        }
        let closing = self.link.closing();
        // Asked after the order to end: what came before it is written.
        self.quiet &= !self.link.was_woken();
        if let Some(why) = closing
            && (why != Offline::Shutdown || self.link.abandoned())
        {
            return Poll::Ready(Wake::End(End::new(why)));
        }
        let mut idle = self.quiet;
        if !idle {
            match self.poll_write(cx) {
                Poll::Ready(Ok(())) => {
                    idle = true;
                    // A queue with a pace goes on by itself.
                    self.quiet = self.greeted && self.pace.is_none();
                }
                Poll::Ready(Err(error)) => return Poll::Ready(self.lost(&error)),
                Poll::Pending => {}
            }
        }
        if closing == Some(Offline::Shutdown) {
            let done = idle && self.pending.is_empty();
            let end = Wake::End(End::new(Offline::Shutdown));
            return if done { Poll::Ready(end) } else { Poll::Pending };
        }
        let slow = self.pending.back().is_some_and(|last| last.slow.is_some());
        let committing = slow || self.pending.len() >= DEPTH;
        if self.writing.len() - self.written < BACKLOG
            && let Poll::Ready(wake) = self.poll_input(cx, committing)
        {
            return Poll::Ready(wake);
        }
        self.poll_silence(committing).map(|()| Wake::End(End::new(Offline::KeepAlive)))
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
            self.broker.metrics.bytes_in.add(wide(2 * pings));
            if let Some(silence) = &mut self.silence {
                silence.hear(&self.broker.watch);
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
            self.quiet = false;
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
            if let Some(slow) = &mut first.slow {
                ready!(slow.as_mut().poll(cx));
                first.slow = None;
            }
            ready!(Pin::new(&mut first.ticket).poll(cx))?;
            if let Some(pending) = self.pending.pop_front() {
                self.release(pending, self.broker.clock.now(), cx.waker());
            }
        }
        if self.pending.capacity() > 0 {
            // A connection that only listens pays nothing.
            self.pending = VecDeque::new();
        }
        Poll::Ready(Ok(()))
    }

    fn release(&mut self, pending: Pending, now: Millis, waker: &Waker) {
        let Pending { answers, down, post, .. } = pending;
        if !self.greeted {
            self.link.set_served();
        }
        (self.greeted, self.quiet) = (true, false);
        if self.writing.capacity() == 0 && answers.capacity() == scratch::SIZE {
            self.writing = answers;
        } else {
            if self.writing.capacity() == 0 && !(answers.is_empty() && down.is_empty()) {
                self.writing = scratch::take();
            }
            self.writing.extend_from_slice(&answers);
            scratch::give(answers);
        }
        if down.is_empty() && post.is_none() {
            return;
        }
        if let Some(mut post) = post {
            self.follows |= post.deliver(&self.broker, now, Some((&self.link.session, waker)));
            post.give();
            // What came back to this client stays in its order.
            let own = self.link.session.lock().take_outbox(&self.link);
            if let Some(own) = own {
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
        self.broker.metrics.messages_out.add(1);
        Ok(())
    }

    /// Writes what there is, the connection's own answers before the outbox.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut follower = None;
        let wrote = self.poll_write_all(cx, &mut follower);
        if !matches!(wrote, Poll::Ready(Ok(()))) || !self.greeted {
            // Whoever waits for a connection that cannot write now waits no longer.
            follower = follower.or_else(|| self.link.session.lock().take_follower());
        }
        follower.into_iter().for_each(Waker::wake);
        wrote
    }

    fn poll_write_all(
        &mut self,
        cx: &mut Context<'_>,
        follower: &mut Option<Waker>,
    ) -> Poll<io::Result<()>> {
        loop {
            while self.written < self.writing.len() {
                let rest = self.writing.get(self.written..).unwrap_or_default();
                let wrote = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
                if wrote == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.written += wrote;
                self.unflushed = true;
                self.broker.metrics.bytes_out.add(wide(wrote));
            }
            self.written = 0;
            scratch::give(std::mem::take(&mut self.writing));
            follower.take().into_iter().for_each(Waker::wake);
            if !self.greeted {
                break;
            }
            let mut inner = self.link.session.lock();
            let outbox = inner.take_outbox(&self.link);
            let due = inner.due(self.link.session.is_durable());
            *follower = follower.take().or_else(|| inner.take_follower());
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
    fn poll_silence(&mut self, committing: bool) -> Poll<()> {
        let Some(silence) = &mut self.silence else { return Poll::Pending };
        silence.poll(&self.broker.watch, &self.link, committing)
    }

    /// Lets go what is committed, ends on our side, then says farewell.
    async fn finish(&mut self, end: End) {
        self.link.close(end.why);
        if let Some(silence) = &self.silence {
            silence.end(&self.broker.watch);
        }
        if self.link.session.is_of(&self.link) {
            // Who follows us need not wait for our end.
            let follower = self.link.session.lock().take_follower();
            follower.into_iter().for_each(Waker::wake);
        }
        let mut failed = false;
        while let Some(mut pending) = self.pending.pop_front() {
            if let Some(slow) = pending.slow.take() {
                slow.await;
            }
            match (&mut pending.ticket).await {
                Ok(()) if !failed => self.release(pending, self.broker.clock.now(), Waker::noop()),
                // What follows a failure is not acknowledged; its messages are there all the same.
                Ok(()) => drop(pending),
                Err(_) => {
                    failed = true;
                    pending.cancel(&self.link.session);
                }
            }
        }
        let kept = self.link.session.is_durable();
        let mut gone = depart(&self.broker, &self.link, end).await;
        if kept {
            // Who comes back at once must not find in the store what ended with this connection; of
            // others nothing is there, and they need not wait for the disk.
            drop((&mut gone).await);
        }
        // The client may be gone, or deaf: neither matters any more.
        drop(timeout(FAREWELL, self.farewell(end.reason)).await);
        if kept {
            self.broker.router.forget(&self.link.session);
        }
        if let Err(error) = gone.await {
            tracing::error!(?error, client = %self.link.grant.client.0, "offline is not stored");
        }
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
