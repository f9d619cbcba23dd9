//! One session against a model of it: whatever its client and the machine do, each message that was
//! taken comes at least once, in its order, and not again once its acknowledgement is stored.

use std::collections::{BTreeMap, BTreeSet};

use broker::hub::{Delivery, Limits};
use mqtt::QoS;

use crate::{
    client::{Client, disconnect, persistent, suback, subscribe},
    world::{World, key},
};

const CLIENT: &str = "svc-m";
const TOPIC: &str = "free/m";
/// Messages in flight.
const WINDOW: u16 = 4;

/// What the client knows of a message that it has not done with.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    exact: bool,
    heard: bool,
    /// It was acknowledged, and whether the server stored that is not known.
    unsure: bool,
}

struct Model {
    world: World,
    client: Option<Client>,
    next: u16,
    open: BTreeMap<u16, Known>,
    /// Heard over this connection and not acknowledged: its packet id.
    here: BTreeMap<u16, [u8; 2]>,
    last: u16,
    window: usize,
    dice: u64,
}

impl Model {
    async fn new(seed: u64) -> Self {
        let limits = Limits { in_flight: WINDOW, down_per_s: 0, ..Limits::default() };
        let world = World::with(limits, |_, _| {}).await;
        let mut client = world.raw().await;
        assert!(!client.greets(&persistent(CLIENT)).await);
        client.send(&subscribe(1, &[(TOPIC, QoS::ExactlyOnce)])).await;
        client.hears(&suback(1, &[2])).await;
        let (open, here) = (BTreeMap::new(), BTreeMap::new());
        let (client, window) = (Some(client), usize::from(WINDOW));
        Self { world, client, next: 1, open, here, last: 0, window, dice: seed }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.dice >> 33) % sides
    }

    async fn step(&mut self) {
        self.world.clock.advance(1000);
        match self.roll(8) {
            0..=2 => self.send().await,
            3..=4 if self.client.is_some() => self.acknowledge(true).await,
            5 if self.client.is_some() => self.leave().await,
            6 if self.roll(2) == 0 => self.kill().await,
            _ => self.come().await,
        }
    }

    async fn send(&mut self) {
        for _ in 0..=self.roll(3) {
            let exact = self.roll(2) == 0;
            let qos = if exact { QoS::ExactlyOnce } else { QoS::AtLeastOnce };
            let (handle, payload) = (self.world.handle(), self.next.to_be_bytes());
            let sent = handle.send(&key(CLIENT), TOPIC, &payload, qos).await.unwrap();
            assert!(matches!(sent, Delivery::Sent | Delivery::Queued), "{sent:?}");
            self.open.insert(self.next, Known { exact, ..Known::default() });
            self.next += 1;
        }
        self.listen().await;
    }

    /// Hears all that the window has room for.
    async fn listen(&mut self) {
        while self.client.is_some() && self.here.len() < self.window {
            let owed = self.open.iter().any(|(n, known)| *n > self.last && !known.unsure);
            if !owed {
                return;
            }
            self.hear().await;
        }
    }

    async fn hear(&mut self) {
        let client = self.client.as_mut().unwrap();
        let packet = client.next().await;
        if packet[0] == 0x62 {
            client.send(&[0x70, 2, packet[2], packet[3]]).await;
            return;
        }
        assert_eq!(packet[0] >> 4, 3, "{packet:02x?}");
        let [high, low] = packet[packet.len() - 2..] else { panic!("{packet:02x?}") };
        let n = u16::from_be_bytes([high, low]);
        let id = [packet[4 + TOPIC.len()], packet[5 + TOPIC.len()]];
        assert!(n > self.last, "{n} comes after {}", self.last);
        let passed =
            self.open.iter().find(|(m, known)| (self.last + 1..n).contains(m) && !known.unsure);
        assert!(passed.is_none(), "{n} comes before {passed:?}");
        let known =
            self.open.get_mut(&n).unwrap_or_else(|| panic!("{n} comes though it was done with"));
        assert!(!known.heard || packet[0] & 0x08 != 0, "{n} comes again, and does not say so");
        assert_eq!(packet[0] >> 1 & 3, if known.exact { 2 } else { 1 });
        (known.heard, self.last) = (true, n);
        self.here.insert(n, id);
    }

    /// Acknowledges some messages, in any order; `sure`: waits until that is stored.
    async fn acknowledge(&mut self, sure: bool) {
        let mut bytes = Vec::new();
        let here: Vec<_> = self.here.keys().copied().collect();
        let mut done = Vec::new();
        for n in here {
            if self.roll(3) > 0 {
                done.insert(usize::try_from(self.roll(1 + done.len() as u64)).unwrap(), n);
            }
        }
        let mut releases = BTreeSet::new();
        for n in &done {
            let id = self.here.remove(n).unwrap();
            let exact = self.open[n].exact;
            if exact {
                releases.insert(id);
            }
            bytes.extend_from_slice(&[if exact { 0x50 } else { 0x40 }, 2, id[0], id[1]]);
            self.open.get_mut(n).unwrap().unsure = true;
        }
        let client = self.client.as_mut().unwrap();
        client.send(&bytes).await;
        if !sure {
            return;
        }
        client.send(&[0xC0, 0]).await;
        let (mut completes, mut pong) = (Vec::new(), false);
        let mut early = Vec::new();
        while !pong || !releases.is_empty() {
            let client = self.client.as_mut().unwrap();
            let packet = client.next().await;
            match packet[0] {
                0xD0 => pong = true,
                // Also one of an earlier connection, whose end came before its completion was read.
                0x62 => {
                    releases.remove(&[packet[2], packet[3]]);
                    completes.extend_from_slice(&[0x70, 2, packet[2], packet[3]]);
                }
                _ => early.push(packet),
            }
        }
        for n in done {
            self.open.remove(&n);
        }
        let client = self.client.as_mut().unwrap();
        client.unread(&early.concat());
        client.send(&completes).await;
        self.listen().await;
    }

    /// Nothing is left but releases whose completions the former connection's end overtook.
    async fn is_done(&mut self) {
        self.come().await;
        let client = self.client.as_mut().unwrap();
        client.send(&[0xC0, 0]).await;
        loop {
            let packet = client.next().await;
            if packet[0] == 0xD0 {
                return;
            }
            assert_eq!(packet[0], 0x62, "{packet:02x?}");
            client.send(&[0x70, 2, packet[2], packet[3]]).await;
        }
    }

    async fn leave(&mut self) {
        let mut client = self.client.take().unwrap();
        if self.roll(2) == 0 {
            client.send(&disconnect()).await;
            while !client.gone().await {}
        }
        self.here.clear();
    }

    async fn kill(&mut self) {
        if self.client.is_some() && self.roll(2) == 0 {
            self.acknowledge(false).await;
        }
        self.client = None;
        self.here.clear();
        self.world = self.world.after_a_kill().await;
        self.window = 256;
    }

    /// Comes back, also when it is there.
    async fn come(&mut self) {
        self.here.clear();
        let mut client = self.world.raw().await;
        assert!(client.greets(&persistent(CLIENT)).await, "the session is there");
        (self.client, self.last) = (Some(client), 0);
        self.settle().await;
        self.listen().await;
    }

    /// Learns what became of the acknowledgements of which it did not hear.
    async fn settle(&mut self) {
        // Those that come again are in the way of the others; those that do not were stored.
        while self.open.values().any(|known| known.unsure) {
            let sent = self.open.range(self.last + 1..).next().map(|(n, _)| *n);
            let Some(first) = sent.filter(|_| self.here.len() < self.window) else { break };
            if self.open.values().all(|known| known.unsure) {
                // Nothing certain follows: one more message tells.
                let qos = QoS::AtLeastOnce;
                let payload = self.next.to_be_bytes();
                self.world.handle().send(&key(CLIENT), TOPIC, &payload, qos).await.unwrap();
                self.open.insert(self.next, Known::default());
                self.next += 1;
            }
            self.hear().await;
            let here = self.last;
            self.open.retain(|n, known| !(known.unsure && *n < here && *n >= first));
            if let Some(known) = self.open.get_mut(&here) {
                known.unsure = false;
            }
        }
    }
}

async fn run(seed: u64) {
    let mut model = Model::new(seed).await;
    for _ in 0..40 {
        model.step().await;
    }
    model.come().await;
    while !model.open.is_empty() {
        model.acknowledge(true).await;
    }
    model.is_done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_behaves_as_its_model() {
    let mut runs = tokio::task::JoinSet::new();
    for seed in 1..=12 {
        runs.spawn(async move {
            tokio::spawn(run(seed)).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        });
    }
    while let Some(run) = runs.join_next().await {
        run.unwrap();
    }
}
