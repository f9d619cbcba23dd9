use serde_json::json;

use super::*;

/// A model with one of everything.
fn full() -> Value {
    let text = |name: &str| json!({"type": "string", "min": "0", "max": name.len().to_string()});
    json!({
        "version": "1.0",
        "profile": {"ProductId": "2300UMK31M", "CategoryId": "3"},
        "properties": [
            {"id": "on", "name": "开关", "desc": "", "required": true, "mode": "rw",
             "define": {"type": "bool", "mapping": {"0": "关", "1": "开"}}},
            {"id": "level", "name": "亮度 💡", "mode": "rw",
             "define": {"type": "int", "unit": "%", "step": "1", "min": "0", "max": "100", "start": "1"}},
            {"id": "temp", "name": "温度", "mode": "r",
             "define": {"type": "float", "step": 0.1, "min": -40, "max": 125.5}},
            {"id": "label", "name": "名", "mode": "rw", "define": text("12345678")},
            {"id": "color", "name": "颜色", "mode": "rw",
             "define": {"type": "enum", "mapping": {"2": "蓝", "0": "红", "-1": "无"}}},
            {"id": "scene", "name": "场景", "mode": "rw",
             "define": {"type": "stringenum", "mapping": {"home": "回家", "away": "离家"}}},
            {"id": "at", "name": "时间", "mode": "r", "define": {"type": "timestamp"}},
            {"id": "place", "name": "位置", "mode": "r", "define": {"type": "struct", "specs": [
                {"id": "lat", "name": "纬度", "dataType": {"type": "float", "min": "-90", "max": "90"}},
                {"id": "ok", "name": "有效", "define": {"type": "bool", "mapping": {"0": "否", "1": "是"}}}
            ]}},
            {"id": "list", "name": "列表", "mode": "rw",
             "define": {"type": "array", "arrayInfo": {"type": "int", "min": "1", "max": "9"}}},
            {"id": "spots", "name": "热点", "mode": "r",
             "define": {"type": "array", "arrayInfo": {"type": "struct", "specs": [
                {"id": "mac", "name": "MAC", "dataType": {"type": "string", "min": "0", "max": "17"}}]}}}
        ],
        "events": [
            {"id": "status", "name": "状态", "type": "info", "required": false, "params": [
                {"id": "code", "name": "码", "define": {"type": "int", "min": "0", "max": "9"}}]},
            {"id": "hot", "name": "过热", "type": "alert", "params": []},
            {"id": "broken", "name": "故障", "type": "fault"}
        ],
        "actions": [
            {"id": "open", "name": "开锁",
             "input": [{"id": "order", "name": "单号", "define": text("12345678")}],
             "output": [{"id": "code", "name": "结果", "define": {"type": "int", "min": "0", "max": "1"}}]}
        ]
    })
}

fn parse_value(value: &Value) -> std::result::Result<Model, ModelError> {
    Model::parse(&value.to_string())
}

/// The full model with the value at a pointer replaced.
fn with(pointer: &str, new: Value) -> Value {
    let mut value = full();
    match value.pointer_mut(pointer) {
        Some(place) => *place = new,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            value.pointer_mut(parent).unwrap()[key] = new;
        }
    }
    value
}

fn fails(pointer: &str, new: Value, path: &str, problem: Problem) {
    let shown = new.to_string();
    let error = parse_value(&with(pointer, new)).expect_err(pointer);
    assert_eq!((&*error.path, error.problem), (path, problem), "{pointer} = {shown}: {error}");
    assert!(error.why.len() < 200, "{error}");
    assert!(error.to_string().starts_with(&format!("{path}: ")));
}

#[test]
fn every_type_is_read() {
    let model = parse_value(&full()).unwrap();
    let kind = |id| model.property(id).unwrap().field.kind.clone();
    assert_eq!(kind("on"), Type::Bool);
    assert_eq!(kind("level"), Type::Int { min: 0, max: 100 });
    assert_eq!(kind("temp"), Type::Float { min: -40.0, max: 125.5 });
    assert_eq!(kind("label"), Type::String { min: 0, max: 8 });
    assert_eq!(kind("color"), Type::Enum([-1, 0, 2].into()));
    assert_eq!(kind("scene"), Type::StringEnum(["home".into(), "away".into()].into()));
    assert_eq!(kind("at"), Type::Timestamp);
    assert_eq!(kind("list"), Type::Array(Box::new(Type::Int { min: 1, max: 9 })));
    let Type::Struct(place) = kind("place") else { panic!("a struct") };
    assert_eq!(place.get("lat").unwrap().kind, Type::Float { min: -90.0, max: 90.0 });
    assert_eq!(place.get("ok").unwrap().kind, Type::Bool);
    let Type::Array(spot) = kind("spots") else { panic!("an array") };
    assert!(matches!(*spot, Type::Struct(_)));
}

#[test]
fn names_modes_events_and_actions_are_read() {
    let model = parse_value(&full()).unwrap();
    assert_eq!(&*model.property("level").unwrap().field.name, "亮度 💡");
    assert_eq!(model.property("temp").unwrap().mode, Mode::Read);
    assert_eq!(model.property("on").unwrap().mode, Mode::ReadWrite);
    assert!(model.property("nope").is_none());
    let kinds: Vec<_> = model.events().iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Info, EventKind::Alert, EventKind::Fault]);
    assert_eq!(model.event("status").unwrap().params.iter().count(), 1);
    let open = model.action("open").unwrap();
    assert!(open.input.get("order").is_some() && open.output.get("code").is_some());
    let order: Vec<_> = model.properties().map(|p| p.field.id.to_string()).collect();
    assert_eq!(&order[..3], ["on", "level", "temp"]);
}

#[test]
fn lists_may_be_left_out() {
    for text in ["{}", r#"{"properties":null}"#, r#"{"version":"1.0","profile":{},"x":[1]}"#] {
        assert_eq!(Model::parse(text).unwrap(), Model::empty(), "{text}");
    }
}

#[test]
fn bounds_come_as_strings_or_numbers_or_not_at_all() {
    for (min, max) in
        [(json!("0"), json!("100")), (json!(0), json!(100)), (json!("0.0"), json!(1e2))]
    {
        let mut value = with("/properties/1/define/min", min);
        value["properties"][1]["define"]["max"] = max;
        let model = parse_value(&value).unwrap();
        assert_eq!(model.property("level").unwrap().field.kind, Type::Int { min: 0, max: 100 });
    }
    for nothing in [json!(""), Value::Null] {
        let mut value = with("/properties/1/define/min", nothing.clone());
        value["properties"][1]["define"]["max"] = nothing;
        let kind = &parse_value(&value).unwrap().property("level").unwrap().field.kind.clone();
        assert_eq!(*kind, Type::Int { min: i64::MIN, max: i64::MAX });
    }
}

#[test]
fn errors_of_features_name_the_path() {
    use Problem::{DuplicateId, EventType, Invalid};
    for id in [json!(""), json!("1a"), json!("温度"), json!("a-b"), json!("a".repeat(33)), json!(7)]
    {
        fails("/properties/0/id", id, "properties[0].id", Invalid);
    }
    fails("/properties", json!({}), "properties", Invalid);
    fails("/properties/0", json!(5), "properties[0].id", Invalid);
    fails("/properties/0/name", json!(1), "properties[0].name", Invalid);
    fails("/properties/0/name", json!("名".repeat(257)), "properties[0].name", Invalid);
    fails("/properties/0/mode", json!("w"), "properties[0].mode", Invalid);
    fails("/properties/0/define", json!("x"), "properties[0].define", Invalid);
    fails("/properties/1/id", json!("on"), "properties[1].id", DuplicateId);
    fails("/events/0/id", json!("on"), "events[0].id", DuplicateId);
    fails("/actions/0/id", json!("hot"), "actions[0].id", DuplicateId);
    fails("/events/0/type", json!("warning"), "events[0].type", EventType);
    fails("/events/0/type", Value::Null, "events[0].type", EventType);
    fails("/version", json!(1), "version", Invalid);
    fails("/profile", json!([]), "profile", Invalid);
}

#[test]
fn errors_of_mappings_name_the_path() {
    let fails = |n: usize, mapping: Value, end: &str, problem| {
        let path = format!("properties[{n}].define.mapping{end}");
        fails(&format!("/properties/{n}/define/mapping"), mapping, &path, problem);
    };
    fails(0, json!({"0": "关"}), "", Problem::BoolMapping);
    fails(0, json!({"0": "a", "1": 1}), "", Problem::BoolMapping);
    fails(0, Value::Null, "", Problem::BoolMapping);
    fails(4, json!({}), "", Problem::EnumMapping);
    fails(4, json!({"a": "x"}), "", Problem::EnumMapping);
    fails(4, json!({"1": "x", "01": "y"}), "", Problem::EnumMapping);
    fails(5, json!({"a": 1}), ".a", Problem::EnumMapping);
    fails(5, json!("x"), "", Problem::EnumMapping);
}

#[test]
fn errors_of_bounds_name_the_path() {
    let fails = |n: usize, key: &str, bound: Value| {
        let path = format!("properties[{n}].define.{key}");
        fails(&format!("/properties/{n}/define/{key}"), bound, &path, Problem::Range);
    };
    fails(1, "max", json!("-1"));
    for bad in [json!("x"), json!("inf"), json!("NaN"), json!("0.5"), json!([1]), json!(true)] {
        fails(1, "min", bad);
    }
    fails(1, "step", json!("-1"));
    fails(2, "start", json!("x"));
    fails(2, "max", json!(-1e300));
    fails(3, "max", json!("65537"));
    fails(3, "min", json!("-1"));
}

#[test]
fn errors_of_structs_name_the_path() {
    let at = "properties[7].define.specs";
    fails("/properties/7/define/specs", json!([]), at, Problem::Invalid);
    let id = format!("{at}[1].id");
    fails("/properties/7/define/specs/1/id", json!("lat"), &id, Problem::DuplicateId);
    let min = format!("{at}[0].dataType.min");
    fails("/properties/7/define/specs/0/dataType/min", json!("x"), &min, Problem::Range);
}

#[test]
fn bounds_that_no_number_reaches() {
    let problem = Problem::RangeOverflow;
    for big in [json!("1e400"), json!("9223372036854775808"), json!(1e30)] {
        fails("/properties/1/define/max", big, "properties[1].define.max", problem);
    }
    fails("/properties/2/define/max", json!("1e400"), "properties[2].define.max", problem);
}

#[test]
fn types_nest_only_so_far() {
    let place = "/properties/7/define/specs/0/dataType";
    let path = "properties[7].define.specs[0].dataType";
    let of_int = json!({"type": "array", "arrayInfo": {"type": "int"}});
    let a_struct =
        json!({"type": "struct", "specs": [{"id": "x", "name": "", "dataType": {"type": "int"}}]});
    fails(place, of_int.clone(), &format!("{path}.type"), Problem::Type);
    fails(place, a_struct, &format!("{path}.type"), Problem::Type);
    fails(
        "/properties/8/define/arrayInfo",
        of_int,
        "properties[8].define.arrayInfo.type",
        Problem::Type,
    );
    fails(
        "/properties/8/define/arrayInfo",
        Value::Null,
        "properties[8].define.arrayInfo",
        Problem::Invalid,
    );
    fails("/properties/0/define/type", json!("double"), "properties[0].define.type", Problem::Type);
    fails("/properties/0/define/type", Value::Null, "properties[0].define.type", Problem::Type);
}

#[test]
fn event_and_action_parameters_are_looked_at() {
    let one = |id: &str| json!({"id": id, "name": "x", "define": {"type": "int"}});
    fails(
        "/events/0/params",
        json!([one("a"), one("a")]),
        "events[0].params[1].id",
        Problem::EventParamTwice,
    );
    fails(
        "/actions/0/input",
        json!([one("a"), one("a")]),
        "actions[0].input[1].id",
        Problem::DuplicateId,
    );
    fails(
        "/actions/0/output/0/define/type",
        json!("x"),
        "actions[0].output[0].define.type",
        Problem::Type,
    );
    let many: Vec<_> = (0..=PARAMS).map(|n| one(&format!("p{n}"))).collect();
    fails("/events/0/params", json!(many), "events[0].params", Problem::EventParams);
    // A parameter may be named like a property.
    parse_value(&with("/events/0/params", json!([one("on")]))).unwrap();
}

#[test]
fn sizes_are_bounded() {
    let many = |n: usize| -> Vec<Value> {
        (0..n)
            .map(|n| json!({"id": format!("p{n}"), "name": "", "mode": "r", "define": {"type": "int"}}))
            .collect()
    };
    let model = json!({"properties": many(FEATURES)});
    assert_eq!(parse_value(&model).unwrap().properties().count(), FEATURES);
    fails("/properties", json!(many(FEATURES + 1)), "properties", Problem::TooMany);
    let error = parse_value(&with("/properties", json!(many(FEATURES - 2)))).unwrap_err();
    assert_eq!((&*error.path, error.problem), ("model", Problem::TooMany));
    let members: serde_json::Map<_, _> = (0..1001).map(|n| (n.to_string(), "x".into())).collect();
    fails(
        "/properties/4/define/mapping",
        members.into(),
        "properties[4].define.mapping",
        Problem::EnumMapping,
    );
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(MODEL_BYTES));
    assert_eq!(Model::parse(&long).unwrap_err().problem, Problem::TooMany);
}

#[test]
fn texts_that_are_no_json() {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    let hidden = format!("{{\"x\":{deep}}}");
    for text in ["", "x", "[]", "5", "null", "{", "{}{}", "\u{FEFF}{}", &*deep, &*hidden] {
        let error = Model::parse(text).unwrap_err();
        assert_eq!((&*error.path, error.problem), ("model", Problem::Invalid), "{error}");
        assert_eq!(error.code(), Code::InvalidParameterValueModelDefineInvalid);
    }
}

#[test]
fn a_long_key_makes_no_long_error() {
    let key = "k".repeat(10_000);
    let error = parse_value(&with("/properties/5/define/mapping", json!({ key: 1 }))).unwrap_err();
    assert!(error.to_string().len() < 200, "{}", error.to_string().len());
}

#[test]
fn each_problem_has_its_own_code() {
    use Problem::*;
    let all = [
        Invalid,
        TooMany,
        DuplicateId,
        Type,
        BoolMapping,
        EnumMapping,
        Range,
        RangeOverflow,
        EventType,
        EventParamTwice,
        EventParams,
    ];
    let codes: std::collections::HashSet<_> = all
        .into_iter()
        .map(|problem| ModelError { path: String::new(), why: String::new(), problem }.code())
        .map(|code| format!("{code:?}"))
        .collect();
    assert_eq!(codes.len(), all.len());
}
