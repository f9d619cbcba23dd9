//! The place where the TLS door is: its certificate and key, and the handshakes of its clients, who
//! prove themselves by a pre-shared key, by a certificate, or later by a password.

mod authorities;
mod context;
mod psk;
mod turns;

use std::{pin::Pin, sync::Arc, time::Duration};

use base::{Clock, Result};
use openssl::{
    error::ErrorStack,
    ssl::{Ssl, SslContext, SslRef},
};
use parking_lot::RwLock;
use tokio::{net::TcpStream, time::timeout};
use tokio_openssl::SslStream;

use self::{authorities::Authorities, psk::Identity, turns::Turns};
use crate::{
    hub::{Certificate, Hub},
    options::TlsDoor,
};

/// The present certificate and authorities; replaced ones serve the connections that come after.
pub(crate) struct Tls {
    door: TlsDoor,
    hub: Arc<dyn Hub>,
    clock: Clock,
    identity: Identity,
    context: RwLock<SslContext>,
    authorities: RwLock<Arc<Authorities>>,
    turns: Turns,
}

/// What a handshake proved.
#[derive(Debug)]
pub(crate) struct Proven {
    pub(crate) psk: Option<Box<[u8]>>,
    pub(crate) certificate: Option<Box<Certificate>>,
}

impl Tls {
    pub(crate) fn load(door: &TlsDoor, hub: Arc<dyn Hub>, clock: Clock) -> Result<Self> {
        let identity = Identity::new()?;
        Ok(Self {
            context: RwLock::new(context::build(door, identity, &hub)?),
            authorities: RwLock::new(Arc::new(Authorities::of(&hub.authorities()))),
            door: door.clone(),
            hub,
            clock,
            identity,
            turns: Turns::default(),
        })
    }

    /// Reads the files again; on an error the former certificate stays.
    pub(crate) fn reload(&self) -> Result<()> {
        let fresh = context::build(&self.door, self.identity, &self.hub)?;
        *self.context.write() = fresh;
        self.reload_authorities();
        Ok(())
    }

    /// Asks the product again whose chains count.
    pub(crate) fn reload_authorities(&self) {
        let fresh = Arc::new(Authorities::of(&self.hub.authorities()));
        *self.authorities.write() = fresh;
    }

    /// Makes the handshake, within `limit`.
    pub(crate) async fn accept(
        &self,
        socket: TcpStream,
        limit: Duration,
    ) -> Option<(SslStream<TcpStream>, Proven)> {
        let ssl = Ssl::new(&self.context.read()).ok()?;
        let mut stream = SslStream::new(ssl, socket).ok()?;
        let handshake = self.turns.take(Pin::new(&mut stream).accept());
        match timeout(limit, handshake).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "tls handshake failed");
                return None;
            }
            Err(_) => {
                tracing::debug!("tls handshake took too long");
                return None;
            }
        }
        let proven = self.proven(stream.ssl());
        // What a refused chain leaves in the thread's queue would pass for an error of a connection.
        drop(ErrorStack::get());
        match proven {
            Ok(proven) => Some((stream, proven)),
            Err(error) => {
                tracing::debug!(%error, "client certificate is not readable");
                None
            }
        }
    }

    fn proven(&self, ssl: &SslRef) -> Result<Proven, ErrorStack> {
        let psk = self.identity.proven(ssl);
        let certificate = match ssl.peer_certificate() {
            None => None,
            Some(shown) => {
                let authorities = self.authorities.read().clone();
                let chain = ssl.peer_cert_chain();
                Some(Box::new(authorities.certificate(&shown, chain, self.clock.now())?))
            }
        };
        Ok(Proven { psk, certificate })
    }
}
