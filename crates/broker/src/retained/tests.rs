use std::{collections::BTreeMap, time::Duration};

use base::Clock;
use mqtt::Property;
use proptest::{collection::vec, prelude::*, test_runner::Config};
use store::{Metadata, Options};

use super::*;

const WIDE: Quota = Quota { messages: 1000, bytes: 1 << 20 };

pub(crate) async fn open(data: &std::path::Path, clock: Clock) -> Store {
    let options = Options {
        data: data.into(),
        metadata: Metadata::Sqlite,
        points_days: 30,
        logs_days: 7,
        group_messages: 1000,
        group_bytes: 1 << 20,
        group_delay: Duration::from_millis(5),
    };
    Store::open(options, clock).await.unwrap()
}

fn kept(topic: &str, payload: &str) -> Kept {
    let (qos, expires) = (QoS::AtLeastOnce, None);
    Kept {
        topic: topic.into(),
        payload: payload.as_bytes().into(),
        qos,
        properties: [].into(),
        expires,
    }
}

fn found(retained: &Retained, filter: &str, now: Millis) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    retained.matching(filter, now, |kept| {
        seen.push((kept.topic.to_string(), String::from_utf8(kept.payload.to_vec()).unwrap()));
    });
    seen.sort();
    seen
}

fn topics(retained: &Retained, filter: &str, now: Millis) -> Vec<String> {
    found(retained, filter, now).into_iter().map(|(topic, _)| topic).collect()
}

fn nothing_left(retained: &Retained) -> bool {
    let counts = (retained.messages, retained.bytes, retained.due.len());
    counts == (0, 0, 0) && retained.root.below.is_empty()
}

#[tokio::test]
async fn they_are_there_after_a_restart_each_in_its_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let mut properties = Vec::new();
    Property::ContentType("text").put(&mut properties);
    let whole = Kept {
        qos: QoS::ExactlyOnce,
        properties: properties.into(),
        expires: Some(9_000),
        ..kept("a/温度", "21")
    };
    {
        let store = open(folder.path(), Clock::manual(1_800_000_000_000)).await;
        let mut batch = Batch::default();
        let (mut one, mut two) = (Retained::new(WIDE), Retained::new(WIDE));
        one.set("one", whole.clone(), &mut batch).unwrap();
        one.set("one", kept("gone", "x"), &mut batch).unwrap();
        one.set("one", kept("gone", ""), &mut batch).unwrap();
        two.set("two", kept("b", "old"), &mut batch).unwrap();
        two.set("two", kept("b", "new"), &mut batch).unwrap();
        for n in 0..2 * PAGE + 1 {
            let mut wide = Retained::new(WIDE);
            wide.set("wide", kept(&format!("n/{n}"), "x"), &mut batch).unwrap();
        }
        batch.put(Space::Retained, b"two\0torn", b"\x01\x00");
        batch.put(Space::Retained, b"two\0other", &kept("moved", "x").row());
        store.commit(batch).await.unwrap();
    }
    let store = open(folder.path(), Clock::manual(1_800_000_000_000)).await;
    let tenants = load(&store, WIDE).unwrap();
    let mut seen = Vec::new();
    tenants["one"].matching("#", 8_999, |kept| seen.push(Kept::clone(kept)));
    assert_eq!(seen, [whole]);
    assert_eq!(found(&tenants["two"], "#", 0), [("b".into(), "new".into())]);
    assert_eq!(topics(&tenants["wide"], "n/+", 0).len(), 2 * PAGE + 1);
    assert_eq!(tenants.len(), 3);
}

#[test]
fn a12_a_tenant_has_only_so_many_and_so_much() {
    let mut batch = Batch::default();
    let mut few = Retained::new(Quota { messages: 2, bytes: 1 << 20 });
    assert_eq!(few.set("t", kept("a", "1"), &mut batch), Ok(()));
    assert_eq!(few.set("t", kept("b", "1"), &mut batch), Ok(()));
    assert_eq!(few.set("t", kept("c", "1"), &mut batch), Err(Full));
    assert_eq!(few.set("t", kept("b", "2"), &mut batch), Ok(()));
    assert_eq!(few.set("t", kept("a", ""), &mut batch), Ok(()));
    assert_eq!(few.set("t", kept("c", "1"), &mut batch), Ok(()));
    assert_eq!(topics(&few, "#", 0), ["b", "c"]);

    let mut small = Retained::new(Quota { messages: 10, bytes: 2 * (OVERHEAD + 2) });
    assert_eq!(small.set("t", kept("a", "1"), &mut batch), Ok(()));
    assert_eq!(small.set("t", kept("b", "1"), &mut batch), Ok(()));
    assert_eq!(small.set("t", kept("b", "12"), &mut batch), Err(Full));
    assert_eq!(found(&small, "b", 0), [("b".into(), "1".into())]);
    assert_eq!(small.set("t", kept("b", ""), &mut batch), Ok(()));
    assert_eq!(small.set("t", kept("a", "12"), &mut batch), Ok(()));
    assert_eq!(small.set("t", kept("a", ""), &mut batch), Ok(()));
    assert!(nothing_left(&small));
}

#[test]
fn a_topic_that_no_row_can_have_is_refused_before_it_spoils_the_batch() {
    let mut batch = Batch::default();
    let mut retained = Retained::new(WIDE);
    assert_eq!(retained.set("tenant", kept(&"a".repeat(65_530), "1"), &mut batch), Err(Full));
    assert_eq!(retained.set("tenant", kept(&"/".repeat(LEVELS), "1"), &mut batch), Err(Full));
    assert!(batch.is_empty() && nothing_left(&retained));
}

#[test]
fn expired_ones_are_not_found_and_swept_a_part_at_a_time() {
    let mut batch = Batch::default();
    let mut retained = Retained::new(Quota { messages: 10_000, bytes: 1 << 24 });
    for n in 0..SWEEP + 10 {
        let expires = Some(1_000);
        retained.set("t", Kept { expires, ..kept(&format!("n/{n}"), "1") }, &mut batch).unwrap();
    }
    let stays = Kept { expires: Some(2_000), ..kept("s", "1") };
    retained.set("t", stays, &mut batch).unwrap();
    // A later one without expiry takes the place of the one that would have expired.
    retained.set("t", kept("n/0", "2"), &mut batch).unwrap();
    assert_eq!(topics(&retained, "n/+", 999).len(), SWEEP + 10);
    assert_eq!(topics(&retained, "#", 1_000), ["n/0", "s"]);
    let mut swept = Batch::default();
    retained.sweep("t", 999, &mut swept);
    assert!(swept.is_empty());
    retained.sweep("t", 1_000, &mut swept);
    assert_eq!(retained.messages, 2 + 9);
    retained.sweep("t", 1_000, &mut swept);
    assert_eq!((retained.messages, retained.due.len()), (2, 1));
    retained.sweep("t", 2_000, &mut swept);
    assert_eq!(topics(&retained, "#", 0), ["n/0"]);
}

fn name() -> impl Strategy<Value = String> {
    let name = vec(level(), 1..5).prop_map(|levels| levels.join("/"));
    name.prop_filter("empty", |name| topic::valid_name(name))
}

fn filter() -> impl Strategy<Value = String> {
    let level = prop_oneof![2 => level(), 1 => Just("+")];
    (vec(level, 0..4), any::<bool>())
        .prop_map(|(levels, rest)| {
            levels.into_iter().chain(rest.then_some("#")).collect::<Vec<_>>()
        })
        .prop_map(|levels| levels.join("/"))
        .prop_filter("empty", |filter| topic::valid_filter(filter))
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "a", "b", "$s"])
}

proptest! {
    #![proptest_config(Config::with_cases(2000))]
    #[test]
    fn it_finds_what_a_look_at_every_topic_finds(
        sets in vec((name(), any::<bool>()), 0..40),
        filters in vec(filter(), 1..20),
    ) {
        let (mut retained, mut all) = (Retained::new(WIDE), BTreeMap::new());
        let mut batch = Batch::default();
        for (topic, keep) in sets {
            let payload = if keep { "x" } else { "" };
            retained.set("t", kept(&topic, payload), &mut batch).unwrap();
            if keep { all.insert(topic, ()) } else { all.remove(&topic) };
        }
        for filter in filters {
            let naive: Vec<_> = all.keys().filter(|t| topic::matches(&filter, t)).cloned().collect();
            prop_assert_eq!(topics(&retained, &filter, 0), naive);
        }
        for topic in all.keys() {
            retained.set("t", kept(topic, ""), &mut batch).unwrap();
        }
        prop_assert!(nothing_left(&retained));
    }
}
