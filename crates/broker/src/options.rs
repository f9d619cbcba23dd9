//! The place where a broker's addresses and bounds are named.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use tokio::runtime::Handle;

/// What [`crate::Broker::start`] is told. Port 0 takes a free port.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose threads serve the connections of the doors; handshakes and upkeep are the caller's. None:
    /// the caller's do all.
    pub threads: Option<Handle>,
    /// MQTT over TCP.
    pub tcp: Option<SocketAddr>,
    /// MQTT over TLS.
    pub tls: Option<TlsDoor>,
    /// Connections at the same time, all doors together; further ones are closed at once.
    pub connections: usize,
    /// Connections that have not been accepted by CONNACK yet; further ones wait in the backlog.
    pub greetings: usize,
    /// Of them, connections of one address; further ones are closed at once. 0 = no limit.
    pub greetings_per_address: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a client may take from the open connection to its CONNACK.
    pub hello: Duration,
    /// Bytes of one packet; a larger one ends its connection.
    pub packet_bytes: usize,
    /// Bytes that wait for one slow reader; further messages to it are refused.
    pub outbox_bytes: usize,
    /// Retained messages of one tenant.
    pub retained_messages: usize,
    /// Bytes of them.
    pub retained_bytes: usize,
}

/// The TLS door: where, and the PEM files of its certificate chain and key.
#[derive(Debug, Clone)]
pub struct TlsDoor {
    pub address: SocketAddr,
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Whether clients may prove themselves by a pre-shared key, too.
    pub psk: bool,
}

/// Where the doors are, with their real ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Addresses {
    pub tcp: Option<SocketAddr>,
    pub tls: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: None,
            tcp: None,
            tls: None,
            connections: 1_000_000,
            greetings: 4096,
            greetings_per_address: 1024,
            handshake: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            packet_bytes: 1_114_112,
            outbox_bytes: 4 << 20,
            retained_messages: 100_000,
            retained_bytes: 64 << 20,
        }
    }
}
