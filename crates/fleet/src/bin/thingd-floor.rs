//! The floor of `cargo xtask bench broker`: a server that only moves bytes. One thread, one epoll
//! loop; it lets everybody in, acknowledges, and hands each message to the next subscriber of its
//! publisher's share, without looking at its topic. No broker can be cheaper on this machine.

use std::{
    io::{self, Read as _, Write as _},
    net::SocketAddr,
};

use anyhow::{Context as _, Result};
use clap::Parser;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

/// The bare server that brokers are measured against.
#[derive(Debug, Parser)]
struct Args {
    #[arg(long)]
    listen: SocketAddr,
}

const DOOR: Token = Token(usize::MAX);
const READ_BYTES: usize = 1 << 16;
/// More than this for a subscriber makes its publishers wait.
const BACKLOG: usize = 1 << 22;

fn main() -> Result<()> {
    let mut listener = TcpListener::bind(Args::parse().listen)?;
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    poll.registry().register(&mut listener, DOOR, Interest::READABLE)?;
    let mut floor = Floor { scratch: vec![0; READ_BYTES], ..Floor::default() };
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                DOOR => floor.accept(&listener, &poll)?,
                Token(number) => {
                    if event.is_writable() {
                        floor.dirty.push(number);
                    }
                    if event.is_readable() {
                        floor.read(number, event.is_read_closed());
                    }
                }
            }
        }
        while floor.flush() {}
    }
}

#[derive(Default)]
struct Floor {
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
    subscribers: Vec<usize>,
    /// Who has something to send.
    dirty: Vec<usize>,
    /// Who waits until subscribers have read.
    waiting: Vec<usize>,
    scratch: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    /// The beginning of a frame.
    input: Vec<u8>,
    out: Vec<u8>,
    /// QoS of its subscription.
    qos: u8,
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let number = self.free.pop().unwrap_or(self.clients.len());
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(number), both)?;
            let client = Client { stream, input: Vec::new(), out: Vec::new(), qos: 0 };
            match self.clients.get_mut(number) {
                Some(place) => *place = Some(client),
                None => self.clients.push(Some(client)),
            }
        }
    }

    /// Reads all that is there. A read that does not fill the buffer was the last, unless `ended`:
    /// then the end of the stream follows, of which no other event tells.
    fn read(&mut self, number: usize, ended: bool) {
        let mut scratch = std::mem::take(&mut self.scratch);
        loop {
            if self.target(number).is_some_and(|to| self.backlog(to) > BACKLOG) {
                self.waiting.push(number);
                break;
            }
            let Some(Some(client)) = self.clients.get_mut(number) else { break };
            match client.stream.read(&mut scratch) {
                Ok(read) if read > 0 => {
                    let good = self.frames(number, scratch.get(..read).unwrap_or_default());
                    if good.is_none() {
                        self.close(number);
                    }
                    if read < READ_BYTES && !ended {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Ok(_) | Err(_) => self.close(number),
            }
        }
        self.scratch = scratch;
    }

    fn close(&mut self, number: usize) {
        if let Some(place) = self.clients.get_mut(number) {
            *place = None;
            self.subscribers.retain(|known| *known != number);
            self.free.push(number);
        }
    }

    fn backlog(&self, number: usize) -> usize {
        self.clients.get(number).and_then(Option::as_ref).map_or(0, |client| client.out.len())
    }

    /// Whose messages of this publisher are.
    fn target(&self, number: usize) -> Option<usize> {
        self.subscribers.get(number.checked_rem(self.subscribers.len())?).copied()
    }

    /// Deals with whole frames, keeps the rest. `None`: the client leaves, or is none of ours.
    fn frames(&mut self, number: usize, read: &[u8]) -> Option<()> {
        let client = self.clients.get_mut(number)?.as_mut()?;
        let mut kept = std::mem::take(&mut client.input);
        let mut bytes = read;
        if !kept.is_empty() {
            kept.extend_from_slice(read);
            bytes = &kept;
        }
        while let Some((head, whole)) = measure(bytes) {
            let (frame, rest) = bytes.split_at_checked(whole)?;
            self.frame(number, frame, frame.get(head..)?)?;
            bytes = rest;
        }
        let rest = bytes.to_vec();
        self.clients.get_mut(number)?.as_mut()?.input = rest;
        Some(())
    }

    fn frame(&mut self, number: usize, frame: &[u8], body: &[u8]) -> Option<()> {
        match frame.first()? >> 4 {
            1 => self.send(number, &[0x20, 2, 0, 0]),
            3 => self.publish(number, frame, body),
            8 => {
                let (id, qos) = (body.first_chunk::<2>()?, *body.last()?);
                self.clients.get_mut(number)?.as_mut()?.qos = qos;
                self.subscribers.push(number);
                self.send(number, &[0x90, 3, id[0], id[1], qos])
            }
            12 => self.send(number, &[0xD0, 0]),
            14 => None,
            _ => Some(()),
        }
    }

    /// Acknowledges, and passes the bytes on: as they are to a subscriber at QoS 1, without the
    /// packet's id to one at QoS 0.
    fn publish(&mut self, number: usize, frame: &[u8], body: &[u8]) -> Option<()> {
        let topic = usize::from(u16::from_be_bytes(*body.first_chunk::<2>()?)) + 2;
        let acknowledged = *frame.first()? & 0x06 != 0;
        let target = self.target(number);
        let qos = target.and_then(|to| self.clients.get(to)?.as_ref()).map_or(0, |to| to.qos);
        if !acknowledged || qos > 0 {
            if let Some(to) = target {
                self.send(to, frame)?;
            }
        } else if let Some(to) = target {
            let (name, rest) = body.split_at_checked(topic)?;
            let payload = rest.get(2..)?;
            let mut head = [0x30, 0, 0, 0, 0];
            let head = length(&mut head, name.len() + payload.len())?;
            self.send(to, head)?;
            self.send(to, name)?;
            self.send(to, payload)?;
        }
        if acknowledged {
            let id = body.get(topic..)?.first_chunk::<2>()?;
            self.send(number, &[0x40, 2, id[0], id[1]])?;
        }
        Some(())
    }

    fn send(&mut self, number: usize, bytes: &[u8]) -> Option<()> {
        let client = self.clients.get_mut(number)?.as_mut()?;
        if client.out.is_empty() {
            self.dirty.push(number);
        }
        client.out.extend_from_slice(bytes);
        Some(())
    }

    /// One write for each client that has something to send. True when there is more by now.
    fn flush(&mut self) -> bool {
        let mut dirty = std::mem::take(&mut self.dirty);
        for number in dirty.drain(..) {
            let Some(Some(client)) = self.clients.get_mut(number) else { continue };
            if !client.out.is_empty() && client.write().is_err() {
                self.close(number);
            }
        }
        self.dirty = dirty;
        for number in std::mem::take(&mut self.waiting) {
            self.read(number, true);
        }
        !self.dirty.is_empty()
    }
}

impl Client {
    fn write(&mut self) -> Result<()> {
        match self.stream.write(&self.out) {
            Ok(0) => Err(io::Error::from(io::ErrorKind::WriteZero)).context("closed"),
            Ok(written) => {
                self.out.drain(..written);
                // What is left goes when the socket says that it takes more.
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Bytes of the head and of the whole frame, if it is all there.
fn measure(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (at, byte) in bytes.iter().enumerate().skip(1).take(4) {
        length |= usize::from(byte & 0x7F) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            let (head, whole) = (at + 1, at + 1 + length);
            return (whole <= bytes.len()).then_some((head, whole));
        }
    }
    None
}

/// Writes the length after the first byte; the head.
fn length(head: &mut [u8; 5], mut length: usize) -> Option<&[u8]> {
    for at in 1..5 {
        let low = u8::try_from(length & 0x7F).ok()?;
        length >>= 7;
        *head.get_mut(at)? = if length > 0 { low | 0x80 } else { low };
        if length == 0 {
            return head.get(..=at);
        }
    }
    None
}
