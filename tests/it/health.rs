//! Probes and collectors, TLS of the HTTP door, and how much a stranger may send (A32, A37, A39).

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    http::Ask,
    simulated::Device,
    world::{DEADLINE, Server},
};

#[tokio::test]
async fn probes_are_answered() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn metrics_count_what_happens_and_name_no_secret_and_no_device() {
    let server = Server::start().await;
    let product = server.product("metered").await;
    let mut lamp = Device::online(&server, &product, "canary-lamp").await;
    assert_eq!(lamp.report(json!({ "brightness": 1 })).await, 0);
    server.log_in().await;
    server.code("Canary-Action", json!({})).await;
    let metrics = server.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    let text = metrics.text();
    for (action, code) in [("CreateDevice", "ok"), ("Login", "ok"), ("unknown", "InvalidAction")] {
        let line = format!("thingd_web_calls_total{{action=\"{action}\",code=\"{code}\"}}");
        assert!(text.contains(&line), "no {line}");
    }
    let lower = text.to_lowercase();
    let secrets = [&server.login.secret_key, &server.login.password, &server.login.secret_id];
    for canary in secrets.into_iter().map(|s| s.to_lowercase()).chain(["canary".to_owned()]) {
        assert!(!lower.contains(&canary), "{canary} is in the metrics");
    }
}

#[tokio::test]
async fn metrics_are_not_for_those_behind_a_proxy() {
    let server = Server::start().await;
    for header in ["x-forwarded-for", "forwarded"] {
        let far = Ask::new("GET", "/metrics", server.http()).header(header, "for=203.0.113.7");
        assert_eq!(server.send(&far).await.status, 403, "{header}");
    }
    let open = Server::with(|config| config.http.metrics_open = true).await;
    let far = Ask::new("GET", "/metrics", open.http()).header("x-forwarded-for", "203.0.113.7");
    assert_eq!(open.send(&far).await.status, 200);
}

/// What the server says to bytes that are no proper request, up to the end of the connection.
async fn say(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.http()).await.unwrap();
    // It may close before it has read everything.
    let sent = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = timeout(DEADLINE, stream.read_to_end(&mut answer)).await.expect("no end came");
    assert!(sent.is_ok() || !answer.is_empty() || read.is_err());
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_that_means_two_things_is_refused() {
    let server = Server::start().await;
    let both = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n\
        0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = say(&server, both.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "a second request was read: {answer}");
    let lengths =
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd";
    assert!(say(&server, lengths.as_bytes()).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = Server::start().await;
    let many = "x: y\r\n".repeat(100_000);
    let answer = say(&server, format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "y".repeat(1 << 20);
    let answer = say(&server, format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn bodies_that_wait_together_are_bounded() {
    let server = Server::start().await;
    // Of somebody who names a key that exists: strangers have less.
    let mut head = "POST / HTTP/1.1\r\n".to_owned();
    for (name, value) in server.signed("GetProjectList", "{}").headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("content-length: 10485760\r\nconnection: close\r\n\r\n");
    let part = vec![b' '; (10 << 20) - 1];
    let mut waiting = Vec::new();
    let mut refused = 0;
    for _ in 0..40 {
        let mut stream = TcpStream::connect(server.http()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // All but one byte: the server holds it, or has enough.
        let send = stream.write_all(&part);
        let sent = timeout(Duration::from_secs(5), send).await.is_ok_and(|sent| sent.is_ok());
        if sent { waiting.push(stream) } else { refused += 1 }
    }
    let mut answers = String::new();
    for mut stream in waiting {
        // It may be closed already.
        if stream.write_all(b" ").await.is_ok() {
            let mut answer = Vec::new();
            if timeout(DEADLINE, stream.read_to_end(&mut answer)).await.expect("no end").is_ok() {
                answers.push_str(&String::from_utf8_lossy(&answer));
            }
        }
    }
    let limited = answers.matches("RequestLimitExceeded").count() + refused;
    assert!(limited > 0 && answers.contains("SignatureFailure"), "{refused}: {answers}");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn strangers_do_not_take_the_room_of_those_who_are_known() {
    let server = Server::start().await;
    let mut held = Vec::new();
    for target in ["/", "/api"] {
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             x-tc-action: Login\r\ncontent-length: 10485760\r\n\r\n"
        );
        let part = vec![b' '; (10 << 20) - 1];
        for _ in 0..16 {
            let mut stream = TcpStream::connect(server.http()).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            // All but one byte; it may close before that.
            drop(timeout(DEADLINE, stream.write_all(&part)).await.expect("it does not read"));
            held.push(stream);
        }
    }
    let note = "x".repeat(1 << 20);
    let known = json!({ "ProjectName": "known", "ProjectDesc": note });
    assert_eq!(
        server.code("CreateProject", known).await,
        "InvalidParameterValue.ProjectParmsError",
        "the body was not read"
    );
    let cookie = server.log_in().await;
    let page = json!({ "ProjectName": "page", "ProjectDesc": note });
    let page = server.console("CreateProject", &page).header("cookie", &cookie);
    assert_eq!(server.send(&page).await.code(), "InvalidParameterValue.ProjectParmsError");
    drop(held);
}

#[tokio::test]
async fn a_stranger_sends_little() {
    let server = Server::start().await;
    let body = |bytes: usize| json!({ "ProjectName": "x".repeat(bytes) }).to_string();
    let mut unknown = server.key.clone();
    unknown.id = "AKIDnobody".to_owned();
    let signed = |bytes: usize| {
        let ask = Ask::json(server.http(), "/", body(bytes));
        unknown.tc3(ask, "CreateProject", server.clock.seconds())
    };
    let small = server.send(&signed(10 << 10)).await;
    assert_eq!(small.code(), "AuthFailure.SecretIdNotFound");
    let large = server.send(&signed(20 << 10)).await.response();
    assert_eq!(large["Error"]["Code"], "RequestSizeLimitExceeded");
    let message = large["Error"]["Message"].as_str().unwrap();
    assert!(message.contains("its sender is not known"), "{message}");
    // The older signatures name their key in the body.
    let name = "x".repeat(100 << 10);
    let host = server.http().to_string();
    let params = [("ProjectName", &*name), ("ProjectDesc", "")];
    let form = server.key.v1("POST", &host, "CreateProject", &params, server.clock.seconds());
    let ask = Ask::new("POST", "/", server.http())
        .header("content-type", "application/x-www-form-urlencoded");
    let form = server.send(&Ask { body: form.into_bytes(), ..ask }).await;
    assert_eq!(form.code(), "InvalidParameterValue.ProjectParmsError");
}
