//! A client that says exactly what a test wants.

use mqtt::{Connect, Level, Properties, Property, Publish, QoS, encode, property::Place};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use crate::world::DEADLINE;

pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

pub(crate) struct Client {
    stream: Box<dyn Wire>,
    bytes: Vec<u8>,
}

impl Client {
    pub(crate) fn new(stream: impl Wire + 'static) -> Self {
        Self { stream: Box::new(stream), bytes: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends as far as the server reads.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Ends its half of the connection.
    pub(crate) async fn says_no_more(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Puts packets back: they come next.
    pub(crate) fn unread(&mut self, packets: &[u8]) {
        self.bytes.splice(..0, packets.iter().copied());
    }

    /// The next packet, whole.
    pub(crate) async fn next(&mut self) -> Vec<u8> {
        self.read().await.expect("the server closed the connection")
    }

    /// The next packet is this one.
    pub(crate) async fn hears(&mut self, packet: &[u8]) {
        let next = self.next().await;
        assert_eq!(next, packet, "{next:02x?} is not {packet:02x?}");
    }

    /// Connects, and takes the CONNACK: whether the session was there.
    pub(crate) async fn greets(&mut self, connect: &[u8]) -> bool {
        self.send(connect).await;
        let answer = self.next().await;
        assert_eq!((answer[0], answer[3]), (0x20, 0), "{answer:02x?}");
        answer[2] == 1
    }

    /// Waits for the end of the connection; nothing may come before it.
    pub(crate) async fn closed(&mut self) {
        assert_eq!(self.read().await, None);
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = mqtt::frame(&self.bytes, usize::MAX).unwrap() {
                let length = frame.bytes.len();
                return Some(self.bytes.drain(..length).collect());
            }
            let read = self.stream.read_buf(&mut self.bytes);
            match timeout(DEADLINE, read).await.expect("nothing came") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Reads on; true at the end of the connection.
    pub(crate) async fn gone(&mut self) -> bool {
        let mut bytes = [0; 64];
        let read = self.stream.read(&mut bytes);
        matches!(timeout(DEADLINE, read).await.expect("nothing came"), Ok(0) | Err(_))
    }

    /// Subscribes and takes the SUBACK.
    pub(crate) async fn subscribe(&mut self, filter: &str, qos: QoS) {
        self.send(&subscribe(1, &[(filter, qos)])).await;
        assert_eq!(self.next().await, suback(1, &[qos.number()]));
    }

    /// Whether the server still answers.
    pub(crate) async fn pings(&mut self) {
        self.send(&made(encode::pingreq)).await;
        assert_eq!(self.next().await, made(encode::pingresp));
    }
}

pub(crate) fn made(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes);
    bytes
}

pub(crate) fn hello(id: &str) -> Connect<'_> {
    Connect {
        level: Level::V311,
        clean: true,
        keep_alive: 60,
        client_id: id,
        will: None,
        user_name: Some("user"),
        password: Some(b"secret"),
        properties: Properties::default(),
    }
}

pub(crate) fn connect(id: &str) -> Vec<u8> {
    made(|out| encode::connect(out, &hello(id)))
}

/// A CONNECT that keeps its session.
pub(crate) fn persistent(id: &str) -> Vec<u8> {
    made(|out| encode::connect(out, &Connect { clean: false, ..hello(id) }))
}

pub(crate) fn connack(code: u8) -> Vec<u8> {
    vec![0x20, 2, 0, code]
}

/// QoS 1 if there is an id.
pub(crate) fn publish(topic: &str, id: Option<u16>, payload: &[u8]) -> Vec<u8> {
    let qos = if id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
    let properties = Properties::default();
    let packet = Publish { dup: false, qos, retain: false, topic, id, properties, payload };
    made(|out| encode::publish(out, Level::V311, &packet))
}

pub(crate) fn packet(packet: &Publish<'_>) -> Vec<u8> {
    made(|out| encode::publish(out, Level::V311, packet))
}

/// PUBREC, PUBREL or PUBCOMP.
pub(crate) fn ack(first: u8, id: u8) -> Vec<u8> {
    vec![first, 2, 0, id]
}

pub(crate) fn puback(id: u16) -> Vec<u8> {
    made(|out| encode::puback(out, Level::V311, id, 0))
}

pub(crate) fn subscribe(id: u16, filters: &[(&str, QoS)]) -> Vec<u8> {
    made(|out| encode::subscribe(out, Level::V311, id, filters))
}

pub(crate) fn suback(id: u16, codes: &[u8]) -> Vec<u8> {
    made(|out| encode::suback(out, Level::V311, id, codes))
}

pub(crate) fn unsubscribe(id: u16, filters: &[&str]) -> Vec<u8> {
    made(|out| encode::unsubscribe(out, Level::V311, id, filters))
}

pub(crate) fn unsuback(id: u16) -> Vec<u8> {
    made(|out| encode::unsuback(out, Level::V311, id, &[]))
}

pub(crate) fn disconnect() -> Vec<u8> {
    made(|out| encode::disconnect(out, Level::V311, 0))
}

/// A CONNECT at 5.0 that keeps its session so many seconds.
pub(crate) fn connect5(id: &str, clean: bool, properties: &[Property<'_>]) -> Vec<u8> {
    let bytes = put(properties);
    let properties = Properties::new(Place::Connect, &bytes).unwrap();
    let packet = Connect { level: Level::V5, clean, properties, ..hello(id) };
    made(|out| encode::connect(out, &packet))
}

/// A PUBLISH at 5.0.
pub(crate) fn publish5(packet: &Publish<'_>, properties: &[Property<'_>]) -> Vec<u8> {
    let bytes = put(properties);
    let properties = Properties::new(Place::Publish, &bytes).unwrap();
    made(|out| encode::publish(out, Level::V5, &Publish { properties, ..*packet }))
}

/// A message without anything special.
pub(crate) fn plain<'a>(topic: &'a str, qos: QoS, id: u16, payload: &'a [u8]) -> Publish<'a> {
    let id = (qos != QoS::AtMostOnce).then_some(id);
    let properties = Properties::default();
    Publish { dup: false, qos, retain: false, topic, id, properties, payload }
}

pub(crate) fn put(properties: &[Property<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    properties.iter().for_each(|property| property.put(&mut bytes));
    bytes
}

/// A SUBSCRIBE at 5.0 with an id and options (QoS, no local, as published, retain handling).
pub(crate) fn subscribe5(id: u16, number: u32, filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    let properties =
        if number == 0 { Vec::new() } else { put(&[Property::SubscriptionId(number)]) };
    body.push(u8::try_from(properties.len()).unwrap());
    body.extend_from_slice(&properties);
    for (filter, options) in filters {
        body.extend_from_slice(&u16::try_from(filter.len()).unwrap().to_be_bytes());
        body.extend_from_slice(filter.as_bytes());
        body.push(*options);
    }
    let mut bytes = vec![0x82, u8::try_from(body.len()).unwrap()];
    bytes.append(&mut body);
    bytes
}

/// What an acknowledgement of 5.0 looks like.
pub(crate) fn ack5(first: u8, id: u16, reason: u8) -> Vec<u8> {
    let mut bytes = vec![first, if reason == 0 { 2 } else { 3 }];
    bytes.extend_from_slice(&id.to_be_bytes());
    if reason != 0 {
        bytes.push(reason);
    }
    bytes
}
