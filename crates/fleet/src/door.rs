//! The place where a device reaches the server: over TCP, or TLS in one of its three modes.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow};
use openssl::{
    ex_data::Index,
    pkey::PKey,
    ssl::{Ssl, SslConnector, SslConnectorBuilder, SslMethod, SslMode, SslVerifyMode, SslVersion},
    x509::X509,
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_openssl::SslStream;
use tokio_util::either::Either;

use crate::device::Device;

/// What the C SDK offers.
const PSK_SUITES: &str = "PSK-AES128-CBC-SHA:PSK-AES256-CBC-SHA";

/// An open connection.
pub(crate) type Stream = Either<TcpStream, Box<SslStream<TcpStream>>>;

/// Where the server listens, and how to come in.
#[derive(Debug)]
pub struct Door {
    pub address: SocketAddr,
    pub tls: Tls,
}

/// How a connection is protected.
pub enum Tls {
    Off,
    /// The device checks the server, the password proves the device.
    Server(Connector),
    /// The device secret is the key of the connection.
    Psk(SslConnector, Index<Ssl, Psk>),
    /// The device's certificate and key are in `DIR/{DeviceName}.pem`.
    Certificate(Connector, PathBuf),
}

/// Makes connections to one server name.
#[derive(Debug)]
pub struct Connector {
    connector: SslConnector,
    name: String,
    checks: bool,
}

/// What the PSK callback of a connection gives out.
pub struct Psk {
    identity: String,
    key: base::Secret,
}

impl std::fmt::Debug for Psk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Psk({})", self.identity)
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Server(_) => "Server",
            Self::Psk(..) => "Psk",
            Self::Certificate(..) => "Certificate",
        })
    }
}

impl Connector {
    fn new(ca: Option<&Path>, name: &str) -> Result<Self> {
        let mut builder = builder()?;
        match ca {
            Some(file) => builder
                .set_ca_file(file)
                .with_context(|| format!("{} holds no CA certificate", file.display()))?,
            None => builder.set_verify(SslVerifyMode::NONE),
        }
        Ok(Self { connector: builder.build(), name: name.to_owned(), checks: ca.is_some() })
    }

    fn ssl(&self) -> Result<Ssl> {
        Ok(self.connector.configure()?.verify_hostname(self.checks).into_ssl(&self.name)?)
    }
}

impl Tls {
    /// Server certificate, checked if there is a CA to check it with.
    ///
    /// # Errors
    /// The file of the CA is not one.
    pub fn server(ca: Option<&Path>, name: &str) -> Result<Self> {
        Ok(Self::Server(Connector::new(ca, name)?))
    }

    /// The same, and a client certificate for each device.
    ///
    /// # Errors
    /// The file of the CA is not one.
    pub fn certificate(ca: Option<&Path>, name: &str, folder: PathBuf) -> Result<Self> {
        Ok(Self::Certificate(Connector::new(ca, name)?, folder))
    }

    /// TLS-PSK, as the C SDK does it.
    ///
    /// # Errors
    /// OpenSSL has no PSK.
    pub fn psk() -> Result<Self> {
        let index = Ssl::new_ex_index::<Psk>()?;
        let mut builder = builder()?;
        builder.set_verify(SslVerifyMode::NONE);
        builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
        builder.set_cipher_list(PSK_SUITES)?;
        builder.set_psk_client_callback(move |ssl, _hint, identity, key| {
            let psk = ssl.ex_data(index);
            // Length 0 ends the handshake.
            Ok(psk.and_then(|psk| psk.put(identity, key)).unwrap_or(0))
        });
        Ok(Self::Psk(builder.build(), index))
    }

    /// Whether the device sends a password.
    pub(crate) fn needs_password(&self) -> bool {
        matches!(self, Self::Off | Self::Server(_))
    }

    async fn ssl(&self, device: &Device) -> Result<Option<Ssl>> {
        Ok(match self {
            Self::Off => None,
            Self::Server(connector) => Some(connector.ssl()?),
            Self::Psk(connector, index) => {
                let mut ssl = connector.configure()?.verify_hostname(false).into_ssl("fleet")?;
                let key = base::Secret::new(device.key()?);
                ssl.set_ex_data(*index, Psk { identity: device.client_id(), key });
                Some(ssl)
            }
            Self::Certificate(connector, folder) => {
                let file = folder.join(format!("{}.pem", device.name));
                let pem = tokio::fs::read(&file).await;
                let pem = pem.with_context(|| format!("cannot read {}", file.display()))?;
                let mut ssl = connector.ssl()?;
                ssl.set_certificate(X509::from_pem(&pem)?.as_ref())?;
                ssl.set_private_key(PKey::private_key_from_pem(&pem)?.as_ref())?;
                Some(ssl)
            }
        })
    }
}

impl Psk {
    /// The identity ends with a zero byte; gives the key's length.
    fn put(&self, identity: &mut [u8], key: &mut [u8]) -> Option<usize> {
        let name = self.identity.as_bytes();
        identity.get_mut(..name.len())?.copy_from_slice(name);
        *identity.get_mut(name.len())? = 0;
        let bytes = self.key.expose();
        key.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(bytes.len())
    }
}

fn builder() -> Result<SslConnectorBuilder> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    // A device that waits for its next report holds no buffers.
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    Ok(builder)
}

/// OpenSSL tells everything; what came first is the reason.
fn told(error: &openssl::ssl::Error) -> anyhow::Error {
    let first = error.ssl_error().and_then(|all| all.errors().first()?.reason());
    let reason = first.map_or_else(|| error.to_string(), str::to_owned);
    anyhow!("TLS handshake failed: {reason}")
}

impl Door {
    /// Connects from `source`, if one is given.
    pub(crate) async fn enter(&self, device: &Device, source: Option<IpAddr>) -> Result<Stream> {
        let socket = match self.address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(source) = source {
            let bound = socket.bind(SocketAddr::new(source, 0));
            bound.with_context(|| format!("no connection may leave from {source}"))?;
        }
        let stream = socket.connect(self.address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let Some(ssl) = self.tls.ssl(device).await? else { return Ok(Either::Left(stream)) };
        let mut stream = Box::new(SslStream::new(ssl, stream)?);
        std::pin::Pin::new(&mut *stream).connect().await.map_err(|error| told(&error))?;
        Ok(Either::Right(stream))
    }
}

#[cfg(test)]
mod tests;
