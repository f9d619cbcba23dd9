//! A payload of a device: the protocol around it, the thing model's check, record and shadow.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use thing::{
    Model,
    protocol::{self, Message},
    record,
    shadow::Shadow,
};

static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::parse(include_str!("../../model.json")).unwrap());

fuzz_target!(|payload: &[u8]| {
    // A thing model comes from a person, too.
    if let Ok(text) = std::str::from_utf8(payload) {
        let _ = Model::parse(text);
    }
    let Ok(message) = Message::parse(payload) else { return };
    let text = std::str::from_utf8(payload).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "no JSON, but accepted");
    let params = message.params.unwrap_or("{}");
    report(params);
    let _ = MODEL.check_control(params, &mut Vec::new());
    for post in message.posts().unwrap_or_default() {
        let _ = MODEL.check_event(&post.event_id, post.params, &mut Vec::new());
    }
    for action in MODEL.actions() {
        let _ = MODEL.check_action_input(&action.id, params);
    }
    if let Some(response) = message.response {
        let _ = MODEL.check_action_output(response);
    }
    let mut reply = Vec::new();
    let status = message.status.as_deref().unwrap_or("ok");
    protocol::report_reply(&mut reply, message.client_token, 0, status);
    assert!(serde_json::from_slice::<serde_json::Value>(&reply).is_ok(), "a reply is JSON");
});

/// What passed the check is stored; what is stored passes the check and is stored the same.
fn report(params: &str) {
    let mut stored = Vec::new();
    let Ok(fields) = MODEL.check_report(params, &mut stored) else {
        assert!(stored.is_empty(), "a refused report leaves nothing");
        return;
    };
    assert_eq!(record::fields(&stored).count(), fields);
    let mut json = Vec::new();
    record::write_json(&mut json, &stored);
    let json = String::from_utf8(json).unwrap();
    let mut again = Vec::new();
    assert_eq!(MODEL.check_report(&json, &mut again).unwrap(), fields, "{json}");
    assert_eq!(again, stored, "{json}");
    let mut shadow = Shadow::default();
    shadow.apply_report(&stored, 1, 2, |_, _| {});
    let mut row = Vec::new();
    shadow.encode(&mut row);
    assert_eq!(Shadow::decode(&row), Some(shadow));
}
