//! A server whose product remembers what each client proved.

use std::{
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex},
};

use base::{Clock, Secret};
use broker::{
    Broker, Options, TlsDoor,
    hub::{
        Access, Answer, Burst, Certificate, Connect, Event, Grant, Hub, Reach, Refusal, Switches,
        Tenant,
    },
};
use openssl::{
    error::ErrorStack,
    ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslVerifyMode, SslVersion},
};
use store::Batch;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::papers::{Paper, wanted};
use crate::{
    client::Client,
    world::{START, key, open},
};

/// The key of the client `lamp`.
pub(crate) const KEY: [u8; 16] = *b"sixteen bytes...";

/// What a client proved: the PSK identity, the certificate.
pub(crate) type Proof = (Option<Vec<u8>>, Option<Certificate>);

#[derive(Default)]
pub(crate) struct Doorkeeper {
    pub(crate) proofs: Mutex<Vec<Proof>>,
    pub(crate) authorities: Mutex<Vec<Vec<u8>>>,
}

impl Hub for Doorkeeper {
    fn secret(&self, identity: &[u8]) -> Option<Secret> {
        (identity == b"lamp").then(|| Secret::new(KEY))
    }

    fn connect<'a>(&'a self, hello: &'a Connect<'a>) -> Answer<'a, Result<Grant, Refusal>> {
        let proof = (hello.psk.map(Into::into), hello.certificate.cloned());
        self.proofs.lock().unwrap().push(proof);
        let grant = Grant {
            client: key(hello.client_id),
            epoch: 1,
            limits: Arc::default(),
            allows: Switches::default(),
            tenant: Tenant::new("one", 0),
            reach: Reach::Own,
            sessions: None,
            data: Arc::new(()),
        };
        Box::pin(std::future::ready(Ok(grant)))
    }

    fn may(&self, _: &Grant, _: Access, _: &str) -> bool {
        true
    }

    fn up(&self, _: &Grant, _: &mut Burst<'_>) -> Option<Answer<'static, ()>> {
        None
    }

    fn event(&self, _: &Grant, _: Event<'_>, _: &mut Batch) {}

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.authorities.lock().unwrap().clone()
    }
}

pub(crate) struct House {
    pub(crate) broker: Broker,
    pub(crate) keeper: Arc<Doorkeeper>,
    pub(crate) folder: tempfile::TempDir,
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        show(folder.path(), &wanted("server", None).make());
        let clock = Clock::manual(START);
        let store = open(folder.path().join("data"), clock.clone()).await;
        let keeper = Arc::new(Doorkeeper::default());
        let mut options = Options {
            tls: Some(TlsDoor {
                address: "127.0.0.1:0".parse().unwrap(),
                certificate: folder.path().join("server.pem"),
                key: folder.path().join("server.key"),
                psk: true,
            }),
            ..Options::default()
        };
        change(&mut options);
        let broker = Broker::start(options, store, clock, keeper.clone()).unwrap();
        Self { broker, keeper, folder }
    }

    pub(crate) async fn socket(&self) -> TcpStream {
        TcpStream::connect(self.broker.addresses().tls.unwrap()).await.unwrap()
    }

    /// A client after its handshake, or why there was none.
    pub(crate) async fn greet(
        &self,
        context: &SslContext,
    ) -> Result<SslStream<TcpStream>, openssl::ssl::Error> {
        let ssl = Ssl::new(context).unwrap();
        let mut stream = SslStream::new(ssl, self.socket().await).unwrap();
        Pin::new(&mut stream).connect().await.map(|()| stream)
    }

    /// A client that was let in, and what it proved.
    pub(crate) async fn enter(&self, context: &SslContext, id: &str) -> (Client, Proof) {
        let mut client = Client::new(self.greet(context).await.unwrap());
        client.send(&crate::client::connect(id)).await;
        assert_eq!(client.next().await, crate::client::connack(0));
        let proof = self.keeper.proofs.lock().unwrap().pop().unwrap();
        (client, proof)
    }
}

/// Puts the server's certificate and key into their files.
pub(crate) fn show(folder: &Path, paper: &Paper) {
    let pem = paper.certificate.to_pem().unwrap();
    std::fs::write(folder.join("server.pem"), pem).unwrap();
    std::fs::write(folder.join("server.key"), paper.key.private_key_to_pem_pkcs8().unwrap())
        .unwrap();
}

/// A client of one version of TLS.
pub(crate) fn speaks(version: SslVersion) -> SslContextBuilder {
    let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    context.set_verify(SslVerifyMode::NONE);
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    context
}

/// A client with a pre-shared key.
pub(crate) fn with_key(version: SslVersion, identity: &str, key: &[u8]) -> SslContextBuilder {
    let (identity, key) = (format!("{identity}\0").into_bytes(), key.to_vec());
    let mut context = speaks(version);
    context.set_psk_client_callback(move |_, _, name, secret| {
        let no_room = ErrorStack::get;
        name.get_mut(..identity.len()).ok_or_else(no_room)?.copy_from_slice(&identity);
        secret.get_mut(..key.len()).ok_or_else(no_room)?.copy_from_slice(&key);
        Ok(key.len())
    });
    if version == SslVersion::TLS1_2 {
        context.set_cipher_list("PSK").unwrap();
    }
    context
}

/// A client with a certificate and what is between it and its authority.
pub(crate) fn with_paper(version: SslVersion, paper: &Paper, between: &[&Paper]) -> SslContext {
    let mut context = speaks(version);
    // The client may be weak: the server has to see that.
    context.set_security_level(0);
    context.set_certificate(&paper.certificate).unwrap();
    context.set_private_key(&paper.key).unwrap();
    for link in between {
        context.add_extra_chain_cert(link.certificate.clone()).unwrap();
    }
    context.build()
}
