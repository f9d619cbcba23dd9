//! A client that says exactly what a test wants.

use mqtt::{Connect, Level, Properties, Publish, QoS, encode};
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

    /// The next packet, whole.
    pub(crate) async fn next(&mut self) -> Vec<u8> {
        self.read().await.expect("the server closed the connection")
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
