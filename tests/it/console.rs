//! The console's files: pages with safe headers, nothing outside of them (A28, A32).

use crate::{http::Ask, world::Server};

#[tokio::test]
async fn every_path_of_the_console_is_a_safe_page() {
    let server = Server::start().await;
    for path in ["/", "/products", "/a/b?c=d", "/%2e%2e/x", "/index.html"] {
        let page = server.get(path).await;
        if path == "/index.html" && page.status == 404 {
            continue; // Built without the console: the placeholder has no name.
        }
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().starts_with("<!doctype html>"), "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let policy = page.header("content-security-policy").unwrap();
        for word in ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(word), "{policy}");
        }
        assert!(!policy.contains("unsafe-eval"), "{policy}");
        assert_eq!(page.header("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn what_is_no_file_is_not_found_and_nothing_outside_is_reached() {
    let server = Server::start().await;
    for path in [
        "/assets/no.js",
        "/assets/no",
        "/no.css",
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/..%2f..%2fCargo.toml",
        "/%252e%252e/Cargo.toml",
        "//etc/host.conf",
        "/....//....//Cargo.toml",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.text(), "there is no such file\n");
    }
    let put = Ask { method: "PUT", ..Ask::new("PUT", "/", server.http()) };
    assert_eq!(server.send(&put).await.status, 405);
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let server = Server::start().await;
    let page = server.get("/").await;
    let Some(tag) = page.header("etag") else {
        assert!(page.text().contains("./run"), "neither console nor placeholder");
        return;
    };
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = Ask::new("GET", "/", server.http()).header("if-none-match", &known);
        let again = server.send(&again).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), Some(tag));
    }
    let other = Ask::new("GET", "/", server.http()).header("if-none-match", "\"x\"");
    assert_eq!(server.send(&other).await.status, 200);
    let head = Ask { method: "HEAD", ..Ask::new("HEAD", "/", server.http()) };
    let head = server.send(&head).await;
    assert_eq!((head.status, head.body.len()), (200, 0));

    let text = page.text();
    let mut quoted = text.split('"');
    let script = quoted.find(|word| word.starts_with("/assets/")).expect("the page has a script");
    let script = server.get(script).await;
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
}

#[tokio::test]
async fn a_packed_file_is_sent_to_those_who_unpack_it() {
    let server = Server::start().await;
    let ask = Ask::new("GET", "/", server.http()).header("accept-encoding", "gzip, br;q=1.0");
    let packed = server.send(&ask).await;
    let plain = server.get("/").await;
    assert_eq!(plain.header("content-encoding"), None);
    if packed.header("content-encoding") == Some("br") {
        assert_ne!(packed.body, plain.body);
        assert_ne!(packed.header("etag"), plain.header("etag"), "two files, one tag");
        assert_eq!(packed.header("vary"), Some("accept-encoding"));
    } else {
        assert_eq!(packed.body, plain.body);
    }
}

#[tokio::test]
async fn doors_that_are_not_built_say_so() {
    let server = Server::start().await;
    for path in ["/device/publish", "/register/dev", "/upload/x", "/download/x"] {
        let post = Ask::json(server.http(), path, "{}");
        assert_eq!(server.send(&post).await.code(), "UnsupportedOperation", "{path}");
    }
}
