//! The place where checked values become one compact record: what the history keeps of a report.
//!
//! `1` (version), then per field: length and bytes of the id, then the value: a tag and its body.
//! Decoding never panics: broken bytes end the iteration.

use std::fmt;

use crate::json;

/// First byte of every record.
pub const VERSION: u8 = 1;

const INT: u8 = 1;
const FLOAT: u8 = 2;
const STRING: u8 = 3;
const STRUCT: u8 = 4;
const ARRAY: u8 = 5;
/// No model nests deeper; bytes that do are broken.
const DEPTH: u32 = 8;

/// One value of a record, borrowed.
#[derive(Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// bool, int, enum, timestamp.
    Int(i64),
    /// float.
    Float(f64),
    /// string, stringenum.
    Text(&'a str),
    /// struct.
    Struct(Fields<'a>),
    /// array.
    Array(Items<'a>),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl<'a> Value<'a> {
    /// The value that `bytes` begin with, as [`Field::bytes`] holds it.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        Reader(bytes).value(DEPTH)
    }

    /// Appends the value as JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Int(n) => json::write_int(out, n),
            Self::Float(n) => json::write_float(out, n),
            Self::Text(text) => json::write_str(out, text),
            Self::Struct(fields) => write_fields(out, fields),
            Self::Array(items) => {
                out.push(b'[');
                for (n, item) in items.enumerate() {
                    if n > 0 {
                        out.push(b',');
                    }
                    item.write_json(out);
                }
                out.push(b']');
            }
        }
    }

    /// The value as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    /// The property or parameter.
    pub id: &'a str,
    /// What it is.
    pub value: Value<'a>,
    /// The value's own bytes, for [`Value::decode`].
    pub bytes: &'a [u8],
}

/// The fields of a record or struct, in the order they came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fields<'a>(Reader<'a>, u32);

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let field = self.0.field(self.1);
        if field.is_none() {
            self.0 = Reader(&[]);
        }
        field
    }
}

/// The members of an array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Items<'a>(Reader<'a>, u32);

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let value = self.0.value(self.1);
        if value.is_none() {
            self.0 = Reader(&[]);
        }
        value
    }
}

/// The fields of a record; none if it is of another version.
#[must_use]
pub fn fields(record: &[u8]) -> Fields<'_> {
    match record.split_first() {
        Some((&VERSION, body)) => Fields(Reader(body), DEPTH),
        _ => Fields(Reader(&[]), 0),
    }
}

/// The value of one field.
#[must_use]
pub fn get<'a>(record: &'a [u8], id: &str) -> Option<Value<'a>> {
    fields(record).find(|field| field.id == id).map(|field| field.value)
}

/// Appends the record as a JSON object.
pub fn write_json(out: &mut Vec<u8>, record: &[u8]) {
    write_fields(out, fields(record));
}

fn write_fields(out: &mut Vec<u8>, fields: Fields<'_>) {
    out.push(b'{');
    for (n, field) in fields.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        json::write_str(out, field.id);
        out.push(b':');
        field.value.write_json(out);
    }
    out.push(b'}');
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut n = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    pub(crate) fn int(&mut self) -> Option<i64> {
        let n = self.varint()?;
        Some((n >> 1).cast_signed() ^ -(n & 1).cast_signed())
    }

    pub(crate) fn id(&mut self) -> Option<&'a str> {
        let len = usize::from(self.byte()?);
        std::str::from_utf8(self.take(len)?).ok()
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let len = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        self.take(usize::try_from(len).ok()?)
    }

    fn value(&mut self, depth: u32) -> Option<Value<'a>> {
        match self.byte()? {
            INT => self.int().map(Value::Int),
            FLOAT => Some(Value::Float(f64::from_le_bytes(self.take(8)?.try_into().ok()?))),
            STRING => {
                let len = usize::try_from(self.varint()?).ok()?;
                std::str::from_utf8(self.take(len)?).ok().map(Value::Text)
            }
            STRUCT => Some(Value::Struct(Fields(Reader(self.sized()?), depth.checked_sub(1)?))),
            ARRAY => Some(Value::Array(Items(Reader(self.sized()?), depth.checked_sub(1)?))),
            _ => None,
        }
    }

    /// A value with the bytes it is made of.
    pub(crate) fn spanned(&mut self, depth: u32) -> Option<(Value<'a>, &'a [u8])> {
        let before = self.0;
        let value = self.value(depth)?;
        Some((value, before.get(..before.len() - self.0.len())?))
    }

    fn field(&mut self, depth: u32) -> Option<Field<'a>> {
        let id = self.id()?;
        let (value, bytes) = self.spanned(depth)?;
        Some(Field { id, value, bytes })
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(u8::try_from(n & 0x7F).expect("seven bits") | 0x80);
        n >>= 7;
    }
    out.push(u8::try_from(n).expect("seven bits"));
}

/// Appends a number in as few bytes as it needs, seven bits to a byte, its sign last.
pub fn put_zigzag(out: &mut Vec<u8>, n: i64) {
    put_varint(out, ((n << 1) ^ (n >> 63)).cast_unsigned());
}

/// Takes such a number from the front; `None` if there is none.
#[must_use]
pub fn take_zigzag(row: &[u8]) -> Option<(i64, &[u8])> {
    let mut reader = Reader(row);
    Some((reader.int()?, reader.0))
}

/// `id` is of a compiled model or of a record, so it is short.
pub(crate) fn put_id(out: &mut Vec<u8>, id: &str) {
    let len = u8::try_from(id.len()).expect("ids have at most 32 characters");
    out.push(len);
    out.extend_from_slice(id.as_bytes());
}

pub(crate) fn put_int(out: &mut Vec<u8>, n: i64) {
    out.push(INT);
    put_zigzag(out, n);
}

pub(crate) fn put_float(out: &mut Vec<u8>, n: f64) {
    out.push(FLOAT);
    out.extend_from_slice(&n.to_le_bytes());
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(STRING);
    put_varint(out, u64::try_from(text.len()).expect("lengths fit"));
    out.extend_from_slice(text.as_bytes());
}

/// Begins a struct or array; the result goes to [`close`].
pub(crate) fn open(out: &mut Vec<u8>, array: bool) -> usize {
    out.push(if array { ARRAY } else { STRUCT });
    out.extend_from_slice(&[0; 4]);
    out.len()
}

pub(crate) fn close(out: &mut [u8], from: usize) {
    let len = u32::try_from(out.len() - from).expect("payloads are far below 4 GiB");
    if let Some(place) = out.get_mut(from - 4..from) {
        place.copy_from_slice(&len.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
