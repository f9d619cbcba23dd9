//! The place where `POST /api` is answered: the console's calls, known by their session cookie;
//! signed calls go the ordinary road.

use api::{
    Request as _,
    account::{LoginRequest, LogoutRequest},
};
use base::{Code, Error, Result, Secret};
use hyper::{
    Method,
    header::{HeaderValue, SET_COOKIE},
};
use platform::account::{self, Caller};
use serde_json::{Value, json};

use crate::{
    cloud::{self, Wish},
    cookie, envelope,
    front::{Answer, Call, Front},
};

/// Answers a call of the console.
pub(crate) async fn call(front: &Front, call: &Call) -> Answer {
    if call.headers.contains_key("authorization") {
        return cloud::call(front, call).await;
    }
    let started = tokio::time::Instant::now();
    let action = call.header("x-tc-action");
    let mut caller = caller(front, call);
    let (outcome, cookie) = match (action, wish(call, action, caller.is_some())) {
        (_, Err(error)) => (Err(error), None),
        (Some("Login"), Ok(params)) => match begin(front, call, params).await {
            Ok((token, who)) => {
                let fields = json!({ "Uin": who.uin.to_string(), "UserName": who.user });
                caller = Some(who);
                let cookie = cookie::set(&token, call.peer.secure);
                (Ok(fields.to_string().into_bytes()), Some(cookie))
            }
            Err(error) => (Err(error), None),
        },
        (Some("Logout"), Ok(params)) => match end(front, call, params).await {
            Ok(()) => (Ok(b"{}".to_vec()), Some(cookie::cleared())),
            Err(error) => (Err(error), None),
        },
        (_, Ok(params)) => (run(front, call, caller.clone(), params).await, None),
    };
    cloud::note(call, action, caller.as_ref(), &outcome, started.elapsed());
    let mut answer = envelope::of(call, outcome);
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}

/// The parameters; nothing is read of a call that another site may have made, or that is made by
/// nobody who is known.
fn wish(call: &Call, action: Option<&str>, known: bool) -> Result<Value> {
    if call.method != Method::POST {
        return Err(Error::new(Code::UnsupportedProtocol, "console calls are POST"));
    }
    if action.is_none() {
        return Err(Error::new(Code::MissingParameter, "the header X-TC-Action is missing"));
    }
    if !cookie::same_origin(&call.headers) {
        return Err(Error::new(Code::UnauthorizedOperation, "the call comes from another site"));
    }
    if !known && !matches!(action, Some("Login" | "Logout")) {
        return Err(Error::new(Code::AuthFailureTokenFailure, "the session has ended"));
    }
    api::params::from_json(&call.body)
}

/// Whose session the call's cookie is.
fn caller(front: &Front, call: &Call) -> Option<Caller> {
    account::session(&front.services, cookie::token(&call.headers)?)
}

async fn run(front: &Front, call: &Call, caller: Option<Caller>, params: Value) -> Result<Vec<u8>> {
    let ended = || Error::new(Code::AuthFailureTokenFailure, "the session has ended");
    let caller = caller.ok_or_else(ended)?;
    let action = call.header("x-tc-action").unwrap_or_default().to_owned();
    cloud::run(front, call, Wish { caller, action, params }).await
}

async fn begin(front: &Front, call: &Call, params: Value) -> Result<(String, Caller)> {
    let params = api::params::check(LoginRequest::INFO, params)?;
    let given: LoginRequest = serde_json::from_value(params).map_err(Error::internal)?;
    let (password, peer) = (Secret::new(given.password), call.peer.address.ip());
    account::login(&front.services, given.user_name, password, peer).await
}

async fn end(front: &Front, call: &Call, params: Value) -> Result<()> {
    api::params::check(LogoutRequest::INFO, params)?;
    match cookie::token(&call.headers) {
        Some(token) => account::logout(&front.services, token).await,
        None => Ok(()),
    }
}
