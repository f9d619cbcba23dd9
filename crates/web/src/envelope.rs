//! The place where answers of actions get Tencent's envelope: HTTP 200 whatever happened.

use std::borrow::Cow;

use base::{Error, RequestId, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
};
use serde_json::json;

use crate::front::{Answer, Call};

/// The answer of a call.
pub(crate) fn of(call: &Call, outcome: Result<Vec<u8>>) -> Answer {
    match outcome {
        Ok(fields) => done(&call.id, &fields),
        Err(error) => failed(&call.id, &error, call.zh),
    }
}

/// `fields` is the JSON text of an object: the response's own fields.
fn done(id: &RequestId, fields: &[u8]) -> Answer {
    let inside = fields.strip_suffix(b"}").unwrap_or(b"{");
    let comma = if inside.len() > 1 { "," } else { "" };
    let end = format!("{comma}\"RequestId\":\"{id}\"}}}}");
    let mut body = Vec::with_capacity(13 + inside.len() + end.len());
    body.extend_from_slice(b"{\"Response\":");
    body.extend_from_slice(inside);
    body.extend_from_slice(end.as_bytes());
    whole(body)
}

/// The error as the caller may read it.
pub(crate) fn failed(id: &RequestId, error: &Error, zh: bool) -> Answer {
    let body = json!({ "Response": {
        "Error": { "Code": error.code().as_str(), "Message": message(error, zh) },
        "RequestId": id.0,
    } });
    whole(body.to_string())
}

/// What the caller may read of an error, in the caller's language.
pub(crate) fn message(error: &Error, zh: bool) -> Cow<'_, str> {
    if zh { error.message_zh().into() } else { error.message().into() }
}

fn whole(body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn the_request_id_joins_the_fields() {
        let id = RequestId("r".into());
        for (fields, expected) in [
            (&b"{}"[..], r#"{"Response":{"RequestId":"r"}}"#),
            (b"{\"A\":1}", r#"{"Response":{"A":1,"RequestId":"r"}}"#),
        ] {
            let body = done(&id, fields).into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, expected.as_bytes());
            serde_json::from_slice::<Value>(&body).unwrap();
        }
    }
}
