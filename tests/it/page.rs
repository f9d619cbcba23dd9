//! An open page of the console: the browser's end of `/console/ws`, and other WebSockets.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderName},
};

use crate::world::DEADLINE;

/// Opens a WebSocket with these headers; the status of the answer if it is refused.
pub(crate) async fn open(
    to: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<WebSocketStream<TcpStream>, u16> {
    let mut request = format!("ws://{to}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(to).await.unwrap();
    match timeout(DEADLINE, client_async(request, stream)).await.expect("no answer came") {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

pub(crate) struct Page(WebSocketStream<TcpStream>);

impl Page {
    pub(crate) async fn open(to: SocketAddr, cookie: &str) -> Self {
        let origin = format!("http://{to}");
        let headers = [("cookie", cookie), ("origin", &*origin)];
        Self(open(to, "/console/ws", &headers).await.unwrap())
    }

    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// What the server says next; `None` when it closes.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(DEADLINE, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// What the server says next, which must be of this id and kind.
    pub(crate) async fn hear(&mut self, id: i64, kind: &str) -> Value {
        let said = self.next().await.expect("the server closed the page");
        assert_eq!((said["id"].as_i64(), said["kind"].as_str()), (Some(id), Some(kind)), "{said}");
        said
    }
}
