//! The place where the console's files leave the binary, with the headers that keep pages safe.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
        ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::front::{Answer, text};

/// What `npm run build` left in `console/dist`; nothing, when it did not run.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../console/dist"]
#[allow_missing = true]
struct Dist;

const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>thingd</title>\
    <p>This thingd was built without its console. Build it with <code>./run</code>, or \
    <code>cd console && npm ci && npm run build</code>, and build thingd again.</p>\
    <p>这个 thingd 构建时没有控制台。请用 <code>./run</code> 构建。</p>";

const SAFE: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
         worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (VARY, "accept-encoding"),
];

/// The file of a path; a path of the console's own router gets the page.
pub(crate) fn file(request: &Request<Incoming>) -> Answer {
    find(request.method(), request.uri().path(), request.headers())
}

fn find(method: &Method, path: &str, headers: &HeaderMap) -> Answer {
    if method != Method::GET && method != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
    }
    let name = path.trim_start_matches('/');
    let is_page = name.is_empty() || !last_has_dot(name);
    if is_page && name.starts_with("assets/") {
        return text(StatusCode::NOT_FOUND, "there is no such file\n");
    }
    let name = if is_page { "index.html" } else { name };
    match Dist::get(name) {
        Some(whole) => send(name, whole, headers),
        None if name == "index.html" => {
            let mut answer = text(StatusCode::OK, NOT_BUILT);
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind(name)));
            guarded(answer)
        }
        None => text(StatusCode::NOT_FOUND, "there is no such file\n"),
    }
}

fn last_has_dot(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|last| last.contains('.'))
}

fn send(name: &str, whole: EmbeddedFile, headers: &HeaderMap) -> Answer {
    let brotli = if takes_brotli(headers) { Dist::get(&format!("{name}.br")) } else { None };
    let packed = brotli.is_some();
    let file = brotli.unwrap_or(whole);
    let tag = format!("\"{}\"", hex(file.metadata.sha256_hash().get(..12).unwrap_or_default()));
    let known = knows(headers, &tag);
    let body = match (known, file.data) {
        (true, _) => Bytes::new(),
        (false, std::borrow::Cow::Borrowed(bytes)) => Bytes::from_static(bytes),
        (false, std::borrow::Cow::Owned(bytes)) => Bytes::from(bytes),
    };
    let mut answer = Response::new(Full::new(body));
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let to = answer.headers_mut();
    to.insert(CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        to.insert(ETAG, tag);
    }
    if packed && !known {
        to.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    let keep = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    to.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    guarded(answer)
}

fn guarded(mut answer: Answer) -> Answer {
    for (name, value) in SAFE {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether the caller has the file of this tag; proxies mark tags as weak.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|list| {
        list.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    })
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|list| {
        list.split(',').any(|item| item.split(';').next().map(str::trim) == Some("br"))
    })
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Answer {
        find(&Method::GET, path, &HeaderMap::new())
    }

    #[test]
    fn every_path_of_the_router_gets_a_guarded_page() {
        for path in ["/", "/products", "/a/b/c"] {
            let answer = get(path);
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            let policy = answer.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe-eval"));
        }
    }

    #[test]
    fn what_is_no_file_is_not_found() {
        for path in ["/assets/no.js", "/assets/no", "/no.js", "/../Cargo.toml", "/..%2fCargo.toml"]
        {
            let status = get(path).status();
            assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(status == StatusCode::NOT_FOUND, "{path}: {status}");
        }
        assert_eq!(
            find(&Method::PUT, "/", &HeaderMap::new()).status(),
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
}
