use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::*;

fn accepts(text: &str) -> bool {
    let mut scan = Scan::new(text);
    scan.raw().is_ok() && scan.end().is_ok()
}

/// Any JSON value, at most three levels deep.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no other", |n| n.is_finite()).prop_map(Value::from),
        "\\PC{0,12}|[\"\\\\\n\u{1}🌡]{1,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec(("\\PC{0,6}", inner), 0..5)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_writes_is_read(value in any_json()) {
        let text = value.to_string();
        let mut scan = Scan::new(&text);
        prop_assert_eq!(scan.raw().unwrap(), &*text);
        prop_assert!(scan.end().is_ok());
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert!(accepts(&pretty));
    }

    #[test]
    fn damaged_text_is_judged_as_serde_judges(
        value in any_json(),
        at in any::<prop::sample::Index>(),
        with in "[\\[\\]{}\",:0-9eE+.\\\\u \\-tfn\u{1}]{0,2}",
    ) {
        let text = value.to_string();
        let at = at.index(text.chars().count());
        let damaged: String =
            text.chars().take(at).chain(with.chars()).chain(text.chars().skip(at + 1)).collect();
        let theirs = serde_json::from_str::<Value>(&damaged).is_ok();
        prop_assert_eq!(accepts(&damaged), theirs, "{}", damaged);
    }

    #[test]
    fn strings_are_unescaped_as_serde_does(text in "(\\PC|\"|\\\\|\n|\u{1}|🌡){0,20}") {
        let json = Value::from(&*text).to_string();
        prop_assert_eq!(&*Scan::new(&json).string().unwrap().cow(), &*text);
        let mut ours = Vec::new();
        json::write_str(&mut ours, &text);
        let back: String = serde_json::from_slice(&ours).unwrap();
        prop_assert_eq!(back, text);
    }

    #[test]
    fn numbers_are_read_exactly(n in any::<i64>(), x in any::<f64>()) {
        prop_assert_eq!(Scan::new(&n.to_string()).number().unwrap(), Number::Int(n));
        prop_assume!(x.is_finite());
        let text = format!("{x:e}");
        match Scan::new(&text).number().unwrap() {
            Number::Float(read) => prop_assert_eq!(read, x),
            Number::Int(_) => prop_assert!(false, "{} has an exponent", text),
        }
    }
}

#[test]
fn what_json_forbids_is_refused() {
    for bad in [
        "",
        " ",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "NaN",
        "Infinity",
        "1e400",
        "nul",
        "True",
        "'a'",
        "\"a",
        "\"\t\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00""#,
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:2}",
        "[",
        "{",
        "1 2",
        "[]]",
        "\u{FEFF}1",
    ] {
        assert!(!accepts(bad), "{bad}");
    }
    for good in [" 1 ", "-0", "1E+2", r#""🌡\ud83c\udf21""#, "[]", "{}", "[ ]", "{ }", "1e-400"] {
        assert!(accepts(good), "{good}");
    }
}

#[test]
fn ten_thousand_levels_are_refused_without_a_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = [open.repeat(10_000), "1".into(), close.repeat(10_000)].concat();
        let why = Scan::new(&deep).raw().unwrap_err().why;
        assert_eq!(why, "nested too deep");
        let fine = [open.repeat(32), "1".into(), close.repeat(32)].concat();
        assert!(accepts(&fine));
    }
}

#[test]
fn whole_numbers_beyond_64_bits_become_doubles() {
    let number = |text| Scan::new(text).number().unwrap();
    assert_eq!(number("9223372036854775807"), Number::Int(i64::MAX));
    assert_eq!(number("-9223372036854775808"), Number::Int(i64::MIN));
    assert_eq!(number("9223372036854775808"), Number::Float(9_223_372_036_854_775_808.0));
    assert_eq!(number("5.0"), Number::Float(5.0));
}
