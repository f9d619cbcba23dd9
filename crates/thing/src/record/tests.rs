use proptest::{collection::vec, prelude::*};

use super::*;

/// A value, owned.
#[derive(Debug, Clone)]
enum Own {
    Int(i64),
    Float(f64),
    Text(String),
    Struct(Vec<(String, Own)>),
    Array(Vec<Own>),
}

fn own() -> impl Strategy<Value = Own> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Own::Int),
        prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)].prop_map(Own::Int),
        any::<f64>().prop_filter("reports have no other", |n| n.is_finite()).prop_map(Own::Float),
        "\\PC{0,20}|.{0,8}🌡".prop_map(Own::Text),
        "x{100,300}".prop_map(Own::Text),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(("[a-z_]{1,32}", inner.clone()), 0..5).prop_map(Own::Struct),
            vec(inner, 0..5).prop_map(Own::Array),
        ]
    })
}

fn put(out: &mut Vec<u8>, value: &Own) {
    match value {
        Own::Int(n) => put_int(out, *n),
        Own::Float(n) => put_float(out, *n),
        Own::Text(text) => put_text(out, text),
        Own::Struct(fields) => {
            let from = open(out, false);
            put_all(out, fields);
            close(out, from);
        }
        Own::Array(items) => {
            let from = open(out, true);
            items.iter().for_each(|item| put(out, item));
            close(out, from);
        }
    }
}

fn put_all(out: &mut Vec<u8>, fields: &[(String, Own)]) {
    for (id, value) in fields {
        put_id(out, id);
        put(out, value);
    }
}

fn encode(fields: &[(String, Own)]) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_all(&mut out, fields);
    out
}

fn is(value: Value<'_>, own: &Own) -> bool {
    match (value, own) {
        (Value::Int(a), Own::Int(b)) => a == *b,
        (Value::Float(a), Own::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Text(a), Own::Text(b)) => a == b,
        (Value::Struct(a), Own::Struct(b)) => {
            a.count() == b.len() && a.zip(b).all(|(a, (id, own))| a.id == id && is(a.value, own))
        }
        (Value::Array(a), Own::Array(b)) => {
            a.count() == b.len() && a.zip(b).all(|(a, own)| is(a, own))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(given in vec(("[a-zA-Z_]{1,32}", own()), 0..6)) {
        let bytes = encode(&given);
        prop_assert!(is(Value::Struct(fields(&bytes)), &Own::Struct(given.clone())));
        for field in fields(&bytes) {
            // Each field's own bytes are the value, whole.
            prop_assert_eq!(Value::decode(field.bytes), Some(field.value));
        }
        let mut json = Vec::new();
        write_json(&mut json, &bytes);
        let read: serde_json::Value = serde_json::from_slice(&json).unwrap();
        prop_assert!(read.is_object());
    }

    #[test]
    fn cut_records_end_early(given in vec(("[a-z]{1,8}", own()), 1..5), at in any::<prop::sample::Index>()) {
        let bytes = encode(&given);
        let whole: Vec<_> = fields(&bytes).map(|field| field.id).collect();
        let cut = &bytes[..at.index(bytes.len())];
        let some: Vec<_> = fields(cut).map(|field| field.id).collect();
        prop_assert!(some.len() < whole.len() && whole.starts_with(&some));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..120), version in any::<bool>()) {
        let bytes = if version { [&[VERSION][..], &bytes].concat() } else { bytes };
        let mut json = Vec::new();
        write_json(&mut json, &bytes);
        prop_assert_eq!((json.first(), json.last()), (Some(&b'{'), Some(&b'}')));
        if let Some(value) = Value::decode(&bytes) {
            prop_assert!(!value.to_json().is_empty());
        }
    }

    #[test]
    fn numbers_are_written_as_they_are(n in any::<i64>(), x in any::<f64>()) {
        prop_assert_eq!(Value::Int(n).to_json(), n.to_string());
        prop_assume!(x.is_finite());
        prop_assert_eq!(Value::Float(x).to_json().parse::<f64>().unwrap(), x);
    }
}

#[test]
fn small_values_are_small() {
    let bytes = encode(&[("power_switch".into(), Own::Int(1))]);
    assert_eq!(bytes.len(), 1 + 1 + 12 + 1 + 1);
    assert_eq!(get(&bytes, "power_switch"), Some(Value::Int(1)));
    assert_eq!(get(&bytes, "power"), None);
}

#[test]
fn another_version_has_no_fields() {
    let mut bytes = encode(&[("a".into(), Own::Int(1))]);
    bytes[0] = VERSION + 1;
    assert_eq!(fields(&bytes).count(), 0);
    assert_eq!(fields(&[]).count(), 0);
}

#[test]
fn bytes_that_nest_without_end_are_broken() {
    let mut bytes = Vec::new();
    let from: Vec<_> = (0..10_000).map(|_| open(&mut bytes, true)).collect();
    from.into_iter().rev().for_each(|from| close(&mut bytes, from));
    let json = Value::decode(&bytes).unwrap().to_json();
    assert_eq!(json, "[[[[[[[[]]]]]]]]");
}

#[test]
fn whole_floats_are_written_without_a_point() {
    for (n, text) in
        [(5.0, "5"), (-0.0, "0"), (0.1, "0.1"), (-40.5, "-40.5"), (1e15, "1000000000000000")]
    {
        assert_eq!(Value::Float(n).to_json(), text);
    }
    assert_eq!(Value::Text("a\"\\\n\u{1}温🌡").to_json(), "\"a\\\"\\\\\\n\\u0001温🌡\"");
}
