use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scan::any_json;

fn model() -> Model {
    let spec = |id: &str, kind: Value| json!({"id": id, "name": "x", "dataType": kind});
    let property = |id: &str, mode: &str, define: Value| json!({"id": id, "name": "x", "mode": mode, "define": define});
    let int = json!({"type": "int", "min": "-10", "max": "100"});
    let place = json!({"type": "struct", "specs": [
        spec("lat", json!({"type": "float", "min": "-90", "max": "90"})),
        spec("name", json!({"type": "string", "min": "1", "max": "4"})),
    ]});
    let text = json!({
        "properties": [
            property("on", "rw", json!({"type": "bool", "mapping": {"0": "a", "1": "b"}})),
            property("level", "rw", int.clone()),
            property("temp", "r", json!({"type": "float", "min": "-40", "max": "125.5"})),
            property("free", "r", json!({"type": "float"})),
            property("label", "rw", json!({"type": "string", "min": "2", "max": "5"})),
            property("color", "rw", json!({"type": "enum", "mapping": {"0": "a", "2": "b"}})),
            property("scene", "rw", json!({"type": "stringenum", "mapping": {"home": "a", "away": "b"}})),
            property("at", "r", json!({"type": "timestamp"})),
            property("place", "rw", place.clone()),
            property("list", "rw", json!({"type": "array", "arrayInfo": int})),
            property("places", "r", json!({"type": "array", "arrayInfo": place})),
        ],
        "events": [{"id": "hot", "name": "x", "type": "alert", "params": [
            {"id": "t", "name": "x", "define": {"type": "int", "min": "0", "max": "9"}}]}],
        "actions": [{"id": "open", "name": "x", "input": [
            {"id": "order", "name": "x", "define": {"type": "string", "min": "0", "max": "64"}}]}],
    });
    Model::parse(&text.to_string()).unwrap()
}

/// The record of a report, as JSON.
fn report(params: &str) -> Result<String, Violation> {
    let mut out = Vec::new();
    model().check_report(params, &mut out)?;
    let mut json = Vec::new();
    record::write_json(&mut json, &out);
    Ok(String::from_utf8(json).unwrap())
}

fn fails(params: &str, path: &str, why: &str) {
    let violation = report(params).expect_err(params);
    assert_eq!((&*violation.path, &*violation.why), (path, why), "{params}");
}

#[test]
fn every_type_passes_and_is_kept() {
    for (given, kept) in [
        (r#"{"on":1}"#, r#"{"on":1}"#),
        (r#"{"on":false}"#, r#"{"on":0}"#),
        (r#"{"level":-10}"#, r#"{"level":-10}"#),
        (r#"{"level":1e1}"#, r#"{"level":10}"#),
        (r#"{"level":5.0}"#, r#"{"level":5}"#),
        (r#"{"temp":125.5}"#, r#"{"temp":125.5}"#),
        (r#"{"temp":20}"#, r#"{"temp":20}"#),
        (r#"{"free":-1.7e300}"#, r#"{"free":-1.7e+300}"#),
        (r#"{"label":"温度"}"#, r#"{"label":"温度"}"#),
        (r#"{"label":"a\n\u00e9\ud83c\udf21"}"#, "{\"label\":\"a\\né🌡\"}"),
        (r#"{"color":2}"#, r#"{"color":2}"#),
        (r#"{"scene":"home"}"#, r#"{"scene":"home"}"#),
        (r#"{"at":1700000000}"#, r#"{"at":1700000000}"#),
        (r#"{"at":1700000000123}"#, r#"{"at":1700000000123}"#),
        (r#"{"place":{"name":"x","lat":1.5}}"#, r#"{"place":{"name":"x","lat":1.5}}"#),
        (r#"{"place":{"lat":0}}"#, r#"{"place":{"lat":0}}"#),
        (r#"{"list":[1,2,-10]}"#, r#"{"list":[1,2,-10]}"#),
        (r#"{"list":[]}"#, r#"{"list":[]}"#),
        (r#"{"places":[{"lat":1},{"name":"ab"}]}"#, r#"{"places":[{"lat":1},{"name":"ab"}]}"#),
        (" {\n\"on\" : 1 ,\t\"level\":2 } ", r#"{"on":1,"level":2}"#),
        ("{}", "{}"),
    ] {
        let number = |text: &str| text.replace("e+", "e");
        assert_eq!(report(given).map(|json| number(&json)), Ok(number(kept)), "{given}");
    }
}

#[test]
fn every_type_is_held_against_its_definition() {
    fails(r#"{"on":2}"#, "on", "2 is neither 0 nor 1");
    fails(r#"{"on":"1"}"#, "on", "a string where 0 or 1 is expected");
    fails(r#"{"level":101}"#, "level", "101 is above 100");
    fails(r#"{"level":-11}"#, "level", "-11 is below -10");
    fails(r#"{"level":1.5}"#, "level", "1.5 is not a whole number");
    fails(r#"{"temp":125.6}"#, "temp", "125.6 is above 125.5");
    fails(r#"{"temp":-1e300}"#, "temp", "-1e+300 is below -40");
    fails(r#"{"label":"a"}"#, "label", "1 characters, allowed are 2..5");
    fails(r#"{"label":"🌡🌡🌡🌡🌡🌡"}"#, "label", "6 characters, allowed are 2..5");
    fails(r#"{"label":5}"#, "label", "a number where a string is expected");
    fails(r#"{"color":1}"#, "color", "1 is not in the mapping");
    fails(r#"{"color":"0"}"#, "color", "a string where a whole number is expected");
    fails(r#"{"scene":"nowhere"}"#, "scene", "\"nowhere\" is not in the mapping");
    fails(r#"{"scene":0}"#, "scene", "a number where a string is expected");
    fails(r#"{"at":-1}"#, "at", "-1 is below 0");
    fails(r#"{"place":[]}"#, "place", "an array where an object is expected");
    fails(r#"{"list":{}}"#, "list", "an object where an array is expected");
}

#[test]
fn numbers_as_strings_and_null_are_refused() {
    for id in ["on", "level", "temp", "free", "color", "at"] {
        for value in ["\"1\"", "null"] {
            let violation = report(&format!("{{\"{id}\":{value}}}")).unwrap_err();
            assert_eq!(violation.path, id);
            assert!(violation.why.contains("expected"), "{violation}");
        }
    }
}

#[test]
fn the_path_leads_into_structs_and_arrays() {
    fails(r#"{"place":{"lat":91}}"#, "place.lat", "91 is above 90");
    fails(r#"{"place":{"x":1}}"#, "place.x", "is not defined in the model");
    fails(r#"{"list":[1,2,101]}"#, "list[2]", "101 is above 100");
    fails(
        r#"{"places":[{"lat":1},{"lat":"x"}]}"#,
        "places[1].lat",
        "a string where a number is expected",
    );
    fails(r#"{"温度":1}"#, "温度", "is not defined in the model");
    fails("[]", "params", "an array where an object is expected");
    fails("", "params", "not valid JSON: unexpected end at byte 0");
    fails(r#"{"on":1} x"#, "params", "not valid JSON: text after the value at byte 9");
}

#[test]
fn keys_given_twice_are_refused_even_in_disguise() {
    fails(r#"{"on":1,"on":1}"#, "on", "given twice");
    fails(r#"{"on":1,"\u006fn":0}"#, "on", "given twice");
    fails(r#"{"place":{"lat":1,"lat":2}}"#, "place.lat", "given twice");
}

#[test]
fn deep_nesting_is_refused_without_a_stack() {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    for id in ["on", "list", "places", "place", "nope"] {
        assert!(report(&format!("{{\"{id}\":{deep}}}")).is_err(), "{id}");
    }
    let violation = model().check_action_output(&format!("{{\"x\":{deep}}}")).unwrap_err();
    assert!(violation.to_string().contains("nested too deep"), "{violation}");
}

#[test]
fn a_violation_leaves_no_trace() {
    let mut out = b"before".to_vec();
    assert!(model().check_report(r#"{"on":1,"level":500}"#, &mut out).is_err());
    assert_eq!(out, b"before");
    assert_eq!(model().check_report(r#"{"on":1,"level":50}"#, &mut out), Ok(2));
    assert!(out.len() > 6);
}

#[test]
fn messages_stay_short() {
    let long = "长".repeat(10_000);
    for params in [format!("{{\"{long}\":1}}"), format!("{{\"scene\":\"{long}\"}}")] {
        assert!(report(&params).unwrap_err().to_string().len() < 250);
    }
    let digits = format!("{{\"level\":{}}}", "9".repeat(300));
    assert!(report(&digits).unwrap_err().to_string().len() < 250);
}

#[test]
fn control_wants_writable_properties() {
    let control = |params: &str| model().check_control(params, &mut Vec::new());
    assert_eq!(control(r#"{"on":1,"place":{"lat":1}}"#), Ok(2));
    let violation = control(r#"{"on":1,"temp":1}"#).unwrap_err();
    assert_eq!(violation.to_string(), "temp: is read-only");
}

#[test]
fn events_and_actions_are_known_by_id() {
    let model = model();
    let mut out = Vec::new();
    assert_eq!(&*model.check_event("hot", r#"{"t":9}"#, &mut out).unwrap().id, "hot");
    assert_eq!(record::get(&out, "t"), Some(record::Value::Int(9)));
    let shown = |violation: Violation| violation.to_string();
    let error = model.check_event("cold", "{}", &mut out).map(drop).map_err(shown);
    assert_eq!(error, Err("params: event `cold` is not defined".into()));
    let error = model.check_event("hot", r#"{"t":10}"#, &mut out).map(drop).map_err(shown);
    assert_eq!(error, Err("t: 10 is above 9".into()));
    assert_eq!(&*model.check_action_input("open", r#"{"order":"1"}"#).unwrap().id, "open");
    let error = model.check_action_input("shut", "{}").map(drop).map_err(shown);
    assert_eq!(error, Err("params: action `shut` is not defined".into()));
    assert_eq!(model.check_action_output(r#"{"anything":[1]}"#), Ok(()));
    let error = model.check_action_output("[]").map_err(shown);
    assert_eq!(error, Err("response: an array where an object is expected".into()));
}

#[test]
fn an_empty_model_takes_only_an_empty_report() {
    let mut out = Vec::new();
    assert_eq!(Model::empty().check_report("{}", &mut out), Ok(0));
    assert!(Model::empty().check_report(r#"{"a":1}"#, &mut out).is_err());
}

/// A value that the model takes for each property.
fn good() -> impl Strategy<Value = Value> {
    let place =
        || (-90.0..=90.0, "\\PC{1,4}").prop_map(|(lat, name)| json!({"lat": lat, "name": name}));
    let ints = || proptest::collection::vec(-10..=100_i64, 0..5);
    let first = (any::<bool>(), -10..=100_i64, -40.0..=125.5, any::<f64>(), "\\PC{2,5}");
    let second = (0..=TIMESTAMP_MAX, place(), ints(), proptest::collection::vec(place(), 0..4));
    (first, second).prop_map(|((on, level, temp, free, label), (at, place, list, places))| {
        let free = if free.is_finite() { free } else { 0.5 };
        json!({"on": i64::from(on), "level": level, "temp": temp, "free": free, "label": label,
            "color": 2, "scene": "away", "at": at, "place": place, "list": list, "places": places})
    })
}

/// Whether a record holds exactly this value.
fn says(kept: record::Value<'_>, given: &Value) -> bool {
    use record::Value::{Array, Float, Int, Struct, Text};
    match (kept, given) {
        (Int(n), given) => given.as_i64() == Some(n),
        (Float(n), given) => given.as_f64() == Some(n),
        (Text(text), given) => given.as_str() == Some(text),
        (Struct(fields), Value::Object(map)) => {
            fields.count() == map.len()
                && fields
                    .zip(map)
                    .all(|(field, (id, given))| field.id == id && says(field.value, given))
        }
        (Array(items), Value::Array(list)) => {
            items.count() == list.len() && items.zip(list).all(|(item, given)| says(item, given))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_record_says_what_was_reported(value in good()) {
        let mut out = Vec::new();
        let n = model().check_report(&value.to_string(), &mut out).unwrap();
        let given = value.as_object().unwrap();
        prop_assert_eq!(n, given.len());
        for field in record::fields(&out) {
            prop_assert!(says(field.value, &given[field.id]), "{:?} {}", field, value);
        }
    }

    #[test]
    fn whatever_comes_is_judged_without_panic(value in any_json(), id in "on|level|temp|label|place|list|places") {
        let text = json!({ id: value }).to_string();
        if let Ok(kept) = report(&text) {
            // What passed once passes again as it is kept.
            prop_assert_eq!(report(&kept), Ok(kept.clone()));
        }
    }

    #[test]
    fn any_text_is_judged_without_panic(text in "\\PC{0,60}") {
        if report(&text).is_ok() {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({}));
        }
    }
}
