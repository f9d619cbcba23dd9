//! The TLS doors: the platform's own certificate, and one that replaces it while they are open.

use std::{net::SocketAddr, path::Path};

use openssl::{
    pkey::PKey,
    ssl::{SslConnector, SslMethod, SslVerifyMode},
    x509::X509,
};

use crate::world::{DEADLINE, Server};

/// The certificate that a door shows to who trusts `ca`; `None` trusts anybody.
async fn shown(door: SocketAddr, ca: Option<X509>) -> X509 {
    let look = move || {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        match ca {
            Some(ca) => builder.cert_store_mut().add_cert(ca).unwrap(),
            None => builder.set_verify(SslVerifyMode::NONE),
        }
        let stream = std::net::TcpStream::connect(door).unwrap();
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
