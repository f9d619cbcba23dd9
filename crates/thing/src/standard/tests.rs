use std::collections::HashSet;

use serde_json::Value;

use super::*;
use crate::{Mode, Model, Type};

fn parse(text: &str) -> Model {
    Model::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn parent(category: &Category) -> Option<&'static Category> {
    CATEGORIES.iter().find(|other| other.id == category.parent)
}

#[test]
fn every_standard_model_is_a_thing_model() {
    let with_model: Vec<_> =
        CATEGORIES.iter().filter(|category| category.model.is_some()).collect();
    assert!(with_model.len() >= 12, "{}", with_model.len());
    for category in with_model {
        let text = model(category.id).unwrap();
        let parsed = Model::parse(text).unwrap_or_else(|e| panic!("{}: {e}", category.en));
        assert!(parsed.properties().count() >= 2, "{}", category.en);
    }
    parse(location());
}

#[test]
fn the_tree_has_three_levels_and_ids_are_unique() {
    let mut seen = HashSet::new();
    for category in categories() {
        assert!(category.parent == 0 || seen.contains(&category.parent), "{}", category.en);
        assert!(seen.insert(category.id) && category.id > 0, "{}", category.en);
        let depth = std::iter::successors(Some(category), |&c| parent(c)).count();
        let leaf = !CATEGORIES.iter().any(|other| other.parent == category.id);
        assert_eq!(leaf, depth == 3, "{}", category.en);
        assert!(leaf || category.model.is_none(), "{}", category.en);
        assert!(category.model.is_some() || !leaf || category.id == CUSTOM, "{}", category.en);
    }
}

#[test]
fn the_custom_category_is_1_and_has_no_model() {
    let custom = CATEGORIES.iter().find(|category| category.id == 1).unwrap();
    let path: Vec<_> = std::iter::successors(Some(custom), |&c| parent(c)).map(|c| c.zh).collect();
    assert_eq!(path, ["自定义品类", "其他品类", "其他行业"]);
    assert_eq!((model(1), model(101), model(-5)), (None, None, None));
}

#[test]
fn the_light_has_what_the_manual_shows() {
    let light = parse(model(3).unwrap());
    for (id, kind) in
        [("power_switch", "bool"), ("color", "enum"), ("brightness", "int"), ("name", "string")]
    {
        let property = light.property(id).unwrap();
        assert_eq!((property.field.kind.name(), property.mode), (kind, Mode::ReadWrite), "{id}");
    }
    assert!(light.events().iter().any(|event| &*event.id == "status_report"));
    assert!(!light.actions().is_empty());
}

#[test]
fn positions_of_the_manual_pass() {
    let reports = [
        r#"{"GPS_Info":{"longtitude":112.59014,"latitude":22.28014}}"#,
        r#"{"GPS_ExtInfo":{"longtitude":112.59014,"latitude":22.28014,"altitude":200,"gps_speed":80,"direction":30,"location_state":1,"satellites":9,"gps_time":1700000000,"collect_time":1700000000}}"#,
        r#"{"Cell_Info":{"rss":-85,"networkType":1,"mcc":460,"mnc":13824,"lac":3,"cid":33}}"#,
        r#"{"Cell_Info":{"rss":-85,"networktype":5,"mcc":460,"mnc":0,"lac":30000,"cid":50000}}"#,
        r#"{"Wifi_Info":[{"Mac":"78a106a5b166","Rssi":-81},{"Mac":"60:8f:5c:66:b3:f7","Rssi":-82}]}"#,
    ];
    for text in [location(), model(60).unwrap()] {
        let model = parse(text);
        for report in reports {
            model.check_report(report, &mut Vec::new()).unwrap_or_else(|e| panic!("{e}: {report}"));
        }
    }
}

/// A start value that the definition itself refuses would greet every user of the form.
#[test]
fn start_values_are_in_their_bounds() {
    fn walk(value: &Value, path: &str) {
        if let Some(start) = value.get("start") {
            let n = |key: &str| value[key].as_str().unwrap().parse::<f64>().unwrap();
            assert!(n("min") <= n("start") && n("start") <= n("max"), "{path}: {start}");
            assert!(n("step") > 0.0, "{path}");
        }
        match value {
            Value::Object(map) => map.iter().for_each(|(k, v)| walk(v, &format!("{path}.{k}"))),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(n, v)| walk(v, &format!("{path}[{n}]")));
            }
            _ => {}
        }
    }
    for category in CATEGORIES {
        if let Some(text) = category.model {
            walk(&serde_json::from_str(text).unwrap(), category.en);
        }
    }
}

#[test]
fn standard_models_use_every_type() {
    let mut seen = HashSet::new();
    for text in CATEGORIES.iter().filter_map(|category| category.model) {
        let model = parse(text);
        let events = model.events().iter().flat_map(|event| event.params.iter());
        for field in model.properties().map(|property| property.field).chain(events) {
            seen.insert(field.kind.name());
            if let Type::Struct(fields) = &field.kind {
                seen.extend(fields.iter().map(|field| field.kind.name()));
            }
        }
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
}
