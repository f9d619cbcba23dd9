//! 在线调试、消息: control, action calls and messages reach the device, and its answers the caller.

use serde_json::{Value, json};

use crate::{simulated::Device, world::Server};

#[tokio::test]
async fn a_control_reaches_the_device() {
    let server = Server::start().await;
    let product = server.product("control").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let control = json!({
        "ProductId": product, "DeviceName": "lamp", "Data": r#"{"power_switch":1,"brightness":80}"#,
    });
    let answer = server.call("ControlDeviceData", control).await;
    let result: Value = serde_json::from_str(answer["Result"].as_str().unwrap()).unwrap();
    assert_eq!(result, json!({ "Sent": 1, "pushResult": 0 }));
    let (topic, message) = lamp.next().await;
    assert_eq!(topic, lamp.topic("down", "property"));
    assert_eq!(message["method"], "control");
    assert_eq!(message["params"], json!({ "power_switch": 1, "brightness": 80 }));
    assert!(message["clientToken"].is_string());
    let unknown = json!({ "ProductId": product, "DeviceName": "lamp", "Data": r#"{"nobody":1}"# });
    assert!(server.code("ControlDeviceData", unknown).await.starts_with("InvalidParameterValue"));
}

fn call(product: &str, input: &str) -> Value {
    json!({
        "ProductId": product, "DeviceName": "lamp", "ActionId": "blink", "InputParams": input,
    })
}

#[tokio::test]
async fn an_action_is_called_and_its_reply_awaited() {
    let server = Server::start().await;
    let product = server.product("action").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let device = async {
        let (topic, action) = lamp.next().await;
        assert_eq!(topic, lamp.topic("down", "action"));
        assert_eq!((&action["method"], &action["actionId"]), (&json!("action"), &json!("blink")));
        assert_eq!(action["params"], json!({ "times": 3 }));
        let reply = json!({
            "method": "action_reply", "clientToken": action["clientToken"], "code": 0,
            "status": "done", "response": { "done": 3 },
        });
        let up = lamp.topic("up", "action");
        lamp.publish(&up, reply.to_string().as_bytes()).await;
    };
    let input = call(&product, r#"{"times":3}"#);
    let (answer, ()) = tokio::join!(server.call("CallDeviceActionSync", input), device);
    assert_eq!(answer["Status"], "done");
    assert_eq!(answer["OutputParams"], r#"{"done":3}"#);
    let ask = json!({ "ProductId": product, "DeviceName": "lamp" });
    let logs = server.call("DescribeActionLogs", ask).await;
    assert_eq!(logs["Logs"][0]["OutputParams"], r#"{"done":3}"#, "{logs}");

    let input = call(&product, r#"{"times":1}"#);
    let asked = server.call("CallDeviceActionAsync", input).await;
    let (_, action) = lamp.next().await;
    assert_eq!(action["clientToken"], asked["ClientToken"]);
    let reply = json!({
        "method": "action_reply", "clientToken": action["clientToken"], "code": 0, "status": "ok",
        "response": { "done": 1 },
    });
    let up = lamp.topic("up", "action");
    lamp.publish(&up, reply.to_string().as_bytes()).await;
    let ask = json!({ "ProductId": product, "DeviceName": "lamp" });
    let logs = server.call("DescribeActionLogs", ask).await;
    let logs = logs["Logs"].as_array().unwrap();
    let of_token: Vec<&Value> =
        logs.iter().filter(|log| log["ClientToken"] == asked["ClientToken"]).collect();
    assert!(of_token.iter().any(|log| log["OutputParams"] == r#"{"done":1}"#), "{logs:?}");
}

#[tokio::test]
async fn an_action_that_cannot_be_called_says_why() {
    let server = Server::with(|config| config.limits.action_timeout_s = 1).await;
    let product = server.product("action").await;
    server.device(&product, "lamp").await;
    let code = server.code("CallDeviceActionSync", call(&product, r#"{"times":1}"#)).await;
    assert_eq!(code, "FailedOperation.DeviceOffline");
    let mut other = Device::online(&server, &product, "other").await;
    let mut silent = call(&product, r#"{"times":1}"#);
    silent["DeviceName"] = json!("other");
    assert_eq!(server.code("CallDeviceActionSync", silent).await, "FailedOperation.Timeout");
    assert_eq!(other.next().await.1["method"], "action");
    let mut wrong = call(&product, r#"{"times":11}"#);
    wrong["DeviceName"] = json!("other");
    assert_eq!(
        server.code("CallDeviceActionAsync", wrong.clone()).await,
        "InvalidParameter.ActionInputParamsInvalid"
    );
    wrong["ActionId"] = json!("explode");
    assert_eq!(
        server.code("CallDeviceActionAsync", wrong).await,
        "InvalidParameterValue.ActionNilOrNotExist"
    );
}

#[tokio::test]
async fn a_message_reaches_the_topic_that_the_device_subscribes_to() {
    let server = Server::start().await;
    let product = server.product("message").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let topic = format!("{product}/lamp/data");
    assert_eq!(lamp.subscribe(&topic).await, 0);
    let message = json!({
        "ProductId": product, "DeviceName": "lamp", "Topic": topic, "Payload": r#"{"hello":"你好"}"#,
        "Qos": "0",
    });
    server.call("PublishMessage", message.clone()).await;
    assert_eq!(lamp.next().await, (topic, json!({ "hello": "你好" })));
    let mut other = message;
    other["Topic"] = json!("AAAAAAAAAA/lamp/data");
    assert_eq!(server.code("PublishMessage", other).await, "InvalidParameterValue.TopicMismatch");
}

#[tokio::test]
async fn a_device_may_not_use_what_is_not_its_own() {
    let server = Server::start().await;
    let product = server.product("acl").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    server.device(&product, "victim").await;
    let others = format!("$thing/down/property/{product}/victim");
    for filter in ["#", "$thing/#", "+/+/+/+/+", &others, &format!("{product}/+/data")] {
        assert_eq!(lamp.subscribe(filter).await, 0x80, "{filter}");
    }
    let forged = json!({ "method": "report", "clientToken": "x", "params": { "brightness": 1 } });
    let up = format!("$thing/up/property/{product}/victim");
    lamp.publish(&up, forged.to_string().as_bytes()).await;
    assert_eq!(server.data(&product, "victim").await, json!({}));
    assert_eq!(lamp.report(json!({ "brightness": 2 })).await, 0, "the connection stays");
}
