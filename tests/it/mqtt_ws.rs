//! MQTT over WebSocket on the HTTP door.

use serde_json::json;

use crate::{
    page,
    simulated::{Device, Wire},
    world::Server,
};

/// [MQTT-6.0.0-4] [MQTT5-6.0.0-4]: the client gives up when the answer does not choose `mqtt`.
#[tokio::test]
async fn a_device_may_come_through_the_http_door_on_any_path() {
    let server = Server::start().await;
    let product = server.product("ws").await;
    for (path, name) in [("/", "root"), ("/mqtt", "mqtt"), ("/any/other", "other")] {
        let secret = server.device(&product, name).await;
        let headers = [("sec-websocket-protocol", "mqtt")];
        let socket = page::open(server.http(), path, &headers).await.unwrap();
        let mut device =
            Device::connect(Wire::Ws(Box::new(socket)), &product, name, &secret).await.unwrap();
        device.listen().await;
        assert_eq!(device.report(json!({ "brightness": 5 })).await, 0, "{path}");
        assert_eq!(server.data(&product, name).await["brightness"]["Value"], 5);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_there_too() {
    let server = Server::start().await;
    let product = server.product("ws").await;
    server.device(&product, "lamp").await;
    let headers = [("sec-websocket-protocol", "mqtt")];
    let socket = page::open(server.http(), "/mqtt", &headers).await.unwrap();
    let wire = Wire::Ws(Box::new(socket));
    let refused = Device::connect(wire, &product, "lamp", "AAAAAAAAAAAAAAAAAAAAAA==").await;
    assert_eq!(refused.err(), Some(4));
}

#[tokio::test]
async fn a_websocket_that_does_not_speak_mqtt_is_no_device() {
    let server = Server::start().await;
    let refused = page::open(server.http(), "/mqtt", &[("sec-websocket-protocol", "chat")]).await;
    assert_eq!(refused.err(), Some(200), "the console's page answers it");
    let version = [("sec-websocket-protocol", "mqtt"), ("sec-websocket-version", "8")];
    assert_eq!(page::open(server.http(), "/mqtt", &version).await.err(), Some(426));
}
