//! The post without sockets, where the order of two connections' steps is the test's.

use base::{Clock, Secret};
use mqtt::Level;

use super::*;
use crate::{
    Broker, Options,
    hub::{Answer, Burst, Connect, Event, Grant, Hub, Refusal, Switches, Tenant},
    link::Peer,
    retained::{self, tests::open},
};

/// A product that has no opinion.
struct Nothing;

impl Hub for Nothing {
    fn secret(&self, _: &[u8]) -> Option<Secret> {
        None
    }

    fn connect<'a>(&'a self, _: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>> {
        Box::pin(async { Err(Refusal::NotAuthorized) })
    }

    fn may(&self, _: &Grant, _: Access, _: &str) -> bool {
        true
    }

    fn up(&self, _: &Grant, _: &mut Burst<'_>) -> Option<Answer<'static, ()>> {
        None
    }

    fn event(&self, _: &Grant, _: Event<'_>, _: &mut Batch) {}
}

pub(crate) async fn broker(data: &std::path::Path) -> Broker {
    let clock = Clock::manual(1_800_000_000_000);
    let store = open(data, clock.clone()).await;
    Broker::start(Options::default(), store, clock, Arc::new(Nothing)).unwrap()
}

pub(crate) fn link(broker: &Shared, id: &str) -> Arc<Link> {
    let client = ClientKey(id.into());
    let grant = Grant {
        client: client.clone(),
        epoch: 1,
        limits: Arc::default(),
        allows: Switches::default(),
        tenant: Tenant::new("one", 0),
        reach: Reach::Free,
        sessions: None,
        data: Arc::new(()),
    };
    let session = Arc::new(Session::new(client, broker.clock.now()));
    let domain = broker.router.domain("one");
    Arc::new(Link::new(grant, Level::V5, session, domain, Peer::nobody()))
}

/// What is retained on all topics, by its payloads.
fn retained_in(domain: &Retained) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    domain.matching("#", 0, |kept| seen.push(kept.payload.to_vec()));
    seen
}

#[tokio::test]
async fn what_is_retained_has_the_order_of_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let broker = broker(folder.path()).await;
    let broker = &broker.shared;
    let now = broker.clock.now();
    for (first, second) in [(&b"a"[..], &b"b"[..]), (b"c", b""), (b"", b"d")] {
        let route = |who: &str, payload| {
            let (mut post, mut batch) = (Post::default(), Batch::default());
            let (link, mut up) = (link(broker, who), Up::new("x", payload, QoS::AtMostOnce));
            up.retain = true;
            post.route(broker, &link, &up, (now, &mut batch));
            move || post.commit(broker, &link, batch, None)
        };
        let (last, former) = (route("svc-a", first), route("svc-b", second));
        former().await.unwrap();
        last().await.unwrap();
        let quota = retained::Quota { messages: 10, bytes: 1000 };
        let disk = retained::load(&broker.store, quota).unwrap();
        let disk = disk.get("one").map(retained_in).unwrap_or_default();
        assert_eq!(disk, retained_in(&broker.router.domain("one").retained.read()));
        let stays: Vec<_> =
            Some(first.to_vec()).filter(|text| !text.is_empty()).into_iter().collect();
        assert_eq!(disk, stays);
    }
}
