//! The place where a device's packets go out and come in, with as little memory as it takes.

use std::{future::poll_fn, pin::Pin, task::ready, time::Duration};

use anyhow::{Result, bail, ensure};
use mqtt::{Level, Packet, Properties, Publish, QoS, encode};
use tokio::{
    io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf},
    time::timeout,
};

use crate::{device::Device, door::Stream, plan::Plan};

/// What one packet from the server may have.
const FRAME_BYTES: usize = 1 << 20;
const READ_BYTES: usize = 4096;
/// A server that takes nothing for so long has gone.
const STALLED: Duration = Duration::from_secs(30);

/// A connection that the server has accepted.
#[derive(Debug)]
pub(crate) struct Link {
    stream: Stream,
    level: Level,
    out: Vec<u8>,
    input: Vec<u8>,
    last_id: u16,
}

impl Link {
    /// CONNECT and its answer.
    ///
    /// # Errors
    /// The server refused or cut the connection.
    pub(crate) async fn greet(stream: Stream, plan: &Plan, device: &Device) -> Result<Self> {
        let level = plan.level;
        let mut link = Self { stream, level, out: Vec::new(), input: Vec::new(), last_id: 0 };
        let (user, password) = match plan.door.tls.needs_password() {
            true => device.credentials().map(|(user, password)| (user, Some(password)))?,
            false => (device.user_name(), None),
        };
        let packet = mqtt::Connect {
            level,
            clean: true,
            keep_alive: plan.keep_alive,
            client_id: &device.client_id(),
            will: None,
            user_name: Some(&user),
            password: password.as_ref().map(|text| text.as_bytes()),
            properties: Properties::default(),
        };
        encode::connect(&mut link.out, &packet);
        link.flush().await?;
        let mut answer = None;
        while answer.is_none() {
            link.read().await?;
            link.packets(|packet, _| match packet {
                Packet::ConnAck(ack) => {
                    answer = Some(ack.code);
                    Ok(())
                }
                _ => bail!("the server began with another packet than CONNACK"),
            })?;
        }
        ensure!(answer == Some(0), "refused with code {}", answer.unwrap_or_default());
        Ok(link)
    }

    /// Asks for a topic; the answer comes with the other packets.
    pub(crate) fn subscribe(&mut self, filter: &str, qos: QoS) {
        let id = self.next_id();
        encode::subscribe(&mut self.out, self.level, id, &[(filter, qos)]);
    }

    /// The packet's id at QoS 1.
    pub(crate) fn publish(&mut self, topic: &str, qos: QoS, payload: &[u8]) -> Option<u16> {
        let id = (qos != QoS::AtMostOnce).then(|| self.next_id());
        let properties = Properties::default();
        let packet = Publish { dup: false, qos, retain: false, topic, id, properties, payload };
        encode::publish(&mut self.out, self.level, &packet);
        id
    }

    pub(crate) fn acknowledge(&mut self, id: u16) {
        encode::puback(&mut self.out, self.level, id, 0);
    }

    pub(crate) fn ping(&mut self) {
        encode::pingreq(&mut self.out);
    }

    /// Takes leave.
    pub(crate) async fn leave(mut self) -> Result<()> {
        encode::disconnect(&mut self.out, self.level, 0);
        self.flush().await?;
        Ok(self.stream.shutdown().await?)
    }

    /// Sends what was written; the buffer is given back.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let out = std::mem::take(&mut self.out);
        let sent = timeout(STALLED, async {
            self.stream.write_all(&out).await?;
            self.stream.flush().await
        });
        match sent.await {
            Ok(sent) => Ok(sent?),
            Err(_) => bail!("the server takes nothing"),
        }
    }

    /// Waits for bytes. May be dropped while it waits: nothing is lost.
    ///
    /// # Errors
    /// The connection has ended.
    pub(crate) async fn read(&mut self) -> Result<()> {
        let (stream, input) = (&mut self.stream, &mut self.input);
        // The space is on the stack while there is something to read, and nowhere while not.
        let read = poll_fn(|cx| {
            let mut space = [0; READ_BYTES];
            let mut buf = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut buf))?;
            input.extend_from_slice(buf.filled());
            std::task::Poll::Ready(Ok::<usize, std::io::Error>(buf.filled().len()))
        });
        ensure!(read.await? > 0, "the server closed the connection");
        Ok(())
    }

    /// Gives every whole packet that has come to `each`, together with the way out.
    pub(crate) fn packets(
        &mut self,
        mut each: impl FnMut(Packet<'_>, &mut Self) -> Result<()>,
    ) -> Result<()> {
        let input = std::mem::take(&mut self.input);
        let mut rest = input.as_slice();
        while let Some(frame) = mqtt::frame(rest, FRAME_BYTES)? {
            rest = rest.get(frame.bytes.len()..).unwrap_or_default();
            each(mqtt::decode(self.level, frame)?, self)?;
        }
        self.input = rest.to_vec();
        Ok(())
    }

    fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }
}
