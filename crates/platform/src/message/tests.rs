//! The place where calls of actions and messages to devices are tried out without a broker.

use std::{sync::Arc, time::Duration};

use broker::{
    Broker, Options,
    hub::{Hub as _, Verdict},
};
use mqtt::{Level, Packet, Properties, Publish, QoS, encode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot::{self, error::TryRecvError},
};

use super::calls::Call;
use crate::{
    Doors, PlatformHub,
    device::{password, tests::World},
};

/// A device on a socket, no more than these tests need.
struct Socket {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Socket {
    async fn connect(broker: &Broker, world: &World, name: &str) -> Self {
        let secret = world.make(name).await;
        let stream = TcpStream::connect(broker.addresses().tcp.unwrap()).await.unwrap();
        let client = format!("{}{name}", world.product);
        let user = format!("{client};12010126;AbC1x;2147483647");
        let password = password::sign(secret.as_bytes(), &user).unwrap();
        let mut socket = Self { stream, read: Vec::new() };
        let mut out = Vec::new();
        encode::connect(
            &mut out,
            &mqtt::Connect {
                level: Level::V311,
                clean: true,
                keep_alive: 60,
                client_id: &client,
                will: None,
                user_name: Some(&user),
                password: Some(password.as_bytes()),
                properties: Properties::default(),
            },
        );
        for (id, family) in [(1, "property"), (2, "action")] {
            let filter = format!("$thing/down/{family}/{}/{name}", world.product);
            encode::subscribe(&mut out, Level::V311, id, &[(&filter, QoS::AtMostOnce)]);
        }
        socket.stream.write_all(&out).await.unwrap();
        assert!(socket.skip_to(|p| matches!(p, Packet::SubAck(_)).then_some(())).await.is_some());
        assert!(socket.skip_to(|p| matches!(p, Packet::SubAck(_)).then_some(())).await.is_some());
        socket
    }

    /// What `want` makes of the first packet that it takes; `None` when the server closes.
    async fn skip_to<T>(&mut self, want: impl Fn(Packet<'_>) -> Option<T>) -> Option<T> {
        loop {
            while let Some(frame) = mqtt::frame(&self.read, 1 << 20).unwrap() {
                let found = want(mqtt::decode(Level::V311, frame).unwrap());
                let used = frame.bytes.len();
                self.read.drain(..used);
                if found.is_some() {
                    return found;
                }
            }
            if self.stream.read_buf(&mut self.read).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// The next message from the cloud.
    async fn hear(&mut self) -> Value {
        let message = self.skip_to(|packet| match packet {
            Packet::Publish(publish) => serde_json::from_slice(publish.payload).ok(),
            _ => None,
        });
        message.await.expect("the connection stays open")
    }

    async fn say(&mut self, topic: &str, message: &Value) {
        let (mut out, payload) = (Vec::new(), message.to_string());
        encode::publish(
            &mut out,
            Level::V311,
            &Publish {
                dup: false,
                qos: QoS::AtLeastOnce,
                retain: false,
                topic,
                id: Some(9),
                properties: Properties::default(),
                payload: payload.as_bytes(),
            },
        );
        self.stream.write_all(&out).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controls_and_calls_reach_a_connected_device_and_a_deleted_one_is_kicked() {
    let world = World::new().await;
    let services = &world.bed.services;
    let hub = Arc::new(PlatformHub::new(services));
    let options = Options { tcp: Some("127.0.0.1:0".parse().unwrap()), ..Options::default() };
    let broker =
        Broker::start(options, services.store.clone(), world.bed.clock.clone(), hub).unwrap();
    services.attach(broker.handle(), Doors::default());
    let mut lamp = Socket::connect(&broker, &world, "lamp").await;
    let status = world.on("DescribeDevice", "lamp", json!({})).await["Device"]["Status"].clone();
    assert_eq!(status, 1);

    let data = json!({ "Data": r#"{ "power_switch": true }"# });
    let sent = world.on("ControlDeviceData", "lamp", data).await;
    assert_eq!(sent["Result"], r#"{"Sent":1,"pushResult":0}"#);
    let control = lamp.hear().await;
    assert_eq!(
        (&control["method"], &control["params"]),
        (&json!("control"), &json!({ "power_switch": 1 }))
    );

    let input = json!({ "ActionId": "unlock", "InputParams": r#"{"user":"alice"}"# });
    let call = world.on("CallDeviceActionSync", "lamp", input);
    let answer = async {
        let call = lamp.hear().await;
        assert_eq!(call["params"], json!({ "user": "alice" }));
        assert!(call["timestamp"].is_i64() && call["actionId"] == "unlock");
        let topic = format!("$thing/up/action/{}/lamp", world.product);
        let reply = json!({ "method": "action_reply", "clientToken": call["clientToken"], "code": 0,
            "status": "fine", "response": { "state": 1 } });
        lamp.say(&topic, &reply).await;
        call["clientToken"].clone()
    };
    let (done, token) = tokio::join!(call, answer);
    assert_eq!(
        done,
        json!({ "ClientToken": token, "OutputParams": r#"{"state":1}"#, "Status": "fine" })
    );

    world.on("DeleteDevice", "lamp", json!({})).await;
    assert!(lamp.skip_to(|_| None::<()>).await.is_none(), "kicked");
    broker.shutdown(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_reply_ends_its_call_and_is_logged() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let (tell, told) = oneshot::channel();
    let call = Call { action: "unlock".into(), input: "{}".into(), waiter: Some(tell) };
    let no = lamp.data.downcast_ref::<crate::device::Session>().unwrap().no();
    world.bed.services.devices.calls.put(no, "tok", world.now(), call);
    let reply = json!({ "method": "action_reply", "clientToken": "tok", "code": 3, "status": "fine",
        "response": { "state": 1 } });
    let stray = json!({ "method": "action_reply", "clientToken": "other", "code": 0 });
    assert!(world.up(&lamp, "action", &[reply, stray]).await.is_empty());
    let (answer, commit) = told.await.unwrap();
    commit.await.unwrap();
    assert_eq!((answer.code, &*answer.status, &*answer.response), (3, "fine", r#"{"state":1}"#));
    world.bed.clock.advance(1);
    let log = world.on("DescribeActionLogs", "lamp", json!({ "ActionId": "unlock" })).await;
    assert_eq!(log["Logs"][0]["State"], "replied");
    assert_eq!(log["Logs"][0]["OutputParams"], r#"{"state":1}"#);
    assert_eq!(log["Logs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_caller_hears_of_a_reply_only_with_the_commit_that_keeps_it() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let (tell, mut told) = oneshot::channel();
    let call = Call { action: "unlock".into(), input: "{}".into(), waiter: Some(tell) };
    let no = lamp.data.downcast_ref::<crate::device::Session>().unwrap().no();
    world.bed.services.devices.calls.put(no, "tok", world.now(), call);
    let topic = format!("$thing/up/action/{}/lamp", world.product);
    let reply = json!({ "method": "action_reply", "clientToken": "tok", "code": 0 }).to_string();
    let burst = world.taken(&lamp, vec![(&*topic, reply.as_bytes(), Verdict::Accepted)]).await;
    assert_eq!(told.try_recv().unwrap_err(), TryRecvError::Empty);
    // The store fails meanwhile: the reply is not kept, and its caller gets to know that.
    world.bed.services.store.close().await.unwrap();
    let hub = PlatformHub::new(&world.bed.services);
    assert!(hub.commit(&lamp, burst.batch, &world.bed.services.store).await.is_err());
    let (_, commit) = told.await.unwrap();
    assert!(commit.await.is_err());
}

#[tokio::test]
async fn a_call_of_a_device_that_is_not_there_fails_and_is_logged() {
    let world = World::new().await;
    world.make("lamp").await;
    let call = |action: &str, input: &str| {
        world.named("lamp", json!({ "ActionId": action, "InputParams": input }))
    };
    let code = async |params| world.code("CallDeviceActionSync", params).await;
    assert_eq!(code(call("unlock", r#"{"user":"a"}"#)).await, "FailedOperation.DeviceOffline");
    assert_eq!(code(call("nobody", "{}")).await, "InvalidParameterValue.ActionNilOrNotExist");
    assert_eq!(
        code(call("unlock", r#"{"x":1}"#)).await,
        "InvalidParameter.ActionInputParamsInvalid"
    );
    world.bed.clock.advance(1);
    let log = world.on("DescribeActionLogs", "lamp", json!({})).await;
    let logs = log["Logs"].as_array().unwrap();
    assert_eq!(logs.len(), 1, "the call and its outcome are one row");
    assert_eq!(logs[0]["State"], "unreachable");
    assert_eq!(logs[0]["InputParams"], r#"{"user":"a"}"#);
}

#[tokio::test]
async fn a_message_goes_only_to_the_devices_own_topics() {
    let world = World::new().await;
    world.make("lamp").await;
    let p = world.product.clone();
    let code = async |topic: String, more: Value| {
        let mut params = world.named("lamp", json!({ "Topic": topic, "Payload": "x" }));
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.code("PublishMessage", params).await
    };
    let foreign = "InvalidParameterValue.TopicMismatch";
    assert_eq!(code(format!("{p}/other/control"), json!({})).await, foreign);
    assert_eq!(code(format!("{p}/lamp/+"), json!({})).await, foreign);
    assert_eq!(code("#".into(), json!({})).await, foreign);
    let own = format!("{p}/lamp/control");
    assert_eq!(code(own.clone(), json!({})).await, "FailedOperation.DeviceOffline");
    assert_eq!(code(own.clone(), json!({ "Qos": 2 })).await, "InvalidParameterValue");
    let not_base64 = json!({ "PayloadEncoding": "base64", "Payload": "?" });
    assert_eq!(code(own.clone(), not_base64).await, "InvalidParameterValue");
    let long = json!({ "Payload": "x".repeat(65_537) });
    assert_eq!(code(own, long).await, "InvalidParameterValue.PayloadOverLimit");
}
