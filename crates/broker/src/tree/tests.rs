use std::collections::HashMap;

use proptest::{collection::vec, prelude::*, test_runner::Config};

use super::*;

fn wish(id: u32) -> Wish {
    Wish { qos: QoS::AtLeastOnce, no_local: false, as_published: false, id }
}

/// Who gets a message: clients one by one with the id of their wish, groups by their members.
fn hits(tree: &Tree<u8>, topic: &str) -> Vec<(Vec<u8>, u32)> {
    let mut seen = Vec::new();
    tree.matches(topic, |hit| match hit {
        Hit::One(client, wish) => seen.push((vec![*client], wish.id)),
        Hit::Group(group) => {
            let mut members: Vec<_> = group.turn().map(|(client, _)| *client).collect();
            members.sort_unstable();
            seen.push((members, u32::MAX));
        }
    });
    seen.sort_unstable();
    seen
}

#[test]
fn a_later_wish_takes_the_place_of_the_former() {
    let mut tree = Tree::default();
    for filter in ["a/b", "a/+", "$share/g/a/b"] {
        assert!(tree.insert(filter, 1, wish(1)));
        assert!(!tree.insert(filter, 1, wish(2)));
        assert!(tree.insert(filter, 2, wish(3)));
    }
    let one = [(vec![1], 2), (vec![2], 3)];
    let expected = [&one[..1], &one[..1], &[(vec![1, 2], u32::MAX)], &one[1..], &one[1..]];
    assert_eq!(hits(&tree, "a/b"), expected.concat());
}

/// Equal, but not the same: a client that has come back with other rights.
#[derive(Debug, Clone)]
struct Comer(u8);

impl PartialEq for Comer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Comer {}

#[test]
fn a_client_that_comes_back_takes_the_place_of_who_it_was() {
    let mut tree = Tree::default();
    let mut seen = Vec::new();
    for filter in ["a/b", "a/+"] {
        tree.insert(filter, Comer(1), wish(0));
        tree.insert(filter, Comer(2), wish(0));
    }
    tree.matches("a/b", |hit| match hit {
        Hit::One(comer, _) => seen.push(comer.0),
        Hit::Group(_) => panic!("not shared"),
    });
    assert_eq!(seen, [2, 2]);
}

#[test]
fn wildcards_do_not_see_dollar_topics() {
    let mut tree = Tree::default();
    for (client, filter) in ["#", "+/b", "$sys/#", "$sys/+", "$share/g/#", "+/#"].iter().enumerate()
    {
        tree.insert(filter, u8::try_from(client).unwrap(), wish(0));
    }
    assert_eq!(hits(&tree, "$sys/b"), [(vec![2], 0), (vec![3], 0)]);
    assert_eq!(hits(&tree, "$sys"), [(vec![2], 0)]);
    let all = [(vec![0], 0), (vec![1], 0), (vec![4], u32::MAX), (vec![5], 0)];
    assert_eq!(hits(&tree, "a/b"), all);
}

#[test]
fn the_members_of_a_group_take_turns() {
    let mut tree = Tree::default();
    for client in 0..3 {
        tree.insert("$share/g/a/+", client, wish(0));
    }
    let mut firsts = Vec::new();
    for _ in 0..6 {
        tree.matches("a/b", |hit| match hit {
            Hit::Group(group) => firsts.extend(group.turn().next().map(|(client, _)| *client)),
            Hit::One(..) => panic!("not shared"),
        });
    }
    assert_eq!(firsts, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn a14_the_cost_of_a_deep_topic_is_bounded_by_the_nodes() {
    let mut tree = Tree::default();
    for depth in 1..=128 {
        tree.insert(&vec!["+"; depth].join("/"), 0, wish(0));
        tree.insert(&format!("{}/#", vec!["+"; depth].join("/")), 1, wish(0));
    }
    // Were a node visited once per way that leads to it, this would not end.
    let mut seen = 0;
    tree.matches(&vec!["a"; 128].join("/"), |_| seen += 1);
    assert_eq!(seen, 1 + 128);
    for depth in 1..=128 {
        assert!(tree.remove(&vec!["+"; depth].join("/"), &0));
        assert!(tree.remove(&format!("{}/#", vec!["+"; depth].join("/")), &1));
    }
    assert!(tree.is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Insert(String, u8),
    Remove(String, u8),
    Publish(String),
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "a", "b", "$s", "温"])
}

fn name() -> impl Strategy<Value = String> {
    let name = vec(level(), 1..5).prop_map(|levels| levels.join("/"));
    name.prop_filter("empty", |name| topic::valid_name(name))
}

fn filter() -> impl Strategy<Value = String> {
    let level = prop_oneof![2 => level(), 1 => Just("+")];
    let filter = (vec(level, 0..4), any::<bool>()).prop_map(|(mut levels, rest)| {
        if rest || levels.is_empty() {
            levels.push("#");
        }
        levels.join("/")
    });
    (prop::sample::select(vec!["", "$share/g/", "$share/h/"]), filter)
        .prop_map(|(group, filter)| format!("{group}{filter}"))
        .prop_filter("empty", |filter| {
            topic::shared(filter).is_some()
                || !filter.starts_with("$share/") && topic::valid_filter(filter)
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (filter(), 0..4_u8).prop_map(|(filter, client)| Step::Insert(filter, client)),
        1 => (filter(), 0..4_u8).prop_map(|(filter, client)| Step::Remove(filter, client)),
        2 => name().prop_map(Step::Publish),
    ]
}

/// What a list of all subscriptions says.
fn expected(all: &HashMap<(String, u8), u32>, topic: &str) -> Vec<(Vec<u8>, u32)> {
    let mut plain = Vec::new();
    let mut groups: HashMap<&str, Vec<u8>> = HashMap::new();
    for ((filter, client), id) in all {
        match topic::shared(filter) {
            Some((_, inner)) if topic::matches(inner, topic) => {
                groups.entry(filter).or_default().push(*client);
            }
            None if topic::matches(filter, topic) => plain.push((vec![*client], *id)),
            _ => {}
        }
    }
    for mut members in groups.into_values() {
        members.sort_unstable();
        plain.push((members, u32::MAX));
    }
    plain.sort_unstable();
    plain
}

proptest! {
    #![proptest_config(Config::with_cases(2000))]
    #[test]
    fn it_finds_what_a_look_at_every_filter_finds(steps in vec(step(), 1..60)) {
        let (mut tree, mut all) = (Tree::default(), HashMap::new());
        for (n, step) in (0..).zip(steps) {
            match step {
                Step::Insert(filter, client) => {
                    let new = tree.insert(&filter, client, wish(n));
                    prop_assert_eq!(new, all.insert((filter, client), n).is_none());
                }
                Step::Remove(filter, client) => {
                    let there = tree.remove(&filter, &client);
                    prop_assert_eq!(there, all.remove(&(filter, client)).is_some());
                }
                Step::Publish(topic) => {
                    prop_assert_eq!(hits(&tree, &topic), expected(&all, &topic));
                }
            }
        }
        for (filter, client) in all.keys() {
            prop_assert!(tree.remove(filter, client));
        }
        prop_assert!(tree.is_empty());
    }
}
