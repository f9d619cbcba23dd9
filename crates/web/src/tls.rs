//! The place where the HTTPS door gets its certificate, and gets another one while it is open.

use std::sync::Arc;

use base::{Code, Error, Result};
use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

use crate::TlsDoor;

/// The present certificate; a replaced one serves the connections that come after.
pub(crate) struct Tls {
    door: TlsDoor,
    acceptor: RwLock<TlsAcceptor>,
}

impl Tls {
    pub(crate) fn load(door: &TlsDoor) -> Result<Self> {
        Ok(Self { acceptor: RwLock::new(acceptor(door)?), door: door.clone() })
    }

    /// Reads the files again; on an error the former certificate stays.
    pub(crate) fn reload(&self) -> Result<()> {
        let fresh = acceptor(&self.door)?;
        *self.acceptor.write() = fresh;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().clone()
    }
}

/// TLS 1.2 and 1.3 with the files of the door.
fn acceptor(door: &TlsDoor) -> Result<TlsAcceptor> {
    let broken = |what: &str, error: String| {
        Error::new(Code::InternalError, format!("{what} is not usable: {error}"))
    };
    let name = door.certificate.display().to_string();
    let chain = CertificateDer::pem_file_iter(&door.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| broken(&name, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&door.key)
        .map_err(|error| broken(&door.key.display().to_string(), error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(&name, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| broken(&name, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
