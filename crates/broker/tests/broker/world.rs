//! The server under test and the product behind it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use base::{Clock, Secret};
use broker::{
    Broker, Handle, Options,
    hub::{
        Access, Answer, Burst, ClientKey, Connect, Down, Event, Grant, Hub, Limits, Lost, Reach,
        Refusal, Sessions, Switches, Tenant, Verdict,
    },
};
use store::{Batch, Space, Store, Ticket};
use tokio::sync::{Notify, mpsc};

use crate::client::{self, Client};

/// The start of the clock that only tests move.
pub(crate) const START: i64 = 1_700_000_000_000;
/// How long a group of commits waits; an acknowledgement that does not wait for it is early.
pub(crate) const COMMIT_DELAY: Duration = Duration::from_millis(60);
/// Rows that make a group of commits full: it waits no longer.
const GROUP: usize = 1000;
/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) news: mpsc::UnboundedReceiver<String>,
    pub(crate) slow: Arc<Notify>,
    /// The next commit of a burst is refused, as by a full disk.
    pub(crate) refuse: Arc<AtomicBool>,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Limits { up_qos0_per_s: 0, up_qos1_per_s: 0, ..Limits::default() }, |_, _| {})
            .await
    }

    pub(crate) async fn with(limits: Limits, change: impl FnOnce(&mut Options, &PathBuf)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let store = open(folder.path().join("data"), clock.clone()).await;
        Self::over(store, clock, folder, limits, change)
    }

    fn over(
        store: Store,
        clock: Clock,
        folder: tempfile::TempDir,
        limits: Limits,
        change: impl FnOnce(&mut Options, &PathBuf),
    ) -> Self {
        let (tell, news) = mpsc::unbounded_channel();
        let slow = Arc::new(Notify::new());
        let tenants = [Tenant::new("one", 0), Tenant::new("two", 0)];
        let epoch = AtomicU64::new(1);
        let refuse = Arc::new(AtomicBool::new(false));
        let (few, stalls, refuses) = (Sessions::at_most(2), slow.clone(), refuse.clone());
        let product = Product { limits, epoch, tell, slow: stalls, refuse: refuses, tenants, few };
        let mut options =
            Options { tcp: Some("127.0.0.1:0".parse().unwrap()), ..Options::default() };
        change(&mut options, &folder.path().to_path_buf());
        let broker =
            Broker::start(options, store.clone(), clock.clone(), Arc::new(product)).unwrap();
        Self { broker, store, clock, news, slow, refuse, folder }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.broker.handle()
    }

    /// A connection on the TCP door that has said nothing yet.
    pub(crate) async fn raw(&self) -> Client {
        let address = self.broker.addresses().tcp.unwrap();
        Client::new(tokio::net::TcpStream::connect(address).await.unwrap())
    }

    /// A server whose disk moves when the test says so.
    pub(crate) async fn on_a_stalled_disk() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::manual(START));
        let stalled = Duration::from_secs(3600);
        let store = open_with(folder.path().join("data"), clock.clone(), stalled).await;
        let limits = Limits { up_qos0_per_s: 0, up_qos1_per_s: 0, ..Limits::default() };
        Self::over(store, clock, folder, limits, |_, _| {})
    }

    /// All that waits for the disk is stored.
    pub(crate) async fn disk_moves(&self) {
        let mut full = Batch::default();
        for n in 0..GROUP {
            full.put(Space::Queue, &n.to_be_bytes(), &[]);
        }
        self.store.commit(full).await.unwrap();
    }

    /// A server on what the disk of this one has now, as after a kill.
    pub(crate) async fn after_a_kill(&self) -> Self {
        self.after_a_kill_with(|_| {}).await
    }

    pub(crate) async fn after_a_kill_with(&self, change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&self.folder.path().join("data"), &folder.path().join("data"));
        let store = open(folder.path().join("data"), self.clock.clone()).await;
        let limits = Limits { up_qos0_per_s: 0, up_qos1_per_s: 0, ..Limits::default() };
        Self::over(store, self.clock.clone(), folder, limits, |options, _| change(options))
    }

    /// A client that is online; its first news are taken.
    pub(crate) async fn client(&mut self, id: &str) -> Client {
        let mut client = self.raw().await;
        client.send(&client::connect(id)).await;
        assert_eq!(client.next().await, client::connack(0));
        assert_eq!(self.news().await, format!("{id} online"));
        client
    }

    /// The next thing that the product was told.
    pub(crate) async fn news(&mut self) -> String {
        tokio::time::timeout(DEADLINE, self.news.recv()).await.expect("no news").unwrap()
    }

    pub(crate) fn stored(&self, key: &str) -> bool {
        self.store.get(Space::Session, key.as_bytes()).unwrap().is_some()
    }
}

pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).unwrap();
        }
    }
}

pub(crate) async fn open(data: PathBuf, clock: Clock) -> Store {
    open_with(data, clock, COMMIT_DELAY).await
}

async fn open_with(data: PathBuf, clock: Clock, group_delay: Duration) -> Store {
    let options = store::Options {
        data,
        metadata: store::Metadata::Sqlite,
        points_days: 30,
        logs_days: 7,
        group_messages: GROUP,
        group_bytes: 1 << 20,
        group_delay,
    };
    Store::open(options, clock).await.unwrap()
}

pub(crate) fn key(id: &str) -> ClientKey {
    ClientKey(id.into())
}

/// The product: a client owns the topics under its id.
///
/// | topic | is |
/// |---|---|
/// | `{id}/report` | stored under its payload, answered on `{id}/reply` |
/// | `{id}/slow` | the same, once the test allows it |
/// | `{id}/to/{other}` | sent to `{other}/inbox` |
/// | other | left to the router |
struct Product {
    limits: Limits,
    epoch: AtomicU64,
    tell: mpsc::UnboundedSender<String>,
    slow: Arc<Notify>,
    refuse: Arc<AtomicBool>,
    tenants: [Arc<Tenant>; 2],
    few: Sessions,
}

impl Product {
    /// Clients whose id begins with `svc` may do all and see all of their tenant; `svc2` are of
    /// another one, `svc-lean` have no QoS 2 and retain nothing, `svc-few` keep two sessions.
    fn grant(&self, id: &str) -> Grant {
        let free = id.starts_with("svc") || id.starts_with("auto-");
        let all = Switches { retained: true, will: true, qos2: true, many_filters: true };
        let lean = Switches { will: true, many_filters: true, ..Switches::default() };
        let none = Switches { many_filters: true, ..Switches::default() };
        Grant {
            client: key(id),
            epoch: self.epoch.fetch_add(1, Ordering::SeqCst),
            limits: Arc::new(self.limits),
            allows: match free {
                true if id.starts_with("svc-lean") => lean,
                true => all,
                false => none,
            },
            tenant: self.tenants[usize::from(id.starts_with("svc2"))].clone(),
            reach: if free { Reach::Free } else { Reach::Own },
            sessions: id.starts_with("svc-few").then(|| self.few.clone()),
            data: Arc::new(()),
        }
    }

    fn tell(&self, who: &Grant, what: &str) {
        self.tell.send(format!("{} {what}", who.client.0)).unwrap_or_default();
    }
}

impl Hub for Product {
    fn secret(&self, _: &[u8]) -> Option<Secret> {
        None
    }

    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>> {
        Box::pin(async move {
            match (hello.client_id, hello.user_name, hello.password) {
                ("malformed", ..) => Err(Refusal::BadIdentifier),
                ("disabled", ..) => Err(Refusal::NotAuthorized),
                ("busy", ..) => Err(Refusal::Busy),
                (id, Some("user"), Some(b"secret")) => Ok(self.grant(id)),
                _ => Err(Refusal::BadCredentials),
            }
        })
    }

    fn may(&self, who: &Grant, access: Access, topic: &str) -> bool {
        if who.reach == Reach::Free {
            return match access {
                Access::Publish => !topic.starts_with("barred"),
                Access::Subscribe => true,
                Access::Receive => !topic.starts_with("hidden"),
            };
        }
        topic.split('/').next() == Some(&*who.client.0)
    }

    fn owner(&self, topic: &str) -> Option<ClientKey> {
        topic.split_once('/').map(|(id, _)| key(id))
    }

    fn restore(&self, client: &ClientKey) -> Option<Grant> {
        Some(self.grant(&client.0))
    }

    fn up(&self, who: &Grant, burst: &mut Burst<'_>) -> Option<Answer<'static, ()>> {
        for up in &mut burst.up {
            if up.verdict != Verdict::Accepted {
                self.tell(who, &format!("{:?}", up.verdict));
                continue;
            }
            assert!(up.payload != b"panic", "as the test wants");
            let (id, rest) = up.topic.split_once('/').unwrap_or_default();
            let (to, topic) = match rest.split_once('/') {
                Some(("to", other)) => (other, format!("{other}/inbox")),
                _ if rest == "report" || rest == "slow" => (id, format!("{id}/reply")),
                _ => continue,
            };
            up.taken = true;
            burst.batch.put(Space::Session, up.payload, b"here");
            let (to, topic) = (key(to), topic.into());
            burst.down.push(Down { to, topic, payload: up.payload.to_vec(), qos: up.qos });
        }
        let slow = burst.up.iter().any(|up| up.topic.ends_with("/slow"));
        slow.then(|| Box::pin(self.slow.clone().notified_owned()) as Answer<'static, ()>)
    }

    fn commit(&self, who: &Grant, mut batch: Batch, store: &Store) -> Ticket {
        if self.refuse.swap(false, Ordering::SeqCst) {
            // No key is empty.
            batch.put(Space::Session, &[], &[]);
        }
        if !batch.is_empty() {
            batch.put(
                Space::Session,
                format!("{} has its place", who.client.0).as_bytes(),
                b"here",
            );
        }
        store.commit(batch)
    }

    fn event(&self, who: &Grant, what: Event<'_>, into: &mut Batch) {
        let comes = matches!(what, Event::Online { .. });
        assert!(!(comes && *who.client.0 == *"panic"), "as the test wants");
        let text = match what {
            Event::Online { .. } => "online".into(),
            Event::Offline { why, .. } => format!("offline {why:?}"),
            Event::Subscribed { filter, .. } => format!("subscribed {filter}"),
            Event::Unsubscribed { filter, .. } => format!("unsubscribed {filter}"),
            Event::SubscribeRefused { filter, .. } => format!("refused {filter}"),
        };
        into.put(Space::Session, format!("{} {text}", who.client.0).as_bytes(), b"here");
        self.tell(who, &text);
    }

    fn lost(&self, to: &ClientKey, what: Lost<'_>, into: &mut Batch) {
        assert!(!what.topic.ends_with("/panic"), "as the test wants");
        let text = format!("{} missed {} {:?}", to.0, what.topic, what.why);
        into.put(Space::Session, text.as_bytes(), b"here");
        self.tell.send(text).unwrap_or_default();
    }
}
