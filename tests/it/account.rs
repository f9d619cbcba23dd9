//! 登录: sessions of the console, their cookie, and who may not begin one (A28, A34).

use serde_json::{Value, json};

use crate::{
    http::{Ask, Reply},
    world::Server,
};

async fn log_in(server: &Server, user: &str, password: &str) -> Reply {
    let params = json!({ "UserName": user, "Password": password });
    server.send(&server.console("Login", &params)).await
}

async fn session(server: &Server, cookie: &str) -> Value {
    let ask = server.console("DescribeSession", &json!({})).header("cookie", cookie);
    server.send(&ask).await.response()
}

#[tokio::test]
async fn a_login_begins_a_session_and_a_logout_ends_it() {
    let server = Server::start().await;
    let reply = log_in(&server, "root", &server.login.password).await;
    let said = reply.response();
    assert_eq!((&said["UserName"], &said["Uin"]), (&json!("root"), &json!(server.login.uin)));
    let set = reply.header("set-cookie").unwrap();
    for flag in ["thingd_session=", "; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
        assert!(set.contains(flag), "{set}");
    }
    assert!(!set.contains("Secure"), "a plain connection could not send it back: {set}");

    let cookie = set.split(';').next().unwrap().to_owned();
    assert_eq!(session(&server, &cookie).await["Uin"], json!(server.login.uin));
    let other = server.log_in().await;
    assert_ne!(cookie, other);
    let out = server.send(&server.console("Logout", &json!({})).header("cookie", &cookie)).await;
    assert_eq!(out.code(), "");
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(session(&server, &cookie).await["Error"]["Code"], "AuthFailure.TokenFailure");
    assert_eq!(session(&server, &other).await["UserName"], "root");
}

#[tokio::test]
async fn a_session_lives_over_a_restart_and_ends_when_it_is_not_used() {
    let server = Server::start().await;
    let cookie = server.log_in().await;
    let server = server.restart().await;
    assert_eq!(session(&server, &cookie).await["UserName"], "root");
    server.clock.advance(12 * 3_600_000);
    assert_eq!(session(&server, &cookie).await["Error"]["Code"], "AuthFailure.TokenFailure");
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions() {
    let server = Server::start().await;
    let (here, there) = (server.log_in().await, server.log_in().await);
    let params = json!({ "OldPassword": server.login.password, "NewPassword": "another horse" });
    let change = server.console("ModifyPassword", &params).header("cookie", &here);
    assert_eq!(server.send(&change).await.code(), "");
    for cookie in [here, there] {
        assert_eq!(session(&server, &cookie).await["Error"]["Code"], "AuthFailure.TokenFailure");
    }
    assert_eq!(log_in(&server, "root", &server.login.password).await.code(), "AuthFailure");
    assert_eq!(log_in(&server, "root", "another horse").await.code(), "");
}

#[tokio::test]
async fn what_another_site_may_have_sent_is_refused() {
    let server = Server::start().await;
    let cookie = server.log_in().await;
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let mut ask = server.console("DescribeSession", &json!({})).header("cookie", &cookie);
        *ask.value("origin") = origin.into();
        assert_eq!(server.send(&ask).await.code(), "UnauthorizedOperation", "{origin}");
        let params = json!({ "UserName": "root", "Password": server.login.password });
        let mut login = server.console("Login", &params);
        *login.value("origin") = origin.into();
        let reply = server.send(&login).await;
        assert_eq!((&*reply.code(), reply.header("set-cookie")), ("UnauthorizedOperation", None));
    }
    // What a form of another site can send: no header of ours.
    let form = Ask::json(server.http(), "/api", "{}").header("cookie", &cookie);
    assert_eq!(server.send(&form).await.code(), "MissingParameter");
    // A session is good for the console's path alone.
    let cloud = Ask::json(server.http(), "/", "{}")
        .header("x-tc-action", "GetProjectList")
        .header("cookie", &cookie);
    assert_eq!(server.send(&cloud).await.code(), "MissingParameter");
    let mut read = server.console("DescribeSession", &json!({})).header("cookie", &cookie);
    read.method = "GET";
    assert_eq!(server.send(&read).await.code(), "UnsupportedProtocol");
}

#[tokio::test]
async fn wrong_logins_look_alike_and_are_throttled() {
    let server = Server::start().await;
    let message = |reply: Reply| reply.response()["Error"].clone();
    let nobody = message(log_in(&server, "nobody", "wrong").await);
    let wrong = message(log_in(&server, "root", "wrong").await);
    assert_eq!((&nobody, &wrong["Code"]), (&wrong, &json!("AuthFailure")));
    for _ in 0..4 {
        assert_eq!(log_in(&server, "root", "wrong").await.code(), "AuthFailure");
    }
    let right = log_in(&server, "root", &server.login.password).await;
    assert_eq!(right.code(), "RequestLimitExceeded");
    server.clock.advance(300_000);
    assert_eq!(log_in(&server, "root", &server.login.password).await.code(), "");
}

#[tokio::test]
async fn a_login_says_what_it_lacks() {
    let server = Server::start().await;
    for (params, code) in [
        (json!({ "UserName": "root" }), "MissingParameter"),
        (json!({ "UserName": "root", "Password": 1 }), "InvalidParameter"),
        (json!({ "UserName": "root", "Password": "x", "Remember": true }), "UnknownParameter"),
    ] {
        assert_eq!(server.send(&server.console("Login", &params)).await.code(), code, "{params}");
    }
}

/// A login that a proxy passes on for `client`.
async fn log_in_for(server: &Server, client: &str, password: &str) -> Reply {
    let params = json!({ "UserName": "root", "Password": password });
    let ask = server.console("Login", &params);
    let ask = ask.header("x-forwarded-for", client).header("x-forwarded-proto", "https");
    server.send(&ask).await
}

#[tokio::test]
async fn behind_a_trusted_proxy_one_client_does_not_lock_out_another() {
    let server =
        Server::with(|config| config.http.trusted_proxies = vec!["127.0.0.0/8".into()]).await;
    for _ in 0..5 {
        let wrong = log_in_for(&server, "198.51.100.9, 203.0.113.7", "wrong").await;
        assert_eq!(wrong.code(), "AuthFailure");
    }
    let password = &server.login.password;
    // What the client wrote itself does not count.
    let again = log_in_for(&server, "198.51.100.8, 203.0.113.7", password).await;
    assert_eq!(again.code(), "RequestLimitExceeded");
    let other = log_in_for(&server, "203.0.113.8", password).await;
    assert_eq!(other.code(), "");
    assert!(other.header("set-cookie").unwrap().contains("; Secure"), "the client came over https");
    assert_eq!(log_in(&server, "root", password).await.code(), "");
}

#[tokio::test]
async fn a_stranger_cannot_say_for_whom_it_calls() {
    let server = Server::start().await;
    for n in 0..5 {
        let wrong = log_in_for(&server, &format!("203.0.113.{n}"), "wrong").await;
        assert_eq!(wrong.code(), "AuthFailure");
    }
    let right = log_in_for(&server, "203.0.113.9", &server.login.password).await;
    assert_eq!(right.code(), "RequestLimitExceeded");
}

#[tokio::test]
async fn a_page_reads_errors_in_its_language() {
    let server = Server::start().await;
    let cookie = server.log_in().await;
    let ask = server
        .console("DescribeProject", &json!({ "ProjectId": "prj-00000000" }))
        .header("cookie", &cookie);
    let detail = "project prj-00000000 does not exist";
    let zh = format!("项目不存在：{detail}");
    for (name, value, wanted) in [
        ("x-tc-language", "zh-CN", &*zh),
        ("x-tc-language", "en-US", detail),
        ("accept-language", "zh-CN,zh;q=0.9,en;q=0.8", &*zh),
        ("accept-language", "en-US,en;q=0.9,zh;q=0.8", detail),
        ("accept", "*/*", detail),
    ] {
        let told = server.send(&ask.clone().header(name, value)).await.response();
        assert_eq!(told["Error"]["Message"], wanted, "{name}: {value}");
    }
    let ended = server.console("DescribeSession", &json!({})).header("x-tc-language", "zh-CN");
    let told = server.send(&ended).await.response();
    assert_eq!(told["Error"]["Message"], "登录状态或临时凭证已失效：the session has ended");
}
