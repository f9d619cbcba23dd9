//! The official examples: each request passes the check and decodes, each response holds only
//! known fields of the known types.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "gen/decode.rs"]
mod decode;

use std::collections::BTreeMap;

use api::{
    params, registry,
    shape::{Kind, Shape},
};
use serde_json::Value;

/// Fields that the official examples show and the official schema lacks.
const STALE: [&str; 2] = [
    "ActivateTWeCallLicense.SuccessList.ModelId: unknown",
    "GetTWeCallActiveStatus.TWeCallActiveInfos.ModelId: unknown",
];

const EXAMPLES: &str = include_str!("../../../schema/examples.json");

fn examples() -> BTreeMap<String, Vec<Value>> {
    serde_json::from_str(EXAMPLES).unwrap()
}

/// The request of an example: a JSON body, or a query.
fn request(example: &Value) -> Value {
    match &example["query"] {
        Value::String(query) => {
            let pairs = query.split('&').map(|pair| {
                let (name, text) = pair.split_once('=').unwrap();
                (name.to_owned(), text.to_owned())
            });
            params::from_pairs(pairs).unwrap()
        }
        _ => params::from_json(example["body"].to_string().as_bytes()).unwrap(),
    }
}

#[test]
fn every_official_request_passes_the_check_and_decodes() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (action, examples) in examples() {
        let info = registry::find(&action).unwrap();
        for example in examples {
            seen += 1;
            match params::check(info, request(&example)) {
                Ok(params) => decode::decode(&action, params).unwrap(),
                Err(error) => wrong.push(format!("{action}: {error}")),
            }
        }
    }
    assert_eq!(seen, 335);
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_official_response_holds_only_known_fields() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (action, examples) in examples() {
        let info = registry::find(&action).unwrap();
        for mut example in examples {
            let response = example["response"].as_object_mut().unwrap();
            response.remove("RequestId");
            response.remove("Error");
            known(info.answer, &Value::Object(response.clone()), &action, &mut wrong);
            seen += 1;
        }
    }
    assert_eq!(seen, 335);
    assert_eq!(wrong, STALE);
}

fn known(shape: &Shape, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let Some(fields) = value.as_object() else {
        wrong.push(format!("{at}: not an object"));
        return;
    };
    for (name, value) in fields {
        match shape.field(name) {
            Some(field) => typed(&field.kind, value, &format!("{at}.{name}"), wrong),
            None => wrong.push(format!("{at}.{name}: unknown")),
        }
    }
}

fn typed(kind: &Kind, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let right = match (kind, value) {
        (_, Value::Null) => true,
        (Kind::Object(shape), value) => return known(shape, value, at, wrong),
        (Kind::List(item), Value::Array(items)) => {
            return items.iter().for_each(|value| typed(item, value, at, wrong));
        }
        (Kind::List(_), _) => false,
        (Kind::Bool, value) => value.is_boolean(),
        (Kind::Int, value) => value.is_i64(),
        (Kind::Uint, value) => value.is_u64(),
        (Kind::Float, value) => value.is_number(),
        (Kind::Text, value) => value.is_string(),
    };
    if !right {
        wrong.push(format!("{at}: {value} is not {kind:?}"));
    }
}
