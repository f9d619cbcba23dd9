//! Service clients, as backends use them: over sockets, at level 5.0, beside devices.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use base::Clock;
use mqtt::{Connect, Level, Packet, Properties, Property, Publish, QoS, encode, property::Place};
use serde_json::{Value, json};
use thingd::{Options, Running, config::Config};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    simulated::Device,
    world::{DEADLINE, Server},
};

/// A user name and its token.
#[derive(Clone)]
struct Key {
    user: String,
    token: String,
}

impl Key {
    fn of(made: &Value) -> Self {
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Self { user: text("UserName"), token: text("Token") }
    }

    /// A new one of the enterprise instance.
    async fn new(server: &Server, more: Value) -> Self {
        let mut params = json!({ "InstanceId": server.login.enterprise_instance_id });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Self::of(&server.call("CreateServiceClient", params).await)
    }
}

struct Backend {
    stream: TcpStream,
    bytes: Vec<u8>,
    id: u16,
    /// Messages that came while another packet was waited for.
    waiting: VecDeque<(String, String)>,
    /// Whether the server had a session of it.
    present: bool,
}

/// Longer than a test.
const HOUR_S: u32 = 3600;

impl Backend {
    /// The CONNACK's code, if it is not 0.
    async fn try_connect(to: SocketAddr, key: &Key, id: &str) -> Result<Self, u8> {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let mut properties = Vec::new();
        Property::SessionExpiry(HOUR_S).put(&mut properties);
        let packet = Connect {
            level: Level::V5,
            clean: false,
            keep_alive: 60,
            client_id: id,
            will: None,
            user_name: Some(&key.user),
            password: Some(key.token.as_bytes()),
            properties: Properties::new(Place::Connect, &properties).unwrap(),
        };
        let mut out = Vec::new();
        encode::connect(&mut out, &packet);
        stream.write_all(&out).await.unwrap();
        let (bytes, waiting) = (Vec::new(), VecDeque::new());
        let mut new = Self { stream, bytes, id: 0, waiting, present: false };
        let answer = new.packet().await.expect("no CONNACK came");
        match decode(&answer) {
            Packet::ConnAck(ack) if ack.code == 0 => {
                new.present = ack.session_present;
                Ok(new)
            }
            Packet::ConnAck(ack) => Err(ack.code),
            other => panic!("{other:?} is no CONNACK"),
        }
    }

    async fn connect(server: &Server, key: &Key, id: &str) -> Self {
        Self::try_connect(server.mqtt(), key, id).await.unwrap()
    }

    /// The code of the SUBACK.
    async fn subscribe(&mut self, filter: &str) -> u8 {
        self.id += 1;
        let mut out = Vec::new();
        encode::subscribe(&mut out, Level::V5, self.id, &[(filter, QoS::AtLeastOnce)]);
        self.stream.write_all(&out).await.unwrap();
        loop {
            let packet = self.packet().await.expect("no SUBACK came");
            if let Packet::SubAck(ack) = decode(&packet) {
                return ack.codes[0];
            }
            self.keep(&packet).await;
        }
    }

    /// The reason code of the PUBACK.
    async fn publish(&mut self, topic: &str, payload: &str) -> u8 {
        self.id += 1;
        let packet = Publish {
            dup: false,
            qos: QoS::AtLeastOnce,
            retain: false,
            topic,
            id: Some(self.id),
            properties: Properties::default(),
            payload: payload.as_bytes(),
        };
        let mut out = Vec::new();
        encode::publish(&mut out, Level::V5, &packet);
        self.stream.write_all(&out).await.unwrap();
        loop {
            let packet = self.packet().await.expect("no PUBACK came");
            if let Packet::PubAck(ack) = decode(&packet) {
                return ack.reason;
            }
            self.keep(&packet).await;
        }
    }

    /// The next message, acknowledged.
    async fn next(&mut self) -> (String, String) {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return message;
            }
            let packet = self.packet().await.expect("the connection ended, no message came");
            self.keep(&packet).await;
        }
    }

    /// All that has come up to an answer of the server's.
    async fn come(&mut self) -> Vec<(String, String)> {
        assert_eq!(self.subscribe("nobody/publishes/here").await, 1);
        self.waiting.drain(..).collect()
    }

    async fn keep(&mut self, packet: &[u8]) {
        let Packet::Publish(publish) = decode(packet) else {
            panic!("{packet:?} was not waited for")
        };
        let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
        self.waiting.push_back((publish.topic.to_owned(), payload));
        if let Some(id) = publish.id {
            let mut out = Vec::new();
            encode::puback(&mut out, Level::V5, id, 0);
            self.stream.write_all(&out).await.unwrap();
        }
    }

    /// The reason of the DISCONNECT with which the server ends the connection, if it says one.
    async fn ended(&mut self) -> Option<u8> {
        let mut reason = None;
        while let Some(packet) = self.packet().await {
            if let Packet::Disconnect(disconnect) = decode(&packet) {
                reason = Some(disconnect.reason);
            }
        }
        reason
    }

    async fn packet(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = mqtt::frame(&self.bytes, usize::MAX).unwrap() {
                let length = frame.bytes.len();
                return Some(self.bytes.drain(..length).collect());
            }
            let mut more = [0; 4096];
            let read = timeout(DEADLINE, self.stream.read(&mut more)).await.expect("nothing came");
            match read {
                Ok(1..) => self.bytes.extend(&more[..read.unwrap()]),
                _ => return None,
            }
        }
    }
}

fn decode(packet: &[u8]) -> Packet<'_> {
    mqtt::decode(Level::V5, mqtt::frame(packet, usize::MAX).unwrap().unwrap()).unwrap()
}

const NOT_AUTHORIZED: u8 = 0x87;
const BAD_CREDENTIALS: u8 = 0x86;

#[tokio::test]
async fn a_backend_hears_what_devices_report_and_speaks_to_them() {
    let server = Server::start().await;
    let product = server.product("lamp").await;
    let key = Key::new(&server, json!({})).await;
    let mut backend = Backend::connect(&server, &key, "b").await;
    assert_eq!(backend.subscribe("$thing/up/property/#").await, 1);
    let mut lamp = Device::online(&server, &product, "lamp1").await;
    assert_eq!(lamp.report(json!({ "brightness": 7 })).await, 0);
    let (topic, payload) = backend.next().await;
    assert_eq!(topic, format!("$thing/up/property/{product}/lamp1"));
    assert_eq!(serde_json::from_str::<Value>(&payload).unwrap()["params"]["brightness"], 7);

    let control = format!("{product}/lamp1/control");
    assert_eq!(lamp.subscribe(&control).await, 0);
    assert_eq!(backend.publish(&control, "17").await, 0);
    assert_eq!(lamp.next().await, (control.clone(), json!(17)));
    // What control of devices is goes through the cloud API.
    let down = format!("$thing/down/property/{product}/lamp1");
    assert_eq!(backend.publish(&down, "{}").await, NOT_AUTHORIZED);
    assert_eq!(backend.subscribe("$thing/down/#").await, NOT_AUTHORIZED);
    assert_eq!(backend.subscribe("$SYS/#").await, NOT_AUTHORIZED);

    let logs = json!({ "ProductId": product, "DeviceName": "lamp1", "Topic": control });
    let logs = server.call("DescribeContentLogs", logs).await;
    assert_eq!(logs["Logs"].as_array().unwrap().len(), 1, "{logs}");
}

#[tokio::test]
async fn an_offline_session_is_served_later_also_by_a_later_server() {
    let server = Server::start().await;
    let key = Key::new(&server, json!({})).await;
    let mut backend = Backend::connect(&server, &key, "store").await;
    assert!(!backend.present);
    assert_eq!(backend.subscribe("plant/#").await, 1);
    drop(backend);
    let mut other = Backend::connect(&server, &key, "other").await;
    assert_eq!(other.publish("plant/1", "kept").await, 0);
    let server = server.restart().await;
    let mut other = Backend::connect(&server, &key, "other").await;
    assert_eq!(other.publish("plant/2", "kept, too").await, 0);
    let mut backend = Backend::connect(&server, &key, "store").await;
    assert!(backend.present, "the session was kept");
    assert_eq!(backend.next().await, ("plant/1".into(), "kept".into()));
    assert_eq!(backend.next().await, ("plant/2".into(), "kept, too".into()));
}

#[tokio::test]
async fn workers_share_a_subscription() {
    let server = Server::start().await;
    let key = Key::new(&server, json!({})).await;
    let mut workers = Vec::new();
    for id in ["w1", "w2"] {
        let mut worker = Backend::connect(&server, &key, id).await;
        assert_eq!(worker.subscribe("$share/jobs/job/+").await, 1);
        workers.push(worker);
    }
    let mut boss = Backend::connect(&server, &key, "boss").await;
    for n in 0..20 {
        assert_eq!(boss.publish(&format!("job/{n}"), "x").await, 0);
    }
    let (one, two) = (workers[0].come().await, workers[1].come().await);
    let mut topics: Vec<&str> = one.iter().chain(&two).map(|(topic, _)| topic.as_str()).collect();
    topics.sort_unstable();
    topics.dedup();
    assert_eq!((one.len() + two.len(), topics.len()), (20, 20), "each job once");
    assert!(!one.is_empty() && !two.is_empty(), "{} and {}", one.len(), two.len());
}

#[tokio::test]
async fn instances_do_not_hear_each_other() {
    let server = Server::start().await;
    let product = server.product("lamp").await;
    let here = Key::new(&server, json!({})).await;
    let public = json!({ "InstanceId": server.login.public_instance_id });
    let there = Key::of(&server.call("CreateServiceClient", public).await);
    let mut here = Backend::connect(&server, &here, "same").await;
    let mut there = Backend::connect(&server, &there, "same").await;
    for backend in [&mut here, &mut there] {
        assert_eq!(backend.subscribe("#").await, 1);
        assert_eq!(backend.subscribe("$thing/up/#").await, 1);
    }
    assert_eq!(there.subscribe(&format!("$thing/up/+/{product}/#")).await, NOT_AUTHORIZED);
    let mut lamp = Device::online(&server, &product, "lamp1").await;
    lamp.report(json!({ "brightness": 1 })).await;
    lamp.publish(&format!("{product}/lamp1/event"), b"1").await;
    assert_eq!(here.publish("plant", "here").await, 0);
    assert_eq!(there.publish("plant", "there").await, 0);
    let custom = format!("{product}/lamp1/control");
    assert_eq!(there.publish(&custom, "off").await, NOT_AUTHORIZED);
    assert_eq!(there.come().await, [("plant".to_owned(), "there".to_owned())]);
    let heard: Vec<String> = here.come().await.into_iter().map(|(topic, _)| topic).collect();
    let report = format!("$thing/up/property/{product}/lamp1");
    assert_eq!(heard, [report, format!("{product}/lamp1/event"), "plant".into()]);
}

#[tokio::test]
async fn what_is_revoked_or_changed_ends_connections() {
    let server = Server::start().await;
    let key = Key::new(&server, json!({})).await;
    let kept = Key::new(&server, json!({})).await;
    let mut other = Backend::connect(&server, &kept, "b").await;
    let named = |more: Value| {
        let mut params =
            json!({ "InstanceId": server.login.enterprise_instance_id, "UserName": key.user });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let mut backend = Backend::connect(&server, &key, "b").await;
    server.call("ModifyServiceClient", named(json!({ "Remark": "a remark is no right" }))).await;
    assert_eq!(backend.publish("a", "still here").await, 0);
    server.call("ModifyServiceClient", named(json!({ "Publish": ["b/#"] }))).await;
    backend.ended().await;
    let mut backend = Backend::connect(&server, &key, "b").await;
    assert_eq!(backend.publish("a", "no more").await, NOT_AUTHORIZED);
    assert_eq!(backend.publish("b", "yes").await, 0);
    server.call("ModifyServiceClient", named(json!({ "Enabled": false }))).await;
    backend.ended().await;
    let refused = Backend::try_connect(server.mqtt(), &key, "b").await.err();
    assert_eq!(refused, Some(NOT_AUTHORIZED));
    server.call("ModifyServiceClient", named(json!({ "Enabled": true }))).await;
    let mut backend = Backend::connect(&server, &key, "b").await;
    server.call("DeleteServiceClient", named(json!({}))).await;
    backend.ended().await;
    let refused = Backend::try_connect(server.mqtt(), &key, "b").await.err();
    assert_eq!(refused, Some(BAD_CREDENTIALS));
    assert_eq!(other.publish("a", "others are not concerned").await, 0);
}

#[tokio::test]
async fn it_is_listed_who_is_there() {
    let server = Server::start().await;
    let key = Key::new(&server, json!({ "Remark": "lake" })).await;
    let backend = Backend::connect(&server, &key, "b").await;
    let ask = json!({ "InstanceId": server.login.enterprise_instance_id });
    let there = |n: u64| move |found: &Value| found["Clients"][0]["Online"] == n;
    server.until("DescribeServiceClients", ask.clone(), there(1)).await;
    let found = server.call("DescribeServiceClients", ask.clone()).await;
    assert_eq!(found["MqttPort"], server.mqtt().port());
    assert_eq!(found["Clients"][0]["LastConnectTime"], server.clock.now() / 1000);
    drop(backend);
    server.until("DescribeServiceClients", ask, there(0)).await;
}

/// A server by the machine's clock, as `thingd key` signs its calls by it.
async fn serve(data: &Path) -> Running {
    let mut config = Config::default();
    "127.0.0.1:0".clone_into(&mut config.http.listen);
    "127.0.0.1:0".clone_into(&mut config.mqtt.listen);
    config.mqtt.tls_listen.clear();
    let (data, root, clock) = (data.to_owned(), platform::Root::default(), Clock::system());
    thingd::start(Options { data, config, root, clock, seed: None }).await.unwrap()
}

async fn key(data: PathBuf, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thingd"));
    let (verb, rest) = args.split_first().unwrap();
    command.args(["key", verb, "--data"]).arg(data).args(rest);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

async fn key_json(data: &Path, args: &[&str]) -> Value {
    let output = key(data.to_owned(), &[args, &["--output", "json"]].concat()).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_and_revoked_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let none = key(data.join("nothing"), &["list"]).await;
    assert_eq!(none.status.code(), Some(1));
    assert!(!data.join("nothing").exists(), "no folder is made by a mistake");
    serve(data).await.shutdown().await.unwrap();

    // Nobody serves the folder: it is opened.
    let first = key_json(data, &["create", "--instance", "enterprise", "--remark", "lake"]).await;
    let more = ["create", "--instance", "public", "--publish", "a/#,b", "--subscribe", ""];
    let second = key_json(data, &more).await;
    let all = key_json(data, &["list"]).await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let of_public = key_json(data, &["list", "--instance", "public"]).await;
    assert_eq!(of_public[0]["UserName"], second["UserName"]);
    assert_eq!(of_public[0]["Publish"], json!(["a/#", "b"]));
    assert_eq!(of_public[0]["Subscribe"], json!([]));
    let user = second["UserName"].as_str().unwrap();
    key_json(data, &["revoke", user]).await;
    let again = key(data.to_owned(), &["revoke", user]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains(user), "{again:?}");

    // A server serves it: it is asked.
    let running = serve(data).await;
    let api = format!("http://{}", running.addresses().http.unwrap());
    let third = key_json(data, &["create", "--instance", "enterprise", "--api", &api]).await;
    let mqtt = running.addresses().mqtt.unwrap();
    for made in [&first, &third] {
        let mut backend = Backend::try_connect(mqtt, &Key::of(made), "b").await.unwrap();
        assert_eq!(backend.publish("a", "x").await, 0);
    }
    let mut backend = Backend::try_connect(mqtt, &Key::of(&third), "b").await.unwrap();
    key_json(data, &["revoke", third["UserName"].as_str().unwrap(), "--api", &api]).await;
    backend.ended().await;
    let text = key(data.to_owned(), &["list", "--api", &api]).await;
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains(first["UserName"].as_str().unwrap()), "{text}");
    assert!(!text.contains(first["Token"].as_str().unwrap()), "{text}");
    running.shutdown().await.unwrap();

    // Other metadata than the server's: nothing is made in it, and the login stays what it was.
    let login = std::fs::read(data.join("first-login.json")).unwrap();
    for name in ["meta.sqlite", "meta.sqlite-wal", "meta.sqlite-shm"] {
        drop(std::fs::remove_file(data.join(name)));
    }
    let lost = key(data.to_owned(), &["list"]).await;
    assert_eq!(lost.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&lost.stderr).contains("--config"), "{lost:?}");
    assert_eq!(std::fs::read(data.join("first-login.json")).unwrap(), login);
}
