use proptest::{collection::vec, prelude::*};

use super::*;
use crate::Model;

fn model() -> Model {
    let int =
        |id: &str| format!(r#"{{"id":"{id}","name":"x","mode":"rw","define":{{"type":"int"}}}}"#);
    let text = r#"{"id":"s","name":"x","mode":"rw","define":{"type":"string"}}"#;
    let all = [&int("a"), &int("b"), &int("c"), text].map(ToString::to_string).join(",");
    Model::parse(&format!(r#"{{"properties":[{all}]}}"#)).unwrap()
}

fn record_of(params: &str) -> Vec<u8> {
    let mut out = Vec::new();
    model().check_report(params, &mut out).unwrap();
    out
}

fn report(shadow: &mut Shadow, params: &str, at: Millis) -> Vec<String> {
    let mut changed = Vec::new();
    let n = shadow.apply_report(&record_of(params), at, Millis::MAX, |id, value| {
        changed.push(format!("{id}={}", value.to_json()));
    });
    assert_eq!(n, changed.len());
    changed
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn only_what_became_another_value_counts_as_changed() {
    let mut shadow = Shadow::default();
    assert!(shadow.is_empty());
    assert_eq!(report(&mut shadow, r#"{"a":1,"s":"温"}"#, 100), ["a=1", "s=\"温\""]);
    assert_eq!(report(&mut shadow, r#"{"s":"温","a":2}"#, 200), ["a=2"]);
    assert_eq!(report(&mut shadow, r#"{"b":3}"#, 300), ["b=3"]);
    assert!(report(&mut shadow, r#"{"b":3}"#, 400).is_empty());
    let times: Vec<_> = shadow.entries().map(|e| (e.id, e.changed, e.reported)).collect();
    assert_eq!(times, [("a", 200, 200), ("s", 100, 200), ("b", 300, 400)]);
    assert_eq!(shadow.get("a").map(|entry| entry.value), Some(Value::Int(2)));
    assert_eq!(shadow.get("c").map(|entry| entry.value), None);
}

#[test]
fn the_wire_forms() {
    let mut shadow = Shadow::default();
    assert_eq!(text(|out| shadow.write_reported(out)), "{}");
    report(&mut shadow, r#"{"a":1,"s":"q\"🌡"}"#, 100);
    report(&mut shadow, r#"{"a":1}"#, 200);
    assert_eq!(text(|out| shadow.write_reported(out)), r#"{"a":1,"s":"q\"🌡"}"#);
    assert_eq!(
        text(|out| shadow.write_latest(out)),
        r#"{"a":{"Value":1,"LastUpdate":100},"s":{"Value":"q\"🌡","LastUpdate":100}}"#
    );
    shadow.set_desired(&record_of(r#"{"b":7}"#), 300);
    assert_eq!(text(|out| shadow.write_desired(out)), r#"{"b":7}"#);
}

#[test]
fn what_is_wanted_lasts_until_it_is_cleared() {
    let mut shadow = Shadow::default();
    assert!(!shadow.clear_desired());
    shadow.set_desired(&record_of(r#"{"a":1,"b":2}"#), 100);
    shadow.set_desired(&record_of(r#"{"b":3}"#), 200);
    let wanted: Vec<_> = shadow.desired().collect();
    assert_eq!(wanted, [("a", Value::Int(1), 100), ("b", Value::Int(3), 200)]);
    report(&mut shadow, r#"{"a":1}"#, 300);
    assert!(shadow.has_desired() && !shadow.is_empty());
    assert!(shadow.clear_desired() && !shadow.has_desired());
    assert!(shadow.get("a").is_some());
}

#[test]
fn a_report_of_what_is_wanted_fulfils_it() {
    let mut shadow = Shadow::default();
    shadow.set_desired(&record_of(r#"{"a":1,"b":2}"#), 100);
    report(&mut shadow, r#"{"a":1,"b":3,"c":1}"#, 200);
    assert_eq!(text(|out| shadow.write_desired(out)), r#"{"b":2}"#);
}

#[test]
fn each_field_keeps_what_it_was_told_last() {
    let mut shadow = Shadow::default();
    report(&mut shadow, r#"{"a":1}"#, 200);
    shadow.set_desired(&record_of(r#"{"a":7,"b":2}"#), 250);
    // Of before what is known of `a`, and news of `b` and `c`.
    assert_eq!(report(&mut shadow, r#"{"a":7,"b":2,"c":3}"#, 100), ["b=2", "c=3"]);
    let known: Vec<_> = shadow.entries().map(|e| (e.id, e.value, e.reported)).collect();
    let expected = [("a", 1, 200), ("b", 2, 100), ("c", 3, 100)];
    assert_eq!(known, expected.map(|(id, n, at)| (id, Value::Int(n), at)));
    assert_eq!(text(|out| shadow.write_desired(out)), r#"{"a":7}"#);
    // The clock was set back: what came of the future does not hold up what comes now.
    assert_eq!(shadow.apply_report(&record_of(r#"{"a":4}"#), 120, 150, |_, _| ()), 1);
    assert_eq!(shadow.get("a").map(|entry| entry.reported), Some(120));
}

#[test]
fn what_another_model_would_not_take_is_forgotten() {
    let field = |id: &str, mode: &str, define: &str| {
        format!(r#"{{"id":"{id}","name":"x","mode":"{mode}","define":{define}}}"#)
    };
    let other = |fields: &[String]| {
        Model::parse(&format!(r#"{{"properties":[{}]}}"#, fields.join(","))).unwrap()
    };
    let mut shadow = Shadow::default();
    report(&mut shadow, r#"{"a":1,"b":2,"c":5,"s":"x"}"#, 100);
    shadow.set_desired(&record_of(r#"{"a":3,"b":3,"c":6,"s":"y"}"#), 100);
    let same = shadow.clone();
    assert!(!shadow.conform(&model()));
    assert_eq!(shadow, same);
    // `a` is read-only now, `b` is gone, `c` is a float, `s` a number.
    let new = other(&[
        field("a", "r", r#"{"type":"int","min":"0","max":"9"}"#),
        field("c", "rw", r#"{"type":"float","min":"0","max":"9"}"#),
        field("s", "rw", r#"{"type":"int","min":"0","max":"9"}"#),
    ]);
    assert!(shadow.conform(&new));
    assert!(!shadow.conform(&new));
    assert_eq!(shadow.entries().map(|e| e.id).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(shadow.get("c").map(|entry| entry.value), Some(Value::Float(5.0)));
    assert_eq!(shadow.desired().collect::<Vec<_>>(), [("c", Value::Float(6.0), 100)]);
    // Out of the new bounds.
    assert!(shadow.conform(&other(&[field("a", "r", r#"{"type":"int","min":"2","max":"9"}"#)])));
    assert!(shadow.is_empty());
}

#[test]
fn what_is_taken_back_is_as_before_but_for_what_came_since() {
    let mut shadow = Shadow::default();
    report(&mut shadow, r#"{"a":1,"b":1}"#, 100);
    shadow.set_desired(&record_of(r#"{"c":5,"b":5}"#), 100);
    let before = shadow.clone();
    report(&mut shadow, r#"{"a":2,"b":5,"s":"x"}"#, 200);
    shadow.set_desired(&record_of(r#"{"c":6,"a":9}"#), 200);
    let after = shadow.clone();
    let mut alone = shadow.clone();
    alone.revert(&before, &after);
    assert_eq!(alone, before);
    // Meanwhile `a` came again, and `c` is wanted anew.
    report(&mut shadow, r#"{"a":3}"#, 300);
    shadow.set_desired(&record_of(r#"{"c":7}"#), 300);
    shadow.revert(&before, &after);
    assert_eq!(text(|out| shadow.write_reported(out)), r#"{"a":3,"b":1}"#);
    let wanted: Vec<_> = shadow.desired().collect();
    assert_eq!(wanted, [("c", Value::Int(7), 300), ("b", Value::Int(5), 100)]);
}

#[test]
fn rows_that_are_not_ours_are_refused() {
    let mut shadow = Shadow::default();
    report(&mut shadow, r#"{"a":1}"#, 100);
    let mut row = Vec::new();
    shadow.encode(&mut row);
    assert_eq!(Shadow::decode(&row).as_ref(), Some(&shadow));
    for end in 0..row.len() {
        assert_eq!(Shadow::decode(&row[..end]), None, "{end} bytes");
    }
    row.push(0);
    assert_eq!(Shadow::decode(&row), None, "a byte too many");
    row.pop();
    row[0] = VERSION + 1;
    assert_eq!(Shadow::decode(&row), None, "another version");
}

proptest! {
    #[test]
    fn a_row_comes_back(
        reports in vec((0..4_usize, any::<i64>(), "\\PC{0,8}"), 0..12),
        wanted in vec((0..4_usize, any::<i64>(), "\\PC{0,8}"), 0..4),
    ) {
        let params = |(which, n, text): &(usize, i64, String)| match which {
            3 => serde_json::json!({ "s": text }).to_string(),
            n_id => serde_json::json!({ ["a", "b", "c"][*n_id]: n }).to_string(),
        };
        let mut shadow = Shadow::default();
        for (at, one) in (1_700_000_000_000..).zip(&reports) {
            report(&mut shadow, &params(one), at);
        }
        wanted.iter().for_each(|one| shadow.set_desired(&record_of(&params(one)), 5));
        let mut row = Vec::new();
        shadow.encode(&mut row);
        let back = Shadow::decode(&row);
        prop_assert_eq!(back.as_ref(), Some(&shadow));
        prop_assert!(!shadow.conform(&model()), "its own model takes all of it");
    }

    #[test]
    fn the_model_that_took_a_value_takes_it_again(n in any::<f64>(), list in vec((any::<f64>(), "\\PC{0,8}"), 0..4)) {
        prop_assume!(n.is_finite() && list.iter().all(|(n, _)| n.is_finite()));
        let model = Model::parse(r#"{"properties":[
            {"id":"f","name":"x","mode":"rw","define":{"type":"float"}},
            {"id":"l","name":"x","mode":"rw","define":{"type":"array","arrayInfo":{"type":"struct","specs":[
                {"id":"n","name":"x","dataType":{"type":"float"}},
                {"id":"s","name":"x","dataType":{"type":"string"}}]}}}]}"#).unwrap();
        let list: Vec<_> = list.iter().map(|(n, s)| serde_json::json!({ "n": n, "s": s })).collect();
        let (params, mut record) = (serde_json::json!({ "f": n, "l": list }).to_string(), Vec::new());
        model.check_report(&params, &mut record).unwrap();
        let mut shadow = Shadow::default();
        shadow.apply_report(&record, 1, 1, |_, _| ());
        let before = text(|out| shadow.write_latest(out));
        shadow.conform(&model);
        prop_assert_eq!(text(|out| shadow.write_latest(out)), before);
    }

    #[test]
    fn the_latest_report_wins(values in vec((0..3_usize, any::<i64>()), 1..20)) {
        let mut shadow = Shadow::default();
        let mut last = std::collections::BTreeMap::new();
        for (at, (which, n)) in (0..).zip(values) {
            let id = ["a", "b", "c"][which];
            let changed = report(&mut shadow, &serde_json::json!({ id: n }).to_string(), at);
            prop_assert_eq!(changed.len(), usize::from(last.insert(id, n) != Some(n)));
        }
        for (id, n) in last {
            prop_assert_eq!(shadow.get(id).map(|entry| entry.value), Some(Value::Int(n)));
        }
    }

    #[test]
    fn arbitrary_rows_never_panic(row in vec(any::<u8>(), 0..100)) {
        for row in [&row[..], &[&[VERSION][..], &row].concat()] {
            if let Some(shadow) = Shadow::decode(row) {
                prop_assert!(shadow.entries().count() + shadow.desired().count() < 100);
            }
        }
    }
}
