//! The place where a device has its values and finds its words: `$thing` payloads of its own.

use std::borrow::Cow;

use base::Millis;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    chance::{Chance, Purpose},
    walk::{Script, Step},
};

/// What a device is between two connections.
#[derive(Debug)]
pub(crate) struct Life {
    walks: Chance,
    /// Apart from the walk: when events come depends on the network.
    words: Chance,
    values: Vec<Value>,
    heading: f64,
    reports: u64,
    last: Millis,
}

/// A report about to be sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) number: u64,
    /// Its `timestamp`: different for each report of a device.
    pub(crate) at: Millis,
    pub(crate) payload: Vec<u8>,
}

/// A message from the cloud.
#[derive(Debug, Deserialize)]
pub(crate) struct Down<'a> {
    #[serde(borrow, default)]
    pub(crate) method: Cow<'a, str>,
    #[serde(rename = "clientToken", default)]
    pub(crate) token: Value,
    pub(crate) code: Option<i64>,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(rename = "actionId", borrow, default)]
    action: Cow<'a, str>,
}

/// How the client token of a report begins; its number follows.
const REPORT: &str = "report-";

impl Life {
    pub(crate) fn new(script: &Script, seed: u64, device: u64, now: Millis) -> Self {
        let walks = Chance::new(seed, device, Purpose::Values);
        let words = Chance::new(seed, device, Purpose::Words);
        let mut heading = walks.between(0.0, std::f64::consts::TAU);
        let (centre, seconds) = (script.centre, now.div_euclid(1000));
        let step = Step { chance: &walks, centre, heading: &mut heading, seconds };
        let values = script.properties.iter().map(|p| p.shape.begin(&step)).collect();
        Self { walks, words, values, heading, reports: 0, last: 0 }
    }

    /// Moves all values on.
    pub(crate) fn walk(&mut self, script: &Script, now: Millis) {
        let mut step = Step {
            chance: &self.walks,
            centre: script.centre,
            heading: &mut self.heading,
            seconds: now.div_euclid(1000),
        };
        for (property, value) in script.properties.iter().zip(&mut self.values) {
            property.shape.walk(value, &mut step);
        }
    }

    /// Reports the values as they are.
    pub(crate) fn report(&mut self, script: &Script, now: Millis) -> Report {
        self.reports += 1;
        self.last = now.max(self.last + 1);
        let ids = script.properties.iter().map(|p| p.id.to_string());
        let params: Map<String, Value> = ids.zip(self.values.iter().cloned()).collect();
        let (number, at) = (self.reports, self.last);
        let message = json!({
            "method": "report", "clientToken": format!("{REPORT}{number}"),
            "timestamp": at, "params": params,
        });
        Report { number, at, payload: message.to_string().into_bytes() }
    }

    /// Posts one of the model's events; `None` if it has none.
    pub(crate) fn event(&mut self, script: &Script, now: Millis) -> Option<Vec<u8>> {
        let which = self.words.below(script.events.len() as u64);
        let event = script.events.get(usize::try_from(which).ok()?)?;
        let params = event.params.begin(&self.step(script, now));
        let message = json!({
            "method": "event_post", "clientToken": format!("event-{}", self.words.text(6)),
            "version": "1.0", "eventId": event.id, "type": event.kind, "timestamp": now,
            "params": params,
        });
        Some(message.to_string().into_bytes())
    }

    /// Takes what the cloud wants of `rw` properties; the `control_reply`.
    pub(crate) fn control(&mut self, script: &Script, down: Down<'_>) -> Vec<u8> {
        let mut unknown = None;
        for (id, wanted) in down.params {
            let mut all = script.properties.iter().zip(&mut self.values);
            match all.find(|(property, _)| *property.id == *id && property.writable) {
                Some((_, value)) => *value = wanted,
                None => unknown = Some(id),
            }
        }
        let status = unknown.map(|id| format!("{id} cannot be set")).unwrap_or_default();
        let code = i64::from(!status.is_empty());
        reply("control_reply", &down.token, code, &status, None)
    }

    /// Does what the cloud asks for; the `action_reply`.
    pub(crate) fn action(&mut self, script: &Script, down: &Down<'_>, now: Millis) -> Vec<u8> {
        match script.actions.iter().find(|action| *action.id == *down.action) {
            Some(action) => {
                let output = action.output.begin(&self.step(script, now));
                reply("action_reply", &down.token, 0, "", Some(output))
            }
            None => reply("action_reply", &down.token, 1, "no such action", Some(json!({}))),
        }
    }

    fn step(&mut self, script: &Script, now: Millis) -> Step<'_> {
        Step {
            chance: &self.words,
            centre: script.centre,
            heading: &mut self.heading,
            seconds: now.div_euclid(1000),
        }
    }
}

impl Down<'_> {
    /// The number of the report that this answers.
    pub(crate) fn report(&self) -> Option<u64> {
        self.token.as_str()?.strip_prefix(REPORT)?.parse().ok()
    }
}

fn reply(method: &str, token: &Value, code: i64, status: &str, response: Option<Value>) -> Vec<u8> {
    let mut message =
        json!({ "method": method, "clientToken": token, "code": code, "status": status });
    if let (Some(response), Some(fields)) = (response, message.as_object_mut()) {
        fields.insert("response".into(), response);
    }
    message.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Point;

    const MODEL: &str = include_str!("../../../tests/it/model.json");
    const NOW: Millis = 1_795_608_000_000;

    fn script() -> Script {
        Script::compile(MODEL, Point { latitude: 22.5, longitude: 114.0 }).unwrap()
    }

    fn value(payload: &[u8]) -> Value {
        serde_json::from_slice(payload).unwrap()
    }

    fn down(text: &str) -> Down<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn reports_are_numbered_and_no_two_have_one_time() {
        let (script, mut times) = (script(), Vec::new());
        let mut life = Life::new(&script, 1, 1, NOW);
        for number in 1..=3 {
            let report = life.report(&script, NOW);
            let message = value(&report.payload);
            assert_eq!(message["clientToken"], format!("report-{number}"));
            assert_eq!(message["timestamp"], report.at);
            times.push(report.at);
        }
        assert_eq!(times, [NOW, NOW + 1, NOW + 2]);
        let answer = r#"{"method":"report_reply","clientToken":"report-3","code":0,"status":""}"#;
        assert_eq!((down(answer).report(), down(answer).code), (Some(3), Some(0)));
    }

    #[test]
    fn a_control_is_taken_answered_and_reported() {
        let script = script();
        let mut life = Life::new(&script, 1, 1, NOW);
        let wanted = r#"{"method":"control","clientToken":"c-1","params":{"brightness":7}}"#;
        let answer = value(&life.control(&script, down(wanted)));
        assert_eq!(
            answer,
            json!({ "method": "control_reply", "clientToken": "c-1", "code": 0, "status": "" })
        );
        assert_eq!(value(&life.report(&script, NOW).payload)["params"]["brightness"], 7);
        // The temperature is the device's own.
        let wanted = r#"{"method":"control","clientToken":"c-2","params":{"temperature":7}}"#;
        assert_eq!(value(&life.control(&script, down(wanted)))["code"], 1);
    }

    #[test]
    fn an_action_is_answered_with_its_output() {
        let script = script();
        let mut life = Life::new(&script, 1, 1, NOW);
        let ask = |id: &str| {
            json!({ "method": "action", "clientToken": "a-1", "actionId": id, "timestamp": NOW,
                "params": { "times": 3 } })
            .to_string()
        };
        let text = ask("blink");
        let answer = value(&life.action(&script, &down(&text), NOW));
        assert_eq!((&answer["code"], &answer["clientToken"]), (&json!(0), &json!("a-1")));
        assert!(answer["response"]["done"].is_i64(), "{answer}");
        let text = ask("fly");
        assert_eq!(value(&life.action(&script, &down(&text), NOW))["code"], 1);
    }

    #[test]
    fn an_event_is_one_of_the_model() {
        let script = script();
        let mut life = Life::new(&script, 1, 1, NOW);
        let event = value(&life.event(&script, NOW).unwrap());
        assert_eq!((&event["eventId"], &event["type"]), (&json!("overheated"), &json!("alert")));
        assert!(event["params"]["degrees"].is_number());
    }
}
