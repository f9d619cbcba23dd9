//! The place where probes and collectors are answered: `/healthz`, `/readyz`, `/metrics`.

use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, FORWARDED, HeaderMap, HeaderValue},
};

use crate::front::{Answer, Front, Peer, text};

/// The answer, when `path` is one of the three.
pub(crate) fn answer(front: &Front, path: &str, headers: &HeaderMap, peer: Peer) -> Option<Answer> {
    Some(match path {
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" if ready(front) => text(StatusCode::OK, "ready\n"),
        "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
        "/metrics" if front.metrics_open || is_near(headers, peer) => {
            if let Some(broker) = front.services.broker() {
                broker.tell_metrics();
            }
            let mut answer = text(StatusCode::OK, front.metrics.render());
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            answer.headers_mut().insert(CONTENT_TYPE, kind);
            answer
        }
        "/metrics" => text(StatusCode::FORBIDDEN, "metrics are for callers on this machine\n"),
        _ => return None,
    })
}

/// A caller on this machine, and no proxy on this machine that calls for another.
fn is_near(headers: &HeaderMap, peer: Peer) -> bool {
    let proxied = headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for");
    peer.address.ip().to_canonical().is_loopback() && !proxied
}

/// Devices and people can be served: the broker is there, and the doors are not closing.
fn ready(front: &Front) -> bool {
    front.services.broker().is_some() && !front.stop.is_cancelled()
}
