//! The place where certificates are tried out, without sockets: what the doors prove is told to the
//! hub as the broker tells it.

use base::{Code, Millis};
use broker::hub::{Certificate, Connect, Door, Hub as _, Level, Refusal};
use openssl::{
    asn1::Asn1Time,
    bn::{BigNum, MsbOption},
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    rsa::Rsa,
    sign::Signer,
    x509::{X509, X509NameBuilder, extension::BasicConstraints},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, Space};

use super::DeviceCa;
use crate::{
    PlatformHub,
    tests::{Bed, NOON, both},
};

/// A certificate and its key.
struct Paper {
    certificate: X509,
    key: PKey<Private>,
}

fn ec() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// Valid from an hour before noon for so many seconds.
fn paper(name: &str, issuer: Option<&Paper>, ca: bool, key: PKey<Private>, valid_s: i64) -> Paper {
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_nid(Nid::COUNTRYNAME, "CN").unwrap();
    subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    let subject = subject.build();
    let mut made = X509::builder().unwrap();
    made.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(100, MsbOption::MAYBE_ZERO, false).unwrap();
    made.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    made.set_subject_name(&subject).unwrap();
    made.set_issuer_name(issuer.map_or(&*subject, |by| by.certificate.subject_name())).unwrap();
    made.set_pubkey(&key).unwrap();
    let from = NOON / 1000 - 3600;
    made.set_not_before(&Asn1Time::from_unix(from).unwrap()).unwrap();
    made.set_not_after(&Asn1Time::from_unix(from + valid_s).unwrap()).unwrap();
    if ca {
        made.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    made.sign(issuer.map_or(&key, |by| &by.key), MessageDigest::sha256()).unwrap();
    Paper { certificate: made.build(), key }
}

const YEAR_S: i64 = 365 * 86_400;

fn authority(name: &str) -> Paper {
    paper(name, None, true, ec(), YEAR_S)
}

fn issued(name: &str, by: &Paper) -> Paper {
    paper(name, Some(by), false, ec(), YEAR_S)
}

fn pem(paper: &Paper) -> String {
    String::from_utf8(paper.certificate.to_pem().unwrap()).unwrap()
}

fn fingerprint(certificate: &X509) -> [u8; 32] {
    (&*certificate.digest(MessageDigest::sha256()).unwrap()).try_into().unwrap()
}

/// What the platform of tests issues by.
pub(crate) fn device_ca() -> DeviceCa {
    let Paper { certificate, key } = authority("device ca");
    let key = key.private_key_to_pem_pkcs8().unwrap();
    DeviceCa::read(&certificate.to_pem().unwrap(), &key).unwrap()
}

/// What the doors say of a certificate.
fn proven(certificate: &X509, authority: Option<&Paper>) -> Certificate {
    let name = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next().unwrap();
    Certificate {
        fingerprint: fingerprint(certificate),
        common_name: name.data().to_string().ok(),
        authority: authority.map(|by| fingerprint(&by.certificate)),
        not_after: NOON + YEAR_S * 1000,
    }
}

impl Bed {
    /// The certificate that shows that this account has the key of `ca`.
    fn proof(&self, ca: &Paper) -> String {
        let name = hex::encode(Sha256::digest(format!("iothub_{}", self.login.uin)));
        pem(&issued(&name, ca))
    }

    fn kept(&self, name: &str, ca: &Paper) -> Value {
        json!({ "CertName": name, "CertText": pem(ca), "VerifyCertText": self.proof(ca) })
    }

    async fn new_device(&self, product: &str, name: &str, more: Value) -> Value {
        let mut params = json!({ "ProductId": product, "DeviceName": name });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ok("CreateDevice", params).await["Data"].clone()
    }

    /// Why the last CONNECT of a device was refused.
    async fn diagnosis(&self, product: &str, name: &str) -> String {
        // What was noted before is on the disk when this is.
        let mut batch = Batch::default();
        batch.put(Space::Session, b"later", b"");
        self.services.store.commit(batch).await.unwrap();
        self.clock.advance(5_000);
        let ask = json!({ "ProductId": product, "DeviceName": name });
        let log = self.ok("DescribeDiagnosisLogs", ask).await;
        log["Logs"][0]["Result"].as_str().unwrap().to_owned()
    }

    async fn knock<'a>(
        &self,
        client: &'a str,
        change: impl Fn(&mut Connect<'a>),
    ) -> Option<Refusal> {
        let mut hello = Connect {
            door: Door::Tls,
            peer: "10.0.0.7:4000".parse().unwrap(),
            now: self.clock.now(),
            level: Level::V311,
            client_id: client,
            user_name: None,
            password: None,
            keep_alive: 60,
            clean: true,
            will: false,
            psk: None,
            certificate: None,
        };
        change(&mut hello);
        PlatformHub::new(&self.services).connect(&hello).await.err()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

both!(a_device_gets_its_certificate_and_key_once_and_connects_by_it);
async fn a_device_gets_its_certificate_and_key_once_and_connects_by_it(bed: Bed) {
    let product = bed.product("safe", json!({ "EncryptionType": "1" })).await;
    let made = bed.new_device(&product, "lamp", json!({})).await;
    let certificate = X509::from_pem(text(&made["DeviceCert"]).as_bytes()).unwrap();
    let key = PKey::private_key_from_pem(text(&made["DevicePrivateKey"]).as_bytes()).unwrap();
    assert!(certificate.public_key().unwrap().public_eq(&key));
    assert_eq!(made["DevicePsk"], "");
    let client = format!("{product}lamp");
    let shown = proven(&certificate, None);
    assert_eq!(shown.common_name.as_deref(), Some(&*client));

    let ask = json!({ "ProductId": product, "DeviceName": "lamp" });
    let device = bed.ok("DescribeDevice", ask.clone()).await["Device"].clone();
    assert_eq!((&device["DeviceCert"], &device["DevicePsk"]), (&made["DeviceCert"], &json!("")));
    assert_eq!(bed.ok("DescribeDeviceConnection", ask).await["Password"], "");

    let bed = bed.restart().await;
    assert_eq!(bed.knock(&client, |hello| hello.certificate = Some(&shown)).await, None);
    // A8: of another device, of nobody, too late.
    let other = bed.new_device(&product, "other", json!({})).await;
    let other = X509::from_pem(text(&other["DeviceCert"]).as_bytes()).unwrap();
    let late = Certificate { not_after: bed.clock.now() - 1, ..shown.clone() };
    let own = issued(&client, &authority("own"));
    for (bad, why) in [
        (proven(&other, None), "certificate is of another device"),
        (proven(&own.certificate, None), "certificate is of another device"),
        (late, "certificate has expired"),
    ] {
        let refusal = bed.knock(&client, |hello| hello.certificate = Some(&bad)).await;
        assert_eq!(refusal, Some(Refusal::NotAuthorized), "{why}");
        assert!(bed.diagnosis(&product, "lamp").await.contains(why), "{why}");
    }
}

both!(each_product_refuses_the_other_s_proof);
async fn each_product_refuses_the_other_s_proof(bed: Bed) {
    let safe = bed.product("safe", json!({ "EncryptionType": "1" })).await;
    let plain = bed.product("plain", json!({})).await;
    bed.new_device(&safe, "lamp", json!({ "DefinedPsk": "a2V5a2V5a2V5a2V5" })).await;
    let made = bed.new_device(&plain, "lamp", json!({})).await;
    let hub = PlatformHub::new(&bed.services);
    let client = format!("{safe}lamp");

    // A46: no key of a certificate device is ever given to the handshake.
    assert!(hub.secret(client.as_bytes()).is_none());
    let psk = "product authenticates by certificate, psk was used";
    assert!(bed.diagnosis(&safe, "lamp").await.contains(psk));
    let refusal = bed.knock(&client, |hello| hello.psk = Some(hello.client_id.as_bytes())).await;
    assert_eq!(refusal, Some(Refusal::NotAuthorized));
    // Of one device not more than one in five seconds is noted.
    bed.clock.advance(5_000);
    // Right for the secret that the caller chose, and worth nothing.
    let user = format!("{client};12010126;AbC1x;{}", NOON / 1000 + 3600);
    let password = crate::device::password::sign(b"a2V5a2V5a2V5a2V5", &user).unwrap();
    for door in [Door::Tcp, Door::Tls, Door::Ws, Door::Wss] {
        let enter = bed.knock(&client, |hello| {
            hello.door = door;
            hello.user_name = Some(&user);
            hello.password = Some(password.as_bytes());
        });
        assert_eq!(enter.await, Some(Refusal::NotAuthorized), "{door:?}");
    }
    let none = "product authenticates by certificate, none was shown";
    assert!(bed.diagnosis(&safe, "lamp").await.contains(none));

    let client = format!("{plain}lamp");
    assert!(hub.secret(client.as_bytes()).is_some());
    let shown = proven(&issued(&client, &authority("own")).certificate, None);
    let refusal = bed.knock(&client, |hello| hello.certificate = Some(&shown)).await;
    assert_eq!(refusal, Some(Refusal::NotAuthorized));
    let used = "product authenticates by key, a certificate was used";
    assert!(bed.diagnosis(&plain, "lamp").await.contains(used));
    assert_eq!((&made["DeviceCert"], &made["DevicePrivateKey"]), (&json!(""), &json!("")));
}

both!(over_web_socket_the_key_of_the_certificate_signs);
async fn over_web_socket_the_key_of_the_certificate_signs(bed: Bed) {
    let product = bed.product("safe", json!({ "EncryptionType": "1" })).await;
    let made = bed.new_device(&product, "lamp", json!({})).await;
    let key = PKey::private_key_from_pem(text(&made["DevicePrivateKey"]).as_bytes()).unwrap();
    let client = format!("{product}lamp");
    let user = |expiry: Millis| format!("{client};12010126;AbC1x;{expiry}");
    let sign = |key: &PKey<Private>, user: &str| {
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer.sign_oneshot_to_vec(user.as_bytes()).unwrap();
        format!("{};rsa-sha256", hex::encode_upper(signature))
    };
    let (good, over) = (user(NOON / 1000 + 3600), user(NOON / 1000 - 1));
    let other = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    for (door, user, password, refusal) in [
        (Door::Wss, &good, sign(&key, &good), None),
        (Door::Tcp, &good, sign(&key, &good), Some(Refusal::NotAuthorized)),
        (Door::Wss, &good, sign(&other, &good), Some(Refusal::BadCredentials)),
        (Door::Wss, &good, sign(&key, &over), Some(Refusal::BadCredentials)),
        (Door::Wss, &over, sign(&key, &over), Some(Refusal::BadCredentials)),
        (Door::Wss, &good, "zz;rsa-sha256".into(), Some(Refusal::NotAuthorized)),
    ] {
        let (user, password): (&str, &str) = (user, &password);
        let got = bed.knock(&client, |hello| {
            (hello.door, hello.user_name) = (door, Some(user));
            hello.password = Some(password.as_bytes());
        });
        assert_eq!(got.await, refusal, "{door:?} {user} {password}");
    }
}

both!(an_authority_is_kept_shown_changed_and_deleted);
async fn an_authority_is_kept_shown_changed_and_deleted(bed: Bed) {
    let (first, second) = (authority("first"), authority("second"));
    bed.ok("CreatePrivateCA", bed.kept("ca", &first)).await;
    let shown = bed.ok("DescribePrivateCA", json!({ "CertName": "ca" })).await["CA"].clone();
    let from = NOON / 1000 - 3600;
    let serial = first.certificate.serial_number().to_bn().unwrap().to_hex_str().unwrap();
    assert_eq!(
        shown,
        json!({
            "CertName": "ca", "CertSN": serial.to_lowercase().trim_start_matches('0'),
            "IssuerName": "CN=first,C=CN", "Subject": "CN=first,C=CN", "CreateTime": NOON / 1000,
            "EffectiveTime": from, "ExpireTime": from + YEAR_S, "CertText": pem(&first),
        })
    );
    let code = bed.code("CreatePrivateCA", bed.kept("ca", &second)).await;
    assert_eq!(code, Code::LimitExceededCACertNameRepeat);
    let code = bed.code("CreatePrivateCA", bed.kept("again", &first)).await;
    assert_eq!(code, Code::LimitExceededCACertAlreadyExist);
    bed.ok("UpdatePrivateCA", bed.kept("ca", &second)).await;
    let code = bed.code("UpdatePrivateCA", bed.kept("none", &first)).await;
    assert_eq!(code, Code::ResourceNotFoundCACertNotExist);

    let bed = bed.restart().await;
    let all = bed.ok("DescribePrivateCAs", json!({})).await;
    assert_eq!(all["CAs"].as_array().unwrap().len(), 1);
    assert_eq!(all["CAs"][0]["CertText"], pem(&second));
    assert_eq!(
        PlatformHub::new(&bed.services).authorities(),
        [second.certificate.to_der().unwrap()]
    );
    let theirs =
        bed.call_as(bed.stranger(), "DescribePrivateCA", json!({ "CertName": "ca" })).await;
    assert_eq!(theirs.unwrap_err().code(), Code::ResourceNotFoundCACertNotExist);
    bed.ok("DeletePrivateCA", json!({ "CertName": "ca" })).await;
    let code = bed.code("DeletePrivateCA", json!({ "CertName": "ca" })).await;
    assert_eq!(code, Code::ResourceNotFoundCACertNotExist);
    assert!(PlatformHub::new(&bed.services).authorities().is_empty());
}

both!(what_is_no_authority_of_the_caller_is_refused);
async fn what_is_no_authority_of_the_caller_is_refused(bed: Bed) {
    let (ca, other) = (authority("ca"), authority("ca"));
    let leaf = issued("leaf", &ca);
    let weak =
        paper("weak", None, true, PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap(), YEAR_S);
    let over = paper("over", None, true, ec(), 1800);
    let invalid = Code::InvalidParameterValueCACertInvalid;
    let no_match = Code::InvalidParameterValueCACertNotMatch;
    let ask = |name: &str, text: &str, proof: &str| json!({ "CertName": name, "CertText": text, "VerifyCertText": proof });
    let (good, both) = (pem(&ca), format!("{}{}", pem(&ca), pem(&other)));
    for (params, code) in [
        (ask("ca", "nonsense", &bed.proof(&ca)), invalid),
        (ask("ca", &both, &bed.proof(&ca)), invalid),
        (ask("ca", &good, "nonsense"), invalid),
        (ask("ca", &good, &bed.proof(&other)), no_match),
        (ask("ca", &good, &pem(&leaf)), no_match),
        (ask("ca", &pem(&leaf), &bed.proof(&leaf)), invalid),
        (ask("ca", &pem(&over), &bed.proof(&over)), invalid),
        (ask("ca", &pem(&weak), &bed.proof(&weak)), Code::LimitExceededCACertNotSupport),
        (ask("", &good, &bed.proof(&ca)), Code::InvalidParameterValue),
        (ask(&"x".repeat(33), &good, &bed.proof(&ca)), Code::InvalidParameterValue),
    ] {
        assert_eq!(bed.code("CreatePrivateCA", params.clone()).await, code, "{params}");
    }
    assert_eq!(bed.ok("DescribePrivateCAs", json!({})).await, json!({ "CAs": [] }));
}

both!(a_product_has_an_authority_of_the_account);
async fn a_product_has_an_authority_of_the_account(bed: Bed) {
    let (ca, other) = (authority("ca"), authority("other"));
    bed.ok("CreatePrivateCA", bed.kept("ca", &ca)).await;
    bed.ok("CreatePrivateCA", bed.kept("other", &other)).await;
    let product =
        bed.product("safe", json!({ "EncryptionType": "1", "PrivateCAName": "ca" })).await;
    let named = json!({ "ProductId": product });
    let shown = bed.ok("DescribeStudioProduct", named.clone()).await["Product"].clone();
    assert_eq!(
        ["EncryptionType", "PrivateCAName", "IsPrivateCA"].map(|field| shown[field].clone()),
        [json!("1"), json!("ca"), json!(true)]
    );
    assert_eq!(bed.ok("DescribeProductCA", named.clone()).await["CAs"][0]["CertName"], "ca");
    let page = |name: &str| json!({ "CertName": name, "Offset": 0, "Limit": 200 });
    let bound = bed.ok("DescribePrivateCABindedProducts", page("ca")).await;
    assert_eq!(
        bound["Products"],
        json!([{ "ProductId": product, "ProductName": "safe", "CreateTime": NOON / 1000 }])
    );
    let code = bed.code("DeletePrivateCA", json!({ "CertName": "ca" })).await;
    assert_eq!(code, Code::LimitExceededCAAlreadyBindProduct);

    bed.ok("UpdateProductPrivateCA", json!({ "ProductId": product, "CertName": "other" })).await;
    bed.ok("DeletePrivateCA", json!({ "CertName": "ca" })).await;
    bed.ok("DeleteProductPrivateCA", named.clone()).await;
    assert_eq!(bed.ok("DescribeProductCA", named.clone()).await, json!({ "CAs": [] }));

    let plain = bed.product("plain", json!({})).await;
    let update = json!({ "ProductId": plain, "CertName": "other" });
    let code = bed.code("UpdateProductPrivateCA", update).await;
    assert_eq!(code, Code::UnsupportedOperation);
    let update = json!({ "ProductId": product, "CertName": "none" });
    let code = bed.code("UpdateProductPrivateCA", update).await;
    assert_eq!(code, Code::ResourceNotFoundCACertNotExist);
}

both!(devices_of_an_authority_bring_their_certificates);
async fn devices_of_an_authority_bring_their_certificates(bed: Bed) {
    let (ca, other) = (authority("ca"), authority("other"));
    bed.ok("CreatePrivateCA", bed.kept("ca", &ca)).await;
    bed.ok("CreatePrivateCA", bed.kept("other", &other)).await;
    let product =
        bed.product("safe", json!({ "EncryptionType": "1", "PrivateCAName": "ca" })).await;
    let device = |crt: &str| json!({ "ProductId": product, "DeviceName": "lamp", "TlsCrt": crt });
    let client = format!("{product}lamp");
    let paper = issued("serial 7", &ca);
    for (crt, code) in [
        (String::new(), Code::MissingParameter),
        ("nonsense".into(), Code::InvalidParameterValueCACertInvalid),
        (pem(&issued("serial 7", &other)), Code::InvalidParameterValueCACertNotMatch),
    ] {
        assert_eq!(bed.code("CreateDevice", device(&crt)).await, code);
    }
    let made = bed.ok("CreateDevice", device(&pem(&paper))).await["Data"].clone();
    assert_eq!((&made["DeviceCert"], &made["DevicePrivateKey"]), (&json!(pem(&paper)), &json!("")));
    let renewed = issued(&client, &ca);
    let anothers = issued(&format!("{product}lamp2"), &ca);
    let enter = async |paper: &Paper, authority: Option<&Paper>| {
        let shown = proven(&paper.certificate, authority);
        bed.knock(&client, |hello| hello.certificate = Some(&shown)).await
    };
    assert_eq!(enter(&paper, Some(&ca)).await, None, "the one that it was made with");
    assert_eq!(enter(&renewed, Some(&ca)).await, None, "another one of its name");
    let no = Some(Refusal::NotAuthorized);
    assert_eq!(enter(&anothers, Some(&ca)).await, no);
    assert_eq!(enter(&paper, None).await, no, "the chain is not good any more");
    assert_eq!(enter(&renewed, Some(&other)).await, no, "of another authority of the account");

    bed.ok("UpdateProductPrivateCA", json!({ "ProductId": product, "CertName": "other" })).await;
    assert_eq!(enter(&paper, Some(&ca)).await, no);
    bed.ok("DeleteProductPrivateCA", json!({ "ProductId": product })).await;
    assert_eq!(enter(&renewed, Some(&ca)).await, no);
    let made = bed.new_device(&product, "fresh", json!({})).await;
    assert_ne!(made["DevicePrivateKey"], "");
    let given = json!({ "ProductId": product, "DeviceName": "x", "TlsCrt": pem(&paper) });
    assert_eq!(bed.code("CreateDevice", given).await, Code::InvalidParameter);
}
