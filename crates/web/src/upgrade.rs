//! The place where an HTTP connection becomes a WebSocket: the handshake of RFC 6455, and the way
//! to the broker for those that speak MQTT (`/` and `/mqtt`, any path serves).

use std::sync::Arc;

use broker::hub::Door;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{
        CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::front::{Answer, Front, Peer, text};

/// What becomes of the connection after the answer.
pub(crate) type Stream = TokioIo<Upgraded>;

/// Whether the request wants to go on in MQTT.
pub(crate) fn speaks_mqtt(headers: &HeaderMap) -> bool {
    has(headers, UPGRADE.as_str(), "websocket")
        && has(headers, SEC_WEBSOCKET_PROTOCOL.as_str(), "mqtt")
}

/// Gives the connection to the broker.
pub(crate) fn mqtt(front: &Arc<Front>, request: &mut Request<Incoming>, peer: Peer) -> Answer {
    let Some(broker) = front.services.broker().cloned() else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n");
    };
    let (mut answer, upgraded) = match shake(request) {
        Ok(both) => both,
        Err(answer) => return *answer,
    };
    answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mqtt"));
    front.tasks.spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let door = if peer.secure { Door::Wss } else { Door::Ws };
            broker.accept_ws(TokioIo::new(upgraded), peer.address, door);
        }
    });
    answer
}

/// The server's part of the handshake; the refusal when the client's part is not right.
pub(crate) fn shake(request: &mut Request<Incoming>) -> Result<(Answer, OnUpgrade), Box<Answer>> {
    let headers = request.headers();
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let right = request.method() == Method::GET
        && has(headers, UPGRADE.as_str(), "websocket")
        && has(headers, CONNECTION.as_str(), "upgrade");
    let (true, Some(key)) = (right, key) else {
        return Err(Box::new(text(StatusCode::BAD_REQUEST, "this is a door for WebSocket\n")));
    };
    if !has(headers, SEC_WEBSOCKET_VERSION.as_str(), "13") {
        let mut answer =
            text(StatusCode::UPGRADE_REQUIRED, "WebSocket version 13 is spoken here\n");
        answer.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(Box::new(answer));
    }
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accept = HeaderValue::from_str(&derive_accept_key(key)).expect("base64 is a header value");
    let to = answer.headers_mut();
    to.insert(SEC_WEBSOCKET_ACCEPT, accept);
    to.insert(UPGRADE, HeaderValue::from_static("websocket"));
    to.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    Ok((answer, hyper::upgrade::on(request)))
}

/// Whether a header's comma-separated list names `word`, in any case.
fn has(headers: &HeaderMap, name: &str, word: &str) -> bool {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .any(|line| line.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
}
