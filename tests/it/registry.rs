//! Every action that is known: refused without a proof, answered in its shape or not built.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    registry::{self, ActionInfo},
    shape::{Kind, Shape},
};
use platform::Routes;
use serde_json::{Value, json};

use crate::{
    http::{Ask, code},
    sign::{Key, escape},
    world::Server,
};

const EXAMPLES: &str = include_str!("../../schema/examples.json");
const COVERAGE: &str = include_str!("../../docs/coverage.md");
/// Answered where the cookie is made.
const SESSION: [&str; 2] = ["Login", "Logout"];

/// The official requests of an action: JSON bodies and queries.
fn requests() -> BTreeMap<String, Vec<Value>> {
    serde_json::from_str(EXAMPLES).unwrap()
}

/// The call of an official example, signed.
fn call(server: &Server, action: &str, example: &Value) -> Ask {
    let now = server.clock.seconds();
    match example["query"].as_str() {
        None => server.signed(action, example["body"].to_string()),
        Some(query) => {
            let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
            let pairs = pairs.map(|(name, text)| format!("{name}={}", escape(text)));
            let query = pairs.collect::<Vec<_>>().join("&");
            let ask = Ask::new("GET", &format!("/?{query}"), server.http())
                .header("content-type", "application/x-www-form-urlencoded");
            server.key.tc3(ask, action, now)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_refuses_a_bad_signature_and_an_unknown_key() {
    let server = Server::start().await;
    let stranger = Key::new("AKIDnobody", "nothing");
    assert!(registry::all().len() >= 268);
    for info in registry::all() {
        let mut altered = server.signed(info.name, "{}");
        altered.body = b"{ }".to_vec();
        let code = server.send(&altered).await.code();
        assert_eq!(code, "AuthFailure.SignatureFailure", "{}", info.name);
        let unknown = Ask::json(server.http(), "/", "{}");
        let unknown = stranger.tc3(unknown, info.name, server.clock.seconds());
        let code = server.send(&unknown).await.code();
        assert_eq!(code, "AuthFailure.SecretIdNotFound", "{}", info.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_console_operation_refuses_a_call_without_a_session() {
    let server = Server::start().await;
    for info in registry::all().iter().filter(|info| !SESSION.contains(&info.name)) {
        let code = server.send(&server.console(info.name, &json!({}))).await.code();
        assert_eq!(code, "AuthFailure.TokenFailure", "{}", info.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_official_request_is_answered_in_its_shape_or_is_not_built() {
    let (server, routes) = (Server::start().await, Routes::all());
    let mut seen = BTreeSet::new();
    for (action, examples) in requests() {
        let info = registry::find(&action).unwrap();
        for example in examples {
            let response = server.send(&call(&server, &action, &example)).await.response();
            judge(info, &routes, &response);
            seen.insert(info.name);
        }
    }
    for info in registry::all().iter().filter(|info| !seen.contains(info.name)) {
        assert!(info.console || !routes.has(info.name), "{} has no example", info.name);
        judge(info, &routes, &server.ask(info.name, json!({})).await);
    }
}

fn judge(info: &ActionInfo, routes: &Routes, response: &Value) {
    let (name, code) = (info.name, code(response));
    assert!(!code.starts_with("InternalError"), "{name}: {response}");
    let not_built = response["Error"]["Message"] == format!("action {name} is not built yet");
    if routes.has(name) {
        assert!(!not_built, "{name} is built");
    } else if code != "MissingParameter" {
        assert_eq!((&*code, not_built), ("UnsupportedOperation", true), "{name}: {response}");
    }
    if code.is_empty() {
        shaped(info.answer, response, name, true);
    }
}

/// Whether `value` holds only what the schema knows, of the types that it names.
fn shaped(shape: &Shape, value: &Value, at: &str, top: bool) {
    for (name, value) in value.as_object().unwrap_or_else(|| panic!("{at}: {value}")) {
        if top && name == "RequestId" {
            continue;
        }
        let at = format!("{at}.{name}");
        let field = shape.field(name).unwrap_or_else(|| panic!("{at} is unknown"));
        typed(&field.kind, value, &at);
    }
}

fn typed(kind: &Kind, value: &Value, at: &str) {
    match kind {
        _ if value.is_null() => {}
        Kind::Object(shape) => shaped(shape, value, at, false),
        Kind::List(item) => {
            value.as_array().unwrap_or_else(|| panic!("{at}: {value}")).iter().for_each(|value| {
                typed(item, value, at);
            });
        }
        Kind::Bool => assert!(value.is_boolean(), "{at}: {value}"),
        Kind::Int => assert!(value.is_i64(), "{at}: {value}"),
        Kind::Uint => assert!(value.is_u64(), "{at}: {value}"),
        Kind::Float => assert!(value.is_number(), "{at}: {value}"),
        Kind::Text => assert!(value.is_string(), "{at}: {value}"),
    }
}

#[test]
fn the_coverage_page_says_what_is_built() {
    let said: BTreeSet<&str> = (COVERAGE.lines())
        .filter_map(|line| line.strip_prefix("- [x] "))
        .map(|line| line.trim_end_matches(" (ours)"))
        .collect();
    let built: BTreeSet<&str> = Routes::all().names().chain(SESSION).collect();
    assert_eq!(said, built);
    assert_eq!(
        COVERAGE.lines().filter(|line| line.starts_with("- [")).count(),
        registry::all().len()
    );
}
