//! The place where a pre-shared key is looked up during the handshake.

use std::sync::Arc;

use base::{Code, OrCode as _, Result};
use openssl::{
    ex_data::Index,
    rand::rand_bytes,
    ssl::{Ssl, SslContextBuilder, SslRef, SslVersion},
};

use crate::hub::Hub;

/// Bytes of the key that an unknown identity gets: as many as devices' keys have.
const FAKE_BYTES: usize = 16;
/// The longest identity that can be a client's: their ids are far shorter.
const NAME_BYTES: usize = 128;

/// Where a connection keeps the identity whose key it was given.
#[derive(Clone, Copy)]
pub(super) struct Identity(Index<Ssl, Box<[u8]>>);

impl Identity {
    pub(super) fn new() -> Result<Self> {
        let index = Ssl::new_ex_index().or_code(Code::InternalError, || "tls is not available")?;
        Ok(Self(index))
    }

    /// Lets `builder` ask `hub` for keys. Who is not known gets a random key, so that the end is the
    /// one of a wrong key: nobody learns which identities exist.
    pub(super) fn ask(self, builder: &mut SslContextBuilder, hub: Arc<dyn Hub>) {
        builder.set_psk_server_callback(move |ssl, identity, key| {
            let identity = identity.unwrap_or_default();
            if is_ticket(ssl, identity) {
                return Ok(0);
            }
            // Before the question, so that both answers take it.
            let mut fake = [0; FAKE_BYTES];
            rand_bytes(&mut fake)?;
            let found = hub.secret(identity);
            let secret = match &found {
                Some(secret) if (1..=key.len()).contains(&secret.expose().len()) => secret.expose(),
                _ => &fake,
            };
            if let Some(room) = key.get_mut(..secret.len()) {
                room.copy_from_slice(secret);
            }
            if found.is_some() {
                ssl.set_ex_data(self.0, identity.into());
            }
            Ok(secret.len())
        });
    }

    /// The identity whose key the finished handshake proved.
    pub(super) fn proven(self, ssl: &SslRef) -> Option<Box<[u8]>> {
        // Else the handshake took the certificate although a key was looked up. In 1.3 a key is taken
        // for a session that goes on, and there are no others.
        let by_key = ssl.psk_identity().is_some() || ssl.session_reused();
        ssl.ex_data(self.0).filter(|_| by_key).cloned()
    }
}

/// Whether a 1.3 client offers an old session of some other server in the place of an identity: that
/// is ignored, and the handshake goes on without it.
fn is_ticket(ssl: &SslRef, identity: &[u8]) -> bool {
    let name = identity.len() <= NAME_BYTES && identity.iter().all(u8::is_ascii_graphic);
    !name && ssl.version2() == Some(SslVersion::TLS1_3)
}
