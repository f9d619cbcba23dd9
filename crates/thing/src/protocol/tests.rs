use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;
use crate::{Model, scan::any_json};

fn read(text: &str) -> Message<'_> {
    Message::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn refused(text: &str) -> String {
    Message::parse(text.as_bytes()).expect_err(text).to_string()
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

fn value(write: impl FnOnce(&mut Vec<u8>)) -> Value {
    serde_json::from_str(&written(write)).unwrap()
}

#[test]
fn a_report_of_the_c_sdk() {
    let message =
        read(r#"{"method":"report","clientToken":"ABCDE12345-2","params":{"power_switch":1}}"#);
    assert_eq!(message.method, Method::Report);
    assert_eq!(message.client_token, Token::Raw("\"ABCDE12345-2\""));
    assert_eq!(message.params, Some(r#"{"power_switch":1}"#));
    assert_eq!((message.timestamp, message.no_automation), (None, false));
    assert_eq!(
        written(|out| report_reply(out, message.client_token, 0, "")),
        r#"{"method":"report_reply","clientToken":"ABCDE12345-2","code":0,"status":""}"#
    );
}

#[test]
fn a_report_with_all_there_is() {
    let message = read(
        r#" { "timestamp" : 1700000000123, "automation":"disable", "metadata":{"x":[1]},
              "params":{ "a" : 1 }, "method":"report", "clientToken":"t", "version":"1.0" } "#,
    );
    assert_eq!((message.timestamp, message.no_automation), (Some(1_700_000_000_123), true));
    assert_eq!((message.params, message.version.as_deref()), (Some(r#"{ "a" : 1 }"#), Some("1.0")));
}

#[test]
fn methods_are_told_apart() {
    for (name, method) in [
        ("report", Method::Report),
        ("get_status", Method::GetStatus),
        ("control_reply", Method::ControlReply),
        ("clear_control", Method::ClearControl),
        ("report_info", Method::ReportInfo),
        ("event_post", Method::EventPost),
        ("events_post", Method::EventsPost),
        ("action_reply", Method::ActionReply),
        ("app_bind_token", Method::Other("app_bind_token".into())),
    ] {
        assert_eq!(read(&format!(r#"{{"method":"{name}"}}"#)).method, method);
    }
    assert_eq!(read(r#"{"method":"re\u0070ort"}"#).method, Method::Report);
    assert_eq!(read("{}").method, Method::Missing);
    assert_eq!(read(r#"{"params":{}}"#).method, Method::Missing);
}

#[test]
fn a_control_reply_of_the_python_sdk_has_no_method() {
    let message = read(r#"{"code":0,"clientToken":"x","msg":"ok"}"#);
    assert_eq!((message.method, message.code), (Method::ControlReply, Some(0)));
}

#[test]
fn tokens_are_echoed_as_they_came() {
    for (raw, text) in [
        (r#""a b""#, "a b"),
        (r#""\u4e2d\"""#, "中\""),
        ("123", "123"),
        ("-1.5e3", "-1.5e3"),
        (r#""🌡""#, "🌡"),
        (r#""""#, ""),
    ] {
        let payload = format!(r#"{{"method":"report","clientToken":{raw}}}"#);
        let message = read(&payload);
        assert_eq!(message.client_token.text(), text);
        let reply = written(|out| report_reply(out, message.client_token, 406, "no"));
        assert!(reply.contains(&format!(r#""clientToken":{raw},"#)), "{reply}");
    }
    assert_eq!(read("{}").client_token.text(), "");
    assert_eq!(
        written(|out| report_reply(out, Token::Text("a\"b"), 0, "")).matches("a\\\"b").count(),
        1
    );
    assert_eq!(
        refused(r#"{"clientToken":{}}"#),
        "clientToken: {} is neither a string nor a number"
    );
    let long = format!(r#"{{"clientToken":"{}"}}"#, "x".repeat(TOKEN_BYTES));
    assert_eq!(refused(&long), "clientToken: 130 bytes, allowed are 128");
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    assert_eq!(refused(r#"{"method":1}"#), "method: 1 is not a string");
    assert_eq!(refused(r#"{"params":[]}"#), "params: [] is not an object");
    assert_eq!(refused(r#"{"params":"{}"}"#), "params: \"{}\" is not an object");
    assert_eq!(refused(r#"{"events":{}}"#), "events: {} is not a list");
    assert_eq!(refused(r#"{"code":"0"}"#), "code: \"0\" is not a whole number");
    assert_eq!(refused(r#"{"timestamp":1.5}"#), "timestamp: 1.5 is not a whole number");
    assert_eq!(refused(r#"{"method":"report","method":"report"}"#), "method: given twice");
    assert_eq!(
        refused(r#"{"method":"report"}}"#),
        "payload is not a JSON object: text after the value at byte 19"
    );
    assert_eq!(refused("[]"), "payload is not a JSON object: not an object at byte 0");
    assert_eq!(refused(""), "payload is not a JSON object: unexpected end at byte 0");
    assert_eq!(Message::parse(b"{\"a\":\"\xFF\"}"), Err(Malformed::Utf8(6)));
    let long = format!(r#"{{"method":[{}1]}}"#, "1,".repeat(5000));
    assert!(refused(&long).len() < 120);
}

#[test]
fn null_is_as_good_as_nothing_and_a_clock_of_0_too() {
    let message =
        read(r#"{"method":"report","clientToken":null,"params":null,"timestamp":0,"status":null}"#);
    assert_eq!((message.params, message.timestamp, message.status), (None, None, None));
    assert_eq!(message.client_token, Token::default());
    assert_eq!(read(r#"{"timestamp":-5}"#).timestamp, None);
    assert_eq!(read(r#"{"timestamp":1.7e12}"#).timestamp, Some(1_700_000_000_000));
}

#[test]
fn ten_thousand_levels_are_refused() {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    for key in ["params", "events", "unknown"] {
        let why = refused(&format!(r#"{{"method":"report","{key}":{deep}}}"#));
        assert!(why.contains("nested too deep"), "{why}");
    }
}

#[test]
fn get_status_in_its_shapes() {
    assert!(!read(r#"{"method":"get_status","clientToken":"1"}"#).showmeta);
    let message = read(r#"{"method":"get_status","type":"report","showmeta":1}"#);
    assert!(message.showmeta);
    assert_eq!(message.kind.as_deref(), Some("report"));
    assert!(!read(r#"{"method":"get_status","showmeta":0}"#).showmeta);
}

#[test]
fn events_come_in_three_shapes() {
    let one = r#"{"method":"event_post","clientToken":"1","version":"1.0","eventId":"hot","type":"alert","timestamp":5,"params":{"t":1}}"#;
    let posts = read(one).posts().unwrap();
    let hot = Post {
        event_id: "hot".into(),
        kind: Some("alert".into()),
        timestamp: Some(5),
        params: r#"{"t":1}"#,
    };
    assert_eq!(posts, std::slice::from_ref(&hot));
    let several = r#"{"method":"events_post","events":[{"eventId":"hot","type":"alert","timestamp":5,"params":{"t":1}},{"eventId":"cold"}]}"#;
    let cold = Post { event_id: "cold".into(), kind: None, timestamp: None, params: "{}" };
    assert_eq!(read(several).posts().unwrap(), [hot.clone(), cold.clone()]);
    let of_python = several.replace("events_post", "event_post");
    assert_eq!(read(&of_python).posts().unwrap(), [hot, cold]);
    assert_eq!(read(r#"{"method":"events_post","events":[]}"#).posts(), Ok(vec![]));
}

#[test]
fn bad_events_are_refused() {
    let why = |text: &str| read(text).posts().unwrap_err().to_string();
    assert_eq!(why(r#"{"method":"event_post"}"#), "eventId: is missing");
    assert_eq!(why(r#"{"events":[{"params":{}}]}"#), "eventId: is missing");
    assert_eq!(why(r#"{"events":[{"eventId":"a","params":5}]}"#), "params: 5 is not an object");
    assert_eq!(why(r#"{"events":[5]}"#), "payload is not a JSON object: not an object at byte 1");
    let many = |n| format!(r#"{{"events":[{}]}}"#, vec![r#"{"eventId":"a"}"#; n].join(","));
    assert_eq!(read(&many(POSTS)).posts().unwrap().len(), POSTS);
    assert_eq!(why(&many(POSTS + 1)), "events: more than 100 events");
}

#[test]
fn an_action_reply() {
    let message = read(
        r#"{"method":"action_reply","clientToken":"7","code":-3,"status":"busy","response":{"a":[1]}}"#,
    );
    assert_eq!(message.method, Method::ActionReply);
    assert_eq!((message.code, message.status.as_deref()), (Some(-3), Some("busy")));
    assert_eq!(message.response, Some(r#"{"a":[1]}"#));
}

#[test]
fn what_goes_down_has_the_keys_devices_ask_for() {
    let token = Token::Text("t");
    assert_eq!(
        value(|out| action(out, token, "open", 1_700_000_000_000, r#"{"order":"1"}"#)),
        json!({"method": "action", "clientToken": "t", "actionId": "open",
            "timestamp": 1_700_000_000_000_i64, "params": {"order": "1"}})
    );
    assert_eq!(
        value(|out| control(out, token, r#"{"on":1}"#)),
        json!({"method": "control", "clientToken": "t", "params": {"on": 1}})
    );
    assert_eq!(
        value(|out| event_reply(out, token, 0, "")),
        json!({"method": "event_reply", "clientToken": "t", "version": "1.0", "code": 0,
            "status": "", "data": {}})
    );
    for (name, reply) in [
        ("clear_control_reply", clear_control_reply as fn(&mut Vec<u8>, Token<'_>, i64, &str)),
        ("report_info_reply", report_info_reply),
        ("report_reply", report_reply),
    ] {
        let expected =
            json!({"method": name, "clientToken": "t", "code": 406, "status": "温度 \"🌡\""});
        assert_eq!(value(|out| reply(out, token, 406, "温度 \"🌡\"")), expected);
    }
}

#[test]
fn a_status_has_what_was_reported_and_what_is_wanted() {
    let model = Model::parse(
        r#"{"properties":[{"id":"on","name":"x","mode":"rw","define":{"type":"bool","mapping":{"0":"a","1":"b"}}}]}"#,
    )
    .unwrap();
    let record = |params: &str| {
        let mut out = Vec::new();
        model.check_report(params, &mut out).unwrap();
        out
    };
    let mut shadow = Shadow::default();
    let status = |shadow: &Shadow| value(|out| get_status_reply(out, Token::Raw("5"), shadow));
    let reply = |data: Value| {
        json!({"method": "get_status_reply", "clientToken": 5, "code": 0, "status": "",
            "type": "report", "data": data})
    };
    assert_eq!(status(&shadow), reply(json!({"reported": {}})));
    shadow.apply_report(&record(r#"{"on":1}"#), 1, 1, |_, _| {});
    assert_eq!(status(&shadow), reply(json!({"reported": {"on": 1}})));
    shadow.set_desired(&record(r#"{"on":0}"#), 2);
    assert_eq!(status(&shadow), reply(json!({"reported": {"on": 1}, "control": {"on": 0}})));
}

proptest! {
    #[test]
    fn any_payload_is_judged_without_panic(bytes in vec(any::<u8>(), 0..80)) {
        if let Ok(message) = Message::parse(&bytes) {
            prop_assert!(serde_json::from_slice::<Value>(&bytes).unwrap().is_object());
            drop(message.posts());
        }
    }

    #[test]
    fn any_values_of_the_keys_are_judged_without_panic(values in vec(any_json(), KEYS.len())) {
        let object: Value = KEYS.iter().map(ToString::to_string).zip(values).collect();
        if let Ok(message) = Message::parse(object.to_string().as_bytes()) {
            // The token is echoed: what is written is still JSON.
            let reply = value(|out| report_reply(out, message.client_token, 0, ""));
            prop_assert_eq!(&reply["method"], "report_reply");
            drop(message.posts());
        }
    }

    #[test]
    fn params_are_handed_on_as_they_came(inner in any_json(), token in "\\PC{0,20}") {
        let params = json!({ "a": inner });
        let text = json!({"method": "report", "clientToken": token, "params": params}).to_string();
        let message = Message::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(message.params, Some(&*params.to_string()));
        prop_assert_eq!(&*message.client_token.text(), &*token);
    }
}
