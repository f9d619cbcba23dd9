//! The place where the TLS door's certificate is loaded and a handshake is made.

use std::{pin::Pin, time::Duration};

use base::{Code, OrCode as _, Result};
use openssl::ssl::{
    Ssl, SslAcceptor, SslFiletype, SslMethod, SslMode, SslOptions, SslSessionCacheMode,
};
use parking_lot::RwLock;
use tokio::{net::TcpStream, time::timeout};
use tokio_openssl::SslStream;

use crate::options::TlsDoor;

/// The present certificate; a replaced one serves the connections that come after.
pub(crate) struct Tls {
    door: TlsDoor,
    acceptor: RwLock<SslAcceptor>,
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

    /// Makes the handshake, within `limit`.
    pub(crate) async fn accept(
        &self,
        socket: TcpStream,
        limit: Duration,
    ) -> Option<SslStream<TcpStream>> {
        let ssl = Ssl::new(self.acceptor.read().context()).ok()?;
        let mut stream = SslStream::new(ssl, socket).ok()?;
        match timeout(limit, Pin::new(&mut stream).accept()).await {
            Ok(Ok(())) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "tls handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("tls handshake took too long");
                None
            }
        }
    }
}

/// TLS 1.2 and 1.3 with a server certificate.
fn acceptor(door: &TlsDoor) -> Result<SslAcceptor> {
    let bad = |path: &std::path::Path| {
        let path = path.display().to_string();
        move || format!("tls file {path} is not usable")
    };
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())
        .or_code(Code::InternalError, || "tls is not available")?;
    builder
        .set_certificate_chain_file(&door.certificate)
        .or_code(Code::InvalidParameterValue, bad(&door.certificate))?;
    builder
        .set_private_key_file(&door.key, SslFiletype::PEM)
        .or_code(Code::InvalidParameterValue, bad(&door.key))?;
    builder.check_private_key().or_code(Code::InvalidParameterValue, bad(&door.key))?;
    // Memory per idle connection: no buffers of its own, no session kept for it.
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(SslOptions::NO_RENEGOTIATION);
    Ok(builder.build())
}
