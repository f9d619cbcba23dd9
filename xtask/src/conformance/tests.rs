//! What counts as naming a statement.

use super::*;

#[test]
fn an_id_has_a_section_and_a_number() {
    let line = "a [MQTT-3.1.2-24], [MQTT5-4.8.2-1]; [MQTT-2.2.1] [MQTT-..] MQTT-1.5.3-1 [MQTT-a-1]";
    assert_eq!(ids(line).collect::<Vec<_>>(), ["MQTT-3.1.2-24", "MQTT5-4.8.2-1"]);
}

#[test]
fn a_rust_test_names_above_and_inside() {
    let text = "//! Of [MQTT-9.9.9-9].\n\n/// Keeps [MQTT-1.5.3-1].\n#[test]\nfn one() {\n    // [MQTT-1.5.3-2]\n}\n\n\
                /// [MQTT-2.2.2-1]\n#[tokio::test(start_paused = true)]\nasync fn two() {}\n";
    let pair = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    assert_eq!(
        named_in_rust(text).unwrap(),
        [pair("MQTT-1.5.3-1", "one"), pair("MQTT-1.5.3-2", "one"), pair("MQTT-2.2.2-1", "two")]
    );
}

#[test]
fn only_tests_may_name() {
    assert!(named_in_rust("fn helper() {\n    // [MQTT-1.5.3-1]\n}\n").is_err());
    assert!(named_in_rust("const A: u8 = 1; // [MQTT-1.5.3-1]\n").is_err());
    assert!(named_in_python("def helper():\n    '''[MQTT-1.5.3-1]'''\n").is_err());
    assert_eq!(named_in_python("def test_a():\n    '''[MQTT-1.5.3-1]'''\n").unwrap().len(), 1);
}

#[test]
fn the_list_is_read_and_counted() {
    let text = "# words\n\nMQTT-1.0.0-1 | server | a\nMQTT-1.0.0-2 | client | b\n\
                MQTT-1.0.0-3 | both | c | because\nMQTT5-1.0.0-1 | both | d\n";
    let all = clauses(text).unwrap();
    let tests = Tests::from([("MQTT5-1.0.0-1".to_owned(), vec!["a.rs::t".to_owned()])]);
    let count = Count::of(&all, &tests, "MQTT-");
    assert_eq!(count, Count { all: 3, tested: 0, client: 1, reasoned: 1, open: 1 });
    let page = page(&all, &tests);
    assert!(page.contains("## Open\n\n- MQTT-1.0.0-1: a\n\n"));
    assert!(page.contains("| MQTT-1.0.0-3 | c | no test: because |"));
    assert!(page.contains("| MQTT5-1.0.0-1 | d | `a.rs::t` |"));
    assert!(known(&all, &Tests::from([("MQTT-9.0.0-1".to_owned(), vec![])])).is_err());
}

#[test]
fn a_broken_list_is_refused() {
    for text in ["MQTT-1.0.0-1 | server", "MQTT-1-x | server | a", "MQTT-1.0.0-1 | nobody | a"] {
        assert!(clauses(text).is_err(), "{text}");
    }
    let twice = "MQTT-1.0.0-1 | server | a\n".repeat(2);
    assert!(clauses(&twice).is_err());
}
