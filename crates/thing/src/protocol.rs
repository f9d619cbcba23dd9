//! The place where `$thing` payloads are read and written: property, event and action family.
//!
//! Reading borrows: parameters stay text until the model checks them. Keys that we do not know are
//! passed over; a key given twice is refused.

use std::borrow::Cow;

use base::Millis;

use crate::{
    check::short,
    json,
    scan::{Broken, Kind, Number, Scan},
    shadow::Shadow,
};

/// A client token may have this many bytes as it stands in the payload.
pub const TOKEN_BYTES: usize = 128;
/// Events that one `events_post` may carry.
pub const POSTS: usize = 100;

/// Why a payload is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not UTF-8.
    #[error("payload is not UTF-8: invalid byte at {0}")]
    Utf8(usize),
    /// Not JSON, or not a JSON object.
    #[error("payload is not a JSON object: {why} at byte {at}")]
    Json { why: &'static str, at: usize },
    /// A known key with a value of the wrong kind.
    #[error("{key}: {why}")]
    Key { key: &'static str, why: String },
}

impl From<Broken> for Malformed {
    fn from(broken: Broken) -> Self {
        Self::Json { why: broken.why, at: broken.at }
    }
}

/// What a message wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method<'a> {
    /// 上报
    Report,
    /// 获取状态
    GetStatus,
    /// Also a message with `code` and no method, as the Python SDK answers.
    ControlReply,
    /// Drops the wanted values.
    ClearControl,
    /// 设备基本信息
    ReportInfo,
    /// One event, or several in `events`.
    EventPost,
    /// Several events.
    EventsPost,
    /// 行为的回复
    ActionReply,
    /// Services and what else there is.
    Other(Cow<'a, str>),
    /// No method and no code.
    Missing,
}

impl<'a> Method<'a> {
    fn of(text: Cow<'a, str>) -> Self {
        match &*text {
            "report" => Self::Report,
            "get_status" => Self::GetStatus,
            "control_reply" => Self::ControlReply,
            "clear_control" => Self::ClearControl,
            "report_info" => Self::ReportInfo,
            "event_post" => Self::EventPost,
            "events_post" => Self::EventsPost,
            "action_reply" => Self::ActionReply,
            _ => Self::Other(text),
        }
    }
}

/// A client token: as it stood in a payload (a JSON string or number), or our own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// JSON, echoed as it came.
    Raw(&'a str),
    /// Text, escaped when written.
    Text(&'a str),
}

impl<'a> Token<'a> {
    /// The token as text.
    #[must_use]
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Raw(raw) => match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inside) if inside.contains('\\') => json::unescape(inside).into(),
                Some(inside) => inside.into(),
                None => raw.into(),
            },
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Raw(raw) => out.extend_from_slice(raw.as_bytes()),
            Self::Text(text) => json::write_str(out, text),
        }
    }
}

impl Default for Token<'_> {
    fn default() -> Self {
        Self::Text("")
    }
}

/// A message from a device. Fields of JSON text are whole, well-formed values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it wants.
    pub method: Method<'a>,
    /// Empty if it has none.
    pub client_token: Token<'a>,
    /// JSON text.
    pub params: Option<&'a str>,
    /// Milliseconds; absent when 0, as of devices without a clock.
    pub timestamp: Option<Millis>,
    /// `1.0`
    pub version: Option<Cow<'a, str>>,
    /// Of `event_post`.
    pub event_id: Option<Cow<'a, str>>,
    /// `type`: of the event, or `report`.
    pub kind: Option<Cow<'a, str>>,
    /// JSON text of the list; read it with [`Message::posts`].
    pub events: Option<&'a str>,
    /// Of a reply.
    pub code: Option<i64>,
    /// Of a reply.
    pub status: Option<Cow<'a, str>>,
    /// JSON text, of `action_reply`.
    pub response: Option<&'a str>,
    /// Of `get_status`.
    pub showmeta: bool,
    /// Whether the report asks not to fire automations.
    pub no_automation: bool,
}

/// One event of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post<'a> {
    /// Which event.
    pub event_id: Cow<'a, str>,
    /// `info`, `alert`, `fault`, if said.
    pub kind: Option<Cow<'a, str>>,
    /// Milliseconds, if known.
    pub timestamp: Option<Millis>,
    /// JSON text; `{}` if absent.
    pub params: &'a str,
}

/// Values of the known keys, as text.
#[derive(Default)]
struct Keys<'a>([Option<&'a str>; KEYS.len()]);

const KEYS: [&str; 13] = [
    "method",
    "clientToken",
    "params",
    "timestamp",
    "version",
    "eventId",
    "type",
    "events",
    "code",
    "status",
    "response",
    "showmeta",
    "automation",
];

impl<'a> Keys<'a> {
    fn read(scan: &mut Scan<'a>) -> Result<Self, Malformed> {
        let mut keys = Self::default();
        if scan.kind()? != Kind::Object {
            return Err(Malformed::Json { why: "not an object", at: scan.at() });
        }
        scan.enter();
        let mut first = true;
        while let Some(key) = scan.key(first)? {
            first = false;
            let value = scan.raw()?;
            let Some(at) = KEYS.iter().position(|known| *known == key.raw) else { continue };
            if keys.0[at].replace(value).is_some() {
                return Err(Malformed::Key { key: KEYS[at], why: "given twice".into() });
            }
        }
        Ok(keys)
    }

    /// The text of a key; `null` is as good as nothing.
    fn raw(&self, key: &'static str) -> Option<&'a str> {
        let at = KEYS.iter().position(|known| *known == key)?;
        self.0.get(at).copied().flatten().filter(|raw| *raw != "null")
    }

    fn text(&self, key: &'static str) -> Result<Option<Cow<'a, str>>, Malformed> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        if !raw.starts_with('"') {
            return Err(wrong(key, raw, "is not a string"));
        }
        Ok(Some(Token::Raw(raw).text()))
    }

    fn int(&self, key: &'static str) -> Result<Option<i64>, Malformed> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        let mut scan = Scan::new(raw);
        let n = match scan.kind()? {
            Kind::Number => match scan.number()? {
                Number::Int(n) => Some(n),
                Number::Float(n) => json::whole(n),
            },
            _ => None,
        };
        n.map(Some).ok_or_else(|| wrong(key, raw, "is not a whole number"))
    }

    fn composite(&self, key: &'static str, open: char) -> Result<Option<&'a str>, Malformed> {
        match self.raw(key) {
            Some(raw) if !raw.starts_with(open) => {
                let why = if open == '{' { "is not an object" } else { "is not a list" };
                Err(wrong(key, raw, why))
            }
            other => Ok(other),
        }
    }

    fn token(&self) -> Result<Token<'a>, Malformed> {
        let key = "clientToken";
        let Some(raw) = self.raw(key) else { return Ok(Token::default()) };
        if !raw.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
            return Err(wrong(key, raw, "is neither a string nor a number"));
        }
        if raw.len() > TOKEN_BYTES {
            let why = format!("{} bytes, allowed are {TOKEN_BYTES}", raw.len());
            return Err(Malformed::Key { key, why });
        }
        Ok(Token::Raw(raw))
    }

    fn time(&self) -> Result<Option<Millis>, Malformed> {
        Ok(self.int("timestamp")?.filter(|at| *at > 0))
    }
}

fn wrong(key: &'static str, raw: &str, why: &str) -> Malformed {
    Malformed::Key { key, why: format!("{} {why}", short(raw)) }
}

impl<'a> Message<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// Not a JSON object, or a known key has a value of the wrong kind.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let text =
            std::str::from_utf8(payload).map_err(|error| Malformed::Utf8(error.valid_up_to()))?;
        let mut scan = Scan::new(text);
        let keys = Keys::read(&mut scan)?;
        scan.end()?;
        let code = keys.int("code")?;
        let method = match keys.text("method")? {
            Some(text) => Method::of(text),
            None if code.is_some() => Method::ControlReply,
            None => Method::Missing,
        };
        Ok(Self {
            method,
            client_token: keys.token()?,
            params: keys.composite("params", '{')?,
            timestamp: keys.time()?,
            version: keys.text("version")?,
            event_id: keys.text("eventId")?,
            kind: keys.text("type")?,
            events: keys.composite("events", '[')?,
            code,
            status: keys.text("status")?,
            response: keys.composite("response", '{')?,
            showmeta: keys.raw("showmeta").is_some_and(|raw| raw == "1" || raw == "true"),
            no_automation: keys.raw("automation") == Some("\"disable\""),
        })
    }

    /// The events of `event_post` or `events_post`, in either shape.
    ///
    /// # Errors
    /// An event without id, or more than [`POSTS`].
    pub fn posts(&self) -> Result<Vec<Post<'a>>, Malformed> {
        let Some(events) = self.events else {
            let event_id = self.event_id.clone().ok_or_else(no_event_id)?;
            let (kind, timestamp) = (self.kind.clone(), self.timestamp);
            return Ok(vec![Post {
                event_id,
                kind,
                timestamp,
                params: self.params.unwrap_or("{}"),
            }]);
        };
        let mut scan = Scan::new(events);
        scan.kind()?;
        scan.enter();
        let mut posts = Vec::new();
        while scan.item(posts.is_empty())? {
            if posts.len() == POSTS {
                let why = format!("more than {POSTS} events");
                return Err(Malformed::Key { key: "events", why });
            }
            let keys = Keys::read(&mut scan)?;
            posts.push(Post {
                event_id: keys.text("eventId")?.ok_or_else(no_event_id)?,
                kind: keys.text("type")?,
                timestamp: keys.time()?,
                params: keys.composite("params", '{')?.unwrap_or("{}"),
            });
        }
        Ok(posts)
    }
}

fn no_event_id() -> Malformed {
    Malformed::Key { key: "eventId", why: "is missing".into() }
}

fn begin(out: &mut Vec<u8>, method: &str, token: Token<'_>) {
    out.extend_from_slice(b"{\"method\":\"");
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(b"\",\"clientToken\":");
    token.write(out);
}

fn outcome(out: &mut Vec<u8>, code: i64, status: &str) {
    out.extend_from_slice(b",\"code\":");
    json::write_int(out, code);
    out.extend_from_slice(b",\"status\":");
    json::write_str(out, status);
}

fn reply(out: &mut Vec<u8>, method: &str, token: Token<'_>, code: i64, status: &str) {
    begin(out, method, token);
    outcome(out, code, status);
    out.push(b'}');
}

/// Appends a `report_reply`.
pub fn report_reply(out: &mut Vec<u8>, token: Token<'_>, code: i64, status: &str) {
    reply(out, "report_reply", token, code, status);
}

/// Appends a `clear_control_reply`.
pub fn clear_control_reply(out: &mut Vec<u8>, token: Token<'_>, code: i64, status: &str) {
    reply(out, "clear_control_reply", token, code, status);
}

/// Appends a `report_info_reply`.
pub fn report_info_reply(out: &mut Vec<u8>, token: Token<'_>, code: i64, status: &str) {
    reply(out, "report_info_reply", token, code, status);
}

/// Appends an `event_reply`.
pub fn event_reply(out: &mut Vec<u8>, token: Token<'_>, code: i64, status: &str) {
    begin(out, "event_reply", token);
    out.extend_from_slice(b",\"version\":\"1.0\"");
    outcome(out, code, status);
    out.extend_from_slice(b",\"data\":{}}");
}

/// Appends a `get_status_reply` with what was reported and, if anything is, what is wanted.
pub fn get_status_reply(out: &mut Vec<u8>, token: Token<'_>, shadow: &Shadow) {
    begin(out, "get_status_reply", token);
    outcome(out, 0, "");
    out.extend_from_slice(b",\"type\":\"report\",\"data\":{\"reported\":");
    shadow.write_reported(out);
    if shadow.has_desired() {
        out.extend_from_slice(b",\"control\":");
        shadow.write_desired(out);
    }
    out.extend_from_slice(b"}}");
}

/// Appends a `control`; `params` is a checked JSON object.
pub fn control(out: &mut Vec<u8>, token: Token<'_>, params: &str) {
    begin(out, "control", token);
    out.extend_from_slice(b",\"params\":");
    out.extend_from_slice(params.as_bytes());
    out.push(b'}');
}

/// Appends an `action`; `params` is a checked JSON object. The C SDK wants all five keys.
pub fn action(
    out: &mut Vec<u8>,
    token: Token<'_>,
    action_id: &str,
    timestamp: Millis,
    params: &str,
) {
    begin(out, "action", token);
    out.extend_from_slice(b",\"actionId\":");
    json::write_str(out, action_id);
    out.extend_from_slice(b",\"timestamp\":");
    json::write_int(out, timestamp);
    out.extend_from_slice(b",\"params\":");
    out.extend_from_slice(params.as_bytes());
    out.push(b'}');
}

#[cfg(test)]
mod tests;
