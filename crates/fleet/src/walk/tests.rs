use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::chance::Purpose;

const CENTRE: Point = Point { latitude: 22.54, longitude: 113.94 };

/// `reports` values of each property, one after the other.
fn walked(model: &str, seed: u64, reports: usize) -> Vec<Map<String, Value>> {
    let script = Script::compile(model, CENTRE).unwrap();
    let chance = Chance::new(seed, 1, Purpose::Values);
    let mut heading = 0.0;
    let mut step =
        Step { chance: &chance, centre: CENTRE, heading: &mut heading, seconds: 1_795_608_000 };
    let mut values: Vec<Value> = script.properties.iter().map(|p| p.shape.begin(&step)).collect();
    let mut all = Vec::new();
    for _ in 0..reports {
        let ids = script.properties.iter().map(|p| p.id.to_string());
        all.push(ids.zip(values.iter().cloned()).collect());
        for (property, value) in script.properties.iter().zip(&mut values) {
            property.shape.walk(value, &mut step);
        }
    }
    all
}

fn model(define: &Value) -> String {
    let property = json!({ "id": "p", "name": "P", "mode": "rw", "define": define });
    json!({ "version": "1.0", "properties": [property], "events": [], "actions": [] }).to_string()
}

#[test]
fn every_standard_model_walks_within_itself() {
    let standard = thing::standard::categories().iter().filter_map(|category| category.model);
    for text in standard.chain([thing::standard::location(), include_str!("../../demo.json")]) {
        let compiled = Model::parse(text).unwrap();
        for values in walked(text, 1, 200) {
            let report = Value::from(values).to_string();
            let checked = compiled.check_report(&report, &mut Vec::new());
            checked.unwrap_or_else(|e| panic!("{e}: {report}"));
        }
    }
}

#[test]
fn a_number_keeps_to_its_step_and_bounds() {
    let text = model(&json!({ "type": "float", "min": "-1", "max": "1", "step": "0.1" }));
    let mut seen = HashSet::new();
    let mut last: Option<f64> = None;
    for values in walked(&text, 3, 500) {
        let n = values["p"].as_f64().unwrap();
        assert!((-1.0..=1.0).contains(&n) && values["p"].to_string().len() <= 4, "{n}");
        assert!(last.is_none_or(|last| (n - last).abs() < 0.31), "{last:?} {n}");
        last = Some(n);
        seen.insert(values["p"].to_string());
    }
    assert!(seen.len() > 10, "it stands still: {seen:?}");
    let even = model(&json!({ "type": "int", "min": "10", "max": "20", "step": "2" }));
    assert!(walked(&even, 3, 200).iter().all(|v| v["p"].as_i64().unwrap() % 2 == 0));
}

#[test]
fn bounds_at_the_ends_of_the_type_do_not_overflow() {
    let ends = json!({ "type": "int", "min": i64::MIN + 1, "max": i64::MAX - 1, "step": i64::MAX });
    for define in [ends, json!({ "type": "int" }), json!({ "type": "float" })] {
        assert_eq!(walked(&model(&define), 1, 100).len(), 100);
    }
}

#[test]
fn the_same_seed_walks_the_same_way() {
    let text = include_str!("../../model.json");
    assert_eq!(walked(text, 5, 50), walked(text, 5, 50));
    assert_ne!(walked(text, 5, 50), walked(text, 6, 50));
}
