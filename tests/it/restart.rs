//! What was acknowledged is there after a restart.

use serde_json::{Value, json};

use crate::{
    simulated::{Device, Wire},
    world::Server,
};

#[tokio::test]
async fn a_later_start_finds_everything() {
    let server = Server::start().await;
    let product = server.product("kept").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    assert_eq!(lamp.report(json!({ "brightness": 42, "note": "留" })).await, 0);
    let secret = json!({ "ProductId": product, "DeviceName": "lamp" });
    let before = server.call("DescribeDevice", secret.clone()).await["Device"].clone();
    let certificate = std::fs::read(server.folder().join("tls/server.pem")).unwrap();

    let server = server.restart().await;
    lamp.ended().await;
    let mut after = server.call("DescribeDevice", secret).await["Device"].clone();
    assert_eq!(after["Status"], 0);
    after["Status"] = json!(1);
    assert_eq!(after, before);
    let data = server.data(&product, "lamp").await;
    assert_eq!((&data["brightness"]["Value"], &data["note"]["Value"]), (&json!(42), &json!("留")));
    assert_eq!(std::fs::read(server.folder().join("tls/server.pem")).unwrap(), certificate);

    let psk = before["DevicePsk"].as_str().unwrap();
    let wire = Wire::tcp(server.mqtt()).await;
    let mut lamp = Device::connect(wire, &product, "lamp", psk).await.unwrap();
    lamp.listen().await;
    assert_eq!(lamp.report(json!({ "brightness": 43 })).await, 0);
    let ask = json!({
        "ProductId": product, "DeviceName": "lamp", "FieldName": "brightness", "MinTime": 0,
        "MaxTime": 4_102_444_800_000_i64,
    });
    let history = server.call("DescribeDeviceDataHistory", ask).await;
    let mut values: Vec<&Value> =
        history["Results"].as_array().unwrap().iter().map(|row| &row["Value"]).collect();
    values.sort_by_key(|value| value.as_str());
    assert_eq!(values, ["42", "43"]);
}

#[tokio::test]
async fn what_is_written_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start().await;
    let mode = |name: &str| {
        let file = server.folder().join(name);
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777
    };
    for file in ["first-login.json", "tls/server.key", "tls/ca.key"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    let folder = server.stop().await;
    assert!(folder.path().join("first-login.json").exists());
}
