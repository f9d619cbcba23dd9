//! The place where topic filters are compared with each other. Here, unlike in a subscription, a
//! wildcard stands for levels that begin with `$`, too: what of them may be used is another matter.

use broker::hub::first_level;

/// Bytes and levels of a filter in an entry.
const BYTES: usize = 256;
const LEVELS: usize = 128;

/// A filter that an entry may have. One entry is one line of the table.
pub(super) fn valid(filter: &str) -> bool {
    let mut levels = filter.split('/').peekable();
    let mut count = 0;
    while let Some(level) = levels.next() {
        count += 1;
        let wild = level.contains(['+', '#']);
        if wild && (level.len() > 1 || (level == "#" && levels.peek().is_some())) {
            return false;
        }
    }
    (1..=BYTES).contains(&filter.len()) && count <= LEVELS && !filter.contains(char::is_control)
}

/// Whether `wide` has every topic that `narrow` has; `narrow` may be a topic itself.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    // Every topic has a first level.
    if wide == "#" || wide == "+/#" {
        return true;
    }
    let (mut wide, mut narrow) = (Some(wide), Some(narrow));
    while let Some(levels) = wide {
        let (wanted, rest) = first_level(levels);
        wide = rest;
        match (wanted, narrow.map(first_level)) {
            ("#", _) => return true,
            (_, None | Some(("#", _))) => return false,
            (wanted, Some((level, rest))) => {
                if wanted != "+" && wanted != level {
                    return false;
                }
                narrow = rest;
            }
        }
    }
    narrow.is_none()
}

/// Whether a filter that begins with `$` is of what devices report.
pub(super) fn reported(filter: &str) -> bool {
    filter.starts_with("$thing/up/") || filter.starts_with("$ota/report/")
}

/// The level of such a filter where the product stands, unless wildcards stand for it.
pub(super) fn product(filter: &str) -> Option<&str> {
    let rest = match filter.strip_prefix("$thing/up/") {
        Some(rest) => rest.split_once('/').map_or("#", |(_, rest)| rest),
        None => filter.strip_prefix("$ota/report/")?,
    };
    let level = first(rest);
    (!matches!(level, "+" | "#")).then_some(level)
}

/// The first level.
pub(super) fn first(filter: &str) -> &str {
    first_level(filter).0
}

/// The filter inside a shared subscription.
pub(super) fn unshared(filter: &str) -> &str {
    let inner = filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
    inner.map_or(filter, |(_, inner)| inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_filter_covers_what_it_has() {
        let check = |wide: &str, narrow: &str, expected: bool| {
            assert_eq!(covers(wide, narrow), expected, "{wide} covers {narrow}");
        };
        check("#", "#", true);
        check("#", "$thing/up/#", true);
        check("+/#", "#", true);
        check("+", "#", false);
        check("a/#", "a", true);
        check("a/#", "a/+/b/#", true);
        check("a/#", "+/b", false);
        check("a/+", "a/b", true);
        check("a/+", "a/#", false);
        check("a/+", "a", false);
        check("a", "a/#", false);
        check("a/b", "a/+", false);
        check("a/+/#", "a/#", false);
        check("a/+/c", "a/+/c", true);
        check("+/+", "/", true);
        check("$thing/up/+/P/#", "$thing/up/property/P/d", true);
        check("$thing/up/+/P/#", "$thing/up/#", false);
    }

    #[test]
    fn a_filter_of_an_entry_is_one_line_and_bounded() {
        for good in ["#", "+", "/", "a//b", "a/+/#", "温度/+", &"a/".repeat(127)] {
            assert!(valid(good), "{good}");
        }
        for bad in ["", "a#", "#/a", "a/b+", "a\nb", "a\0", &"a".repeat(257), &"/".repeat(128)] {
            assert!(!valid(bad), "{bad}");
        }
    }

    #[test]
    fn the_product_of_a_filter_is_found() {
        let check = |filter: &str, expected: Option<&str>| {
            assert_eq!(product(filter), expected, "{filter}");
        };
        check("$thing/up/property/P/d", Some("P"));
        check("$thing/up/+/P/#", Some("P"));
        check("$thing/up/#", None);
        check("$thing/up/property", None);
        check("$thing/up/property/+/d", None);
        check("$ota/report/P/+", Some("P"));
        check("$ota/report/#", None);
        check("$thing/down/property/P/d", None);
        assert_eq!(unshared("$share/g/a/#"), "a/#");
        assert_eq!(unshared("$share/g"), "$share/g");
        assert_eq!(unshared("$share/g/$share/h/a"), "$share/h/a");
    }

    fn levels(
        of: &'static [&'static str],
        most: usize,
    ) -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(of), 1..=most)
    }

    fn filters() -> impl Strategy<Value = String> {
        (levels(&["a", "b", "", "+"], 4), any::<bool>()).prop_map(|(mut levels, open)| {
            if open {
                levels.pop();
                levels.push("#");
            }
            levels.join("/")
        })
    }

    /// All topics that can tell two such filters apart.
    fn topics() -> Vec<String> {
        let mut all: Vec<String> = ["a", "b", "", "other"].map(str::to_owned).to_vec();
        let mut longest = all.clone();
        for _ in 0..4 {
            longest = longest
                .iter()
                .flat_map(|topic| ["a", "b", "", "other"].map(|level| format!("{topic}/{level}")))
                .collect();
            all.extend(longest.iter().cloned());
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn covering_is_having_every_topic(wide in filters(), narrow in filters()) {
            let has = |filter: &str, topic: &str| mqtt::topic::matches(filter, topic);
            let expected = topics()
                .iter()
                .filter(|topic| has(&narrow, topic))
                .all(|topic| has(&wide, topic));
            prop_assert_eq!(covers(&wide, &narrow), expected, "{} covers {}", wide, narrow);
        }

        #[test]
        fn a_topic_is_covered_when_it_matches(
            filter in filters(),
            topic in levels(&["a", "b", "", "other"], 5),
        ) {
            let topic = topic.join("/");
            let expected = mqtt::topic::matches(&filter, &topic);
            prop_assert_eq!(covers(&filter, &topic), expected, "{} has {}", filter, topic);
        }
    }
}
