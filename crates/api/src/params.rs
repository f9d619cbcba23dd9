//! The parameter check: JSON, form or query in, a value out that decoding cannot refuse.

mod flat;

#[cfg(test)]
mod tests;

pub use flat::from_pairs;

use base::{Code, Error, OrCode as _, Result};
use serde_json::{Map, Number, Value};

use crate::{
    ActionInfo,
    shape::{Field, Kind, Shape},
};

/// The most items of a list; the schema's own lists are far shorter.
const MOST_ITEMS: usize = 10_000;
/// Depth of the deepest place that may be walked; the schema's deepest object is at 6.
const DEEPEST: usize = 16;
/// The longest piece of a caller's own text that an error repeats.
const SHOWN: usize = 64;

/// The parameters of a JSON body. An empty body has none.
///
/// # Errors
/// `InvalidParameter`: not JSON, or not an object.
pub fn from_json(body: &[u8]) -> Result<Value> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let value: Value = serde_json::from_slice(body)
        .or_code(Code::InvalidParameter, || "the request body is not valid JSON")?;
    match value {
        Value::Object(_) => Ok(value),
        _ => Err(Error::new(Code::InvalidParameter, "the request body is not a JSON object")),
    }
}

/// Checks `params` against the shape of the action and returns them in plain form: numbers are
/// numbers, null fields are gone, nothing is unknown.
///
/// # Errors
/// `MissingParameter`, `UnknownParameter` or `InvalidParameter`, naming the path.
pub fn check(info: &ActionInfo, params: Value) -> Result<Value> {
    object(info.shape, params, &Path::top())
}

fn object(shape: &'static Shape, value: Value, path: &Path<'_>) -> Result<Value> {
    let Value::Object(mut given) = value else {
        return Err(path.wrong("an object"));
    };
    path.bounded()?;
    given.retain(|_, value| !value.is_null());
    if let Some(name) = given.keys().find(|name| shape.field(name).is_none()) {
        let text = format!("the parameter `{}` is not recognized", path.at(name));
        return Err(Error::new(Code::UnknownParameter, text));
    }
    let mut out = Map::with_capacity(given.len());
    for Field { name, kind, required } in shape.fields {
        match given.remove(*name) {
            Some(value) => {
                out.insert((*name).to_owned(), typed(kind, value, &path.field(name))?);
            }
            None if *required => {
                let text = format!("the request lacks the parameter `{}`", path.at(name));
                return Err(Error::new(Code::MissingParameter, text));
            }
            None => {}
        }
    }
    Ok(Value::Object(out))
}

fn typed(kind: &'static Kind, value: Value, path: &Path<'_>) -> Result<Value> {
    match kind {
        Kind::Object(shape) => object(shape, value, path),
        Kind::List(item) => list(item, value, path),
        Kind::Text => match value {
            Value::String(_) => Ok(value),
            _ => Err(path.wrong("a string")),
        },
        Kind::Bool => boolean(&value).map(Value::Bool).ok_or_else(|| path.wrong("a boolean")),
        Kind::Int => {
            let number = number::<i64>(&value, Value::as_i64);
            number.map(Value::from).ok_or_else(|| path.wrong("a 64-bit integer"))
        }
        Kind::Uint => {
            let number = number::<u64>(&value, Value::as_u64);
            number.map(Value::from).ok_or_else(|| path.wrong("an unsigned 64-bit integer"))
        }
        Kind::Float => {
            let number = number::<f64>(&value, Value::as_f64).and_then(Number::from_f64);
            number.map(Value::Number).ok_or_else(|| path.wrong("a number"))
        }
    }
}

fn list(item: &'static Kind, value: Value, path: &Path<'_>) -> Result<Value> {
    let Value::Array(items) = value else {
        return Err(path.wrong("a list"));
    };
    path.bounded()?;
    if items.len() > MOST_ITEMS {
        let text = format!("the parameter `{}` has more than {MOST_ITEMS} items", path.text());
        return Err(Error::new(Code::InvalidParameter, text));
    }
    let checked: Result<Vec<Value>> = items
        .into_iter()
        .enumerate()
        .map(|(i, value)| typed(item, value, &path.index(i)))
        .collect();
    checked.map(Value::Array)
}

/// A number, or a text that is one: forms and queries know only texts, and some SDKs send them.
fn number<T: std::str::FromStr>(value: &Value, of: impl Fn(&Value) -> Option<T>) -> Option<T> {
    match value {
        Value::String(text) if plain(text) => text.parse().ok(),
        Value::Number(_) => of(value),
        _ => None,
    }
}

/// Leaves out what Rust reads and JSON does not: `+1`, `inf`, `nan`.
fn plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'.' | b'e' | b'E'))
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        // Python's urlencode writes `True`.
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Where in the parameters the check stands; spelled out only for an error.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
    depth: usize,
}

enum Step<'p> {
    Field(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    fn top() -> Self {
        Self { parent: None, step: Step::Field(""), depth: 0 }
    }

    fn field(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Field(name), depth: self.depth + 1 }
    }

    fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index), depth: self.depth + 1 }
    }

    fn bounded(&self) -> Result<()> {
        if self.depth < DEEPEST {
            return Ok(());
        }
        Err(Error::new(Code::InvalidParameter, "the parameters are nested too deep"))
    }

    fn wrong(&self, expected: &str) -> Error {
        let text = match self.parent {
            None => format!("the parameters are not {expected}"),
            Some(_) => format!("the parameter `{}` is not {expected}", self.text()),
        };
        Error::new(Code::InvalidParameter, text)
    }

    /// The path of a field of this object, as the caller wrote it.
    fn at(&self, name: &str) -> String {
        self.field(&shown(name)).text()
    }

    /// `Filters.0.Values`
    fn text(&self) -> String {
        let step = match self.step {
            Step::Field(name) => name.to_owned(),
            Step::Index(index) => index.to_string(),
        };
        match self.parent {
            Some(parent) if parent.parent.is_some() => format!("{}.{step}", parent.text()),
            _ => step,
        }
    }
}

/// The start of a caller's text, without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}
