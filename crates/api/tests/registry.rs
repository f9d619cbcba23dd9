//! The registry as a whole: every action is there once, and a request type leads back to it.

use std::collections::BTreeSet;

use api::{
    Request as _,
    registry::{self, Access, Scope},
};
use serde_json::json;

#[test]
fn every_action_of_the_cloud_and_of_the_console_is_known_once() {
    let names: Vec<&str> = registry::all().iter().map(|info| info.name).collect();
    assert!(names.is_sorted());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert_eq!(registry::all().iter().filter(|info| !info.console).count(), 268);
    for info in registry::all() {
        assert!(std::ptr::eq(registry::find(info.name).unwrap(), *info));
        assert_eq!(info.shape.name, format!("{}Request", info.name));
        assert_eq!(info.answer.name, format!("{}Response", info.name));
    }
    assert!(registry::find("createdevice").is_none());
    assert!(registry::find("").is_none());
}

#[test]
fn the_chapters_hold_what_the_manual_says() {
    let table = [
        ("instance", 1),
        ("project", 5),
        ("product", 11),
        ("device", 8),
        ("gateway", 11),
        ("data", 3),
        ("message", 8),
        ("topic", 6),
        ("cert", 9),
        ("production", 3),
        ("license", 4),
        ("ota", 20),
        ("stats", 1),
        ("family", 9),
        ("rule", 8),
        ("location", 18),
        ("video", 105),
        ("call", 30),
        ("lora", 8),
    ];
    for (chapter, count) in table {
        let of = registry::all().iter().filter(|i| !i.console && i.chapter == chapter);
        assert_eq!(of.count(), count, "{chapter}");
    }
}

#[test]
fn a_request_type_knows_its_action() {
    let info = api::device::CreateDeviceRequest::INFO;
    assert_eq!((info.name, info.chapter, info.access), ("CreateDevice", "device", Access::Write));
    assert_eq!(info.scope, Scope::Device("ProductId", "DeviceName"));
}

#[test]
fn the_fields_of_a_scope_are_found_in_objects_and_lists() {
    let params = json!({ "ProductId": "P", "Items": [{ "Name": "a" }, { "Name": "b" }, {}] });
    assert_eq!(registry::named(&params, "ProductId"), ["P"]);
    assert_eq!(registry::named(&params, "Items.Name"), ["a", "b"]);
    assert_eq!(registry::named(&params, "ProjectId"), [""; 0]);
}

#[test]
fn an_answer_leaves_out_what_is_unknown_and_writes_null_where_the_schema_allows_it() {
    let project = api::project::ProjectEntry {
        project_id: Some("prj-12345678".to_owned()),
        ..Default::default()
    };
    let text = serde_json::to_value(project).unwrap();
    assert_eq!(text, json!({ "ProjectId": "prj-12345678" }));
    let answer = api::license::DescribeLicenseOverviewResponse::default();
    assert_eq!(serde_json::to_value(answer).unwrap(), json!({ "Data": null }));
}

#[test]
fn a_request_that_carries_a_secret_does_not_show_it() {
    let login =
        api::account::LoginRequest { user_name: "root".to_owned(), password: "hunter2".to_owned() };
    assert!(!format!("{login:?}").contains("hunter2"));
}
