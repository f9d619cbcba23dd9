//! Who calls: what a signature must cover, and what is refused with which code (A31).

use base::Clock;
use serde_json::json;

use crate::{
    http::Ask,
    sign::Key,
    world::{NOON, Server},
};

const ACTION: &str = "GetProjectList";

async fn code(server: &Server, ask: &Ask) -> String {
    server.send(ask).await.code()
}

#[tokio::test]
async fn all_three_ways_of_a_signed_call_are_answered() {
    let server = Server::start().await;
    let now = server.clock.seconds();
    let host = server.http().to_string();
    let found = server.call(ACTION, json!({ "ProjectName": "default" })).await;
    assert_eq!(found["Total"], 2);

    let get = Ask::new("GET", "/?Limit=1&ProjectName=default", server.http())
        .header("content-type", "application/x-www-form-urlencoded");
    let found = server.send(&server.key.tc3(get, ACTION, now)).await.response();
    assert_eq!((&found["Total"], found["Projects"].as_array().unwrap().len()), (&json!(2), 1));

    let query = server.key.v1("GET", &host, ACTION, &[("Limit", "1")], now);
    let found = server.get(&format!("/?{query}")).await.response();
    assert_eq!(found["Total"], 2);

    let form = server.key.v1("POST", &host, ACTION, &[("ProjectName", "no")], now);
    let mut post = Ask::new("POST", "/", server.http())
        .header("content-type", "application/x-www-form-urlencoded");
    post.body = form.into_bytes();
    assert_eq!(server.send(&post).await.response()["Total"], 0);
    let altered = String::from_utf8(post.body).unwrap().replace("ProjectName=no", "ProjectName=mo");
    post.body = altered.into_bytes();
    assert_eq!(code(&server, &post).await, "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn a_timestamp_is_good_for_five_minutes() {
    let server = Server::start().await;
    for (off, expected) in [
        (0, ""),
        (300, ""),
        (-300, ""),
        (301, "AuthFailure.SignatureExpire"),
        (-301, "AuthFailure.SignatureExpire"),
    ] {
        let ask = Ask::json(server.http(), "/", "{}");
        let ask = server.key.tc3(ask, ACTION, server.clock.seconds() + off);
        assert_eq!(code(&server, &ask).await, expected, "{off}");
    }
    let kept = server.signed(ACTION, "{}");
    server.clock.advance(301_000);
    assert_eq!(code(&server, &kept).await, "AuthFailure.SignatureExpire");
}

#[tokio::test]
async fn what_is_altered_after_signing_is_refused() {
    let server = Server::start().await;
    let good = server.signed(ACTION, r#"{"Limit":1}"#);
    let check = async |bend: &dyn Fn(&mut Ask), expected: &str| {
        let mut ask = good.clone();
        bend(&mut ask);
        assert_eq!(server.send(&ask).await.code(), expected, "{ask:?}");
    };
    let failure = "AuthFailure.SignatureFailure";
    check(&|_| {}, "").await;
    check(&|ask| ask.body = br#"{"Limit":2}"#.to_vec(), failure).await;
    check(&|ask| ask.target = "/x".into(), failure).await;
    check(&|ask| ask.value("content-type").push_str("; charset=utf-8"), failure).await;
    check(&|ask| ask.value("host").push('0'), failure).await;
    check(&|ask| last_digit(ask.value("authorization")), failure).await;
    check(&|ask| ask.value("authorization").truncate(100), "AuthFailure.InvalidAuthorization")
        .await;
    check(
        &|ask| *ask.value("authorization") = "Basic cm9vdDpyb290".into(),
        "AuthFailure.InvalidAuthorization",
    )
    .await;
    let later = (NOON / 1000 + 1).to_string();
    check(&|ask| ask.value("x-tc-timestamp").clone_from(&later), failure).await;
    let twice = |ask: &mut Ask| ask.headers.push(("X-TC-Action".into(), "DeleteProject".into()));
    check(&twice, "AuthFailure.InvalidAuthorization").await;
    let token = |ask: &mut Ask| ask.headers.push(("X-TC-Token".into(), "t".into()));
    check(&token, "AuthFailure.TokenFailure").await;
}

/// A signature that is off by one digit.
fn last_digit(authorization: &mut String) {
    let last = authorization.pop().unwrap();
    authorization.push(if last == '0' { '1' } else { '0' });
}

#[tokio::test]
async fn a_signature_that_covers_too_little_or_another_service_is_refused() {
    let server = Server::start().await;
    let sign = |change: &dyn Fn(&mut Key)| {
        let mut key = server.key.clone();
        change(&mut key);
        key.tc3(Ask::json(server.http(), "/", "{}"), ACTION, server.clock.seconds())
    };
    let unsigned_host = sign(&|key| key.signed = vec!["content-type"]);
    assert_eq!(code(&server, &unsigned_host).await, "AuthFailure.InvalidAuthorization");
    let unsigned_type = sign(&|key| key.signed = vec!["host"]);
    assert_eq!(code(&server, &unsigned_type).await, "AuthFailure.InvalidAuthorization");
    let more = sign(&|key| key.signed = vec!["content-type", "host", "x-tc-action"]);
    assert_eq!(code(&server, &more).await, "");
    let other_service = sign(&|key| key.service = "cvm");
    assert_eq!(code(&server, &other_service).await, "AuthFailure.SignatureFailure");
    let wrong_key = sign(&|key| key.key = "wrong".into());
    assert_eq!(code(&server, &wrong_key).await, "AuthFailure.SignatureFailure");
}

#[tokio::test]
async fn an_unknown_action_version_or_method_is_named() {
    let server = Server::start().await;
    assert_eq!(server.code("MakeCoffee", json!({})).await, "InvalidAction");
    let mut old = server.signed(ACTION, "{}");
    *old.value("x-tc-version") = "2017-03-12".into();
    assert_eq!(code(&server, &old).await, "NoSuchVersion");
    let mut none = server.signed(ACTION, "{}");
    none.headers.retain(|(name, _)| name != "x-tc-version");
    assert_eq!(code(&server, &none).await, "MissingParameter");
    let bare = Ask::json(server.http(), "/", "{}");
    assert_eq!(code(&server, &bare).await, "MissingParameter");
    let put = Ask { method: "PUT", ..Ask::json(server.http(), "/", "{}") };
    let put = server.key.tc3(put, ACTION, server.clock.seconds());
    assert_eq!(code(&server, &put).await, "UnsupportedProtocol");
    let xml = Ask::new("POST", "/", server.http()).header("content-type", "text/xml");
    let xml = server.key.tc3(xml, ACTION, server.clock.seconds());
    assert_eq!(code(&server, &xml).await, "InvalidRequest");
}

#[tokio::test]
async fn a_body_of_more_than_ten_mebibytes_is_refused_and_one_of_just_as_much_is_read() {
    let server = Server::start().await;
    let mut body = br#"{"Limit":1}"#.to_vec();
    body.resize(10 << 20, b' ');
    assert_eq!(code(&server, &server.signed(ACTION, body.clone())).await, "");
    body.push(b' ');
    assert_eq!(code(&server, &server.signed(ACTION, body)).await, "RequestSizeLimitExceeded");
}

#[tokio::test]
async fn a_signed_call_may_come_through_the_consoles_path() {
    let server = Server::start().await;
    let ask = Ask::json(server.http(), "/api", "{}");
    let ask = server.key.tc3(ask, "DescribeSession", Clock::manual(NOON).seconds());
    assert_eq!(server.send(&ask).await.response()["UserName"], "root");
}

#[tokio::test]
async fn errors_are_told_in_the_language_that_the_caller_names() {
    let server = Server::start().await;
    let detail = "project prj-00000000 does not exist";
    let zh = format!("项目不存在：{detail}");
    let params = json!({ "ProjectId": "prj-00000000" }).to_string();
    for (language, wanted) in [("zh-CN", zh.as_str()), ("en-US", detail)] {
        let mut ask = server.signed("DescribeProject", params.clone());
        *ask.value("x-tc-language") = language.into();
        assert_eq!(server.send(&ask).await.response()["Error"]["Message"], wanted);
        // Before anybody is known, too.
        *ask.value("authorization") = "TC3-HMAC-SHA256".into();
        let refused = server.send(&ask).await.response();
        let message = refused["Error"]["Message"].as_str().unwrap();
        let starts = if language == "zh-CN" {
            "Authorization 请求头格式不正确：the "
        } else {
            "the "
        };
        assert!(message.starts_with(starts), "{message}");

        let (host, now) = (server.http().to_string(), server.clock.seconds());
        let pairs = [("Language", language), ("ProjectId", "prj-00000000")];
        let signed = |method| server.key.v1(method, &host, "DescribeProject", &pairs, now);
        let get = server.get(&format!("/?{}", signed("GET"))).await;
        assert_eq!(get.response()["Error"]["Message"], wanted, "GET");
        let form = Ask::new("POST", "/", server.http())
            .header("content-type", "application/x-www-form-urlencoded");
        let form = server.send(&Ask { body: signed("POST").into_bytes(), ..form }).await;
        assert_eq!(form.response()["Error"]["Message"], wanted, "POST");
    }
}
