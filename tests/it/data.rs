//! 物模型数据: what is not of the model, what a device missed, and its events.

use serde_json::{Value, json};

use crate::{
    simulated::Device,
    world::{NOON, Server},
};

#[tokio::test]
async fn what_is_not_of_the_model_gets_406_and_is_not_stored() {
    let server = Server::start().await;
    let product = server.product("strict").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    for params in [
        json!({ "nobody": 1 }),
        json!({ "brightness": 101 }),
        json!({ "brightness": "40" }),
        json!({ "brightness": 40, "temperature": 1000 }),
    ] {
        assert_eq!(lamp.report(params.clone()).await, 406, "{params}");
    }
    assert_eq!(server.data(&product, "lamp").await, json!({}));
    let ask = json!({ "ProductId": product, "DeviceName": "lamp" });
    let logs = server.call("DescribeDiagnosisLogs", ask).await;
    assert_eq!(logs["Logs"].as_array().unwrap().len(), 4, "{logs}");
    assert_eq!(lamp.report(json!({ "brightness": 40 })).await, 0);
}

#[tokio::test]
async fn a_device_gets_what_it_missed() {
    let server = Server::start().await;
    let product = server.product("late").await;
    server.device(&product, "lamp").await;
    let control = json!({
        "ProductId": product, "DeviceName": "lamp", "Data": r#"{"brightness":"55"}"#,
    });
    // Numbers as strings are not values of the model, from whichever side.
    assert_ne!(server.code("ControlDeviceData", control.clone()).await, "");
    let mut control = control;
    control["Data"] = json!(r#"{"brightness":55}"#);
    let answer = server.call("ControlDeviceData", control).await;
    let result: Value = serde_json::from_str(answer["Result"].as_str().unwrap()).unwrap();
    assert_eq!(result["Sent"], 0);

    let shown = json!({ "ProductId": product, "DeviceName": "lamp" });
    let secret = server.call("DescribeDevice", shown).await;
    let secret = secret["Device"]["DevicePsk"].as_str().unwrap();
    let wire = crate::simulated::Wire::tcp(server.mqtt()).await;
    let mut lamp = Device::connect(wire, &product, "lamp", secret).await.unwrap();
    lamp.listen().await;
    let status = json!({ "method": "get_status", "clientToken": "s", "type": "report" });
    let reply = lamp.say("property", &status).await;
    assert_eq!(reply["data"]["control"], json!({ "brightness": 55 }), "{reply}");
    let clear = json!({ "method": "clear_control", "clientToken": "c" });
    assert_eq!(lamp.say("property", &clear).await["code"], 0);
    assert_eq!(lamp.say("property", &status).await["data"].get("control"), None);
}

#[tokio::test]
async fn a_connected_device_is_held_to_the_changed_model() {
    let server = Server::start().await;
    let product = server.product("changed").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    assert_eq!(lamp.report(json!({ "brightness": 40, "power_switch": 1 })).await, 0);
    let control = json!({
        "ProductId": product, "DeviceName": "lamp", "Data": r#"{"brightness":55,"power_switch":0}"#,
    });
    server.call("ControlDeviceData", control).await;
    assert_eq!(lamp.next().await.1["method"], "control");
    let model = json!({ "version": "1.0", "profile": {}, "events": [], "actions": [], "properties": [
        { "id": "brightness", "name": "x", "mode": "rw",
          "define": { "type": "stringenum", "mapping": { "low": "低", "high": "高" } } },
    ] });
    let change = json!({ "ProductId": product, "ModelSchema": model.to_string() });
    server.call("ModifyModelDefinition", change).await;
    let status = json!({ "method": "get_status", "clientToken": "s", "type": "report" });
    assert_eq!(lamp.say("property", &status).await["data"], json!({ "reported": {} }));
    assert_eq!(server.data(&product, "lamp").await, json!({}));
    assert_eq!(lamp.report(json!({ "brightness": 40 })).await, 406);
    assert_eq!(lamp.report(json!({ "brightness": "low" })).await, 0);
    assert_eq!(server.data(&product, "lamp").await["brightness"]["Value"], "low");
}

#[tokio::test]
async fn events_of_both_shapes_are_listed_newest_first() {
    let server = Server::start().await;
    let product = server.product("events").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let event = |degrees: i64, at: i64| {
        json!({
            "eventId": "overheated", "type": "alert", "timestamp": at,
            "params": { "degrees": degrees },
        })
    };
    let mut one = event(90, NOON);
    one.as_object_mut().unwrap().extend([
        ("method".to_owned(), json!("event_post")),
        ("clientToken".to_owned(), json!("e1")),
        ("version".to_owned(), json!("1.0")),
    ]);
    assert_eq!(lamp.say("event", &one).await["code"], 0);
    let several = json!({
        "method": "events_post", "clientToken": "e2",
        "events": [event(91, NOON + 1), event(92, NOON + 2)],
    });
    let reply = lamp.say("event", &several).await;
    assert_eq!((&reply["method"], &reply["code"]), (&json!("event_reply"), &json!(0)));
    one["eventId"] = json!("exploded");
    assert_eq!(lamp.say("event", &one).await["code"], 406);

    let ask = json!({ "ProductId": product, "DeviceName": "lamp", "Type": "alert" });
    let found = server.call("ListEventHistory", ask).await;
    let degrees: Vec<Value> = (found["EventHistory"].as_array().unwrap().iter())
        .map(|event| serde_json::from_str(event["Data"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(found["Total"], 3);
    assert_eq!(degrees, [92, 91, 90].map(|d| json!({ "degrees": d })), "{found}");
}
