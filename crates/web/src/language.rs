//! The place where it is known whether a caller reads Chinese: `X-TC-Language` says so, with the
//! older signatures the parameter `Language`, and in the console, without either, the browser.

use hyper::{
    header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap},
    http::request::Parts,
};

/// What the head of a request says.
pub(crate) fn of_head(head: &Parts) -> bool {
    let query = head.uri.query().unwrap_or_default();
    if let Some(language) = text(&head.headers, "x-tc-language") {
        return is_chinese(language);
    }
    match head.uri.path() {
        "/api" => of_browser(&head.headers),
        _ => has_parameter(query.as_bytes()),
    }
}

/// What the form says, if the body is one.
pub(crate) fn of_form(headers: &HeaderMap, body: &[u8]) -> bool {
    is_form(headers) && has_parameter(body)
}

/// What the browser likes best.
pub(crate) fn of_browser(headers: &HeaderMap) -> bool {
    text(headers, ACCEPT_LANGUAGE.as_str()).is_some_and(is_chinese)
}

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    const FORM: &str = "application/x-www-form-urlencoded";
    let kind = text(headers, CONTENT_TYPE.as_str()).and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `zh-CN`, `zh`, `zh-TW;q=0.9`: all of them get the one Chinese that there is.
fn is_chinese(language: &str) -> bool {
    let mut parts = language.trim_start().split(|c: char| !c.is_ascii_alphanumeric());
    parts.next().is_some_and(|first| first.eq_ignore_ascii_case("zh"))
}

fn has_parameter(pairs: &[u8]) -> bool {
    pairs.split(|b| *b == b'&').any(|pair| pair == b"Language=zh-CN")
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn check(target: &str, headers: &[(&str, &str)], zh: bool) {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let head = request.body(()).unwrap().into_parts().0;
        assert_eq!(of_head(&head), zh, "{target} {headers:?}");
    }

    #[test]
    fn programs_read_english_unless_they_say_otherwise() {
        check("/", &[], false);
        check("/", &[("x-tc-language", "zh-CN")], true);
        check("/", &[("x-tc-language", "en-US")], false);
        check("/", &[("accept-language", "zh-CN")], false);
        check("/?Action=X&Language=zh-CN", &[], true);
        check("/?Action=X&Language=en-US", &[], false);
        check("/?Language=zh-CN", &[("x-tc-language", "en-US")], false);
    }

    #[test]
    fn a_page_reads_what_it_says_or_else_what_its_browser_likes_best() {
        check("/api", &[], false);
        check("/api", &[("accept-language", "zh-CN,zh;q=0.9,en;q=0.8")], true);
        check("/api", &[("accept-language", "en-US,zh;q=0.9")], false);
        check("/api", &[("accept-language", "zh"), ("x-tc-language", "en-US")], false);
        check("/api", &[("accept-language", "zhx")], false);
    }

    #[test]
    fn a_form_says_it_among_its_pairs() {
        let mut headers = HeaderMap::new();
        assert!(!of_form(&headers, b"Language=zh-CN"));
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        assert!(of_form(&headers, b"Action=X&Language=zh-CN"));
        assert!(!of_form(&headers, b"Action=X&XLanguage=zh-CN"));
    }
}
