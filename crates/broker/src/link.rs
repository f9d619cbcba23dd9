//! The place where the rest of the server meets a connection: who it is, what its client can take,
//! and the order to end.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use futures_util::task::AtomicWaker;
use mqtt::{Level, Properties, Property};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    hub::{Grant, Offline},
    message::Message,
    router::Domain,
    session::Session,
    will::Will,
};

/// Topics that a client is told a number for (5.0).
const ALIASES: u16 = 16;

/// One connection as others see it. Its task owns the socket; this is what they share.
pub(crate) struct Link {
    pub(crate) grant: Grant,
    pub(crate) level: Level,
    pub(crate) session: Arc<Session>,
    /// What it shares with the other clients of its tenant.
    pub(crate) domain: Arc<Domain>,
    pub(crate) peer: Peer,
    /// QoS 1 and 2 messages that wait for the client's acknowledgement, at most.
    pub(crate) window: u32,
    will: Mutex<Option<Arc<Will>>>,
    waker: AtomicWaker,
    woken: AtomicBool,
    served: AtomicBool,
    /// 0, or 1 + the reason to end.
    closing: AtomicU8,
    /// The deadline of an orderly end is over.
    at_once: AtomicBool,
    ended: AtomicBool,
    end: Notify,
}

/// What a client said of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) clean: bool,
    /// Seconds that it wants its session to outlive the connection.
    pub(crate) session_s: u32,
    /// QoS 1 and 2 messages that it takes at the same time.
    pub(crate) receive: u16,
    /// Bytes of a packet that it takes; 0 is no limit.
    pub(crate) packet: u32,
    /// Topics that it remembers by number.
    pub(crate) aliases: u16,
    /// Whether it wants to hear of problems beyond their code.
    pub(crate) problems: bool,
}

impl Peer {
    pub(crate) fn of(connect: &mqtt::Connect<'_>) -> Self {
        let mut peer = Self {
            clean: connect.clean,
            session_s: if connect.clean || connect.level == Level::V5 { 0 } else { u32::MAX },
            receive: u16::MAX,
            packet: 0,
            aliases: 0,
            problems: true,
        };
        peer.read(connect.properties);
        peer
    }

    /// Who is not there any more.
    pub(crate) fn nobody() -> Self {
        let (clean, session_s, receive) = (true, 0, u16::MAX);
        Self { clean, session_s, receive, packet: 0, aliases: 0, problems: false }
    }

    /// Whether it takes a packet of so many bytes [MQTT5-3.1.2-24].
    pub(crate) fn takes(&self, bytes: usize) -> bool {
        self.packet == 0 || bytes <= usize::try_from(self.packet).unwrap_or(usize::MAX)
    }

    fn read(&mut self, properties: Properties<'_>) {
        for property in properties.iter() {
            match property {
                Property::SessionExpiry(seconds) => self.session_s = seconds,
                Property::ReceiveMaximum(most) => self.receive = most,
                Property::MaximumPacketSize(most) => self.packet = most,
                Property::TopicAliasMaximum(most) => self.aliases = most.min(ALIASES),
                Property::RequestProblem(wants) => self.problems = wants != 0,
                _ => {}
            }
        }
    }
}

impl Link {
    pub(crate) fn new(
        grant: Grant,
        level: Level,
        session: Arc<Session>,
        domain: Arc<Domain>,
        peer: Peer,
    ) -> Self {
        let window = u32::from(match grant.limits.in_flight {
            0 => peer.receive,
            most => most.min(peer.receive),
        });
        Self {
            grant,
            level,
            session,
            domain,
            peer,
            window,
            will: Mutex::default(),
            waker: AtomicWaker::new(),
            woken: AtomicBool::new(false),
            served: AtomicBool::new(false),
            closing: AtomicU8::new(0),
            at_once: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            end: Notify::new(),
        }
    }

    /// Seconds that the session outlives the connection: what the client wants and may have.
    pub(crate) fn session_s(&self) -> u32 {
        self.peer.session_s.min(self.grant.limits.session_s)
    }

    /// Whether the client can take so large a message.
    pub(crate) fn takes(&self, message: &Message<'_>) -> bool {
        self.peer.takes(message.packet_bytes())
    }

    pub(crate) fn set_will(&self, will: Option<Will>) {
        *self.will.lock() = will.map(Arc::new);
    }

    pub(crate) fn will(&self) -> Option<Arc<Will>> {
        self.will.lock().clone()
    }

    /// Seconds that its will waits when it is gone.
    pub(crate) fn will_delay_s(&self) -> u32 {
        self.will.lock().as_ref().map_or(0, |will| will.delay_s())
    }

    pub(crate) fn has_will(&self) -> bool {
        self.will.lock().is_some()
    }

    /// Orders the connection to end; the first reason stays.
    pub(crate) fn close(&self, why: Offline) {
        let code = why.number() + 1;
        // Who is second has nothing to add.
        let first = self.closing.compare_exchange(0, code, Ordering::SeqCst, Ordering::SeqCst);
        if first.is_ok() {
            self.wake();
        }
    }

    /// Ends an orderly end.
    pub(crate) fn abandon(&self) {
        self.at_once.store(true, Ordering::SeqCst);
        self.wake();
    }

    pub(crate) fn abandoned(&self) -> bool {
        self.at_once.load(Ordering::SeqCst)
    }

    pub(crate) fn closing(&self) -> Option<Offline> {
        self.closing.load(Ordering::SeqCst).checked_sub(1).and_then(Offline::numbered)
    }

    /// The task to wake for the outbox and the order to end.
    pub(crate) fn listen(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(crate) fn wake(&self) {
        self.woken.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    /// Its task writes what comes from now on, as long as it is not told to end.
    pub(crate) fn set_served(&self) {
        self.served.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_served(&self) -> bool {
        self.served.load(Ordering::SeqCst)
    }

    /// Whether it was woken since it was last asked.
    pub(crate) fn was_woken(&self) -> bool {
        self.woken.load(Ordering::SeqCst) && self.woken.swap(false, Ordering::SeqCst)
    }

    /// Nothing of this connection will be heard any more.
    pub(crate) fn set_ended(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.end.notify_waiters();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    pub(crate) async fn ended(&self) {
        // Created before the look at the flag, so that no notice is missed between the two.
        let notice = self.end.notified();
        if !self.has_ended() {
            notice.await;
        }
    }
}
