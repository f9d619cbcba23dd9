//! Every action that is known: its chapter, whether it writes, what it touches, its shapes.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{r#gen, shape::Shape};

/// What is known about an action before it runs.
#[derive(Debug)]
pub struct ActionInfo {
    pub name: &'static str,
    /// The chapter (module of `platform`) that answers it.
    pub chapter: &'static str,
    pub access: Access,
    pub scope: Scope,
    /// One of ours, which the cloud API lacks.
    pub console: bool,
    /// The request.
    pub shape: &'static Shape,
    /// The response, without `RequestId`.
    pub answer: &'static Shape,
}

/// Whether an action changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// The request fields that name the resource. A dot leads into an object or into each item of a
/// list: `DevicesItems.ProductId`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole account.
    Account,
    Instance(&'static str),
    Project(&'static str),
    Product(&'static str),
    /// Its product and its name.
    Device(&'static str, &'static str),
}

/// A request type: it knows its action and its answer.
pub trait Request: DeserializeOwned + Send {
    /// What the action answers; the envelope adds `RequestId`.
    type Response: Serialize + Send;
    const INFO: &'static ActionInfo;
}

/// All actions, sorted by name.
#[must_use]
pub fn all() -> &'static [&'static ActionInfo] {
    r#gen::registry::ALL
}

/// The action of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static ActionInfo> {
    let all = all();
    all.binary_search_by(|info| info.name.cmp(name)).ok().map(|i| all[i])
}

/// The texts at `path` in checked parameters: one, several (lists), or none. None means that the
/// request names no resource and so asks for the whole account.
#[must_use]
pub fn named<'v>(params: &'v Value, path: &str) -> Vec<&'v str> {
    let mut found = Vec::new();
    collect(params, path, &mut found);
    found
}

fn collect<'v>(value: &'v Value, path: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        Value::String(text) if path.is_empty() => found.push(text),
        Value::Object(fields) => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(inner) = fields.get(head) {
                collect(inner, rest, found);
            }
        }
        _ => {}
    }
}
