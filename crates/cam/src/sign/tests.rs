//! Requests that the official Python SDK and CLI sent over a socket, byte by byte.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const VECTORS: &str = include_str!("vectors.json");

/// A recorded request that a test may bend.
#[derive(Debug, Clone)]
struct Recorded {
    name: String,
    now: i64,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn key() -> Secret {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    Secret::new(vectors["secret_key"].as_str().unwrap())
}

fn recorded() -> Vec<Recorded> {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let requests = vectors["requests"].as_array().unwrap().iter();
    requests
        .map(|request| Recorded {
            name: text(&request["name"]),
            now: request["now"].as_i64().unwrap(),
            method: text(&request["method"]),
            path: text(&request["path"]),
            query: text(&request["query"]),
            headers: (request["headers"].as_array().unwrap().iter())
                .map(|pair| (text(&pair[0]), text(&pair[1])))
                .collect(),
            body: text(&request["body"]).into_bytes(),
        })
        .collect()
}

fn named(name: &str) -> Recorded {
    recorded().into_iter().find(|request| request.name == name).unwrap()
}

impl Recorded {
    /// Parses and verifies at the moment it was sent plus `late` seconds.
    fn check(&self, secret: Option<&Secret>, late: i64) -> Result<(), Code> {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let parts = Parts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        };
        let signed = parse(&parts).map_err(|error| error.code())?;
        signed.verify(secret, self.now + late).map_err(|error| error.code())
    }

    fn header(&mut self, name: &str) -> &mut String {
        let found = self.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name));
        &mut found.unwrap().1
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    fn with(mut self, name: &str, from: &str, to: &str) -> Self {
        let value = self.header(name);
        assert!(value.contains(from), "{value}");
        *value = value.replace(from, to);
        self
    }

    fn is_tc3(&self) -> bool {
        self.name.starts_with("tc")
    }
}

#[test]
fn every_request_of_the_official_clients_holds() {
    let requests = recorded();
    assert_eq!(requests.len(), 28);
    for request in requests {
        assert_eq!(request.check(Some(&key()), 0), Ok(()), "{}", request.name);
        let other = Secret::new("Gu5t9xGARNpq86cd98joQYCN3EXAMPLf");
        let wrong = request.check(Some(&other), 0);
        assert_eq!(wrong, Err(Code::AuthFailureSignatureFailure), "{}", request.name);
        assert_eq!(request.check(None, 0), Err(Code::AuthFailureSecretIdNotFound));
    }
}

#[test]
fn what_is_claimed_can_be_read_before_it_is_proven() {
    for name in ["tc3 language", "tc3 get listd", "HmacSHA256 post listd", "tccli"] {
        let request = named(name);
        let headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let Recorded { method, path, query, body, .. } = &request;
        let parts = Parts { method, path, query, headers: &headers, body };
        let signed = parse(&parts).unwrap();
        assert_eq!(signed.secret_id(), "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE");
        assert_eq!(signed.version, "2019-04-23");
        assert!(["CreateDevice", "GetDeviceList", "DescribeDevice"].contains(&&*signed.action));
        assert!(["zh-CN", "en-US"].contains(&signed.language.as_deref().unwrap()));
        let pairs = matches!(parts.given().unwrap(), Given::Pairs(_));
        assert_eq!(pairs, name.contains("get") || name.starts_with("Hmac"));
    }
}

#[test]
fn a_clock_may_be_off_by_five_minutes() {
    for name in ["tc3 post create", "HmacSHA1 get create", "HmacSHA256 post create"] {
        let request = named(name);
        for (late, result) in [
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Code::AuthFailureSignatureExpire)),
            (-301, Err(Code::AuthFailureSignatureExpire)),
        ] {
            assert_eq!(request.check(Some(&key()), late), result, "{name} {late}");
        }
    }
}

#[test]
fn each_fault_of_a_tc3_request_has_its_code() {
    let good = || named("tc3 post create");
    let authorization = |from: &str, to: &str| good().with("authorization", from, to);
    let twice = {
        let mut request = good();
        request.headers.push(("host".to_owned(), "127.0.0.1:1".to_owned()));
        request
    };
    let token = {
        let mut request = good();
        request.headers.push(("X-TC-Token".to_owned(), "t".to_owned()));
        request
    };
    let table = [
        (good().without("authorization"), Code::MissingParameter),
        (good().without("x-tc-action"), Code::MissingParameter),
        (good().without("x-tc-version"), Code::MissingParameter),
        (good().without("x-tc-timestamp"), Code::MissingParameter),
        (good().without("host"), Code::AuthFailureInvalidAuthorization),
        (good().without("content-type"), Code::AuthFailureInvalidAuthorization),
        (twice, Code::AuthFailureInvalidAuthorization),
        (token, Code::AuthFailureTokenFailure),
        (good().with("x-tc-timestamp", "17", "+17"), Code::InvalidParameter),
        (
            authorization("TC3-HMAC-SHA256 ", "TC3-HMAC-SHA512 "),
            Code::AuthFailureInvalidAuthorization,
        ),
        (authorization(", Signature=", ", Signed="), Code::AuthFailureInvalidAuthorization),
        (
            authorization("Credential=", "SignedHeaders=a, Credential="),
            Code::AuthFailureInvalidAuthorization,
        ),
        (authorization("/tc3_request", "/tc4_request"), Code::AuthFailureInvalidAuthorization),
        (authorization("/iotexplorer/", "/"), Code::AuthFailureInvalidAuthorization),
        (authorization("content-type;host", "content-type"), Code::AuthFailureInvalidAuthorization),
        (authorization("content-type;host", "host"), Code::AuthFailureInvalidAuthorization),
        (
            authorization("content-type;host", "content-type;host;x-no"),
            Code::AuthFailureInvalidAuthorization,
        ),
        (
            authorization("content-type;host", "content-type;host;host"),
            Code::AuthFailureInvalidAuthorization,
        ),
        (authorization("/iotexplorer/", "/cvm/"), Code::AuthFailureSignatureFailure),
        (authorization("/2026-11-25/", "/2026-11-24/"), Code::AuthFailureSignatureFailure),
        (authorization("Signature=", "Signature=0"), Code::AuthFailureSignatureFailure),
        (
            authorization("content-type;host", "host;content-type"),
            Code::AuthFailureSignatureFailure,
        ),
        (
            good().with("content-type", "json", "json; charset=utf-8"),
            Code::AuthFailureSignatureFailure,
        ),
        (good().with("host", "127.0.0.1", "http://127.0.0.1"), Code::AuthFailureSignatureFailure),
        (named("tccli").with("host", "http://", ""), Code::AuthFailureSignatureFailure),
    ];
    for (request, code) in table {
        assert_eq!(request.check(Some(&key()), 0), Err(code), "{request:?}");
    }
}

#[test]
fn each_fault_of_an_older_request_has_its_code() {
    let bent = |from: &str, to: &str| {
        let mut request = named("HmacSHA256 get create");
        assert!(request.query.contains(from), "{}", request.query);
        request.query = request.query.replace(from, to);
        request
    };
    let table = [
        (bent("&Signature=", "&signature="), Code::MissingParameter),
        (bent("Action=", "Acting="), Code::MissingParameter),
        (bent("&Timestamp=", "&At="), Code::MissingParameter),
        (bent("&Nonce=", "&Once="), Code::MissingParameter),
        (bent("&SecretId=", "&KeyId="), Code::MissingParameter),
        (bent("&Version=", "&V="), Code::MissingParameter),
        (bent("&Timestamp=", "&Timestamp=x"), Code::InvalidParameter),
        (bent("HmacSHA256", "HmacMD5"), Code::InvalidParameter),
        (bent("&Nonce=", "&Action=DeleteDevice&Nonce="), Code::InvalidParameter),
        (bent("&Nonce=", "&Token=t&Nonce="), Code::AuthFailureTokenFailure),
        (bent("&Signature=", "&Signature=%20"), Code::AuthFailureSignatureFailure),
        (bent("HmacSHA256", "HmacSHA1"), Code::AuthFailureSignatureFailure),
        (bent("&Nonce=", "&DevAddr=1&Nonce="), Code::AuthFailureSignatureFailure),
        (bent("%E7", "%zz"), Code::InvalidParameter),
        (named("HmacSHA1 post create").without("content-type"), Code::MissingParameter),
        (named("HmacSHA1 post create").without("host"), Code::MissingParameter),
    ];
    for (request, code) in table {
        assert_eq!(request.check(Some(&key()), 0), Err(code), "{request:?}");
    }
}

#[test]
fn a_caller_may_leave_the_body_unsigned_but_says_so() {
    let mut request = named("tc3 unsigned payload");
    request.body = b"{}".to_vec();
    assert_eq!(request.check(Some(&key()), 0), Ok(()));
    let request = request.without("x-tc-content-sha256");
    assert_eq!(request.check(Some(&key()), 0), Err(Code::AuthFailureSignatureFailure));
}

#[test]
fn header_values_may_be_signed_in_lower_case() {
    let request = named("tc3 post create").with("content-type", "json", "JSON");
    assert_eq!(request.check(Some(&key()), 0), Ok(()));
}

#[test]
fn only_get_and_post_carry_parameters() {
    let parts = |method, headers| Parts { method, path: "/", query: "a=1", headers, body: b"{}" };
    let code = |parts: Parts<'_>| parts.given().unwrap_err().code();
    assert_eq!(code(parts("PUT", &[])), Code::UnsupportedProtocol);
    let multipart = [("Content-Type", "multipart/form-data; boundary=x")];
    assert_eq!(code(parts("POST", &multipart)), Code::InvalidRequest);
    assert_eq!(parts("POST", &[]).given().unwrap(), Given::Json(b"{}"));
}

/// The places of a request that a signature covers.
#[derive(Debug, Clone, Copy)]
enum Place {
    Method,
    Path,
    Query,
    Body,
    Host,
    ContentType,
}

impl Recorded {
    fn bytes(&mut self, place: Place) -> Vec<u8> {
        match place {
            Place::Method => self.method.clone().into_bytes(),
            Place::Path => self.path.clone().into_bytes(),
            Place::Query => self.query.clone().into_bytes(),
            Place::Body => self.body.clone(),
            Place::Host => self.header("host").clone().into_bytes(),
            Place::ContentType => self.header("content-type").clone().into_bytes(),
        }
    }

    /// None: no text, so it cannot stand there.
    fn set(&mut self, place: Place, bytes: Vec<u8>) -> Option<()> {
        match place {
            Place::Body => self.body = bytes,
            Place::Method => self.method = String::from_utf8(bytes).ok()?,
            Place::Path => self.path = String::from_utf8(bytes).ok()?,
            Place::Query => self.query = String::from_utf8(bytes).ok()?,
            Place::Host => *self.header("host") = String::from_utf8(bytes).ok()?,
            Place::ContentType => *self.header("content-type") = String::from_utf8(bytes).ok()?,
        }
        Some(())
    }

    /// What the older signatures see of the pairs: order, encoding and `_` do not count.
    fn meaning(&self) -> Vec<(String, String)> {
        let body = String::from_utf8_lossy(&self.body);
        let mut pairs = form::pairs(&self.query).unwrap_or_default();
        pairs.extend(form::pairs(&body).unwrap_or_default());
        for (name, _) in &mut pairs {
            *name = name.replace('_', ".");
        }
        pairs.sort();
        pairs
    }

    /// The bent request says the same as the recorded one, in the eyes of its signature.
    fn says_the_same(&self, bent: &Self, place: Place) -> bool {
        match place {
            Place::Query | Place::Body => {
                !self.is_tc3() && !self.meaning().is_empty() && self.meaning() == bent.meaning()
            }
            Place::Host | Place::ContentType => {
                let of = |request: &Self| {
                    let headers: Vec<_> = request.headers.clone();
                    headers
                        .into_iter()
                        .map(|(n, v)| (n, v.trim().to_lowercase()))
                        .collect::<Vec<_>>()
                };
                // The older kinds do not sign the content type, they only need a form.
                of(self) == of(bent) || (!self.is_tc3() && matches!(place, Place::ContentType))
            }
            Place::Method | Place::Path => false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
    #[test]
    fn a_changed_byte_anywhere_fails(
        which in 0..28_usize,
        place in prop::sample::select(vec![
            Place::Method, Place::Path, Place::Query, Place::Body, Place::Host, Place::ContentType,
        ]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let good = recorded().swap_remove(which);
        let mut bent = good.clone();
        let mut bytes = bent.bytes(place);
        if !bytes.is_empty() && good.name != "tc3 unsigned payload" {
            let at = at.index(bytes.len());
            let before = std::mem::replace(&mut bytes[at], byte);
            if before != byte && bent.set(place, bytes).is_some() && !good.says_the_same(&bent, place) {
                prop_assert!(bent.check(Some(&key()), 0).is_err(), "{bent:?}");
            }
        }
    }

    #[test]
    fn a_changed_signature_fails(which in 0..28_usize, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let good = recorded().swap_remove(which);
        let mut bent = good.clone();
        let text = if good.is_tc3() { bent.header("authorization").clone() }
            else if good.method == "GET" { good.query.clone() }
            else { String::from_utf8(good.body.clone()).unwrap() };
        let start = text.find("Signature=").unwrap() + "Signature=".len();
        let mut bytes = text.clone().into_bytes();
        let at = start + at.index(bytes.len() - start);
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(bytes)
            && !changed.eq_ignore_ascii_case(&text)
        {
            if good.is_tc3() { *bent.header("authorization") = changed }
            else if good.method == "GET" { bent.query = changed }
            else { bent.body = changed.into_bytes() }
            prop_assert!(bent.check(Some(&key()), 0).is_err(), "{bent:?}");
        }
    }

    #[test]
    fn anything_may_stand_in_the_headers_without_a_panic(
        authorization in "(TC3-HMAC-SHA256 )?(Credential=[a-z/0-9-]{0,40}, )?(SignedHeaders=[a-z;]{0,20}, )?.{0,40}",
        at in any::<String>(),
    ) {
        let mut request = named("tc3 post create");
        *request.header("authorization") = authorization;
        *request.header("x-tc-timestamp") = at;
        prop_assert!(request.check(Some(&key()), 0).is_err());
    }
}

#[test]
fn what_is_authorized_here_is_verified_here() {
    let headers = [
        ("X-TC-Action", "GetProjectList"),
        ("X-TC-Version", "2019-04-23"),
        ("X-TC-Timestamp", "1795608000"),
        ("Content-Type", "application/json"),
        ("Host", "127.0.0.1:8080"),
    ];
    let parts = Parts { method: "POST", path: "/", query: "", headers: &headers, body: b"{}" };
    let proof = authorize(&parts, "AKIDx", &key(), 1_795_608_000).unwrap();
    let headers = [&headers[..], &[("Authorization", &proof)]].concat();
    let parts = Parts { headers: &headers, ..parts };
    let signed = parse(&parts).unwrap();
    assert_eq!(signed.secret_id(), "AKIDx");
    signed.verify(Some(&key()), 1_795_608_000).unwrap();
    assert!(signed.verify(Some(&Secret::new("another")), 1_795_608_000).is_err());
}
