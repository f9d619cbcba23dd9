//! The place where reports, events and desired values are tried out from the burst to the API.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use broker::hub::Verdict;
use serde_json::{Value, json};
use store::{Dir, Space};

use super::time;
use crate::{
    device::{
        self,
        tests::{T0, World},
    },
    live, product,
};

fn report(params: Value) -> Value {
    json!({ "method": "report", "clientToken": "t", "params": params })
}

async fn data(world: &World, device: &str) -> Value {
    let answer = world.on("DescribeDeviceData", device, json!({})).await;
    serde_json::from_str(answer["Data"].as_str().unwrap()).unwrap()
}

async fn history(world: &World, field: &str, more: Value) -> Value {
    let mut ask =
        json!({ "FieldName": field, "MinTime": 0, "MaxTime": T0 + 90_000_000, "Limit": 100 });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.on("DescribeDeviceDataHistory", "lamp", ask).await
}

fn values(page: &Value) -> Vec<&str> {
    page["Results"].as_array().unwrap().iter().map(|r| r["Value"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_burst_of_reports_is_answered_stored_and_survives_a_restart() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    assert_eq!(data(&world, "lamp").await, json!({}));
    let first = json!({ "power_switch": true, "brightness": 40, "name": "客厅 💡", "temp": 21.5 });
    let replies =
        world.up(&lamp, "property", &[report(first), report(json!({ "brightness": 41 }))]).await;
    let ok = json!({ "method": "report_reply", "clientToken": "t", "code": 0, "status": "" });
    assert_eq!(replies, [ok.clone(), ok]);
    world.bed.clock.advance(5_000);
    world.up(&lamp, "property", &[report(json!({ "brightness": 41, "power_switch": 0 }))]).await;

    let world = world.restart().await;
    assert_eq!(
        data(&world, "lamp").await,
        json!({
            "power_switch": { "Value": 0, "LastUpdate": T0 + 5_000 },
            "brightness": { "Value": 41, "LastUpdate": T0 },
            "name": { "Value": "客厅 💡", "LastUpdate": T0 },
            "temp": { "Value": 21.5, "LastUpdate": T0 },
        })
    );
    assert_eq!(values(&history(&world, "brightness", json!({})).await), ["40", "41", "41"]);
    assert_eq!(values(&history(&world, "name", json!({})).await), ["客厅 💡"]);
    let shown = world.on("DescribeDeviceProperties", "lamp", json!({})).await;
    assert_eq!(
        shown["Properties"][1],
        json!({
            "Id": "brightness", "Value": "41", "ChangeTime": T0, "ReportTime": T0 + 5_000, "Desired": "",
        })
    );
}

#[tokio::test]
async fn what_is_not_of_the_model_gets_406_a_diagnosis_and_is_not_stored() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for (params, why) in [
        (report(json!({ "nobody": 1 })), "nobody"),
        (report(json!({ "brightness": 101 })), "brightness"),
        (report(json!({ "brightness": "40" })), "brightness"),
        (report(json!({ "brightness": 1, "nobody": 2 })), "nobody"),
        (json!({ "method": "report", "clientToken": "t" }), "params"),
        (json!({ "method": "dance", "clientToken": "t" }), "dance"),
        (json!({ "clientToken": "t", "params": {} }), "method"),
        (json!(format!(r#"{{"method":"report","params":{{"name":{deep}}}}}"#)), "deep"),
        (json!("not json"), "JSON"),
        (json!("\u{feff}{}"), "JSON"),
    ] {
        let replies = world.up(&lamp, "property", &[params]).await;
        assert_eq!(replies[0]["code"], 406, "{why}");
        assert_eq!(replies[0]["method"], "report_reply");
        assert!(replies[0]["status"].as_str().unwrap().contains(why), "{}", replies[0]);
    }
    assert_eq!(data(&world, "lamp").await, json!({}));
    assert_eq!(values(&history(&world, "brightness", json!({})).await), [""; 0]);
    world.bed.clock.advance(1);
    let log = world.on("DescribeDiagnosisLogs", "lamp", json!({})).await;
    assert_eq!(log["Logs"].as_array().unwrap().len(), 10);
    let codes: std::collections::HashSet<_> =
        log["Logs"].as_array().unwrap().iter().map(|l| l["ErrCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["Payload_Not_JSON", "Payload_Not_Of_Model"].into());
}

#[test]
fn a_message_time_counts_unless_it_cannot_be_right() {
    let check =
        |given: Option<i64>, expected: i64| assert_eq!(time(given, T0), expected, "{given:?}");
    check(None, T0);
    check(Some(T0 - 60_000), T0 - 60_000);
    check(Some(T0 + 3_600_000), T0 + 3_600_000);
    check(Some(T0 + 86_400_001), T0);
    check(Some(T0 / 1000), T0);
    check(Some(12_345), T0);
    check(Some(i64::MAX), T0);
}

#[tokio::test]
async fn a_late_report_goes_to_the_history_and_leaves_newer_values_alone() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let at = |at: i64, n: i64| json!({ "method": "report", "clientToken": "t", "timestamp": at, "params": { "brightness": n } });
    world.up(&lamp, "property", &[at(T0 - 1_000, 2), at(T0 - 5_000, 1)]).await;
    assert_eq!(
        data(&world, "lamp").await["brightness"],
        json!({ "Value": 2, "LastUpdate": T0 - 1_000 })
    );
    assert_eq!(values(&history(&world, "brightness", json!({})).await), ["1", "2"]);
    // A clock that ran ahead does not hide what comes when it is right again.
    world.up(&lamp, "property", &[at(T0 + 3_600_000, 3)]).await;
    world.bed.clock.advance(1_000);
    world.up(&lamp, "property", &[at(T0 + 1_000, 4)]).await;
    assert_eq!(data(&world, "lamp").await["brightness"]["Value"], 4);
}

#[tokio::test]
async fn a_late_report_still_tells_what_was_not_known() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let wanted = json!({ "Data": r#"{"power_switch":1,"brightness":1}"# });
    world.on("ControlDeviceData", "lamp", wanted).await;
    let at = |at: i64, params: Value| json!({ "method": "report", "clientToken": "t", "timestamp": at, "params": params });
    let late = json!({ "brightness": 1, "power_switch": 1 });
    world
        .up(&lamp, "property", &[at(T0 - 1_000, json!({ "brightness": 2 })), at(T0 - 5_000, late)])
        .await;
    assert_eq!(
        data(&world, "lamp").await,
        json!({
            "power_switch": { "Value": 1, "LastUpdate": T0 - 5_000 },
            "brightness": { "Value": 2, "LastUpdate": T0 - 1_000 },
        })
    );
    assert_eq!(wishes(&world).await, ["", "1", "", ""]);
}

/// What the cloud still wants of the lamp, property by property.
async fn wishes(world: &World) -> Vec<String> {
    let shown = world.on("DescribeDeviceProperties", "lamp", json!({})).await;
    let shown = shown["Properties"].as_array().unwrap().iter();
    shown.map(|p| p["Desired"].as_str().unwrap().to_owned()).collect()
}

/// `power_switch` is gone, `brightness` is a text, `name` is short.
async fn change_model(world: &World) {
    let model = json!({ "version": "1.0", "profile": { "ProductId": "", "CategoryId": "1" }, "events": [],
        "actions": [], "properties": [
        { "id": "brightness", "name": "x", "mode": "rw", "define": { "type": "string", "min": "0", "max": "9" } },
        { "id": "name", "name": "x", "mode": "rw", "define": { "type": "string", "min": "0", "max": "3" } },
        { "id": "temp", "name": "x", "mode": "r", "define": { "type": "float", "min": "-40", "max": "80", "step": "1", "start": "0" } }] });
    let change = json!({ "ProductId": world.product, "ModelSchema": model.to_string() });
    world.call("ModifyModelDefinition", change).await;
}

#[tokio::test]
async fn what_a_changed_model_does_not_know_is_forgotten() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let known = json!({ "brightness": 40, "power_switch": 1, "name": "hall", "temp": 20 });
    world.up(&lamp, "property", &[report(known)]).await;
    let wanted = json!({ "Data": r#"{"brightness":7,"power_switch":0,"name":"den"}"# });
    world.on("ControlDeviceData", "lamp", wanted).await;
    change_model(&world).await;
    // The device is the first to ask: it does not hear of what it no longer has.
    let ask = json!({ "method": "get_status", "clientToken": "g" });
    let reply = world.up(&lamp, "property", &[ask]).await.remove(0);
    assert_eq!(reply["data"], json!({ "reported": { "temp": 20 }, "control": { "name": "den" } }));
    assert_eq!(data(&world, "lamp").await, json!({ "temp": { "Value": 20, "LastUpdate": T0 } }));
    assert_eq!(wishes(&world).await, ["", r#""den""#, ""]);
    world.up(&lamp, "property", &[report(json!({ "brightness": "low" }))]).await;
    assert_eq!(data(&world, "lamp").await["brightness"]["Value"], "low");
}

#[tokio::test]
async fn a_model_that_changed_before_the_start_counts_too() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    world.up(&lamp, "property", &[report(json!({ "brightness": 40, "temp": 20 }))]).await;
    let wanted = json!({ "Data": r#"{"brightness":7}"# });
    world.on("ControlDeviceData", "lamp", wanted).await;
    change_model(&world).await;
    let world = world.restart().await;
    assert_eq!(wishes(&world).await, ["", "", ""]);
    assert_eq!(data(&world, "lamp").await.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_shadow_is_held_against_each_version_of_the_model_once() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    world.up(&lamp, "property", &[report(json!({ "brightness": 40 }))]).await;
    let services = &world.bed.services;
    let product = base::ProductId::parse(&world.product).unwrap();
    let old = product::live(services, &product).unwrap();
    let cell = lamp.data.downcast_ref::<device::Session>().unwrap().cell.clone();
    change_model(&world).await;
    let new = product::live(services, &product).unwrap();
    assert!(cell.shadow_of(&services.store, &new).is_empty());
    // A burst that began with the old model ends after the change: it is looked at again.
    let mut record = Vec::new();
    old.model.check_report(r#"{"brightness":41}"#, &mut record).unwrap();
    cell.shadow_of(&services.store, &old).apply_report(&record, T0, T0, |_, _| ());
    assert!(cell.shadow_of(&services.store, &new).is_empty());
}

#[tokio::test]
async fn what_the_store_refuses_is_neither_kept_nor_shown() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    world.up(&lamp, "property", &[report(json!({ "brightness": 1 }))]).await;
    let wanted = json!({ "Data": r#"{"brightness":2}"# });
    world.on("ControlDeviceData", "lamp", wanted).await;
    let (cx, services) = (world.bed.cx(), &world.bed.services);
    let key = base::DeviceKey::parse(&world.product, "lamp").unwrap();
    let found = device::find(&cx, &key).await.unwrap();
    let live = product::live(services, &key.product).unwrap();
    let topic = format!("device/{}/lamp/props", world.product);
    let mut page = live::subscribe(&cx, &topic).await.unwrap();
    page.next().await.unwrap();
    let cell = lamp.data.downcast_ref::<device::Session>().unwrap().cell.clone();
    let before = cell.shadow.lock().clone();
    services.store.close().await.unwrap();

    let mut record = Vec::new();
    live.model.check_report(r#"{"brightness":2,"name":"x"}"#, &mut record).unwrap();
    assert!(super::desire(services, &found, &live, &record).await.is_err());
    assert_eq!(*cell.shadow.lock(), before);
    assert!(super::stand_in(services, &found, &live, &record, None).await.is_err());
    assert_eq!(*cell.shadow.lock(), before);
    let delta: Value = serde_json::from_str(&page.next().await.unwrap()).unwrap();
    assert_eq!(
        delta["data"]["Properties"],
        json!([
            { "Id": "brightness", "Value": "1", "ChangeTime": T0, "ReportTime": T0, "Desired": "2" },
            { "Id": "name", "Value": "", "ChangeTime": 0, "ReportTime": 0, "Desired": "" },
        ])
    );
}

#[tokio::test]
async fn a_control_builds_on_nothing_that_may_be_taken_back() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let (cx, services) = (world.bed.cx(), &world.bed.services);
    let key = base::DeviceKey::parse(&world.product, "lamp").unwrap();
    let found = device::find(&cx, &key).await.unwrap();
    let live = product::live(services, &key.product).unwrap();
    let cell = lamp.data.downcast_ref::<device::Session>().unwrap().cell.clone();
    let records = [1, 2].map(|n| {
        let mut record = Vec::new();
        live.model.check_control(&json!({ "brightness": n }).to_string(), &mut record).unwrap();
        record
    });
    let [first, second] = records.each_ref().map(|r| super::desire(services, &found, &live, r));
    let (mut first, mut second) = (pin!(first), pin!(second));
    let desired = || cell.shadow.lock().desired().next().map(|(_, value, _)| value.to_json());
    let mut nobody = Context::from_waker(Waker::noop());
    if first.as_mut().poll(&mut nobody).is_pending() {
        assert!(second.as_mut().poll(&mut nobody).is_pending());
        assert_eq!(desired().as_deref(), Some("1"));
        first.await.unwrap();
    }
    second.await.unwrap();
    assert_eq!(desired().as_deref(), Some("2"));
}

#[tokio::test]
async fn history_pages_by_its_context() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    for n in 0..7 {
        let params = if n % 2 == 0 { json!({ "brightness": n }) } else { json!({ "temp": n }) };
        world.up(&lamp, "property", &[report(params)]).await;
    }
    let mut seen = Vec::new();
    let mut context = String::new();
    for page_no in 0.. {
        assert!(page_no < 10, "pages do not end");
        let page = history(&world, "brightness", json!({ "Limit": 3, "Context": context })).await;
        seen.extend(values(&page).iter().map(|v| v.to_string()));
        context = page["Context"].as_str().unwrap().to_owned();
        if page["Listover"] == true {
            break;
        }
        let other = json!({ "FieldName": "temp", "MinTime": 0, "MaxTime": T0, "Context": context });
        let code = world.code("DescribeDeviceDataHistory", world.named("lamp", other)).await;
        assert_eq!(code, "InvalidParameterValue");
    }
    assert_eq!(seen, ["0", "2", "4", "6"]);
    let backward = json!({ "FieldName": "temp", "MinTime": 2, "MaxTime": 1 });
    let code = world.code("DescribeDeviceDataHistory", world.named("lamp", backward)).await;
    assert_eq!(code, "InvalidParameterValue.StartTimeLaterEndTime");
    let unknown = json!({ "FieldName": "nobody", "MinTime": 0, "MaxTime": 1 });
    let code = world.code("DescribeDeviceDataHistory", world.named("lamp", unknown)).await;
    assert_eq!(code, "InvalidParameterValue.ModelPropertyNotExist");
}

#[tokio::test]
async fn desired_values_wait_until_they_are_cleared_or_reported() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let control =
        |data: Value| world.on("ControlDeviceData", "lamp", json!({ "Data": data.to_string() }));
    let sent = control(json!({ "brightness": 7, "power_switch": 1 })).await;
    assert_eq!(sent["Result"], r#"{"Sent":0,"pushResult":23101}"#);
    let ask =
        json!({ "method": "get_status", "clientToken": "g", "type": "report", "showmeta": 0 });
    drop(lamp);
    let world = world.restart().await;
    let info = world.on("DescribeDevice", "lamp", json!({})).await;
    let secret = info["Device"]["DevicePsk"].as_str().unwrap();
    let lamp = world.connect("lamp", secret).await.unwrap();
    let status =
        async |lamp| world.up(lamp, "property", std::slice::from_ref(&ask)).await.remove(0);
    let reply = status(&lamp).await;
    assert_eq!(reply["code"], 0);
    assert_eq!(
        reply["data"],
        json!({ "reported": {}, "control": { "brightness": 7, "power_switch": 1 } })
    );

    // Another value does not fulfil it, the same does.
    world.up(&lamp, "property", &[report(json!({ "brightness": 3, "power_switch": 1 }))]).await;
    assert_eq!(status(&lamp).await["data"]["control"], json!({ "brightness": 7 }));
    let replied = json!({ "clientToken": "x", "code": 0 });
    assert!(world.up(&lamp, "property", &[replied]).await.is_empty());
    let clear = json!({ "method": "clear_control", "clientToken": "c" });
    let reply = world.up(&lamp, "property", &[clear]).await.remove(0);
    assert_eq!(
        reply,
        json!({ "method": "clear_control_reply", "clientToken": "c", "code": 0, "status": "" })
    );
    assert_eq!(status(&lamp).await["data"].get("control"), None);
    let world = world.restart().await;
    let shown = world.on("DescribeDeviceProperties", "lamp", json!({})).await;
    assert_eq!(shown["Properties"][1]["Desired"], "");
}

#[tokio::test]
async fn a_control_that_overtakes_a_burst_on_its_way_to_the_store_survives_a_restart() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let topic = format!("$thing/up/property/{}/lamp", world.product);
    let payload = report(json!({ "brightness": 3 })).to_string();
    let burst = world.taken(&lamp, vec![(&*topic, payload.as_bytes(), Verdict::Accepted)]).await;
    // The burst is understood and not yet in the line of commits: now the control comes.
    let data = json!({ "power_switch": 1 }).to_string();
    world.on("ControlDeviceData", "lamp", json!({ "Data": data })).await;
    world.committed(&lamp, burst.batch).await;
    let world = world.restart().await;
    let shown = world.on("DescribeDeviceProperties", "lamp", json!({})).await;
    assert_eq!(shown["Properties"][0]["Desired"], "1");
    assert_eq!(shown["Properties"][1]["Value"], "3");
}

#[tokio::test]
async fn a_burst_on_its_way_to_the_store_does_not_revive_a_deleted_device() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let topic = format!("$thing/up/property/{}/lamp", world.product);
    let payload = report(json!({ "brightness": 3 })).to_string();
    let burst = world.taken(&lamp, vec![(&*topic, payload.as_bytes(), Verdict::Accepted)]).await;
    world.on("DeleteDevice", "lamp", json!({})).await;
    world.committed(&lamp, burst.batch).await;
    let rows = world.bed.services.store.scan(Space::Shadow, &[]..&[0xFF; 9], Dir::Forward, 10);
    assert_eq!(rows.unwrap(), []);
}

#[tokio::test]
async fn a_control_of_what_cannot_be_controlled_is_refused() {
    let world = World::new().await;
    world.make("lamp").await;
    for (data, code) in [
        (r#"{"temp":1}"#, "InvalidParameterValue.ModelDefineInvalid"),
        (r#"{"nobody":1}"#, "InvalidParameterValue.ModelDefineInvalid"),
        (r#"{"brightness":"#, "InvalidParameterValue.ModelDefineInvalid"),
        ("{}", "InvalidParameterValue"),
    ] {
        let params = world.named("lamp", json!({ "Data": data }));
        assert_eq!(world.code("ControlDeviceData", params).await, code, "{data}");
    }
    let method = world.named("lamp", json!({ "Data": "{}", "Method": "x" }));
    assert_eq!(world.code("ControlDeviceData", method).await, "InvalidParameterValue");
}

#[tokio::test]
async fn the_cloud_may_report_in_a_device_s_name() {
    let world = World::new().await;
    world.make("lamp").await;
    let params =
        json!({ "Data": r#"{"temp":20.5}"#, "Method": "reported", "DataTimestamp": T0 - 10 });
    world.on("ControlDeviceData", "lamp", params).await;
    assert_eq!(
        data(&world, "lamp").await,
        json!({ "temp": { "Value": 20.5, "LastUpdate": T0 - 10 } })
    );
    assert_eq!(values(&history(&world, "temp", json!({})).await), ["20.5"]);
}

#[tokio::test]
async fn events_in_both_shapes_are_listed_all_of_a_message_or_none() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let voltage = |v: f64| json!({ "voltage": v });
    let one = json!({ "method": "event_post", "clientToken": "e1", "version": "1.0",
        "eventId": "low_voltage", "type": "alert", "timestamp": 0, "params": voltage(1.5) });
    let post = |id: &str, params: Value| json!({ "eventId": id, "type": "info", "timestamp": 0, "params": params });
    let many =
        |events: Value| json!({ "method": "events_post", "clientToken": "e2", "events": events });
    let replies = world
        .up(
            &lamp,
            "event",
            &[
                one,
                many(json!([
                    post("status_report", json!({ "message": "a" })),
                    post("low_voltage", voltage(2.5))
                ])),
                many(json!([
                    post("status_report", json!({ "message": "b" })),
                    post("nobody", json!({}))
                ])),
                json!("no json"),
            ],
        )
        .await;
    let codes: Vec<_> = replies.iter().map(|r| r["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 0, 406, 406]);
    assert!(replies.iter().all(|r| r["method"] == "event_reply"));
    assert_eq!(replies[0]["clientToken"], "e1");

    world.bed.clock.advance(10);
    let all = world.on("ListEventHistory", "lamp", json!({ "Size": 2 })).await;
    assert_eq!((all["Total"].as_i64(), all["Listover"].as_bool()), (Some(3), Some(false)));
    assert_eq!(all["EventHistory"][0]["EventId"], "low_voltage");
    let rest =
        world.on("ListEventHistory", "lamp", json!({ "Size": 2, "Context": all["Context"] })).await;
    assert_eq!(rest["EventHistory"].as_array().unwrap().len(), 1);
    assert_eq!(rest["Listover"], true);
    let alerts = world.on("ListEventHistory", "lamp", json!({ "Type": "alert" })).await;
    let data: Vec<_> = alerts["EventHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["Data"].as_str().unwrap())
        .collect();
    assert_eq!(data, [r#"{"voltage":2.5}"#, r#"{"voltage":1.5}"#]);
    let bad = world.named("lamp", json!({ "Type": "loud" }));
    assert_eq!(world.code("ListEventHistory", bad).await, "InvalidParameterValue");
}

#[tokio::test]
async fn report_info_is_kept_and_its_version_shows() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let info = json!({ "method": "report_info", "clientToken": "i", "params": { "name": "lamp", "fw_ver": "1.0.2" } });
    let reply = world.up(&lamp, "property", &[info]).await.remove(0);
    assert_eq!(
        reply,
        json!({ "method": "report_info_reply", "clientToken": "i", "code": 0, "status": "" })
    );
    let device = world.on("DescribeDevice", "lamp", json!({})).await;
    assert_eq!(device["Device"]["Version"], "1.0.2");
}

#[tokio::test]
async fn a_refused_message_is_diagnosed_and_not_taken() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let topic = format!("$thing/up/property/{}/lamp", world.product);
    let payload = report(json!({ "brightness": 1 })).to_string();
    let messages = vec![(&*topic, payload.as_bytes(), Verdict::TooFast { per_s: 10 }); 100];
    assert!(world.burst(&lamp, messages).await.is_empty());
    assert_eq!(data(&world, "lamp").await, json!({}));
    world.bed.clock.advance(1);
    let log = world.on("DescribeDiagnosisLogs", "lamp", json!({ "Limit": 500 })).await;
    assert_eq!(log["Logs"][0]["Result"], "FAIL, reach max limit with 10");
    assert!(log["Logs"].as_array().unwrap().len() < 10, "a flood is noted, not copied");
}

#[tokio::test]
async fn an_open_page_gets_a_snapshot_and_then_what_changes() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    world.up(&lamp, "property", &[report(json!({ "brightness": 1 }))]).await;
    let topic = format!("device/{}/lamp/props", world.product);
    let mut page = live::subscribe(&world.bed.cx(), &topic).await.unwrap();
    let snapshot: Value = serde_json::from_str(&page.next().await.unwrap()).unwrap();
    assert_eq!(snapshot["kind"], "snapshot");
    assert_eq!(snapshot["data"]["Properties"].as_array().unwrap().len(), 4);
    assert_eq!(snapshot["data"]["Properties"][1]["Value"], "1");
    world.bed.clock.advance(10);
    world
        .up(
            &lamp,
            "property",
            &[report(json!({ "brightness": 1, "name": "x" })), report(json!({ "brightness": 9 }))],
        )
        .await;
    let delta: Value = serde_json::from_str(&page.next().await.unwrap()).unwrap();
    assert_eq!(
        delta["data"]["Properties"],
        json!([
            { "Id": "brightness", "Value": "9", "ChangeTime": T0 + 10, "ReportTime": T0 + 10, "Desired": "" },
            { "Id": "name", "Value": "\"x\"", "ChangeTime": T0 + 10, "ReportTime": T0 + 10, "Desired": "" },
        ])
    );
    drop(page);
    assert!(!world.bed.services.live.listening());
    assert!(
        live::subscribe(&world.bed.cx(), &format!("device/{}/nobody/props", world.product))
            .await
            .is_err()
    );
}
