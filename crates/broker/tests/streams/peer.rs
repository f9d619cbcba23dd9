//! A server that streams are sent to, and what it answers.

use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{interval, timeout},
};

use crate::list::{Level, MARK, Stream};

/// How long a server may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Debian's mosquitto on a free port, killed when dropped.
pub(crate) struct Mosquitto {
    child: Child,
    _folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
}

impl Mosquitto {
    pub(crate) async fn start() -> Self {
        // A port that was free a moment ago may be taken by now: then another one.
        for _ in 0..10 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("mosquitto.conf");
            let config = format!(
                "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nsys_interval 0\nlog_type none\n",
                address.port()
            );
            std::fs::write(&file, config).unwrap();
            let child = Command::new(program())
                .arg("-c")
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("mosquitto is missing: apt-get install mosquitto");
            let mut peer = Self { child, _folder: folder, address };
            if timeout(DEADLINE, peer.answers()).await.expect("mosquitto does not answer") {
                return peer;
            }
        }
        panic!("mosquitto does not start");
    }

    /// False when it ended instead.
    async fn answers(&mut self) -> bool {
        let mut again = interval(Duration::from_millis(10));
        loop {
            again.tick().await;
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(self.address).await.is_ok() {
                return true;
            }
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Debian's place is not on everybody's PATH.
fn program() -> &'static str {
    let debian = "/usr/sbin/mosquitto";
    if std::path::Path::new(debian).exists() { debian } else { "mosquitto" }
}

/// How the bytes go out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// The first packet, then, when it is answered, the rest: as clients do.
    Greeted,
    /// In one write.
    Whole,
    /// Byte by byte.
    Bytes,
}

/// What came back: a line for each packet, then whether the server closed. At least `least` lines
/// are waited for: a message may come behind the answer to the mark.
pub(crate) async fn answer(
    address: SocketAddr,
    stream: &Stream,
    pace: Pace,
    least: usize,
) -> Vec<String> {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let mut talk = Talk { level: stream.level, read: Vec::new(), told: Vec::new() };
    let mut bytes = stream.bytes.clone();
    if !stream.cut {
        bytes.extend_from_slice(&stream.mark());
    }
    let first = mqtt::frame(&bytes, usize::MAX).ok().flatten().map_or(0, |one| one.bytes.len());
    let (first, rest) = bytes.split_at(if pace == Pace::Greeted { first } else { 0 });
    // A server that closes early makes the writes fail; what it said is still read.
    drop(socket.write_all(first).await);
    while !first.is_empty() && talk.told.is_empty() {
        if let Some(end) = talk.read(&mut socket).await {
            return talk.end(end);
        }
    }
    for part in rest.chunks(if pace == Pace::Bytes { 1 } else { usize::MAX }) {
        drop(socket.write_all(part).await);
    }
    if stream.cut {
        drop(socket.shutdown().await);
    }
    let mark = format!("SUBACK {MARK} [00]");
    loop {
        if talk.told.len() > least && talk.told.contains(&mark) {
            talk.told.retain(|line| *line != mark);
            return talk.end("open");
        }
        if let Some(end) = talk.read(&mut socket).await {
            return talk.end(end);
        }
    }
}

/// Sends packet by packet, each when the one before was dealt with. The answers without those to
/// the PINGREQs that tell so.
pub(crate) async fn talk(
    address: SocketAddr,
    level: Level,
    packets: &[&[u8]],
    least: usize,
) -> Vec<String> {
    const PINGRESP: &str = "PINGRESP";
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut talk = Talk { level, read: Vec::new(), told: Vec::new() };
    for packet in packets {
        drop(socket.write_all(&[packet, &[0xC0, 0][..]].concat()).await);
        while !talk.told.iter().any(|line| line == PINGRESP) {
            if let Some(end) = talk.read(&mut socket).await {
                return talk.end(end);
            }
        }
        talk.told.retain(|line| line != PINGRESP);
    }
    while talk.told.len() < least {
        if let Some(end) = talk.read(&mut socket).await {
            return talk.end(end);
        }
    }
    talk.end("open")
}

/// What a server said so far.
struct Talk {
    level: Level,
    read: Vec<u8>,
    told: Vec<String>,
}

impl Talk {
    /// Reads once; says how the connection ended if it did.
    async fn read(&mut self, socket: &mut TcpStream) -> Option<&'static str> {
        match timeout(DEADLINE, socket.read_buf(&mut self.read)).await {
            Err(_) => return Some("silence"),
            Ok(Ok(0) | Err(_)) => return Some("closed"),
            Ok(Ok(_)) => {}
        }
        let seen = lines(&self.read, self.level, &mut self.told);
        self.read.drain(..seen);
        None
    }

    fn end(mut self, end: &str) -> Vec<String> {
        self.told.push(end.to_owned());
        self.told
    }
}

/// Reads whole packets; returns how many bytes they were.
fn lines(bytes: &[u8], level: Level, told: &mut Vec<String>) -> usize {
    let mut rest = bytes;
    while let Some(frame) = mqtt::frame(rest, usize::MAX).expect("a server sends frames") {
        rest = &rest[frame.bytes.len()..];
        told.push(line(frame, level));
    }
    bytes.len() - rest.len()
}

fn line(frame: mqtt::Frame<'_>, level: Level) -> String {
    use mqtt::Packet as P;
    let level = if level == Level(5) { mqtt::Level::V5 } else { mqtt::Level::V311 };
    let ack = |name: &str, ack: mqtt::Ack| format!("{name} {} {:#04x}", ack.id, ack.reason);
    match mqtt::decode(level, frame) {
        Ok(P::ConnAck(ack)) => format!("CONNACK {:#04x}", ack.code),
        Ok(P::Publish(p)) => {
            let ids: String = p.properties.iter().map(|one| format!(" {one:?}")).collect();
            let (qos, retain) = (p.qos.number(), if p.retain { " retain" } else { "" });
            let dup = if p.dup { " dup" } else { "" };
            format!("PUBLISH {} QoS {qos}{retain}{dup}{ids}", p.topic)
        }
        Ok(P::PubAck(one)) => ack("PUBACK", one),
        Ok(P::PubRec(one)) => ack("PUBREC", one),
        Ok(P::PubRel(one)) => ack("PUBREL", one),
        Ok(P::PubComp(one)) => ack("PUBCOMP", one),
        Ok(P::SubAck(ack)) => format!("SUBACK {} {:02x?}", ack.id, ack.codes),
        Ok(P::UnsubAck(ack)) => format!("UNSUBACK {} {:02x?}", ack.id, ack.codes),
        Ok(P::PingResp) => "PINGRESP".to_owned(),
        Ok(P::Disconnect(disconnect)) => format!("DISCONNECT {:#04x}", disconnect.reason),
        other => format!("{:02x?} {other:?}", frame.bytes),
    }
}
