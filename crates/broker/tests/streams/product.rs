//! The broker with a product behind it that lets everybody in and everything through.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base::{Clock, Secret};
use broker::{
    Broker, Options,
    hub::{
        Access, Answer, Burst, ClientKey, Connect, Event, Grant, Hub, Limits, Reach, Refusal,
        Switches, Tenant,
    },
};
use store::{Batch, Store};

/// The broker under test; it ends when dropped.
pub(crate) struct Thingd {
    pub(crate) broker: Broker,
    _folder: tempfile::TempDir,
}

impl Thingd {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let options = store::Options {
            data: folder.path().join("data"),
            metadata: store::Metadata::Sqlite,
            points_days: 30,
            logs_days: 7,
            group_messages: 1000,
            group_bytes: 1 << 20,
            group_delay: std::time::Duration::ZERO,
        };
        let store = Store::open(options, clock.clone()).await.unwrap();
        let options = Options { tcp: Some("127.0.0.1:0".parse().unwrap()), ..Options::default() };
        let product = Open { tenant: Tenant::new("open", 0), epoch: AtomicU64::new(1) };
        let broker = Broker::start(options, store, clock, Arc::new(product)).unwrap();
        Self { broker, _folder: folder }
    }
}

struct Open {
    tenant: Arc<Tenant>,
    epoch: AtomicU64,
}

impl Hub for Open {
    fn secret(&self, _: &[u8]) -> Option<Secret> {
        None
    }

    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>> {
        Box::pin(async move {
            Ok(Grant {
                client: ClientKey(hello.client_id.into()),
                epoch: self.epoch.fetch_add(1, Ordering::SeqCst),
                limits: Arc::new(Limits {
                    up_qos0_per_s: 0,
                    up_qos1_per_s: 0,
                    ..Limits::default()
                }),
                allows: Switches { retained: true, will: true, qos2: true, many_filters: true },
                tenant: self.tenant.clone(),
                reach: Reach::Free,
                sessions: None,
                data: Arc::new(()),
            })
        })
    }

    fn may(&self, _: &Grant, _: Access, _: &str) -> bool {
        true
    }

    fn up(&self, _: &Grant, _: &mut Burst<'_>) -> Option<Answer<'static, ()>> {
        None
    }

    fn event(&self, _: &Grant, _: Event<'_>, _: &mut Batch) {}
}
