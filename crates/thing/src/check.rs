//! The place where what comes from outside is held against the model and becomes a record, in one
//! pass over its text.
//!
//! Decisions: booleans may come as 0/1 or true/false and are kept as 0/1; a whole number may be
//! written `5.0`; numbers in quotes, null, unknown fields and fields given twice are refused; a
//! struct may come with some of its fields; `step` and `required` bind the console, not devices.

use std::borrow::Cow;

use crate::{
    Action, Event, Field, Fields, Mode, Model, Type, json, record,
    scan::{Broken, Kind, Number, Scan, Text},
};

/// Milliseconds fit as well as seconds, up to the year 5138.
const TIMESTAMP_MAX: i64 = 99_999_999_999_999;

/// What in the parameters is not as the model says, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct Violation {
    /// The field, as `GPS_Info.latitude` or `Wifi_Info[2]`; `params` for the whole.
    pub path: String,
    /// What is wrong, naming the value.
    pub why: Cow<'static, str>,
}

impl Violation {
    fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self { path: String::new(), why: why.into() }
    }

    fn under(mut self, parent: &str) -> Self {
        if self.path.is_empty() {
            self.path.push_str(parent);
        } else {
            let dot = if self.path.starts_with('[') { "" } else { "." };
            self.path = format!("{parent}{dot}{}", self.path);
        }
        self
    }
}

impl From<Broken> for Violation {
    fn from(broken: Broken) -> Self {
        Self::new(format!("not valid JSON: {broken}"))
    }
}

impl Model {
    /// Checks the `params` of a report and appends them to `out` as one [`record`]; returns the
    /// number of fields. On error `out` is as before.
    ///
    /// # Errors
    /// Not JSON, or not as the model says (the device is told 406).
    pub fn check_report(&self, params: &str, out: &mut Vec<u8>) -> Result<usize, Violation> {
        whole(&self.properties, None, params, out)
    }

    /// The same for a control: only `rw` properties.
    ///
    /// # Errors
    /// Not JSON, not as the model says, or a read-only property.
    pub fn check_control(&self, params: &str, out: &mut Vec<u8>) -> Result<usize, Violation> {
        whole(&self.properties, Some(&self.modes), params, out)
    }

    /// The same for the parameters of an event.
    ///
    /// # Errors
    /// No such event, not JSON, or not as the model says.
    pub fn check_event(
        &self,
        event_id: &str,
        params: &str,
        out: &mut Vec<u8>,
    ) -> Result<&Event, Violation> {
        let event = self.event(event_id).ok_or_else(|| unknown("event", event_id))?;
        whole(&event.params, None, params, out)?;
        Ok(event)
    }

    /// The same for the request parameters of an action.
    ///
    /// # Errors
    /// No such action, not JSON, or not as the model says.
    pub fn check_action_input(&self, action_id: &str, params: &str) -> Result<&Action, Violation> {
        let action = self.action(action_id).ok_or_else(|| unknown("action", action_id))?;
        whole(&action.input, None, params, &mut Vec::new())?;
        Ok(action)
    }

    /// The reply of an action passes if it is an object: the caller waits for what the device
    /// says, not for what it should say.
    ///
    /// # Errors
    /// Not a JSON object.
    pub fn check_action_output(&self, response: &str) -> Result<(), Violation> {
        let mut scan = Scan::new(response);
        (|| {
            expect(&mut scan, Kind::Object, "an object")?;
            scan.raw()?;
            Ok(scan.end()?)
        })()
        .map_err(|v: Violation| v.under("response"))
    }
}

fn unknown(what: &str, id: &str) -> Violation {
    Violation::new(format!("{what} `{}` is not defined", short(id))).under("params")
}

fn whole(
    fields: &Fields,
    modes: Option<&[Mode]>,
    params: &str,
    out: &mut Vec<u8>,
) -> Result<usize, Violation> {
    let from = out.len();
    out.push(record::VERSION);
    let mut scan = Scan::new(params);
    let checked = object(fields, modes, &mut scan, out)
        .and_then(|n| scan.end().map(|()| n).map_err(Violation::from));
    checked.map_err(|violation| {
        out.truncate(from);
        if violation.path.is_empty() { violation.under("params") } else { violation }
    })
}

fn object(
    fields: &Fields,
    modes: Option<&[Mode]>,
    scan: &mut Scan<'_>,
    out: &mut Vec<u8>,
) -> Result<usize, Violation> {
    expect(scan, Kind::Object, "an object")?;
    scan.enter();
    let mut seen = 0_u128;
    let mut n = 0;
    while let Some(key) = scan.key(n == 0)? {
        let (at, field) = find(fields, key)?;
        let bit = 1_u128 << at;
        if seen & bit != 0 {
            return Err(Violation::new("given twice").under(&field.id));
        }
        seen |= bit;
        if modes.is_some_and(|modes| modes.get(at) != Some(&Mode::ReadWrite)) {
            return Err(Violation::new("is read-only").under(&field.id));
        }
        record::put_id(out, &field.id);
        value(&field.kind, scan, out).map_err(|violation| violation.under(&field.id))?;
        n += 1;
    }
    Ok(n)
}

fn find<'m>(fields: &'m Fields, key: Text<'_>) -> Result<(usize, &'m Field), Violation> {
    let id = key.cow();
    fields
        .position(&id)
        .and_then(|at| Some((at, fields.list.get(at)?)))
        .ok_or_else(|| Violation::new("is not defined in the model").under(short(&id)))
}

fn value(kind: &Type, scan: &mut Scan<'_>, out: &mut Vec<u8>) -> Result<(), Violation> {
    match kind {
        Type::Bool => record::put_int(out, boolean(scan)?),
        Type::Int { min, max } => record::put_int(out, bounded(scan, *min, *max)?),
        Type::Timestamp => record::put_int(out, bounded(scan, 0, TIMESTAMP_MAX)?),
        Type::Enum(members) => {
            let n = integer(scan)?;
            if members.binary_search(&n).is_err() {
                return Err(Violation::new(format!("{n} is not in the mapping")));
            }
            record::put_int(out, n);
        }
        Type::Float { min, max } => {
            let n = float(scan)?;
            inside(n, *min, *max, json::shown)?;
            record::put_float(out, n);
        }
        Type::String { min, max } => text(scan, *min, *max, out)?,
        Type::StringEnum(members) => {
            expect(scan, Kind::String, "a string")?;
            let given = scan.string()?.cow();
            if !members.iter().any(|member| **member == *given) {
                let why = format!("\"{}\" is not in the mapping", short(&given));
                return Err(Violation::new(why));
            }
            record::put_text(out, &given);
        }
        Type::Struct(fields) => {
            let from = record::open(out, false);
            object(fields, None, scan, out)?;
            record::close(out, from);
        }
        Type::Array(of) => array(of, scan, out)?,
    }
    Ok(())
}

fn array(of: &Type, scan: &mut Scan<'_>, out: &mut Vec<u8>) -> Result<(), Violation> {
    expect(scan, Kind::Array, "an array")?;
    scan.enter();
    let from = record::open(out, true);
    let mut n = 0_usize;
    while scan.item(n == 0)? {
        value(of, scan, out).map_err(|violation| violation.under(&format!("[{n}]")))?;
        n += 1;
    }
    record::close(out, from);
    Ok(())
}

fn expect(scan: &mut Scan<'_>, wanted: Kind, name: &str) -> Result<(), Violation> {
    let found = scan.kind()?;
    if found == wanted { Ok(()) } else { Err(mismatch(found, name)) }
}

#[cold]
fn mismatch(found: Kind, wanted: &str) -> Violation {
    Violation::new(format!("{} where {wanted} is expected", found.name()))
}

fn boolean(scan: &mut Scan<'_>) -> Result<i64, Violation> {
    match scan.kind()? {
        Kind::Bool => Ok(i64::from(scan.bool()?)),
        Kind::Number => match integer(scan)? {
            n @ 0..=1 => Ok(n),
            n => Err(Violation::new(format!("{n} is neither 0 nor 1"))),
        },
        found => Err(mismatch(found, "0 or 1")),
    }
}

fn bounded(scan: &mut Scan<'_>, min: i64, max: i64) -> Result<i64, Violation> {
    let n = integer(scan)?;
    inside(n, min, max, |n| n.to_string())?;
    Ok(n)
}

fn inside<T: PartialOrd>(n: T, min: T, max: T, show: fn(T) -> String) -> Result<(), Violation> {
    let why = if n < min {
        format!("{} is below {}", show(n), show(min))
    } else if n > max {
        format!("{} is above {}", show(n), show(max))
    } else {
        return Ok(());
    };
    Err(Violation::new(why))
}

fn integer(scan: &mut Scan<'_>) -> Result<i64, Violation> {
    expect(scan, Kind::Number, "a whole number")?;
    match scan.number()? {
        Number::Int(n) => Ok(n),
        Number::Float(n) => {
            let why = if n.fract() == 0.0 { "is too big" } else { "is not a whole number" };
            json::whole(n).ok_or_else(|| Violation::new(format!("{} {why}", json::shown(n))))
        }
    }
}

fn float(scan: &mut Scan<'_>) -> Result<f64, Violation> {
    expect(scan, Kind::Number, "a number")?;
    Ok(match scan.number()? {
        Number::Int(n) => n as f64,
        Number::Float(n) => n,
    })
}

fn text(scan: &mut Scan<'_>, min: u32, max: u32, out: &mut Vec<u8>) -> Result<(), Violation> {
    expect(scan, Kind::String, "a string")?;
    let given = scan.string()?.cow();
    let chars = u32::try_from(given.chars().count()).unwrap_or(u32::MAX);
    if chars < min || chars > max {
        return Err(Violation::new(format!("{chars} characters, allowed are {min}..{max}")));
    }
    record::put_text(out, &given);
    Ok(())
}

/// The beginning of a foreign text, for a message.
pub(crate) fn short(text: &str) -> &str {
    match text.char_indices().nth(40) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    }
}

#[cfg(test)]
mod tests;
