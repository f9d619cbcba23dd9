//! The place where the property and event families of `$thing/up` are understood
//! (device-protocol.md 3.1, 3.2).

use std::borrow::Cow;

use base::Millis;
use broker::hub::Up;
use thing::{
    EventKind,
    protocol::{self, Malformed, Message, Method, Token},
};

use super::{Report, time};
use crate::{
    device,
    log::Diagnosis,
    uplink::{Road, level},
    wire::clip,
};

/// 物模型检查失败: not JSON, or not as the model says.
const NOT_OF_MODEL: i64 = 406;
/// What a device may say of itself in one `report_info`, in bytes.
const INFO_BYTES: usize = 4096;

/// Room for a reply without data.
fn small() -> Vec<u8> {
    Vec::with_capacity(128)
}

/// A message of the property family.
pub(crate) fn on_property(road: &mut Road<'_>, up: &Up<'_>) {
    let message = match Message::parse(up.payload) {
        Ok(message) => message,
        Err(why) => return refuse(road, up, protocol::report_reply, Token::default(), &why),
    };
    match &message.method {
        Method::Report => report(road, up, &message),
        Method::GetStatus => get_status(road, &message),
        // Whatever the device says of a control, its reports show what came of it.
        Method::ControlReply => {}
        Method::ClearControl => clear_control(road, &message),
        Method::ReportInfo => report_info(road, up, &message),
        other => {
            let why = unexpected(other);
            reject(road, up, protocol::report_reply, message.client_token, &why);
        }
    }
}

fn report(road: &mut Road<'_>, up: &Up<'_>, message: &Message<'_>) {
    let token = message.client_token;
    let Some(params) = message.params else {
        return reject(road, up, protocol::report_reply, token, "params are missing");
    };
    road.record.clear();
    match road.model.check_report(params, &mut road.record) {
        Err(why) => {
            return reject(road, up, protocol::report_reply, token, &why.to_string());
        }
        Ok(0) => {}
        Ok(_) => {
            let (services, session, now) = (road.services, road.session, road.now);
            let at = time(message.timestamp, now);
            let (shadow, record, batch) = road.report();
            let report = Report { no: session.no(), record, at, now };
            super::take(&report, shadow, batch);
            if services.live.listening() {
                super::tell(services, &session.key(), shadow, super::named(record));
            }
        }
    }
    let mut payload = small();
    protocol::report_reply(&mut payload, token, 0, "");
    road.reply(&road.session.down().property, payload);
}

/// The device asks what it missed: desired values come along with what it reported.
fn get_status(road: &mut Road<'_>, message: &Message<'_>) {
    let mut payload = small();
    protocol::get_status_reply(&mut payload, message.client_token, road.shadow());
    road.reply(&road.session.down().property, payload);
}

fn clear_control(road: &mut Road<'_>, message: &Message<'_>) {
    if road.shadow().has_desired() {
        let (services, key) = (road.services, road.session.key());
        let (shadow, ..) = road.report();
        let ids: Vec<Box<str>> = shadow.desired().map(|(id, ..)| id.into()).collect();
        shadow.clear_desired();
        super::tell(services, &key, shadow, ids.into_iter());
    }
    let mut payload = small();
    protocol::clear_control_reply(&mut payload, message.client_token, 0, "");
    road.reply(&road.session.down().property, payload);
}

fn report_info(road: &mut Road<'_>, up: &Up<'_>, message: &Message<'_>) {
    let (token, info) = (message.client_token, message.params.unwrap_or("{}"));
    if info.len() > INFO_BYTES {
        let why = format!("info of {} bytes is over {INFO_BYTES}", info.len());
        return reject(road, up, protocol::report_info_reply, token, &why);
    }
    if let Some(version) = device::keep_info(road.session, info) {
        road.version = Some(version);
    }
    let mut payload = small();
    protocol::report_info_reply(&mut payload, token, 0, "");
    road.reply(&road.session.down().property, payload);
}

/// A message of the event family: one event or several; all of them are stored, or none.
pub(crate) fn on_event(road: &mut Road<'_>, up: &Up<'_>) {
    let message = match Message::parse(up.payload) {
        Ok(message) => message,
        Err(why) => return refuse(road, up, protocol::event_reply, Token::default(), &why),
    };
    let token = message.client_token;
    if !matches!(message.method, Method::EventPost | Method::EventsPost) {
        let why = unexpected(&message.method);
        return reject(road, up, protocol::event_reply, token, &why);
    }
    let events = match checked(road, &message) {
        Ok(events) => events,
        Err(why) => return reject(road, up, protocol::event_reply, token, &why),
    };
    for event in events {
        road.event(event.at, event.kind, &event.id, &event.params);
    }
    let mut payload = small();
    protocol::event_reply(&mut payload, token, 0, "");
    road.reply(&road.session.down().event, payload);
}

/// An event that is of the model, its params as the model reads them.
struct Checked<'a> {
    at: Millis,
    /// The model's; what the device says of it does not count.
    kind: EventKind,
    id: Cow<'a, str>,
    params: String,
}

fn checked<'a>(road: &mut Road<'_>, message: &Message<'a>) -> Result<Vec<Checked<'a>>, String> {
    let posts = message.posts().map_err(|why| why.to_string())?;
    let mut events = Vec::with_capacity(posts.len());
    for post in posts {
        road.record.clear();
        let event = road
            .model
            .check_event(&post.event_id, post.params, &mut road.record)
            .map_err(|why| why.to_string())?;
        let mut params = Vec::new();
        thing::record::write_json(&mut params, &road.record);
        events.push(Checked {
            at: time(post.timestamp, road.now),
            kind: event.kind,
            id: post.event_id,
            params: String::from_utf8(params).unwrap_or_default(),
        });
    }
    Ok(events)
}

/// Writes a reply with a code and a status.
type Writer = fn(&mut Vec<u8>, Token<'_>, i64, &str);

/// Tells a device that its payload is not what it should be in form.
fn refuse(road: &mut Road<'_>, up: &Up<'_>, write: Writer, token: Token<'_>, why: &Malformed) {
    let why = why.to_string();
    let (topic, qos) = (up.topic, level(up.qos));
    road.diagnose(Diagnosis::NotJson { topic, qos, why: &why });
    answer(road, up, write, token, &why);
}

/// Tells a device that its message is not as the model or the protocol says.
fn reject(road: &mut Road<'_>, up: &Up<'_>, write: Writer, token: Token<'_>, why: &str) {
    let (topic, qos) = (up.topic, level(up.qos));
    road.diagnose(Diagnosis::NotOfModel { topic, qos, why });
    answer(road, up, write, token, why);
}

fn answer(road: &mut Road<'_>, up: &Up<'_>, write: Writer, token: Token<'_>, why: &str) {
    let mut payload = small();
    write(&mut payload, token, NOT_OF_MODEL, why);
    let down = road.session.down();
    let topic = if up.topic.starts_with("$thing/up/event/") { &down.event } else { &down.property };
    road.reply(topic, payload);
}

/// Why a method is not answered.
pub(crate) fn unexpected(method: &Method<'_>) -> String {
    match method {
        Method::Other(text) => format!("method {:?} is not known", clip(text)),
        Method::Missing => "method is missing".into(),
        known => format!("method {known:?} is of another topic"),
    }
}
