//! The place where the device logs are tried out from the burst to their pages.

use broker::hub::{Event, Lost, QoS, Undelivered, Verdict};
use serde_json::{Value, json};

use crate::device::tests::World;

async fn page(world: &World, more: Value) -> Value {
    world.on("DescribeContentLogs", "lamp", more).await
}

fn payloads(page: &Value) -> Vec<&str> {
    page["Logs"].as_array().unwrap().iter().map(|row| row["Payload"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_content_log_shows_both_directions_by_topic() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let property = format!("$thing/up/property/{}/lamp", world.product);
    let custom = format!("{}/lamp/data", world.product);
    for n in 0..3 {
        let report =
            format!(r#"{{"method":"report","clientToken":"{n}","params":{{"brightness":{n}}}}}"#);
        world
            .burst(
                &lamp,
                vec![
                    (&property, report.as_bytes(), Verdict::Accepted),
                    (&custom, &[0xff, n], Verdict::Accepted),
                ],
            )
            .await;
        world.bed.clock.advance(1);
    }
    let all = page(&world, json!({})).await;
    assert_eq!(all["Logs"].as_array().unwrap().len(), 9);
    let up = page(&world, json!({ "Topic": property, "Direction": "up" })).await;
    assert_eq!(up["Logs"].as_array().unwrap().len(), 3);
    let down = page(&world, json!({ "Direction": "down", "Limit": 2 })).await;
    assert!(payloads(&down).iter().all(|p| p.contains("report_reply")), "{down}");
    assert_eq!(down["Listover"], false);
    let own = page(&world, json!({ "Topic": custom })).await;
    assert_eq!(payloads(&own), ["/wI=", "/wE=", "/wA="]);
    assert_eq!(own["Logs"][0]["Encoding"], "base64");
    let bad = world.named("lamp", json!({ "Direction": "sideways" }));
    assert_eq!(world.code("DescribeContentLogs", bad).await, "InvalidParameterValue");
}

#[tokio::test]
async fn pages_of_merged_lanes_neither_lose_nor_repeat() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let topics = ["property", "event", "service"]
        .map(|family| format!("$thing/up/{family}/{}/lamp", world.product));
    for n in 0..30_u8 {
        let payload = [b'0' + n];
        let topic = &topics[usize::from(n % 3)];
        world.burst(&lamp, vec![(topic, &payload, Verdict::Accepted)]).await;
        world.bed.clock.advance(i64::from(n % 2));
    }
    let (mut seen, mut context) = (Vec::new(), String::new());
    let end = world.now();
    for page_no in 0.. {
        assert!(page_no < 10, "pages do not end");
        let ask = json!({ "Direction": "up", "Limit": 7, "EndTime": end, "Context": context });
        let found = page(&world, ask).await;
        seen.extend(payloads(&found).into_iter().map(str::to_owned));
        context = found["Context"].as_str().unwrap().to_owned();
        if found["Listover"] == true {
            break;
        }
    }
    assert_eq!(seen.len(), 30);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 30);
}

#[tokio::test]
async fn pages_go_through_the_messages_of_a_burst() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let topics = ["data", "event", "more"].map(|rest| format!("{}/lamp/{rest}", world.product));
    let property = format!("$thing/up/property/{}/lamp", world.product);
    let mut all = Vec::new();
    let burst = async |count: usize| {
        let texts: Vec<_> = (0..count).map(|n| format!("{}.{n}", world.now())).collect();
        let up = texts.iter().enumerate().map(|(n, text)| {
            let topic = if n % 5 == 4 { &property } else { &topics[n % 3] };
            (topic.as_str(), text.as_bytes(), Verdict::Accepted)
        });
        world.burst(&lamp, up.collect()).await;
        world.bed.clock.advance(1);
        texts
    };
    for count in [1, 20, 3, 150, 7] {
        all.extend(burst(count).await);
    }
    let end = world.now();
    for limit in [1, 2, 7, 60, 500] {
        let (mut seen, mut context) = (Vec::new(), String::new());
        loop {
            // What comes between two pages moves neither.
            world.burst(&lamp, vec![(&topics[0], b"late", Verdict::Accepted)]).await;
            let ask =
                json!({ "Direction": "up", "Limit": limit, "EndTime": end, "Context": context });
            let found = page(&world, ask).await;
            seen.extend(payloads(&found).into_iter().map(str::to_owned));
            context = found["Context"].as_str().unwrap().to_owned();
            if found["Listover"] == true {
                break;
            }
            assert_eq!(payloads(&found).len(), limit, "a page before the last is full");
        }
        seen.retain(|text| text != "late");
        for (lane, of) in [("custom", false), ("property", true)] {
            let order = |texts: &mut dyn Iterator<Item = &String>| -> Vec<String> {
                texts
                    .filter(|t| {
                        t.split_once('.')
                            .is_some_and(|(_, n)| (n.parse::<usize>().unwrap() % 5 == 4) == of)
                    })
                    .cloned()
                    .collect()
            };
            assert_eq!(order(&mut seen.iter()), order(&mut all.iter().rev()), "{lane} {limit}");
        }
        assert_eq!(seen.len(), all.len(), "{limit}");
    }
}

#[tokio::test]
async fn diagnoses_have_the_manual_s_words() {
    let world = World::new().await;
    let lamp = world.device("lamp").await;
    let refused = |verdict| vec![("x/y/z", &b"p"[..], verdict)];
    world.burst(&lamp, refused(Verdict::Unauthorized)).await;
    world.bed.clock.advance(1);
    world.burst(&lamp, refused(Verdict::TooLong { bytes: 70_000, limit: 65_536 })).await;
    world.bed.clock.advance(1);
    let at = world.now();
    world.event(&lamp, Event::SubscribeRefused { at, filter: "#" }).await;
    world.bed.clock.advance(1);
    let (at, qos) = (world.now(), QoS::AtLeastOnce);
    world.lost(&lamp, Lost { at, topic: "t", qos, why: Undelivered::QueueFull }).await;
    world.bed.clock.advance(1);
    let log = world.on("DescribeDiagnosisLogs", "lamp", json!({})).await;
    let rows: Vec<_> = log["Logs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| ["Content", "Result", "ErrCode"].map(|name| row[name].as_str().unwrap()))
        .collect();
    assert_eq!(
        rows,
        [
            [
                "Publish message to device: topic: t, QOS:1",
                "FAIL, too many offline message",
                "Pub_To_Dev_Offline_Msg_Exceed_Limit"
            ],
            [
                "Device subscribe topic: #",
                "FAIL, unauthorized operation",
                "Subscribe_Topic_Unauthorized"
            ],
            [
                "Device publish message to topic:x/y/z, QOS:1",
                "FAIL, payload too long(70000 > 65536)",
                "Dev_Pub_Payload_TooLong"
            ],
            [
                "Device publish message to topic:x/y/z, QOS:1",
                "FAIL, unauthorized operation",
                "Dev_Pub_Unauthorized"
            ],
        ]
    );
}

#[tokio::test]
async fn a_device_that_does_not_listen_to_its_answers_is_told_once_a_minute() {
    let world = World::new().await;
    let (lamp, other) = (world.device("lamp").await, world.device("other").await);
    let unheard = async |who, why| {
        let (at, qos) = (world.now(), QoS::AtMostOnce);
        world.lost(who, Lost { at, topic: "t", qos, why }).await;
        world.bed.clock.advance(1);
    };
    for _ in 0..50 {
        unheard(&lamp, Undelivered::NoSubscriber).await;
    }
    unheard(&other, Undelivered::NoSubscriber).await;
    unheard(&lamp, Undelivered::QueueFull).await;
    let rows = async |device| {
        let log = world.on("DescribeDiagnosisLogs", device, json!({})).await;
        log["Logs"].as_array().unwrap().len()
    };
    assert_eq!((rows("lamp").await, rows("other").await), (2, 1));
    world.bed.clock.advance(60_000);
    unheard(&lamp, Undelivered::NoSubscriber).await;
    assert_eq!(rows("lamp").await, 3);
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let long = "温".repeat(4000);
    let kept = super::kept(long.as_bytes());
    assert!(kept.len() <= super::CONTENT_BYTES && kept.len() + 3 > super::CONTENT_BYTES);
    assert!(std::str::from_utf8(kept).is_ok());
    assert_eq!(super::kept(b"short"), b"short");
}
