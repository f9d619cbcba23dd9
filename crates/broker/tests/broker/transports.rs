//! TLS and WebSocket under the same connection.

use std::{path::Path, pin::Pin};

use broker::{
    TlsDoor,
    hub::{Door, Limits},
};
use futures_util::{SinkExt as _, StreamExt as _};
use mqtt::QoS;
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    hash::MessageDigest,
    pkey::PKey,
    rsa::Rsa,
    ssl::{Ssl, SslContext, SslMethod, SslVerifyMode, SslVersion},
    x509::{X509, X509NameBuilder},
};
use tokio::{io::DuplexStream, net::TcpStream};
use tokio_openssl::SslStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::{
    client::{Client, connack, connect, made, puback, publish},
    world::{DEADLINE, World},
};

/// Writes a self-signed certificate of that name.
fn certificate(folder: &Path, name: &str) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut cert = X509::builder().unwrap();
    cert.set_version(2).unwrap();
    let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
    cert.set_serial_number(&serial).unwrap();
    cert.set_subject_name(&subject).unwrap();
    cert.set_issuer_name(&subject).unwrap();
    cert.set_pubkey(&key).unwrap();
    cert.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    cert.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    cert.sign(&key, MessageDigest::sha256()).unwrap();
    std::fs::write(folder.join("server.pem"), cert.build().to_pem().unwrap()).unwrap();
    std::fs::write(folder.join("server.key"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
}

async fn tls_world() -> World {
    World::with(Limits::default(), |options, folder| {
        certificate(folder, "first");
        options.tls = Some(TlsDoor {
            psk: true,
            address: "127.0.0.1:0".parse().unwrap(),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
        });
    })
    .await
}

async fn tls(world: &World, version: SslVersion) -> SslStream<TcpStream> {
    let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    context.set_verify(SslVerifyMode::NONE);
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    let socket = TcpStream::connect(world.broker.addresses().tls.unwrap()).await.unwrap();
    let mut stream = SslStream::new(Ssl::new(&context.build()).unwrap(), socket).unwrap();
    Pin::new(&mut stream).connect().await.unwrap();
    stream
}

fn name(stream: &SslStream<TcpStream>) -> String {
    let cert = stream.ssl().peer_certificate().unwrap();
    let entry = cert.subject_name().entries().next().unwrap();
    String::from_utf8(entry.data().as_slice().to_vec()).unwrap()
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_served() {
    let mut world = tls_world().await;
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let mut client = Client::new(tls(&world, version).await);
        client.send(&connect("lamp")).await;
        assert_eq!(client.next().await, connack(0));
        client.subscribe("lamp/reply", QoS::AtMostOnce).await;
        client.send(&publish("lamp/report", Some(1), &[b'k'; 60_000])).await;
        assert_eq!(client.next().await, puback(1));
        assert_eq!(client.next().await, publish("lamp/reply", None, &[b'k'; 60_000]));
        drop(client);
        while world.news().await != "lamp offline Disconnect" {}
    }
}

#[tokio::test]
async fn a_replaced_certificate_serves_later_connections() {
    let world = tls_world().await;
    assert_eq!(name(&tls(&world, SslVersion::TLS1_3).await), "first");
    certificate(world.folder.path(), "second");
    world.broker.reload_tls().unwrap();
    assert_eq!(name(&tls(&world, SslVersion::TLS1_3).await), "second");
    std::fs::write(world.folder.path().join("server.key"), "nonsense").unwrap();
    let error = world.broker.reload_tls().unwrap_err();
    assert!(error.message().contains("server.key"), "{error}");
    assert_eq!(name(&tls(&world, SslVersion::TLS1_3).await), "second");
}

#[tokio::test]
async fn a_client_without_tls_is_sent_away_from_the_tls_door() {
    let world = tls_world().await;
    let address = world.broker.addresses().tls.unwrap();
    let mut client = Client::new(TcpStream::connect(address).await.unwrap());
    client.send(b"GET / HTTP/1.1\r\n\r\n").await;
    while !client.gone().await {}
}

async fn web_socket(world: &World) -> WebSocketStream<DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(4096);
    world.broker.accept_ws(theirs, "127.0.0.1:4000".parse().unwrap(), Door::Ws);
    WebSocketStream::from_raw_socket(ours, Role::Client, None).await
}

async fn heard(socket: &mut WebSocketStream<DuplexStream>, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        match tokio::time::timeout(DEADLINE, socket.next()).await.expect("nothing came") {
            Some(Ok(Message::Binary(part))) => bytes.extend_from_slice(&part),
            other => panic!("{other:?}"),
        }
    }
    bytes
}

/// [MQTT-6.0.0-2] [MQTT5-6.0.0-2]
#[tokio::test]
async fn packets_and_web_socket_messages_need_not_agree() {
    let world = World::start().await;
    let mut socket = web_socket(&world).await;
    // One packet in three messages, then two packets in one.
    let hello = connect("lamp");
    for part in hello.chunks(hello.len() / 2) {
        socket.send(Message::Binary(part.to_vec().into())).await.unwrap();
    }
    assert_eq!(heard(&mut socket, 4).await, connack(0));
    let two =
        [publish("lamp/report", Some(1), b"a"), publish("lamp/report", Some(2), b"b")].concat();
    socket.send(Message::Binary(two.into())).await.unwrap();
    assert_eq!(heard(&mut socket, 8).await, [puback(1), puback(2)].concat());
    assert!(world.stored("a") && world.stored("b"));
    // A payload over any buffer of the adapter.
    let large = publish("lamp/other", Some(3), &[b'x'; 65_000]);
    socket.send(Message::Binary(large.into())).await.unwrap();
    assert_eq!(heard(&mut socket, 4).await, puback(3));
}

/// [MQTT-6.0.0-1] [MQTT5-6.0.0-1]
#[tokio::test]
async fn a_text_message_or_a_close_ends_the_web_socket() {
    let mut world = World::start().await;
    for (last, why) in [(Message::text("hello"), "Protocol"), (Message::Close(None), "Disconnect")]
    {
        let mut socket = web_socket(&world).await;
        socket.send(Message::Binary(connect("lamp").into())).await.unwrap();
        assert_eq!(heard(&mut socket, 4).await, connack(0));
        socket.send(Message::Ping(Vec::new().into())).await.unwrap();
        let pong = tokio::time::timeout(DEADLINE, socket.next()).await.unwrap();
        assert!(matches!(pong, Some(Ok(Message::Pong(_)))), "{pong:?}");
        socket.send(Message::Binary(made(mqtt::encode::pingreq).into())).await.unwrap();
        assert_eq!(heard(&mut socket, 2).await, made(mqtt::encode::pingresp));
        socket.send(last).await.unwrap();
        assert_eq!(world.news().await, "lamp online");
        assert_eq!(world.news().await, format!("lamp offline {why}"));
    }
}
