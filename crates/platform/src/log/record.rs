//! The place where the rows of the device logs have their binary form: short texts with a length
//! before them, the longest part last.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use broker::hub::Offline;
use thing::EventKind;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down),
            _ => None,
        }
    }
}

/// A row of the online/offline log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Online {
    pub(crate) online: bool,
    pub(crate) reason: String,
    pub(crate) address: String,
}

/// An event that a device posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) id: String,
    /// The params as JSON text.
    pub(crate) params: String,
}

/// A call of an action and what is known of its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ActionCall {
    pub(crate) action: String,
    pub(crate) token: String,
    /// `sent`, `unreachable`, `timeout` or `replied`.
    pub(crate) state: String,
    pub(crate) code: i64,
    pub(crate) status: String,
    pub(crate) input: String,
    pub(crate) output: String,
}

impl ActionCall {
    pub(crate) fn ended(&self) -> bool {
        self.state != "sent"
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = self.code.to_be_bytes().to_vec();
        for text in
            [&self.action, &self.token, &self.state, &self.status, &self.input, &self.output]
        {
            put_text(&mut row, text);
        }
        row
    }

    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let mut row = Reader(row);
        Some(Self {
            code: i64::from_be_bytes(row.take()?),
            action: row.text()?,
            token: row.text()?,
            state: row.text()?,
            status: row.text()?,
            input: row.text()?,
            output: row.text()?,
        })
    }
}

/// The first byte of a row of the online/offline log.
const OFFLINE: u8 = 0;
const ONLINE: u8 = 1;

/// "Came online from `peer`": its port, its address, and the scope of an address that needs one. Twenty
/// bytes at most lie in the engine's own entry, longer ones in memory of their own.
pub(super) fn online_row(peer: SocketAddr) -> Vec<u8> {
    let mut row = vec![ONLINE];
    row.extend_from_slice(&peer.port().to_be_bytes());
    match peer {
        SocketAddr::V4(v4) => row.extend_from_slice(&v4.ip().octets()),
        SocketAddr::V6(v6) => {
            row.extend_from_slice(&v6.ip().octets());
            if v6.scope_id() != 0 {
                row.extend_from_slice(&v6.scope_id().to_be_bytes());
            }
        }
    }
    row
}

/// "Went offline, because".
pub(super) fn offline_row(why: Offline) -> Vec<u8> {
    vec![OFFLINE, why.number()]
}

/// The manual's two reasons (L1210) and ours.
fn reason(why: Offline) -> &'static str {
    match why {
        Offline::Disconnect => "Device disconnect",
        Offline::KeepAlive => "Device keepalive timeout",
        Offline::Takeover => "Device connected again",
        Offline::Kicked => "Device disconnected by the platform",
        Offline::Protocol => "Device protocol error",
        Offline::Shutdown => "Server shutdown",
    }
}

impl Online {
    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let mut row = Reader(row);
        match row.take()? {
            [OFFLINE] => {
                let [why] = row.take()?;
                let reason = reason(Offline::numbered(why)?).to_owned();
                Some(Self { online: false, reason, address: String::new() })
            }
            [ONLINE] => {
                let address = peer(row)?.to_string();
                Some(Self { online: true, reason: String::new(), address })
            }
            _ => None,
        }
    }
}

fn peer(mut row: Reader<'_>) -> Option<SocketAddr> {
    let port = u16::from_be_bytes(row.take()?);
    if row.0.len() == 4 {
        return Some((IpAddr::from(row.take::<4>()?), port).into());
    }
    let ip = row.take::<16>()?.into();
    let scope = if row.0.is_empty() { 0 } else { u32::from_be_bytes(row.take()?) };
    Some(SocketAddrV6::new(ip, port, 0, scope).into())
}

/// Appends the row of an event; `params` is its JSON text.
pub(super) fn write_event(row: &mut Vec<u8>, kind: EventKind, id: &str, params: &str) {
    row.push(match kind {
        EventKind::Info => 0,
        EventKind::Alert => 1,
        EventKind::Fault => 2,
    });
    put_text(row, id);
    put_text(row, params);
}

impl Event {
    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let mut row = Reader(row);
        let kind = match row.take()? {
            [0] => EventKind::Info,
            [1] => EventKind::Alert,
            [2] => EventKind::Fault,
            _ => return None,
        };
        Some(Self { kind, id: row.text()?, params: row.text()? })
    }
}

/// Appends a text and its length (the longest text of a row is a payload's, far below 4 GiB).
pub(crate) fn put_text(row: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).expect("a row's text is bounded by the payload limit");
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(text.as_bytes());
}

/// Takes a row apart from the front; `None` when it is too short.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let length = usize::try_from(u32::from_be_bytes(self.take()?)).ok()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_device_came_from_reads_as_the_address_did() {
        for (text, length) in [
            ("192.0.2.7:54321", 7),
            ("0.0.0.0:0", 7),
            ("[2001:db8::7]:1", 19),
            ("[::ffff:192.0.2.7]:65535", 19),
            ("[fe80::1%3]:1883", 23),
        ] {
            let row = online_row(text.parse().unwrap());
            assert_eq!(row.len(), length, "{text}");
            let (online, reason, address) = (true, String::new(), text.to_owned());
            assert_eq!(Online::decode(&row), Some(Online { online, reason, address }));
            for cut in (0..length).filter(|cut| ![7, 19].contains(cut)) {
                assert_eq!(Online::decode(&row[..cut]), None, "{text} cut to {cut}");
            }
        }
    }

    #[test]
    fn why_a_device_went_is_a_text_of_its_own() {
        let all = Offline::ALL;
        let texts: std::collections::HashSet<_> = all
            .map(|why| Online::decode(&offline_row(why)).unwrap())
            .map(|row| (row.online, row.reason, row.address))
            .into();
        assert_eq!(texts.len(), all.len());
        assert_eq!(offline_row(Offline::Shutdown), [OFFLINE, 5], "numbers on disk stay");
        assert!(texts.contains(&(false, "Device keepalive timeout".into(), String::new())));
        for bad in [&[][..], &[OFFLINE], &[OFFLINE, 6], &[2, 0]] {
            assert_eq!(Online::decode(bad), None);
        }
    }
}
