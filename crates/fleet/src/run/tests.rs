use std::{future::pending, sync::atomic::AtomicU64, sync::atomic::Ordering::Relaxed};

use mqtt::{Level, Packet, QoS, encode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    door::{Door, Tls},
    track::Point,
    walk::Script,
};

const QUOTA_EXCEEDED: u8 = 0x97;

/// A server that takes every report, but each `forgets`-th publish has no PUBACK, or at 5.0 one
/// that says no.
struct Forgetful {
    published: AtomicU64,
    forgets: u64,
    level: Level,
}

impl Forgetful {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut devices = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            devices.spawn(self.clone().talk(stream));
        }
    }

    async fn talk(self: Arc<Self>, mut stream: TcpStream) {
        let mut input = Vec::new();
        while stream.read_buf(&mut input).await.is_ok_and(|read| read > 0) {
            let mut out = Vec::new();
            while let Some(frame) = mqtt::frame(&input, 1 << 20).unwrap() {
                let length = frame.bytes.len();
                self.answer(mqtt::decode(self.level, frame).unwrap(), &mut out);
                input.drain(..length);
            }
            if stream.write_all(&out).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, packet: Packet<'_>, out: &mut Vec<u8>) {
        match packet {
            Packet::Connect(_) => encode::connack(out, self.level, false, 0),
            Packet::Subscribe(ask) => encode::suback(out, self.level, ask.id, &[1]),
            Packet::Publish(message) => {
                let n = self.published.fetch_add(1, Relaxed) + 1;
                let forgets = n.is_multiple_of(self.forgets);
                if !forgets || self.level == Level::V5 {
                    let reason = if forgets { QUOTA_EXCEEDED } else { 0 };
                    encode::puback(out, self.level, message.id.unwrap(), reason);
                }
                let report: serde_json::Value = serde_json::from_slice(message.payload).unwrap();
                let reply = serde_json::json!({
                    "method": "report_reply", "clientToken": report["clientToken"], "code": 0,
                });
                let topic = message.topic.replace("/up/", "/down/");
                let payload = reply.to_string();
                let down = mqtt::Publish {
                    dup: false,
                    qos: QoS::AtMostOnce,
                    retain: false,
                    topic: &topic,
                    id: None,
                    properties: mqtt::Properties::default(),
                    payload: payload.as_bytes(),
                };
                encode::publish(out, self.level, &down);
            }
            _ => {}
        }
    }
}

fn plan(address: std::net::SocketAddr) -> Plan {
    let centre = Point { latitude: 22.5, longitude: 114.0 };
    let device = |n| Device { product: "P".into(), name: format!("d{n}"), secret: "AA==".into() };
    Plan {
        devices: (0..10).map(device).collect(),
        script: Script::compile(include_str!("../../demo.json"), centre).unwrap(),
        door: Door { address, tls: Tls::Off },
        sources: vec!["127.0.0.2".parse().unwrap(), "127.0.0.3".parse().unwrap()],
        level: Level::V311,
        qos: QoS::AtLeastOnce,
        keep_alive: 60,
        connect_rate: 1000.0,
        report_rate: 20.0,
        event_rate: 0.0,
        drop_rate: 0.0,
        storm: None,
        duration: Duration::from_millis(1500),
        grace: Duration::from_millis(200),
        seed: 1,
        server: Some(std::process::id()),
        keep_acknowledged: true,
    }
}

async fn sail(forgets: u64, change: impl FnOnce(&mut Plan)) -> (Done, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut plan = plan(listener.local_addr().unwrap());
    change(&mut plan);
    let (published, level) = (AtomicU64::new(0), plan.level);
    let server = Arc::new(Forgetful { published, forgets, level });
    let task = tokio::spawn(server.clone().serve(listener));
    let done = run(plan, Clock::system(), pending(), |_| {}).await.unwrap();
    task.abort();
    (done, server.published.load(Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_acknowledged_is_lost() {
    let (done, published) = sail(10, |_| {}).await;
    let outcome = &done.outcome;
    assert!(outcome.reports > 100, "{outcome}");
    assert_eq!((outcome.published, outcome.lost), (published, published / 10), "{outcome}");
    assert_eq!((outcome.taken, outcome.unanswered), (outcome.reports, 0), "{outcome}");
    let kept: usize = done.kept.iter().map(|(_, times)| times.len()).sum();
    assert_eq!(kept as u64, outcome.acknowledged, "{outcome}");
    assert_eq!((done.kept.len(), outcome.cut_off, outcome.failures), (10, 0, 0), "{outcome}");
    assert_eq!(outcome.acknowledge_ms.count, outcome.acknowledged);
    assert!(outcome.server.unwrap().most_bytes > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_5_0_a_publish_may_be_rejected() {
    let (done, published) = sail(10, |plan| plan.level = Level::V5).await;
    let outcome = &done.outcome;
    assert_eq!((outcome.rejected, outcome.lost), (published / 10, 0), "{outcome}");
    assert_eq!(outcome.acknowledged + outcome.rejected, outcome.published, "{outcome}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f16_after_a_storm_all_come_back() {
    let (done, _) = sail(u64::MAX, |plan| {
        plan.storm = Some(Duration::from_millis(500));
        plan.connect_rate = 200.0;
    })
    .await;
    let outcome = &done.outcome;
    assert_eq!((outcome.connects, outcome.drop_outs, outcome.online_at_end), (20, 10, 10));
    assert!(outcome.storm_seconds.unwrap() < 1.0, "{outcome}");
    assert_eq!((outcome.lost, outcome.failures), (0, 0), "{outcome}");
}

#[tokio::test]
async fn a_fleet_that_nobody_lets_in_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plan = plan(listener.local_addr().unwrap());
    drop(listener);
    let done = run(plan, Clock::system(), pending(), |_| {}).await.unwrap();
    assert_eq!(done.outcome.failures, 10, "{}", done.outcome);
    let reason = done.outcome.reasons.keys().next().unwrap();
    assert!(reason.starts_with("cannot connect: "), "{reason}");
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_the_fleet() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plan = plan(listener.local_addr().unwrap());
    let home = timeout(CONNECTING, run(plan, Clock::system(), pending(), |_| {}));
    let outcome = home.await.expect("it waits for the server").unwrap().outcome;
    assert_eq!((outcome.connects, outcome.online_at_end), (0, 0), "{outcome}");
}
