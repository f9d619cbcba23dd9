//! The place where it is decided who gets a request (interface.md, "Who gets a request").

use std::{net::SocketAddr, sync::Arc};

use base::{Code, Error, RequestId};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap},
};
use metrics_exporter_prometheus::PrometheusHandle;
use platform::{Routes, Services};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Options, body, cloud, console, envelope, health, language, live, metrics,
    proxy::Proxies,
    sender::{Rooms, Sender},
    session, upgrade,
};

/// Every answer that is not an upgrade is whole.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Device and app doors that the specification names and that nobody answers yet.
const NOT_BUILT: [&str; 6] =
    ["/device/", "/register/", "/upload/", "/download/", "/studioapp/", "/cgi-bin/"];

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) secure: bool,
}

/// A request whose body has arrived.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) peer: Peer,
    pub(crate) id: RequestId,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the caller reads Chinese.
    pub(crate) zh: bool,
    /// Its share of [`Front::rooms`], held until the call is answered.
    #[expect(dead_code, reason = "held, not read")]
    pub(crate) room: OwnedSemaphorePermit,
}

impl Call {
    /// A header as text; one that is no text is as good as none.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) services: Arc<Services>,
    pub(crate) routes: Routes,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) metrics_open: bool,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) rooms: Rooms,
    pub(crate) proxies: Proxies,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Front {
    pub(crate) fn new(
        options: &Options,
        services: Arc<Services>,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            services,
            routes: Routes::all(),
            metrics: metrics::handle(),
            metrics_open: options.metrics_open,
            connections: Arc::new(Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS))),
            rooms: Rooms::default(),
            proxies: Proxies(options.trusted_proxies.clone()),
            stop,
            tasks,
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        peer: Peer,
    ) -> Answer {
        let peer = self.proxies.caller(peer, request.headers());
        if upgrade::speaks_mqtt(request.headers()) {
            return upgrade::mqtt(self, &mut request, peer);
        }
        let path = request.uri().path();
        if path == "/console/ws" {
            return live::open(self, &mut request, peer);
        }
        if let Some(answer) = health::answer(self, path, request.headers(), peer) {
            return answer;
        }
        let id = RequestId(self.services.rand.uuid());
        let built = !NOT_BUILT.iter().any(|start| path.starts_with(start));
        if built && path != "/api" && !is_cloud(&request) {
            return console::file(&request);
        }
        let (head, body) = request.into_parts();
        let zh = language::of_head(&head);
        if !built {
            let text = format!("the door {:?} is not built yet", clip(head.uri.path()));
            return envelope::failed(&id, &Error::new(Code::UnsupportedOperation, text), zh);
        }
        let sender = Sender::of(&self.services, &head);
        let (body, room) = match body::read(body, sender, &self.rooms, Instant::now()).await {
            Ok(read) => read,
            Err(error) => return envelope::failed(&id, &error, zh),
        };
        let zh = zh || language::of_form(&head.headers, &body);
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default());
        let (query, method, headers) = (query.to_owned(), head.method, head.headers);
        let call = Call { peer, id, method, path, query, headers, body, zh, room };
        match call.path.as_str() {
            "/api" => session::call(self, &call).await,
            _ => cloud::call(self, &call).await,
        }
    }
}

/// A Cloud API call: the action in a header or the query, or a POST (the action may be in its form).
fn is_cloud(request: &Request<Incoming>) -> bool {
    let in_query = |query: &str| query.split('&').any(|pair| pair.starts_with("Action="));
    request.method() == Method::POST
        || request.headers().contains_key("x-tc-action")
        || request.uri().query().is_some_and(in_query)
}

/// An answer of plain text.
pub(crate) fn text(status: hyper::StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    let plain = hyper::header::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, plain);
    answer
}

/// What a message repeats of a stranger's text.
pub(crate) fn clip(text: &str) -> &str {
    let end = text.char_indices().nth(64).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}
