//! The place where it is decided what the TLS door speaks.

use std::{path::Path, sync::Arc};

use base::{Code, OrCode as _, Result};
use openssl::{
    error::ErrorStack,
    ssl::{
        SslAcceptor, SslAcceptorBuilder, SslContext, SslFiletype, SslMethod, SslMode, SslOptions,
        SslSessionCacheMode, SslVerifyMode,
    },
};

use super::psk::Identity;
use crate::{hub::Hub, options::TlsDoor};

/// TLS 1.2 with a server certificate, forward secret and authenticated.
const CERTIFICATE_SUITES: &str = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
    ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:\
    ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384";
/// TLS 1.2 with a pre-shared key, best first. Tencent's C SDK has the last two alone.
const PSK_SUITES: &str = "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES256-CBC-SHA384:\
    ECDHE-PSK-AES128-CBC-SHA256:PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256:\
    PSK-CHACHA20-POLY1305:PSK-AES256-CBC-SHA:PSK-AES128-CBC-SHA";
/// Certificates between a client's and its authority's.
const DEPTH: u32 = 3;

/// TLS 1.2 and 1.3 with the certificate and key of `door`.
pub(super) fn build(door: &TlsDoor, identity: Identity, hub: &Arc<dyn Hub>) -> Result<SslContext> {
    let no_tls = || "tls is not available";
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())
        .or_code(Code::InternalError, no_tls)?;
    own_certificate(&mut builder, door)?;
    frugal(&mut builder).or_code(Code::InternalError, no_tls)?;
    clients(&mut builder, door.psk, identity, hub).or_code(Code::InternalError, no_tls)?;
    Ok(builder.build().into_context())
}

fn own_certificate(builder: &mut SslAcceptorBuilder, door: &TlsDoor) -> Result<()> {
    let bad = |path: &Path| {
        let path = path.display().to_string();
        move || format!("tls file {path} is not usable")
    };
    builder
        .set_certificate_chain_file(&door.certificate)
        .or_code(Code::InvalidParameterValue, bad(&door.certificate))?;
    builder
        .set_private_key_file(&door.key, SslFiletype::PEM)
        .or_code(Code::InvalidParameterValue, bad(&door.key))?;
    builder.check_private_key().or_code(Code::InvalidParameterValue, bad(&door.key))
}

/// No buffers for idle connections, no sessions, tickets or early data, no second handshake.
fn frugal(builder: &mut SslAcceptorBuilder) -> Result<(), ErrorStack> {
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_num_tickets(0)?;
    builder.set_max_early_data(0)?;
    builder.set_options(SslOptions::NO_RENEGOTIATION | SslOptions::NO_TICKET);
    // A session that nobody can take up must have a context all the same.
    builder.set_session_id_context(b"mqtt")
}

/// How clients may prove themselves. The handshake takes any certificate whose key is proven; what
/// it is worth is decided when its client says who it is.
fn clients(
    builder: &mut SslAcceptorBuilder,
    psk: bool,
    identity: Identity,
    hub: &Arc<dyn Hub>,
) -> Result<(), ErrorStack> {
    builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    builder.set_verify_depth(DEPTH);
    if !psk {
        return builder.set_cipher_list(CERTIFICATE_SUITES);
    }
    builder.set_cipher_list(&format!("{CERTIFICATE_SUITES}:{PSK_SUITES}"))?;
    // In 1.3 a key goes with SHA-256: our order has that first.
    builder.set_options(SslOptions::CIPHER_SERVER_PREFERENCE);
    identity.ask(builder, hub.clone());
    Ok(())
}
