//! 在线调试、消息: Cloud API actions. Translate, call the domain, translate back; nothing else.

use api::message::*;
use base::{Code, DeviceKey, Error, OrCode, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use broker::hub::{Delivery, QoS};

use crate::{Cx, Routes, data, device, message, wire::clip};

pub(crate) fn routes(r: &mut Routes) {
    r.on(control_device_data)
        .on(call_device_action_sync)
        .on(call_device_action_async)
        .on(publish_message);
}

/// `pushResult` of a control that found its device.
const PUSHED: i64 = 0;
/// `pushResult` of one that did not: not online, or not subscribed.
const NOT_PUSHED: i64 = 23101;

async fn control_device_data(
    cx: Cx,
    req: ControlDeviceDataRequest,
) -> Result<ControlDeviceDataResponse> {
    let key = device::key(&req.product_id, &req.device_name, req.device_id.as_deref())?;
    let sent = match req.method.as_deref().unwrap_or_default() {
        "" | "desired" => message::control(&cx, &key, &req.data).await? == Delivery::Sent,
        "reported" => {
            data::simulate(&cx, &key, &req.data, req.data_timestamp).await?;
            return Ok(answer(0, PUSHED));
        }
        other => {
            let text = format!("method {:?} is neither desired nor reported", clip(other));
            return Err(Error::new(Code::InvalidParameterValue, text));
        }
    };
    Ok(if sent { answer(1, PUSHED) } else { answer(0, NOT_PUSHED) })
}

fn answer(sent: i64, pushed: i64) -> ControlDeviceDataResponse {
    let result = format!("{{\"Sent\":{sent},\"pushResult\":{pushed}}}");
    ControlDeviceDataResponse { data: Some(String::new()), result: Some(result) }
}

async fn call_device_action_sync(
    cx: Cx,
    req: CallDeviceActionSyncRequest,
) -> Result<CallDeviceActionSyncResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let outcome =
        message::call(&cx, &key, &req.action_id, input(req.input_params.as_deref())).await?;
    Ok(CallDeviceActionSyncResponse {
        client_token: Some(outcome.token),
        output_params: Some(outcome.output),
        status: Some(outcome.status),
    })
}

async fn call_device_action_async(
    cx: Cx,
    req: CallDeviceActionAsyncRequest,
) -> Result<CallDeviceActionAsyncResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let input = input(req.input_params.as_deref());
    let token = message::call_async(&cx, &key, &req.action_id, input).await?;
    // The word of the official example.
    Ok(CallDeviceActionAsyncResponse { client_token: Some(token), status: Some("suc".into()) })
}

fn input(given: Option<&str>) -> &str {
    given.filter(|text| !text.is_empty()).unwrap_or("{}")
}

async fn publish_message(cx: Cx, req: PublishMessageRequest) -> Result<PublishMessageResponse> {
    let key = DeviceKey::parse(&req.product_id, &req.device_name)?;
    let qos = match req.qos.unwrap_or(0) {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        other => {
            let text = format!("qos {other} is neither 0 nor 1");
            return Err(Error::new(Code::InvalidParameterValue, text));
        }
    };
    let payload = match req.payload_encoding.as_deref().unwrap_or_default() {
        "" => req.payload.into_bytes(),
        "base64" => STANDARD
            .decode(&req.payload)
            .or_code(Code::InvalidParameterValue, || "payload is not base64")?,
        other => {
            let text = format!("payload encoding {:?} is not known", clip(other));
            return Err(Error::new(Code::InvalidParameterValue, text));
        }
    };
    message::publish(&cx, &key, &req.topic, &payload, qos).await?;
    Ok(PublishMessageResponse {})
}
