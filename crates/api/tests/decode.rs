//! After the check, decoding cannot fail: whatever stands in a request.

#[path = "gen/decode.rs"]
mod decode;

use api::{
    ActionInfo, params, registry,
    shape::{Kind, Shape},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// Anything at all, as wrong as callers are.
fn junk() -> BoxedStrategy<Value> {
    select(vec![
        json!(null),
        json!(true),
        json!("true"),
        json!(""),
        json!("温度🌡"),
        json!(0),
        json!(-1),
        json!("-1"),
        json!("+1"),
        json!(1.0),
        json!("1.0"),
        json!("1e3"),
        json!("inf"),
        json!("nan"),
        json!("18446744073709551615"),
        json!(u64::MAX),
        json!(i64::MIN),
        json!("18446744073709551616"),
        json!(1e300),
        json!("1e999"),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "0": "x" }),
        json!({ "Value": 1 }),
        json!([[["x"]]]),
    ])
    .boxed()
}

/// A value of this kind, in any of the forms that are accepted.
fn right(kind: &'static Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Bool => select(vec![json!(true), json!("false"), json!("True")]).boxed(),
        Kind::Int => prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<i64>().prop_map(|n| Value::from(n.to_string()))
        ]
        .boxed(),
        Kind::Uint => prop_oneof![
            any::<u64>().prop_map(Value::from),
            any::<u64>().prop_map(|n| Value::from(n.to_string()))
        ]
        .boxed(),
        Kind::Float => prop_oneof![
            (-1e300..1e300_f64).prop_map(Value::from),
            any::<i32>().prop_map(|n| Value::from(n.to_string()))
        ]
        .boxed(),
        Kind::Text => any::<String>().prop_map(Value::from).boxed(),
        Kind::Object(shape) => object(shape),
        Kind::List(item) => vec(near(item), 0..3).prop_map(Value::Array).boxed(),
    }
}

fn near(kind: &'static Kind) -> BoxedStrategy<Value> {
    prop_oneof![40 => right(kind), 1 => junk()].boxed()
}

fn object(shape: &'static Shape) -> BoxedStrategy<Value> {
    let fields: Vec<_> = shape
        .fields
        .iter()
        .map(|field| {
            let odds = if field.required { 0.98 } else { 0.5 };
            (Just(field.name), prop::option::weighted(odds, near(&field.kind)))
        })
        .collect();
    fields
        .prop_map(|fields| {
            let given =
                fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Value::Object(given.collect::<Map<_, _>>())
        })
        .boxed()
}

fn request() -> impl Strategy<Value = (&'static ActionInfo, Value)> {
    select(registry::all()).prop_flat_map(|info| (Just(info), object(info.shape)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]
    #[test]
    fn what_passes_the_check_decodes_and_passes_again((info, given) in request()) {
        if let Ok(checked) = params::check(info, given) {
            prop_assert!(decode::decode(info.name, checked.clone()).is_ok());
            prop_assert_eq!(params::check(info, checked.clone()).unwrap(), checked);
        }
    }

    #[test]
    fn a_right_request_passes(info in select(registry::all())) {
        // Every shape that is required can be filled, so the check refuses no action as a whole.
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let passes = (0..200).any(|_| {
            let tree = object(info.shape).new_tree(&mut runner).unwrap();
            params::check(info, tree.current()).is_ok()
        });
        prop_assert!(passes, "{}", info.name);
    }

    #[test]
    fn pairs_never_panic(pairs in vec(("[A-Za-z0-9.]{0,12}", any::<String>()), 0..12)) {
        if let Ok(value) = params::from_pairs(pairs.into_iter()) {
            for info in registry::all() {
                drop(params::check(info, value.clone()));
            }
        }
    }
}
