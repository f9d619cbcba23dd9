//! The place where the console's session cookie is read and written, and where calls of other
//! sites are told apart.

use hyper::header::{COOKIE, HOST, HeaderMap, ORIGIN};

const NAME: &str = "thingd_session";
/// The longest life of a session, in seconds; the server ends it earlier when it is not used.
const LIFE_S: u32 = 604_800;

/// The session's token, if the request has one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME).then_some(value))
}

/// A `Set-Cookie` that begins a session.
pub(crate) fn set(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{NAME}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LIFE_S}{secure}")
}

/// A `Set-Cookie` that ends one.
pub(crate) fn cleared() -> String {
    format!("{NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// Whether the request comes from a page of ours, or from no page at all (A28).
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|text| text.split_once("://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let check = |cookie: &str, found: Option<&str>| {
            assert_eq!(token(&headers(&[("cookie", cookie)])), found, "{cookie}");
        };
        check("thingd_session=abc", Some("abc"));
        check("a=b; thingd_session=abc; c=d", Some("abc"));
        check("xthingd_session=abc", None);
        check("", None);
    }

    #[test]
    fn another_sites_page_is_told_apart() {
        let check = |origin: &str, same: bool| {
            let given = headers(&[("host", "127.0.0.1:8080"), ("origin", origin)]);
            assert_eq!(same_origin(&given), same, "{origin}");
        };
        check("http://127.0.0.1:8080", true);
        check("https://127.0.0.1:8080", true);
        check("http://127.0.0.1:8081", false);
        check("http://evil.example", false);
        check("null", false);
        assert!(same_origin(&headers(&[("host", "a")])));
    }
}
