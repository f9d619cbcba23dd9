//! The place where the rows of the device logs have their binary form: short texts with a length
//! before them, the longest part last.

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

impl Online {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = vec![u8::from(self.online)];
        put_text(&mut row, &self.reason);
        put_text(&mut row, &self.address);
        row
    }

    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let mut row = Reader(row);
        let [online] = row.take()?;
        Some(Self { online: online == 1, reason: row.text()?, address: row.text()? })
    }
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
