//! Signatures of the cloud API: TC3-HMAC-SHA256, and the older HmacSHA1 and HmacSHA256.

mod legacy;
mod tc3;

#[cfg(test)]
mod tests;

use base::{Code, Error, Result, Secret};

use crate::form;

pub use tc3::authorize;

/// How far the clock of a caller may be off, in seconds.
pub const WINDOW: i64 = 300;
/// The service that a signature must name.
pub const SERVICE: &str = "iotexplorer";

/// A request as it came over the wire; nothing decoded, nothing normalised.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub method: &'a str,
    /// Up to the `?`.
    pub path: &'a str,
    /// After the `?`, or empty.
    pub query: &'a str,
    /// Names in any case.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// A request that claims to be signed. Nothing of it is proven before [`Signed::verify`].
#[derive(Debug)]
pub struct Signed<'a> {
    pub action: String,
    /// `2019-04-23`
    pub version: String,
    /// `zh-CN` or `en-US`
    pub language: Option<String>,
    secret_id: String,
    timestamp: i64,
    proof: Proof<'a>,
}

#[derive(Debug)]
enum Proof<'a> {
    Tc3(tc3::Proof<'a>),
    Legacy(legacy::Proof),
}

/// Reads the signature of a request: TC3 when there is an `Authorization` header, else the older
/// kind in the query (GET) or the form (POST).
///
/// # Errors
/// `MissingParameter` (no signature, a common parameter absent), `InvalidParameter`,
/// `AuthFailure.InvalidAuthorization`, `AuthFailure.SignatureFailure` (wrong service or day),
/// `AuthFailure.TokenFailure` (temporary keys are not given out here).
pub fn parse<'a>(parts: &Parts<'a>) -> Result<Signed<'a>> {
    match parts.header("authorization")? {
        Some(authorization) => tc3::parse(parts, authorization),
        None => legacy::parse(parts),
    }
}

impl Signed<'_> {
    /// The key that the caller claims to hold.
    #[must_use]
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// Proves the claim. `secret` is the key of [`Signed::secret_id`], None when there is no such
    /// key; `now` is in seconds.
    ///
    /// # Errors
    /// `AuthFailure.SignatureExpire`, `AuthFailure.SecretIdNotFound`,
    /// `AuthFailure.SignatureFailure`.
    pub fn verify(&self, secret: Option<&Secret>, now: i64) -> Result<()> {
        if now.abs_diff(self.timestamp) > WINDOW.unsigned_abs() {
            let text = format!(
                "the timestamp {} differs from the server's {now} by more than five minutes",
                self.timestamp
            );
            return Err(Error::new(Code::AuthFailureSignatureExpire, text));
        }
        let Some(secret) = secret else {
            let text = format!("the SecretId {} does not exist", shown(&self.secret_id));
            return Err(Error::new(Code::AuthFailureSecretIdNotFound, text));
        };
        let right = match &self.proof {
            Proof::Tc3(proof) => proof.holds(secret),
            Proof::Legacy(proof) => proof.holds(secret),
        };
        if right { Ok(()) } else { Err(failure("the signature does not match the request")) }
    }
}

/// Where the parameters of an action stand in a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// The query of a GET, the form of a POST: for `api::params::from_pairs`.
    Pairs(Vec<(String, String)>),
    /// The body of any other POST: for `api::params::from_json`.
    Json(&'a [u8]),
}

impl<'a> Parts<'a> {
    /// The parameters, from the same bytes that the signature covers.
    ///
    /// # Errors
    /// `UnsupportedProtocol`: neither GET nor POST. `InvalidRequest`: a kind of body that is not
    /// read here. `InvalidParameter`: broken encoding.
    pub fn given(&self) -> Result<Given<'a>> {
        match (self.method, self.kind()?) {
            ("GET", _) => Ok(Given::Pairs(form::pairs(self.query)?)),
            ("POST", Kind::Form) => Ok(Given::Pairs(form::pairs(self.form()?)?)),
            ("POST", Kind::Json) => Ok(Given::Json(self.body)),
            ("POST", Kind::Other(kind)) => {
                let text = format!("the content type {} is not supported", shown(kind));
                Err(Error::new(Code::InvalidRequest, text))
            }
            (method, _) => {
                let text = format!("the method {} is neither GET nor POST", shown(method));
                Err(Error::new(Code::UnsupportedProtocol, text))
            }
        }
    }

    fn kind(&self) -> Result<Kind<'a>> {
        let Some(value) = self.header("content-type")? else {
            return Ok(Kind::Json);
        };
        let name = value.split(';').next().unwrap_or_default().trim_ascii();
        Ok(match name.to_ascii_lowercase().as_str() {
            "application/json" | "" => Kind::Json,
            "application/x-www-form-urlencoded" => Kind::Form,
            _ => Kind::Other(name),
        })
    }

    fn form(&self) -> Result<&'a str> {
        std::str::from_utf8(self.body)
            .map_err(|_| Error::new(Code::InvalidParameter, "the form is not UTF-8"))
    }

    /// The value of a header that may stand once.
    fn header(&self, name: &str) -> Result<Option<&'a str>> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let first = found.next().map(|(_, value)| value.trim_ascii());
        if found.next().is_some() {
            return Err(invalid(format!("the header {} stands twice", shown(name))));
        }
        Ok(first)
    }
}

/// The kind of a body.
enum Kind<'a> {
    Json,
    Form,
    Other(&'a str),
}

fn timestamp(text: &str) -> Result<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        Error::new(Code::InvalidParameter, format!("the timestamp {} is no number", shown(text)))
    })
}

/// Temporary keys come with a token; there are none here, so a token cannot be right.
fn no_token(token: Option<&str>) -> Result<()> {
    match token {
        None | Some("") => Ok(()),
        Some(_) => Err(Error::new(Code::AuthFailureTokenFailure, "the token is not valid")),
    }
}

fn missing(name: &str) -> Error {
    Error::new(Code::MissingParameter, format!("the request lacks the parameter `{name}`"))
}

fn invalid(text: String) -> Error {
    Error::new(Code::AuthFailureInvalidAuthorization, text)
}

fn failure(text: &'static str) -> Error {
    Error::new(Code::AuthFailureSignatureFailure, text)
}

/// The start of a caller's text, without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
