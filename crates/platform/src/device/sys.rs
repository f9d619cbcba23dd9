//! The place where a device asks the platform for the time (device-protocol.md 3.15).

use broker::hub::Up;
use serde::Deserialize;

use crate::{
    log::Diagnosis,
    uplink::{Road, level},
};

/// `{"type":"get","resource":["time"]}`
#[derive(Deserialize)]
struct Ask {
    r#type: String,
    #[serde(default)]
    resource: Vec<String>,
}

/// A message of `$sys/operation`.
pub(crate) fn on_sys(road: &mut Road<'_>, up: &Up<'_>) {
    let ask: Ask = match serde_json::from_slice(up.payload) {
        Ok(ask) => ask,
        Err(why) => {
            let (topic, qos, why) = (up.topic, level(up.qos), why.to_string());
            return road.diagnose(Diagnosis::NotJson { topic, qos, why: &why });
        }
    };
    if ask.r#type != "get" || !ask.resource.iter().any(|name| name == "time") {
        return;
    }
    let (came, leaves) = (road.now, road.services.clock.now());
    let reply = serde_json::json!({
        "type": "get",
        "time": came.div_euclid(1000),
        "ntptime1": came,
        "ntptime2": leaves,
    });
    road.reply(&road.session.down().sys, reply.to_string().into_bytes());
}
