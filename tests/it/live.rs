//! `/console/ws`: what an open page sees, and who may not look.

use serde_json::json;

use crate::{
    page::{self, Page},
    simulated::Device,
    world::Server,
};

#[tokio::test]
async fn a_page_sees_what_a_device_reports() {
    let server = Server::start().await;
    let product = server.product("seen").await;
    let mut lamp = Device::online(&server, &product, "lamp").await;
    assert_eq!(lamp.report(json!({ "brightness": 7 })).await, 0);
    let mut page = Page::open(server.http(), &server.log_in().await).await;

    let topic = format!("device/{product}/lamp/props");
    page.say(json!({ "op": "sub", "id": 1, "topic": topic }).to_string()).await;
    let first = page.hear(1, "snapshot").await;
    let brightness = first["data"]["Properties"].as_array().unwrap().iter();
    let brightness: Vec<_> = brightness.filter(|p| p["Id"] == "brightness").collect();
    assert_eq!(brightness[0]["Value"], "7");

    assert_eq!(lamp.report(json!({ "brightness": 8 })).await, 0);
    let news = page.hear(1, "delta").await;
    assert_eq!(news["data"]["Properties"][0]["Id"], "brightness");
    assert_eq!(news["data"]["Properties"][0]["Value"], "8");

    page.say(
        json!({ "op": "sub", "id": 2, "topic": format!("device/{product}/lamp/status") })
            .to_string(),
    )
    .await;
    assert_eq!(page.hear(2, "snapshot").await["data"]["Status"], 1);
    page.say(json!({ "op": "unsub", "id": 1 }).to_string()).await;
    assert_eq!(lamp.report(json!({ "brightness": 9 })).await, 0);
    drop(lamp);
    // Nothing of what is not looked at any more comes before it.
    assert_eq!(page.hear(2, "delta").await["data"]["Status"], 0);
}

#[tokio::test]
async fn what_makes_no_sense_is_said_and_the_page_stays_open() {
    let server = Server::start().await;
    let product = server.product("odd").await;
    let mut page = Page::open(server.http(), &server.log_in().await).await;
    for (said, id) in [
        ("not json".to_owned(), 0),
        ("{}".to_owned(), 0),
        (json!({ "id": 5, "op": "dance" }).to_string(), 5),
        (json!({ "id": 6, "op": "sub" }).to_string(), 6),
        (json!({ "id": 7, "op": "sub", "topic": "weather" }).to_string(), 7),
        (
            json!({ "id": 8, "op": "sub", "topic": format!("device/{product}/no/props") })
                .to_string(),
            8,
        ),
        (json!({ "id": 9, "op": "sub", "topic": "product/AAAAAAAAAA/status" }).to_string(), 9),
        ("[".repeat(10_000), 0),
    ] {
        page.say(said.clone()).await;
        let error = page.hear(id, "error").await;
        assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
    }
    let topic = format!("product/{product}/status");
    page.say(json!({ "op": "sub", "id": 1, "topic": topic }).to_string()).await;
    page.hear(1, "snapshot").await;
    page.say(json!({ "op": "sub", "id": 1, "topic": topic }).to_string()).await;
    assert_eq!(page.hear(1, "error").await["code"], "LimitExceeded");
    page.say("x".repeat(20_000)).await;
    assert_eq!(page.next().await, None, "a message without bounds was read");
}

#[tokio::test]
async fn only_a_session_of_this_site_may_look() {
    let server = Server::start().await;
    let (to, cookie) = (server.http(), server.log_in().await);
    let origin = format!("http://{to}");
    for (headers, status) in [
        (vec![("origin", &*origin)], 401),
        (vec![("origin", &*origin), ("cookie", "thingd_session=0000")], 401),
        (vec![("origin", "http://evil.example"), ("cookie", &*cookie)], 403),
        (vec![("origin", "null"), ("cookie", &*cookie)], 403),
    ] {
        let refused = page::open(to, "/console/ws", &headers).await;
        assert_eq!(refused.err(), Some(status), "{headers:?}");
    }
    let plain = server.get("/console/ws").await;
    assert_eq!(plain.status, 401);
}

#[tokio::test]
async fn a_page_ends_when_its_server_does() {
    let server = Server::start().await;
    let mut page = Page::open(server.http(), &server.log_in().await).await;
    let stopped = tokio::spawn(server.stop());
    assert_eq!(page.next().await, None);
    stopped.await.unwrap();
}

#[tokio::test]
async fn an_open_page_does_not_use_the_session() {
    let server = Server::start().await;
    let cookie = server.log_in().await;
    server.clock.advance(11 * 3_600_000);
    let page = Page::open(server.http(), &cookie).await;
    server.clock.advance(3_600_000);
    let ask = server.console("DescribeSession", &json!({})).header("cookie", &cookie);
    assert_eq!(server.send(&ask).await.code(), "AuthFailure.TokenFailure");
    drop(page);
}
