//! The place where a client of the load has its socket: nothing is waited for that need not be.

use anyhow::{Result, ensure};
use mqtt::{Level, Packet, QoS, encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Aim, Client};
use crate::door::Stream;

/// What one frame may have.
const FRAME_BYTES: usize = 1 << 20;
/// What is read at once by a client that many messages reach, and by one that acknowledgements do.
const WIDE: usize = 1 << 18;
const NARROW: usize = 1 << 10;

/// A client's open socket.
pub(super) struct Wire {
    stream: Stream,
    out: Vec<u8>,
    input: Vec<u8>,
}

/// What one read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) acknowledged: usize,
    pub(super) received: usize,
}

impl Wire {
    /// Connects and subscribes; `number` tells where the connection leaves from.
    pub(super) async fn connect(aim: &Aim, client: &Client, number: usize) -> Result<Self> {
        let stream = aim.door.enter(&client.device, aim.source(number)).await?;
        let room = if client.topic.is_none() { WIDE } else { NARROW };
        let mut wire = Self { stream, out: Vec::new(), input: Vec::with_capacity(room) };
        wire.greet(aim, client).await?;
        if let Some((filter, qos)) = &client.filter {
            encode::subscribe(&mut wire.out, Level::V311, 1, &[(filter.as_str(), *qos)]);
            wire.expect(&client.id, |packet| match packet {
                Packet::SubAck(ack) => Some(ack.codes.iter().all(|code| *code < 0x80)),
                _ => None,
            })
            .await?;
        }
        Ok(wire)
    }

    async fn greet(&mut self, aim: &Aim, client: &Client) -> Result<()> {
        let password = aim.door.tls.needs_password().then_some(client.login.1.as_bytes());
        let packet = mqtt::Connect {
            level: Level::V311,
            clean: client.clean,
            keep_alive: 600,
            client_id: &client.id,
            will: None,
            user_name: Some(&client.login.0),
            password,
            properties: mqtt::Properties::default(),
        };
        encode::connect(&mut self.out, &packet);
        self.expect(&client.id, |packet| match packet {
            Packet::ConnAck(ack) => Some(ack.code == 0),
            _ => None,
        })
        .await
    }

    /// Sends what is waiting and reads the one answer.
    async fn expect(
        &mut self,
        who: &str,
        good: impl Fn(&Packet<'_>) -> Option<bool>,
    ) -> Result<()> {
        self.flush().await?;
        loop {
            if let Some(frame) = mqtt::frame(&self.input, FRAME_BYTES)? {
                let length = frame.bytes.len();
                let answer = good(&mqtt::decode(Level::V311, frame)?);
                self.input.drain(..length);
                ensure!(answer == Some(true), "client {who} was refused");
                return Ok(());
            }
            ensure!(self.stream.read_buf(&mut self.input).await? > 0, "client {who} was cut off");
        }
    }

    /// Puts a QoS 1 message into what is waiting.
    pub(super) fn publish(&mut self, id: u16, topic: &str, payload: &[u8]) {
        let packet = mqtt::Publish {
            dup: false,
            qos: QoS::AtLeastOnce,
            retain: false,
            topic,
            id: Some(id),
            properties: mqtt::Properties::default(),
            payload,
        };
        encode::publish(&mut self.out, Level::V311, &packet);
    }

    pub(super) async fn flush(&mut self) -> Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }

    /// Sends what is waiting and reads once. Every message must end with `good`.
    pub(super) async fn exchange(&mut self, good: &[u8]) -> Result<Seen> {
        self.flush().await?;
        ensure!(self.stream.read_buf(&mut self.input).await? > 0, "the server closed a connection");
        let (mut seen, mut at) = (Seen { acknowledged: 0, received: 0 }, 0);
        while let Some(frame) = mqtt::frame(self.input.get(at..).unwrap_or_default(), FRAME_BYTES)?
        {
            at += frame.bytes.len();
            match mqtt::decode(Level::V311, frame)? {
                Packet::PubAck(_) => seen.acknowledged += 1,
                Packet::Publish(message) => {
                    ensure!(message.payload.ends_with(good), "a report was refused");
                    seen.received += 1;
                    if let Some(id) = message.id {
                        encode::puback(&mut self.out, Level::V311, id, 0);
                    }
                }
                _ => {}
            }
        }
        self.input.drain(..at);
        Ok(seen)
    }

    /// DISCONNECT, and waits until the server has closed.
    pub(super) async fn leave(mut self) -> Result<()> {
        encode::disconnect(&mut self.out, Level::V311, 0);
        self.flush().await?;
        // What still comes is of no interest; a reset is an end, too.
        while self.stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
        Ok(())
    }
}
