//! 设备连接参数: the place where the parameters for any MQTT client are made (L1184).

use base::{Code, DeviceKey, OrCode, Result};

use super::{Connection, find, password};
use crate::Cx;

/// How long a shown password works: a year, in seconds.
const VALID_S: i64 = 31_536_000;
/// The application id of the manual's examples.
const APP: &str = "12010126";

/// Client id, user name and password of a device, and where to use them.
///
/// # Errors
/// The device does not exist for this account.
pub async fn connection(cx: &Cx, key: &DeviceKey) -> Result<Connection> {
    let device = find(cx, key).await?;
    let client_id = key.client_id();
    let expires = cx.clock.seconds() + VALID_S;
    let user_name = format!("{client_id};{APP};{};{expires}", cx.rand.alphanumeric(5));
    let password = match device.certificate.as_str() {
        "" => password::sign(device.secret.expose(), &user_name)
            .or_code(Code::InternalError, || "internal error")?,
        // Its certificate proves the device, not a password.
        _ => String::new(),
    };
    let doors = cx.doors();
    Ok(Connection {
        user_name,
        password,
        expires,
        host: doors.host.clone(),
        mqtt_port: doors.mqtt,
        mqtts_port: doors.mqtts,
        ws_url: doors.ws_url.clone(),
        hosts_line: format!("{} {}.iotcloud.tencentdevices.com", doors.address, key.product),
        qr_code: qr_code(key),
        ca: doors.ca,
        client_id,
    })
}

/// What the mini-program reads to bind a device while it is being debugged.
fn qr_code(key: &DeviceKey) -> String {
    serde_json::json!({ "ProductId": key.product.as_str(), "DeviceName": key.name.as_str() })
        .to_string()
}
