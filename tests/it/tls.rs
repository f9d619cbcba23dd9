//! The TLS doors: the platform's own certificate, and one that replaces it while they are open.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
};

use mqtt::{Connect, Level, Properties, encode};
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode},
    x509::{X509, X509NameBuilder, extension::BasicConstraints},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::world::{DEADLINE, NOON, Server};

/// The certificate that a door shows to who trusts `ca`; `None` trusts anybody.
async fn shown(door: SocketAddr, ca: Option<X509>) -> X509 {
    let look = move || {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        match ca {
            Some(ca) => builder.cert_store_mut().add_cert(ca).unwrap(),
            None => builder.set_verify(SslVerifyMode::NONE),
        }
        let stream = TcpStream::connect(door).unwrap();
        let stream = builder.build().connect("127.0.0.1", stream).unwrap();
        stream.ssl().peer_certificate().unwrap()
    };
    tokio::task::spawn_blocking(look).await.unwrap()
}

fn read(file: &Path) -> X509 {
    X509::from_pem(&std::fs::read(file).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_certificate_serves_without_a_restart() {
    let server = Server::with(|config| {
        "127.0.0.1:0".clone_into(&mut config.mqtt.tls_listen);
        "127.0.0.1:0".clone_into(&mut config.http.tls_listen);
    })
    .await;
    let files = server.folder().join("tls");
    let ca = read(&files.join("ca.pem"));
    for door in [server.https(), server.mqtts()] {
        let own = read(&files.join("server.pem"));
        assert_eq!(shown(door, Some(ca.clone())).await.to_der().unwrap(), own.to_der().unwrap());
    }

    // Another server's pair, key first: for a moment the two do not fit.
    let other = Server::with(|config| "127.0.0.1:0".clone_into(&mut config.mqtt.tls_listen)).await;
    let new = other.folder().join("tls");
    for file in ["server.key", "server.pem"] {
        std::fs::copy(new.join(file), files.join(file)).unwrap();
    }
    let fresh = read(&new.join("server.pem")).to_der().unwrap();
    let key =
        PKey::private_key_from_pem(&std::fs::read(files.join("server.key")).unwrap()).unwrap();
    for door in [server.https(), server.mqtts()] {
        let look = async || while shown(door, None).await.to_der().unwrap() != fresh {};
        tokio::time::timeout(DEADLINE, look()).await.expect("the former certificate serves");
        assert!(shown(door, None).await.public_key().unwrap().public_eq(&key));
    }
}

/// A certificate and its key.
#[derive(Clone)]
struct Paper {
    certificate: X509,
    key: PKey<Private>,
}

fn paper(name: &str, issuer: Option<&Paper>) -> Paper {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    let subject = subject.build();
    let mut made = X509::builder().unwrap();
    made.set_version(2).unwrap();
    made.set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap()).unwrap();
    made.set_subject_name(&subject).unwrap();
    made.set_issuer_name(issuer.map_or(&*subject, |by| by.certificate.subject_name())).unwrap();
    made.set_pubkey(&key).unwrap();
    let at = |hours: i64| Asn1Time::from_unix(NOON / 1000 + hours * 3600).unwrap();
    made.set_not_before(&at(-1)).unwrap();
    made.set_not_after(&at(1)).unwrap();
    if issuer.is_none() {
        made.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    made.sign(issuer.map_or(&key, |by| &by.key), MessageDigest::sha256()).unwrap();
    Paper { certificate: made.build(), key }
}

fn pem(paper: &Paper) -> String {
    String::from_utf8(paper.certificate.to_pem().unwrap()).unwrap()
}

/// The answer to a client that shows a certificate and says no password, and its connection.
async fn knock(door: SocketAddr, paper: &Paper, client: &str) -> (u8, SslStream<TcpStream>) {
    let (paper, client) = (paper.clone(), client.to_owned());
    let knock = move || {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_verify(SslVerifyMode::NONE);
        builder.set_certificate(&paper.certificate).unwrap();
        builder.set_private_key(&paper.key).unwrap();
        let stream = TcpStream::connect(door).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut stream = builder.build().connect("127.0.0.1", stream).unwrap();
        let mut hello = Vec::new();
        let connect = Connect {
            level: Level::V311,
            clean: true,
            keep_alive: 60,
            client_id: &client,
            will: None,
            user_name: None,
            password: None,
            properties: Properties::default(),
        };
        encode::connect(&mut hello, &connect);
        stream.write_all(&hello).unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).unwrap();
        (answer[3], stream)
    };
    tokio::task::spawn_blocking(knock).await.unwrap()
}

/// A8.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_counts_from_its_registration_to_its_end() {
    let server = Server::with(|config| "127.0.0.1:0".clone_into(&mut config.mqtt.tls_listen)).await;
    let (ca, stranger) = (paper("ca", None), paper("ca", None));
    let uin = server.login.uin.clone();
    let proof = paper(&hex::encode(Sha256::digest(format!("iothub_{uin}"))), Some(&ca));
    let params = json!({ "CertName": "ca", "CertText": pem(&ca), "VerifyCertText": pem(&proof) });
    server.call("CreatePrivateCA", params).await;
    let mut draft = server.draft("safe");
    (draft["EncryptionType"], draft["PrivateCAName"]) = (json!("1"), json!("ca"));
    let made = server.call("CreateStudioProduct", draft).await;
    let product = made["Product"]["ProductId"].as_str().unwrap().to_owned();
    let client = format!("{product}lamp");
    // The device was made with one certificate and has another one of its name now.
    let lamp = paper(&client, Some(&ca));
    let first = pem(&paper("serial 7", Some(&ca)));
    let device = json!({ "ProductId": product, "DeviceName": "lamp", "TlsCrt": first });
    server.call("CreateDevice", device).await;

    let (code, mut stream) = knock(server.mqtts(), &lamp, &client).await;
    assert_eq!(code, 0, "without a restart");
    let forged = paper(&client, Some(&stranger));
    assert_eq!(knock(server.mqtts(), &forged, &client).await.0, 5);

    server.call("DeleteProductPrivateCA", json!({ "ProductId": product })).await;
    let end = tokio::task::spawn_blocking(move || stream.read(&mut [0; 16]));
    assert!(matches!(end.await.unwrap(), Ok(0)), "the connection goes on");
    assert_eq!(knock(server.mqtts(), &lamp, &client).await.0, 5);

    // The platform's own certificates instead.
    let ask = json!({ "ProductId": product, "DeviceName": "lamp2" });
    let made = server.call("CreateDevice", ask).await["Data"].clone();
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    let own = Paper {
        certificate: X509::from_pem(text("DeviceCert").as_bytes()).unwrap(),
        key: PKey::private_key_from_pem(text("DevicePrivateKey").as_bytes()).unwrap(),
    };
    let device_ca = read(&server.folder().join("tls/device-ca.pem"));
    assert!(own.certificate.verify(&device_ca.public_key().unwrap()).unwrap());
    assert_eq!(knock(server.mqtts(), &own, &format!("{product}lamp2")).await.0, 0);
    assert_eq!(knock(server.mqtts(), &own, &client).await.0, 5);
}
