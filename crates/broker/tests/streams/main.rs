//! The same bytes to our broker and to mosquitto: the answers are the same, but for the
//! differences that are listed here and in COMPAT.md.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod differences;
mod list;
mod peer;
mod product;
mod statements;

use differences::DIFFERENCES;
use peer::{Pace, answer};

/// What COMPAT.md calls the section of the differences.
const SECTION: &str = "## Beside mosquitto";

#[tokio::test]
async fn streams_are_answered_as_mosquitto_does_but_for_what_compat_tells() {
    let mosquitto = peer::Mosquitto::start().await;
    let thingd = product::Thingd::start().await;
    let address = thingd.broker.addresses().tcp.unwrap();
    let mut faults = Vec::new();
    for stream in list::all() {
        let theirs = answer(mosquitto.address, &stream, Pace::Greeted, 0).await;
        let theirs = theirs.join("; ");
        let accepted = differences::of(&stream.name);
        let expected = accepted.unwrap_or(&theirs);
        let lines = expected.split("; ").count() - 1;
        let ours = answer(address, &stream, Pace::Greeted, lines).await.join("; ");
        if ours != expected {
            let name = &stream.name;
            faults.push(format!(
                "{name}\n    mosquitto {theirs}\n    expected  {expected}\n    ours      {ours}"
            ));
        } else if accepted.is_some() && ours == theirs {
            faults.push(format!("{}: no longer differs", stream.name));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

/// Answers and messages, each in their order: how the two mix is nobody's promise.
fn apart(told: &[String]) -> (Vec<&String>, Vec<&String>) {
    told.iter().partition(|line| line.starts_with("PUBLISH"))
}

/// F14: how the bytes are cut makes no difference.
#[tokio::test]
async fn f14_answers_do_not_depend_on_how_the_bytes_come() {
    let thingd = product::Thingd::start().await;
    let address = thingd.broker.addresses().tcp.unwrap();
    let mut faults = Vec::new();
    for stream in list::all() {
        let greeted = answer(address, &stream, Pace::Greeted, 0).await;
        for pace in [Pace::Whole, Pace::Bytes] {
            let other = answer(address, &stream, pace, greeted.len() - 1).await;
            if apart(&other) != apart(&greeted) {
                faults.push(format!("{}, {pace:?}: {other:?}, not {greeted:?}", stream.name));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

#[test]
fn compat_tells_each_difference_and_no_other() {
    let text = include_str!("../../../../COMPAT.md");
    let (_, section) = text.split_once(SECTION).expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let told: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let known: Vec<&str> = DIFFERENCES.iter().map(|one| one.why).collect();
    assert_eq!(told, known);
}

#[test]
fn every_difference_is_of_a_stream() {
    let streams = list::all();
    for (name, _) in DIFFERENCES.iter().flat_map(|one| one.streams) {
        assert_eq!(streams.iter().filter(|stream| stream.name == *name).count(), 1, "{name}");
    }
}
