//! The place where `POST /api` is answered: the console's calls, known by their session cookie;
//! signed calls go the ordinary road.

use api::{Request as _, account::LoginRequest};
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
    let action = call.header("x-tc-action").map(str::to_owned);
    let wished = wish(call, action.as_deref());
    match (action.as_deref(), wished) {
        (_, Err(error)) => envelope::failed(&call.id, &error),
        (Some("Login"), Ok(params)) => login(front, call, params).await,
        (Some("Logout"), Ok(_)) => logout(front, call).await,
        (Some(action), Ok(params)) => {
            let caller = caller(front, call);
            let outcome = match &caller {
                Some(caller) => {
                    let zh = call.header("x-tc-language") != Some("en-US");
                    let (caller, action) = (caller.clone(), action.to_owned());
                    cloud::run(front, call, Wish { caller, action, params, zh }).await
                }
                None => Err(Error::new(Code::AuthFailureTokenFailure, "the session has ended")),
            };
            cloud::note(call, Some(action), caller.as_ref(), &outcome, started.elapsed());
            cloud::finish(call, outcome)
        }
        (None, Ok(_)) => {
            let error = Error::new(Code::MissingParameter, "the header X-TC-Action is missing");
            envelope::failed(&call.id, &error)
        }
    }
}

/// The parameters; nothing is read of a call that another site may have made.
fn wish(call: &Call, action: Option<&str>) -> Result<Value> {
    if call.method != Method::POST {
        return Err(Error::new(Code::UnsupportedProtocol, "console calls are POST"));
    }
    if action.is_none() {
        return Err(Error::new(Code::MissingParameter, "the header X-TC-Action is missing"));
    }
    if !cookie::same_origin(&call.headers) {
        return Err(Error::new(Code::UnauthorizedOperation, "the call comes from another site"));
    }
    api::params::from_json(&call.body)
}

/// Whose session the call's cookie is.
fn caller(front: &Front, call: &Call) -> Option<Caller> {
    account::session(&front.services, cookie::token(&call.headers)?)
}

async fn login(front: &Front, call: &Call, params: Value) -> Answer {
    match begin(front, call, params).await {
        Ok((token, caller)) => {
            let fields = json!({ "Uin": caller.uin.to_string(), "UserName": caller.user });
            let answer = envelope::done(&call.id, fields.to_string().as_bytes());
            with_cookie(answer, &cookie::set(&token, call.peer.secure))
        }
        Err(error) => {
            let (request_id, code) = (&call.id, error.code().as_str());
            tracing::info!(action = "Login", %request_id, code, peer = %call.peer.address, "login refused");
            envelope::failed(&call.id, &error)
        }
    }
}

async fn begin(front: &Front, call: &Call, params: Value) -> Result<(String, Caller)> {
    let params = api::params::check(LoginRequest::INFO, params)?;
    let given: LoginRequest = serde_json::from_value(params).map_err(Error::internal)?;
    let password = Secret::new(given.password);
    account::login(&front.services, &given.user_name, &password, call.peer.address.ip()).await
}

async fn logout(front: &Front, call: &Call) -> Answer {
    if let Some(token) = cookie::token(&call.headers)
        && let Err(error) = account::logout(&front.services, token).await
    {
        return envelope::failed(&call.id, &error);
    }
    with_cookie(envelope::done(&call.id, b"{}"), &cookie::cleared())
}

fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(SET_COOKIE, value);
    }
    answer
}
