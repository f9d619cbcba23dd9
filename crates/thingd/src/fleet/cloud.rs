//! The place where commands call the cloud API: one connection, signed calls, one after another.

use anyhow::{Context as _, Result, bail, ensure};
use base::{Clock, Secret};
use bytes::Bytes;
use cam::sign::{Parts, authorize};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use openssl::ssl::{SslConnector, SslMethod};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Duration, timeout},
};
use tokio_openssl::SslStream;
use tokio_util::task::AbortOnDropHandle;

/// No answer is longer.
const ANSWER_BYTES: usize = 16 << 20;
/// No answer takes longer.
const ANSWER: Duration = Duration::from_secs(30);

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    tls: Option<SslConnector>,
    /// `host:port`
    host: String,
    secret_id: String,
    secret_key: Secret,
    clock: Clock,
}

impl Account {
    /// # Errors
    /// `url` is not `http://HOST:PORT` or `https://HOST:PORT`, or the CA's file is none.
    pub(crate) fn new(
        url: &str,
        ca: Option<&std::path::Path>,
        secret_id: &str,
        secret_key: Secret,
    ) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let host = rest.trim_end_matches('/');
        ensure!(
            !host.is_empty() && !host.contains(['/', '@']),
            "--api {url}: not http://HOST:PORT"
        );
        let (tls, port) = match scheme {
            "http" => (None, 80),
            "https" => (Some(connector(ca)?), 443),
            _ => bail!("--api {url}: neither http nor https"),
        };
        let named = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let host = if named { host.to_owned() } else { format!("{host}:{port}") };
        let (secret_id, clock) = (secret_id.to_owned(), Clock::system());
        Ok(Self { tls, host, secret_id, secret_key, clock })
    }

    /// # Errors
    /// Nobody answers there.
    pub(crate) async fn connect(&self) -> Result<Cloud> {
        let (sender, task) = timeout(ANSWER, self.open()).await.context("no answer in time")??;
        Ok(Cloud { account: self.clone(), sender, task })
    }

    async fn open(&self) -> Result<(SendRequest<Full<Bytes>>, AbortOnDropHandle<()>)> {
        let stream = TcpStream::connect(&self.host).await;
        let stream = stream.with_context(|| format!("cannot connect to the API {}", self.host))?;
        let Some(connector) = &self.tls else { return talk(stream).await };
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name);
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let mut stream = SslStream::new(connector.configure()?.into_ssl(name)?, stream)?;
        std::pin::Pin::new(&mut stream).connect().await.context("TLS with the API")?;
        talk(stream).await
    }
}

fn connector(ca: Option<&std::path::Path>) -> Result<SslConnector> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    if let Some(file) = ca {
        let read = builder.set_ca_file(file);
        read.with_context(|| format!("{} holds no CA certificate", file.display()))?;
    }
    Ok(builder.build())
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> Result<(SendRequest<Full<Bytes>>, AbortOnDropHandle<()>)> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // What ends the connection is told to who waits for an answer.
    let task = tokio::spawn(async move { drop(connection.await) });
    Ok((sender, AbortOnDropHandle::new(task)))
}

/// An open connection to the cloud API.
pub(crate) struct Cloud {
    account: Account,
    sender: SendRequest<Full<Bytes>>,
    task: AbortOnDropHandle<()>,
}

impl Cloud {
    /// Calls an action; the fields of the response.
    ///
    /// # Errors
    /// The server refused (the text has its code and message), or is not there.
    pub(crate) async fn call(&mut self, action: &str, params: &Value) -> Result<Value> {
        // An idle connection may have been closed meanwhile.
        if self.sender.ready().await.is_err() {
            (self.sender, self.task) = self.account.open().await?;
        }
        let response = timeout(ANSWER, self.exchange(action, params)).await;
        let mut response =
            response.map_err(Into::into).flatten().with_context(|| action.to_owned())?;
        let response = response.get_mut("Response").map(Value::take).context("no Response")?;
        if let Some(error) = response.get("Error") {
            let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
            bail!("{action}: {}: {}", text("Code"), text("Message"));
        }
        Ok(response)
    }

    async fn exchange(&mut self, action: &str, params: &Value) -> Result<Value> {
        let answer = self.sender.send_request(self.request(action, params)?).await?;
        let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
        let body = body.ok().context("the answer broke off or is too long")?.to_bytes();
        serde_json::from_slice(&body).context("the answer is not JSON: is this the API's address?")
    }

    fn request(&self, action: &str, params: &Value) -> Result<Request<Full<Bytes>>> {
        let account = &self.account;
        let (body, now) = (params.to_string(), account.clock.seconds());
        let headers = [("content-type", "application/json"), ("host", account.host.as_str())];
        let parts = Parts {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        let proof = authorize(&parts, &account.secret_id, &account.secret_key, now)?;
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request
            .header("x-tc-action", action)
            .header("x-tc-version", "2019-04-23")
            .header("x-tc-timestamp", now)
            .header("x-tc-language", "en-US")
            .header("authorization", proof);
        Ok(request.body(Full::new(Bytes::from(body)))?)
    }
}
