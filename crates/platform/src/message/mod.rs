//! 在线调试、消息: the place where the cloud speaks to a device: property control, action calls,
//! plain messages.

pub(crate) mod actions;
mod calls;
#[cfg(test)]
mod tests;

use std::time::Duration;

use base::{
    Code, DeviceKey, Error, Millis, OrCode, Result,
    topic::{Thing, Topic},
};
use broker::hub::{Access, Delivery, QoS, Up};
use store::Batch;
use thing::protocol::{self, Message, Method, Token};
use tokio::sync::oneshot;

use calls::{Call, Reply, Waiter};
pub(crate) use calls::{Calls, Replies};

use crate::{
    Cx, Services, data,
    device::{self, Device, Session, rights},
    downlink,
    log::{self, ActionCall, Diagnosis},
    product,
    uplink::{Road, level},
    wire::clip,
};

/// The largest message to a device (device-protocol.md 1.6).
const PAYLOAD_BYTES: usize = 65_536;

/// Sets desired values and sends them to the device if it is there; they stay pending until the
/// device clears or reports them.
///
/// # Errors
/// The device does not exist, or the values are not of its model.
pub async fn control(cx: &Cx, key: &DeviceKey, params: &str) -> Result<Delivery> {
    let device = device::find(cx, key).await?;
    let live = product::live(cx.services(), &key.product)
        .or_code(Code::ResourceNotFoundStudioProductNotExist, || "product does not exist")?;
    let mut record = Vec::new();
    let fields = live.model.check_control(params, &mut record).map_err(|why| {
        Error::new(Code::InvalidParameterValueModelDefineInvalid, why.to_string())
    })?;
    if fields == 0 {
        return Err(Error::new(Code::InvalidParameterValue, "data names no property"));
    }
    data::desire(cx.services(), &device, &live, &record).await?;
    // What goes down is the values as the model reads them, not the caller's text.
    let mut values = Vec::new();
    thing::record::write_json(&mut values, &record);
    let values = String::from_utf8(values).map_err(Error::internal)?;
    let (token, mut payload) = (cx.rand.uuid(), Vec::new());
    protocol::control(&mut payload, Token::Text(&token), &values);
    Ok(send(cx.services(), &device, Thing::Property, &payload))
}

fn send(services: &Services, device: &Device, family: Thing, payload: &[u8]) -> Delivery {
    let topic = device::thing_down(family, &device.key);
    downlink::publish(services, device.no, &device.key, (&topic, payload))
}

/// A call of an action that waits for its outcome.
#[derive(Debug)]
pub struct Outcome {
    pub token: String,
    pub status: String,
    /// The `response` object as JSON text.
    pub output: String,
}

/// Calls an action and waits for the device's reply; it is in the action log when this returns.
///
/// # Errors
/// The action is not of the model, the device is not there, it does not reply in time, or the store
/// failed.
pub async fn call(cx: &Cx, key: &DeviceKey, action: &str, input: &str) -> Result<Outcome> {
    let (tell, told) = oneshot::channel();
    let (device, token) = start(cx, key, action, input, Some(tell)).await?;
    let wait = Duration::from_secs(cx.settings.action_timeout_s.into());
    match tokio::time::timeout(wait, told).await {
        Ok(Ok((reply, commit))) => {
            commit.await?;
            Ok(Outcome { token, status: reply.status, output: reply.response })
        }
        Ok(Err(_)) | Err(_) => {
            if let Some(call) = cx.devices.calls.take(device.no, &token) {
                note(cx.services(), &device, &token, call, "timeout").await?;
            }
            let text = format!("device {key} did not reply to action {action} in time");
            Err(Error::new(Code::FailedOperationTimeout, text))
        }
    }
}

/// Calls an action and does not wait; the reply goes to the action log.
///
/// # Errors
/// The action is not of the model, or the device is not there.
pub async fn call_async(cx: &Cx, key: &DeviceKey, action: &str, input: &str) -> Result<String> {
    start(cx, key, action, input, None).await.map(|(_, token)| token)
}

async fn start(
    cx: &Cx,
    key: &DeviceKey,
    action: &str,
    input: &str,
    waiter: Option<Waiter>,
) -> Result<(Device, String)> {
    let device = device::find(cx, key).await?;
    check_call(cx, key, action, input)?;
    let (token, now) = (cx.rand.uuid().replace('-', ""), cx.clock.now());
    let call = Call { action: action.into(), input: input.into(), waiter };
    cx.devices.calls.put(device.no, &token, now, call);
    let row = ActionCall {
        action: action.into(),
        token: token.clone(),
        state: "sent".into(),
        input: input.into(),
        ..ActionCall::default()
    };
    let mut batch = Batch::default();
    log::action(device.no, now, &row, &mut batch);
    cx.store.commit(batch).await?;
    let mut payload = Vec::new();
    protocol::action(&mut payload, Token::Text(&token), action, now, input);
    let code = match send(cx.services(), &device, Thing::Action, &payload) {
        Delivery::Sent => return Ok((device, token)),
        Delivery::Offline => Code::FailedOperationDeviceOffline,
        Delivery::NoSubscriber => Code::FailedOperationDeviceNoSubscription,
        Delivery::Queued | Delivery::Full | Delivery::QueueFull | Delivery::TooLarge => {
            Code::FailedOperationActionUnreachable
        }
    };
    if let Some(call) = cx.devices.calls.take(device.no, &token) {
        note(cx.services(), &device, &token, call, "unreachable").await?;
    }
    Err(Error::new(code, format!("device {key} cannot be reached with action {action}")))
}

fn check_call(cx: &Cx, key: &DeviceKey, action: &str, input: &str) -> Result<()> {
    let live = product::live(cx.services(), &key.product)
        .or_code(Code::ResourceNotFoundStudioProductNotExist, || "product does not exist")?;
    if live.model.action(action).is_none() {
        let text = format!("action {:?} is not defined", clip(action));
        return Err(Error::new(Code::InvalidParameterValueActionNilOrNotExist, text));
    }
    live.model
        .check_action_input(action, input)
        .map(|_| ())
        .map_err(|why| Error::new(Code::InvalidParameterActionInputParamsInvalid, why.to_string()))
}

async fn note(
    services: &Services,
    device: &Device,
    token: &str,
    call: Call,
    state: &str,
) -> Result<()> {
    let row = ActionCall {
        action: call.action,
        token: token.into(),
        state: state.into(),
        input: call.input,
        ..ActionCall::default()
    };
    let mut batch = Batch::default();
    log::action(device.no, services.clock.now(), &row, &mut batch);
    services.store.commit(batch).await
}

/// A message of the action family: a reply.
pub(crate) fn on_action(road: &mut Road<'_>, up: &Up<'_>) {
    let (topic, qos) = (up.topic, level(up.qos));
    match Message::parse(up.payload) {
        Err(why) => road.diagnose(Diagnosis::NotJson { topic, qos, why: &why.to_string() }),
        // A reply without method, as the Python SDK answers controls, is one here too.
        Ok(message) if matches!(message.method, Method::ActionReply | Method::ControlReply) => {
            on_reply(road.services, road.session, road.now, &message, &mut road.batch);
        }
        Ok(message) => {
            let why = data::unexpected(&message.method);
            road.diagnose(Diagnosis::NotOfModel { topic, qos, why: &why });
        }
    }
}

/// Ends the call that a reply answers, in the burst's batch; its caller hears of it when the batch
/// is committed. A reply to no known call is logged under its token alone.
fn on_reply(
    services: &Services,
    session: &Session,
    at: Millis,
    reply: &Message<'_>,
    batch: &mut Batch,
) {
    let token = &*reply.client_token.text();
    let answer = Reply {
        code: reply.code.unwrap_or(0),
        status: reply.status.as_deref().unwrap_or_default().to_owned(),
        response: reply.response.unwrap_or("{}").to_owned(),
    };
    let call = services.devices.calls.take(session.no(), token);
    let (action, input, waiter) =
        call.map_or_else(Default::default, |c| (c.action, c.input, c.waiter));
    let row = ActionCall {
        action,
        token: token.to_owned(),
        state: "replied".into(),
        code: answer.code,
        status: answer.status.clone(),
        input,
        output: answer.response.clone(),
    };
    log::action(session.no(), at, &row, batch);
    if let Some(waiter) = waiter {
        session.replies.put(waiter, answer);
    }
}

/// Sends a message of the caller's making to a topic that the device may subscribe to.
///
/// # Errors
/// The device does not exist, the topic is not its own, or it is not there to get the message.
pub async fn publish(
    cx: &Cx,
    key: &DeviceKey,
    topic: &str,
    payload: &[u8],
    qos: QoS,
) -> Result<()> {
    let device = device::find(cx, key).await?;
    let live = product::live(cx.services(), &key.product)
        .or_code(Code::ResourceNotFoundStudioProductNotExist, || "product does not exist")?;
    let own = rights::Own {
        product: key.product.as_str(),
        name: key.name.as_str(),
        gateway: live.gateway,
        custom: live.enterprise,
    };
    let plain = Topic::parse(topic).is_some_and(|t| !t.rest.contains(['+', '#']));
    if !plain || !rights::may(own, Access::Subscribe, topic) {
        let text = format!("device {key} has no topic {:?} to subscribe to", clip(topic));
        return Err(Error::new(Code::InvalidParameterValueTopicMismatch, text));
    }
    if payload.len() > PAYLOAD_BYTES {
        let text = format!("payload of {} bytes is over {PAYLOAD_BYTES}", payload.len());
        return Err(Error::new(Code::InvalidParameterValuePayloadOverLimit, text));
    }
    let message = (topic, payload, qos);
    let code = match downlink::send(cx.services(), device.no, key, message).await? {
        Delivery::Sent | Delivery::Queued => return Ok(()),
        Delivery::Offline => Code::FailedOperationDeviceOffline,
        Delivery::NoSubscriber => Code::FailedOperationDeviceNoSubscription,
        Delivery::Full => Code::RequestLimitExceeded,
        Delivery::QueueFull => Code::LimitExceededMessageSaved,
        Delivery::TooLarge => Code::InvalidParameterValuePayloadOverLimit,
    };
    Err(Error::new(code, format!("device {key} cannot be reached on {topic}")))
}
