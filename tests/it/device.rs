//! 设备管理: who may connect, and what ends a connection.

use serde_json::{Value, json};

use crate::{
    simulated::{Device, Wire},
    world::Server,
};

fn items(product: &str, names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "ProductId": product, "DeviceName": name })).collect()
}

async fn connect(server: &Server, product: &str, name: &str, secret: &str) -> Result<Device, u8> {
    Device::connect(Wire::tcp(server.mqtt()).await, product, name, secret).await
}

#[tokio::test]
async fn a_disabled_device_is_kicked_and_refused_until_it_is_enabled() {
    let server = Server::start().await;
    let product = server.product("kick").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let one = json!({ "ProductId": product, "DeviceName": "lamp" });
    let psk = server.call("DescribeDevice", one.clone()).await["Device"]["DevicePsk"].clone();
    let psk = psk.as_str().unwrap();
    let set = |status: i64| json!({ "DevicesItems": items(&product, &["lamp"]), "Status": status });

    server.call("UpdateDevicesEnableState", set(0)).await;
    lamp.ended().await;
    assert_eq!(connect(&server, &product, "lamp", psk).await.err(), Some(5));
    let shown = server.call("DescribeDevice", one.clone()).await;
    assert_eq!(
        (&shown["Device"]["EnableState"], &shown["Device"]["Status"]),
        (&json!(0), &json!(0))
    );
    server.call("UpdateDevicesEnableState", set(1)).await;
    assert!(connect(&server, &product, "lamp", psk).await.is_ok());

    // The log is written beside the connection, so it may come a moment later.
    server
        .until("DescribeOnlineLogs", one, |found| {
            let mut logs = found["Logs"].as_array().unwrap().iter();
            logs.any(|l| {
                l["Event"] == "offline" && l["Reason"] == "Device disconnected by the platform"
            })
        })
        .await;
}

#[tokio::test]
async fn f17_a_second_connection_takes_over() {
    let server = Server::start().await;
    let product = server.product("takeover").await;
    let secret = server.device(&product, "lamp").await;
    let mut first = connect(&server, &product, "lamp", &secret).await.unwrap();
    let mut second = connect(&server, &product, "lamp", &secret).await.unwrap();
    first.ended().await;
    second.listen().await;
    assert_eq!(second.report(json!({ "brightness": 1 })).await, 0);
    let shown = json!({ "ProductId": product, "DeviceName": "lamp" });
    assert_eq!(server.call("DescribeDevice", shown).await["Device"]["Status"], 1);
}

/// Each takes over from the other, until both have to wait; one of them is served all the time.
#[tokio::test]
async fn f17_two_that_fight_for_one_identity_are_slowed_and_it_is_diagnosed() {
    let server = Server::start().await;
    let product = server.product("fight").await;
    let secret = server.device(&product, "lamp").await;
    let (mut held, mut let_in) = (None, 0);
    let refused = loop {
        match connect(&server, &product, "lamp", &secret).await {
            Ok(device) => {
                if let Some(mut former) = held.replace(device) {
                    Device::ended(&mut former).await;
                }
                let_in += 1;
                assert!(let_in < 20, "nobody is slowed");
            }
            Err(code) => break code,
        }
    };
    assert_eq!((refused, let_in), (3, 5));
    let mut holder = held.unwrap();
    holder.listen().await;
    assert_eq!(holder.report(json!({ "brightness": 1 })).await, 0, "who is there is served");
    let one = json!({ "ProductId": product, "DeviceName": "lamp" });
    server
        .until("DescribeDiagnosisLogs", one, |found| {
            found.to_string().contains("device connects too often")
        })
        .await;
    server.clock.advance(5000);
    assert!(connect(&server, &product, "lamp", &secret).await.is_ok());
    assert_eq!(connect(&server, &product, "lamp", &secret).await.err(), Some(3));
}

#[tokio::test]
async fn a_deleted_device_is_gone_with_all_that_it_left() {
    let server = Server::start().await;
    let product = server.product("gone").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    let mut other = Device::online(&server, &product, "other").await;
    assert_eq!(lamp.report(json!({ "brightness": 1 })).await, 0);
    let unknown = json!({ "DevicesItems": items(&product, &["lamp", "nobody"]) });
    assert_eq!(server.code("DeleteDevices", unknown).await, "ResourceNotFound.DeviceNotExist");
    let whole = json!({ "ProductId": product });
    assert_eq!(
        server.code("DeleteStudioProduct", whole.clone()).await,
        "UnsupportedOperation.DevicesExistUnderProduct"
    );
    let one = json!({ "ProductId": product, "DeviceName": "lamp" });
    server.call("DeleteDevice", one.clone()).await;
    lamp.ended().await;
    assert_eq!(server.code("DescribeDevice", one.clone()).await, "ResourceNotFound.DeviceNotExist");
    assert_eq!(server.code("DescribeDeviceData", one).await, "ResourceNotFound.DeviceNotExist");

    let secret = server.device(&product, "lamp").await;
    assert_eq!(server.data(&product, "lamp").await, json!({}), "a namesake inherits nothing");
    assert!(connect(&server, &product, "lamp", &secret).await.is_ok());
    assert_eq!(other.report(json!({ "brightness": 1 })).await, 0);
    server
        .call("DeleteDevices", json!({ "DevicesItems": items(&product, &["lamp", "other"]) }))
        .await;
    server.call("DeleteStudioProduct", whole).await;
}

#[tokio::test]
async fn who_is_not_the_device_is_refused() {
    let server = Server::start().await;
    let product = server.product("who").await;
    let secret = server.device(&product, "lamp").await;
    let other = server.device(&product, "other").await;
    assert_eq!(connect(&server, &product, "lamp", &other).await.err(), Some(4));
    assert_eq!(connect(&server, &product, "nobody", &secret).await.err(), Some(4));
    assert_eq!(connect(&server, "AAAAAAAAAA", "lamp", &secret).await.err(), Some(4));
    assert!(connect(&server, &product, "lamp", &secret).await.is_ok());
}
