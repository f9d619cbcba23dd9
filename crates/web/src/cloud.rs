//! The place where **the road of an API call** is readable on one screen.

use base::{Code, Error, Result};
use cam::{policy, sign};
use platform::{
    Cx,
    account::{self, Caller},
    resource,
};
use serde_json::Value;

use crate::{
    envelope,
    front::{Answer, Call, Front, clip},
    metrics,
    sender::texts,
};

/// The version of the API, the only one.
const VERSION: &str = "2019-04-23";

/// What a caller wants, before anything of it is checked.
pub(crate) struct Wish {
    pub(crate) caller: Caller,
    pub(crate) action: String,
    pub(crate) params: Value,
}

/// Answers a signed call.
pub(crate) async fn call(front: &Front, call: &Call) -> Answer {
    let started = tokio::time::Instant::now();
    let wish = who(front, call);
    let action = wish.as_ref().ok().map(|wish| wish.action.clone());
    let caller = wish.as_ref().ok().map(|wish| wish.caller.clone());
    let outcome = match wish {
        Ok(wish) => run(front, call, wish).await,
        Err(error) => Err(error),
    };
    note(call, action.as_deref(), caller.as_ref(), &outcome, started.elapsed());
    envelope::of(call, outcome)
}

/// Who calls, proved by the signature; and what for.
fn who(front: &Front, call: &Call) -> Result<Wish> {
    let headers = texts(&call.headers);
    let parts = sign::Parts {
        method: call.method.as_str(),
        path: &call.path,
        query: &call.query,
        headers: &headers,
        body: &call.body,
    };
    let signed = sign::parse(&parts)?;
    let key = account::key(&front.services, signed.secret_id());
    let secret = key.as_ref().map(|(_, secret)| secret);
    signed.verify(secret, front.services.clock.seconds())?;
    let caller = key.map(|(caller, _)| caller);
    let caller =
        caller.ok_or_else(|| Error::new(Code::AuthFailureSecretIdNotFound, "no such key"))?;
    if signed.version != VERSION {
        let text = format!("version {:?} does not exist", clip(&signed.version));
        return Err(Error::new(Code::NoSuchVersion, text));
    }
    let params = match parts.given()? {
        sign::Given::Pairs(pairs) => api::params::from_pairs(pairs.into_iter())?,
        sign::Given::Json(body) => api::params::from_json(body)?,
    };
    Ok(Wish { caller, action: signed.action, params })
}

/// Known? Well-formed? May? Then the chapter.
pub(crate) async fn run(front: &Front, call: &Call, wish: Wish) -> Result<Vec<u8>> {
    let Wish { caller, action, params } = wish;
    let info = api::registry::find(&action).ok_or_else(|| {
        Error::new(Code::InvalidAction, format!("action {:?} does not exist", clip(&action)))
    })?;
    let params = api::params::check(info, params)?;
    for resource in resource::names(&front.services, caller.uin, info, &params) {
        policy::require(&policy::Question {
            root: caller.root,
            action: info.name,
            writes: info.access == api::registry::Access::Write,
            resource: &resource,
        })?;
    }
    let cx = Cx::new(front.services.clone(), caller, call.id.clone(), call.zh);
    front.routes.call(cx, info, params).await
}

/// One line and one metric for each call; our own faults with their source. Messages are written
/// with their quotes and escapes: they may repeat a stranger's text.
pub(crate) fn note(
    call: &Call,
    action: Option<&str>,
    caller: Option<&Caller>,
    outcome: &Result<Vec<u8>>,
    took: std::time::Duration,
) {
    let known = action.and_then(api::registry::find).map_or("unknown", |info| info.name);
    let code = outcome.as_ref().map_or_else(|error| error.code().as_str(), |_| "ok");
    metrics::call(known, code, took);
    let (request_id, duration_ms) = (&call.id, took.as_secs_f64() * 1e3);
    let uin = caller.map_or(0, |caller| caller.uin.0);
    match outcome {
        Err(error) if code.starts_with("InternalError") => {
            tracing::error!(action = known, uin, %request_id, code, duration_ms, ?error, "call failed");
        }
        Err(error) if code.starts_with("AuthFailure") || code.contains("LimitExceeded") => {
            let (peer, why) = (call.peer.address.ip(), error.message());
            tracing::info!(action = known, uin, %request_id, code, duration_ms, %peer, why, "call refused");
        }
        Err(error) => {
            let why = error.message();
            tracing::debug!(action = known, uin, %request_id, code, duration_ms, why, "call refused");
        }
        Ok(_) => tracing::info!(action = known, uin, %request_id, code, duration_ms, "call"),
    }
}
