//! The place where JSON text is read once, from left to right, without a tree.

use std::borrow::Cow;

use crate::json;

/// Nesting that a payload may have: more than any model can mean.
const DEPTH: u32 = 32;

/// A piece of text that is not JSON, or is more than we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why} at byte {at}")]
pub(crate) struct Broken {
    pub(crate) why: &'static str,
    pub(crate) at: usize,
}

/// What a value begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A number as written: whole if it fits, else the nearest double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

/// The inside of a string literal, escapes untouched but checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) raw: &'a str,
    pub(crate) escaped: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn cow(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(json::unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }
}

/// A reader of one text.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text from `from` to here.
    pub(crate) fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn broken<T>(&self, why: &'static str) -> Result<T, Broken> {
        Err(Broken { why, at: self.at })
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// The kind of the value that begins here, after blanks.
    pub(crate) fn kind(&mut self) -> Result<Kind, Broken> {
        self.blank();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(0xEF) => self.broken("byte order mark or stray character"),
            Some(_) => self.broken("unexpected character"),
            None => self.broken("unexpected end"),
        }
    }

    /// Goes into an object or array: past its first bracket.
    pub(crate) fn enter(&mut self) {
        self.at += 1;
    }

    /// Whether one more member of an array comes; eats separators and the closing bracket.
    pub(crate) fn item(&mut self, first: bool) -> Result<bool, Broken> {
        self.more(first, b']')
    }

    /// The next key of an object, its colon eaten; `None` at the closing brace.
    pub(crate) fn key(&mut self, first: bool) -> Result<Option<Text<'a>>, Broken> {
        if !self.more(first, b'}')? {
            return Ok(None);
        }
        if self.byte() != Some(b'"') {
            return self.broken("a key must be a string");
        }
        let key = self.string()?;
        self.blank();
        if self.byte() != Some(b':') {
            return self.broken("expected a colon");
        }
        self.at += 1;
        Ok(Some(key))
    }

    fn more(&mut self, first: bool, close: u8) -> Result<bool, Broken> {
        self.blank();
        match self.byte() {
            Some(b) if b == close => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                self.blank();
                if self.byte() == Some(close) { self.broken("trailing comma") } else { Ok(true) }
            }
            Some(_) => self.broken("expected a comma"),
            None => self.broken("unexpected end"),
        }
    }

    /// A string literal; stands on its first quote.
    pub(crate) fn string(&mut self) -> Result<Text<'a>, Broken> {
        let from = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        let mut at = from;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at = match json::escape_end(bytes, at) {
                        Some(end) => end,
                        None => return Err(Broken { why: "bad escape", at }),
                    };
                }
                Some(0..=0x1F) => return Err(Broken { why: "control character in a string", at }),
                Some(_) => at += 1,
                None => return Err(Broken { why: "unterminated string", at }),
            }
        }
        self.at = at + 1;
        Ok(Text { raw: self.text.get(from..at).unwrap_or_default(), escaped })
    }

    /// A number literal; stands on its first character.
    pub(crate) fn number(&mut self) -> Result<Number, Broken> {
        let from = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let first = self.at;
        let whole = self.digits();
        if self.at == first {
            return self.broken("a number needs digits");
        }
        if self.at > first + 1 && self.text.as_bytes().get(first) == Some(&b'0') {
            return self.broken("a number must not begin with 0");
        }
        let few = self.at - first <= 18;
        if !matches!(self.byte(), Some(b'.' | b'e' | b'E')) {
            if few {
                return Ok(Number::Int(if first > from { -whole } else { whole }));
            }
            if let Ok(n) = self.since(from).parse() {
                return Ok(Number::Int(n));
            }
        }
        self.fraction()?;
        match self.since(from).parse::<f64>() {
            Ok(n) if n.is_finite() => Ok(Number::Float(n)),
            _ => Err(Broken { why: "number is out of range", at: from }),
        }
    }

    fn digits(&mut self) -> i64 {
        let mut n = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            n = n.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        n
    }

    fn fraction(&mut self) -> Result<(), Broken> {
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(())
    }

    fn some_digits(&mut self) -> Result<(), Broken> {
        let from = self.at;
        self.digits();
        if self.at == from { self.broken("a number needs digits") } else { Ok(()) }
    }

    /// `true` or `false`.
    pub(crate) fn bool(&mut self) -> Result<bool, Broken> {
        if self.byte() == Some(b't') {
            self.word("true").map(|()| true)
        } else {
            self.word("false").map(|()| false)
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Broken> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return self.broken("unknown word");
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads over one value of any kind and returns its text.
    pub(crate) fn raw(&mut self) -> Result<&'a str, Broken> {
        self.kind()?;
        let from = self.at;
        self.skip(DEPTH)?;
        Ok(self.since(from))
    }

    fn skip(&mut self, depth: u32) -> Result<(), Broken> {
        let kind = self.kind()?;
        match kind {
            Kind::String => self.string().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Bool => self.bool().map(drop),
            Kind::Null => self.word("null"),
            Kind::Object | Kind::Array if depth == 0 => self.broken("nested too deep"),
            Kind::Object => {
                self.enter();
                let mut first = true;
                while self.key(first)?.is_some() {
                    self.skip(depth - 1)?;
                    first = false;
                }
                Ok(())
            }
            Kind::Array => {
                self.enter();
                let mut first = true;
                while self.item(first)? {
                    self.skip(depth - 1)?;
                    first = false;
                }
                Ok(())
            }
        }
    }

    /// Nothing but blanks may follow.
    pub(crate) fn end(&mut self) -> Result<(), Broken> {
        self.blank();
        if self.byte().is_some() { self.broken("text after the value") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::any_json;
