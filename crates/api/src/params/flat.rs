//! Forms and queries: `Filters.0.Values.1=x` becomes a tree.

use base::{Code, Error, Result};
use serde_json::{Map, Value};

use super::{DEEPEST, shown};

/// What travels beside the parameters of an action in a query or a form.
const COMMON: [&str; 12] = [
    "Action",
    "Version",
    "Region",
    "Timestamp",
    "Nonce",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Token",
    "Language",
    "RequestClient",
];
/// The most pairs of a request.
const MOST_PAIRS: usize = 10_000;

/// The parameters of a form or a query, from decoded pairs. The common ones are left out.
///
/// # Errors
/// `InvalidParameter`: a name twice, a name that is both a value and a parent, a hole in a list,
/// too many or too deep.
pub fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Result<Value> {
    let mut top = Map::new();
    for (i, (name, text)) in pairs.enumerate() {
        if i >= MOST_PAIRS {
            return refuse(format!("the request has more than {MOST_PAIRS} parameters"));
        }
        if !COMMON.contains(&name.as_str()) {
            place(&mut top, &name, text)?;
        }
    }
    let mut fields = Map::with_capacity(top.len());
    for (name, value) in top {
        let value = listed(value, &name)?;
        fields.insert(name, value);
    }
    Ok(Value::Object(fields))
}

/// Puts a text at its dotted place; for now a list is an object with the keys `0`, `1`, ...
fn place(top: &mut Map<String, Value>, name: &str, text: String) -> Result<()> {
    let mut steps = name.split('.');
    let last = steps.next_back().unwrap_or_default();
    let mut at = top;
    for (depth, step) in steps.enumerate() {
        if depth >= DEEPEST {
            return refuse("the parameters are nested too deep".to_owned());
        }
        let inner = at.entry(step).or_insert_with(|| Value::Object(Map::new()));
        match inner {
            Value::Object(fields) => at = fields,
            _ => return refuse(format!("the parameter `{}` is given twice", shown(name))),
        }
    }
    match at.insert(last.to_owned(), Value::String(text)) {
        None => Ok(()),
        Some(_) => refuse(format!("the parameter `{}` is given twice", shown(name))),
    }
}

/// Turns objects whose keys are numbers into lists.
fn listed(value: Value, name: &str) -> Result<Value> {
    let Value::Object(fields) = value else {
        return Ok(value);
    };
    if fields.keys().all(|key| key.bytes().all(|b| b.is_ascii_digit())) {
        return list(fields, name).map(Value::Array);
    }
    let mut out = Map::with_capacity(fields.len());
    for (key, value) in fields {
        let value = listed(value, name)?;
        out.insert(key, value);
    }
    Ok(Value::Object(out))
}

/// The indices are 0, 1, 2 ... in any order, without a hole.
fn list(mut fields: Map<String, Value>, name: &str) -> Result<Vec<Value>> {
    let mut items = Vec::with_capacity(fields.len());
    for i in 0..fields.len() {
        let Some(value) = fields.remove(&i.to_string()) else {
            return refuse(format!("the list `{}` lacks the item {i}", shown(name)));
        };
        items.push(listed(value, name)?);
    }
    Ok(items)
}

fn refuse<T>(text: String) -> Result<T> {
    Err(Error::new(Code::InvalidParameter, text))
}
