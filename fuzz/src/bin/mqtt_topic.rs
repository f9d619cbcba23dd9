//! A filter and a name, a line each: what is valid, and what matches, beside the definition.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt::topic::{matches, shared, valid_filter, valid_name};

fuzz_target!(|text: &str| {
    let Some((filter, name)) = text.split_once('\n') else { return };
    assert_eq!(valid_filter(filter), naive_filter(filter), "{filter:?}");
    let plain = !name.is_empty() && !name.contains(['#', '+', '\0']);
    assert_eq!(valid_name(name), plain, "{name:?}");
    if let Some((group, inner)) = shared(filter) {
        assert_eq!(format!("$share/{group}/{inner}"), filter);
        assert!(valid_filter(inner) && valid_name(group) && !group.contains('/'));
    }
    if valid_filter(filter) && valid_name(name) {
        assert_eq!(matches(filter, name), naive(filter, name), "{filter:?} {name:?}");
        assert!(matches(name, name));
    }
});

fn naive_filter(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    let good = |(at, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => at + 1 == levels.len(),
        other => !other.contains(['+', '#', '\0']),
    };
    !filter.is_empty() && levels.iter().enumerate().all(good)
}

fn naive(filter: &str, name: &str) -> bool {
    let hidden = name.starts_with('$') && filter.starts_with(['+', '#']);
    let filter: Vec<&str> = filter.split('/').collect();
    let name: Vec<&str> = name.split('/').collect();
    !hidden && reaches(&filter, &name)
}

fn reaches(filter: &[&str], name: &[&str]) -> bool {
    match (filter, name) {
        (["#"], _) | ([], []) => true,
        ([one, filter @ ..], [two, name @ ..]) => {
            (*one == "+" || one == two) && reaches(filter, name)
        }
        _ => false,
    }
}
