//! A device of a test: it connects as Tencent's SDKs do, over TCP or WebSocket.

use std::{collections::VecDeque, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use mqtt::{Connect, Level, Packet, Properties, Publish, QoS, encode};
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::world::{DEADLINE, Server};

/// How bytes travel.
pub(crate) enum Wire {
    Tcp(TcpStream),
    Ws(Box<WebSocketStream<TcpStream>>),
}

impl Wire {
    pub(crate) async fn tcp(to: SocketAddr) -> Self {
        Self::Tcp(TcpStream::connect(to).await.unwrap())
    }

    async fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes).await.unwrap(),
            Self::Ws(socket) => socket.send(Message::binary(bytes.to_vec())).await.unwrap(),
        }
    }

    /// What comes next; `None` at the end of the connection.
    async fn read(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Tcp(stream) => {
                let mut bytes = vec![0; 65_536];
                let read = stream.read(&mut bytes).await.unwrap_or(0);
                bytes.truncate(read);
                (read > 0).then_some(bytes)
            }
            Self::Ws(socket) => match socket.next().await {
                Some(Ok(Message::Binary(bytes))) => Some(bytes.to_vec()),
                _ => None,
            },
        }
    }
}

pub(crate) struct Device {
    wire: Wire,
    bytes: Vec<u8>,
    id: u16,
    /// Messages that came while another packet was waited for.
    waiting: VecDeque<(String, Value)>,
    pub(crate) product: String,
    pub(crate) name: String,
}

/// The user name of a device, and the password that its secret makes of it.
pub(crate) fn credentials(client: &str, secret: &str) -> (String, String) {
    let user = format!("{client};12010126;a1B2c;2147483647");
    let key = STANDARD.decode(secret).unwrap();
    let mac = Hmac::<Sha1>::new_from_slice(&key).unwrap().chain_update(&user);
    (user, format!("{};hmacsha1", hex::encode(mac.finalize().into_bytes())))
}

impl Device {
    /// Makes the device, connects it over TCP, and subscribes it to all that comes down.
    pub(crate) async fn online(server: &Server, product: &str, name: &str) -> Self {
        let secret = server.device(product, name).await;
        let wire = Wire::tcp(server.mqtt()).await;
        let mut device = Self::connect(wire, product, name, &secret).await.unwrap();
        device.listen().await;
        device
    }

    /// The CONNACK's code, if it is not 0.
    pub(crate) async fn connect(
        wire: Wire,
        product: &str,
        name: &str,
        secret: &str,
    ) -> Result<Self, u8> {
        let client = format!("{product}{name}");
        let (user, password) = credentials(&client, secret);
        let mut out = Vec::new();
        encode::connect(
            &mut out,
            &Connect {
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
        let (product, name) = (product.to_owned(), name.to_owned());
        let (bytes, waiting) = (Vec::new(), VecDeque::new());
        let mut device = Self { wire, bytes, id: 0, waiting, product, name };
        device.wire.send(&out).await;
        match device.packet().await.expect("no CONNACK came").as_slice() {
            [0x20, 2, _, 0] => Ok(device),
            [0x20, 2, _, code] => Err(*code),
            other => panic!("{other:?} is no CONNACK"),
        }
    }

    /// Subscribes to the three families of `$thing/down`.
    pub(crate) async fn listen(&mut self) {
        for family in ["property", "event", "action"] {
            let filter = self.topic("down", family);
            assert_eq!(self.subscribe(&filter).await, 0, "{filter}");
        }
    }

    /// The code of the SUBACK.
    pub(crate) async fn subscribe(&mut self, filter: &str) -> u8 {
        self.id += 1;
        let mut out = Vec::new();
        encode::subscribe(&mut out, Level::V311, self.id, &[(filter, QoS::AtMostOnce)]);
        self.wire.send(&out).await;
        loop {
            let packet = self.packet().await.expect("no SUBACK came");
            if let [0x90, 3, _, _, code] = packet.as_slice() {
                return *code;
            }
            self.keep(&packet);
        }
    }

    pub(crate) fn topic(&self, way: &str, family: &str) -> String {
        format!("$thing/{way}/{family}/{}/{}", self.product, self.name)
    }

    /// Publishes at QoS 1 and waits for the PUBACK.
    pub(crate) async fn publish(&mut self, topic: &str, payload: &[u8]) {
        self.id += 1;
        self.send(topic, Some(self.id), payload).await;
        loop {
            let packet = self.packet().await.expect("no PUBACK came");
            if packet.first() == Some(&0x40) {
                assert_eq!(packet.get(2..), Some(&self.id.to_be_bytes()[..]));
                return;
            }
            self.keep(&packet);
        }
    }

    /// Publishes and waits for nothing.
    pub(crate) async fn send(&mut self, topic: &str, id: Option<u16>, payload: &[u8]) {
        let qos = if id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let properties = Properties::default();
        let packet = Publish { dup: false, qos, retain: false, topic, id, properties, payload };
        let mut out = Vec::new();
        encode::publish(&mut out, Level::V311, &packet);
        self.wire.send(&out).await;
    }

    /// Says something in a family of `$thing/up`; what comes back in it.
    pub(crate) async fn say(&mut self, family: &str, message: &Value) -> Value {
        let (up, down) = (self.topic("up", family), self.topic("down", family));
        self.publish(&up, message.to_string().as_bytes()).await;
        let (topic, reply) = self.next().await;
        assert_eq!(topic, down, "{reply}");
        reply
    }

    /// Reports properties; the code of the reply.
    pub(crate) async fn report(&mut self, params: Value) -> i64 {
        let message = json!({ "method": "report", "clientToken": "t-1", "params": params });
        let reply = self.say("property", &message).await;
        assert_eq!(
            (&reply["method"], &reply["clientToken"]),
            (&json!("report_reply"), &json!("t-1"))
        );
        reply["code"].as_i64().unwrap()
    }

    /// The next message that comes down.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return message;
            }
            let packet = self.packet().await.expect("the connection ended, no message came");
            self.keep(&packet);
        }
    }

    /// Waits for the end of the connection.
    pub(crate) async fn ended(&mut self) {
        while self.packet().await.is_some() {}
    }

    fn keep(&mut self, packet: &[u8]) {
        let frame = mqtt::frame(packet, usize::MAX).unwrap().unwrap();
        match mqtt::decode(Level::V311, frame).unwrap() {
            Packet::Publish(publish) => {
                let payload = serde_json::from_slice(publish.payload).unwrap_or_default();
                self.waiting.push_back((publish.topic.to_owned(), payload));
            }
            other => panic!("{other:?} was not waited for"),
        }
    }

    /// The next whole packet.
    async fn packet(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = mqtt::frame(&self.bytes, usize::MAX).unwrap() {
                let length = frame.bytes.len();
                return Some(self.bytes.drain(..length).collect());
            }
            let read = timeout(DEADLINE, self.wire.read()).await.expect("nothing came");
            self.bytes.extend(read?);
        }
    }
}
