//! The place where open pages of the console get live values: `/console/ws`.
//!
//! The page sends `{"op":"sub","id":1,"topic":"device/{pid}/{name}/props"}` and
//! `{"op":"unsub","id":1}`; it gets `{"id":1,"kind":"snapshot"|"delta"|"error"|"end",..}`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base::{Code, Error, RequestId};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::{Request, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use platform::{
    Cx,
    account::{self, Caller},
    live,
};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, interval_at, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    cookie, envelope,
    front::{Answer, Front, Peer, text},
    language,
    upgrade::{self, Stream},
};

/// Subscriptions of one page.
const SUBSCRIPTIONS: usize = 200;
/// Bytes of what a page says.
const SAID_BYTES: usize = 16_384;
/// News that wait for a slow page; its subscriptions wait, and gather, meanwhile.
const WAITING: usize = 64;
/// How often the session is looked at and the page is pinged.
const BEAT: Duration = Duration::from_secs(30);
/// How long a page may take to read one message.
const SLOW: Duration = Duration::from_secs(30);

/// Opens the page's WebSocket, if it has a session.
pub(crate) fn open(front: &Arc<Front>, request: &mut Request<Incoming>, _peer: Peer) -> Answer {
    if !cookie::same_origin(request.headers()) {
        return text(StatusCode::FORBIDDEN, "the call comes from another site\n");
    }
    let token = cookie::token(request.headers()).map(str::to_owned);
    let known = token.and_then(|t| Some((account::peek(&front.services, &t)?, t)));
    let Some((caller, token)) = known else {
        return text(StatusCode::UNAUTHORIZED, "the session has ended\n");
    };
    let zh = language::of_browser(request.headers());
    let (answer, upgraded) = match upgrade::shake(request) {
        Ok(both) => both,
        Err(answer) => return *answer,
    };
    let front = front.clone();
    front.tasks.clone().spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let config = WebSocketConfig::default()
                .max_message_size(Some(SAID_BYTES))
                .max_frame_size(Some(SAID_BYTES));
            let stream = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
            Page::new(front, caller, token, zh).run(socket).await;
        }
    });
    answer
}

/// One open page.
struct Page {
    front: Arc<Front>,
    caller: Caller,
    token: String,
    zh: bool,
    looks: HashMap<i64, AbortHandle>,
    tasks: JoinSet<()>,
    news: mpsc::Sender<String>,
    waiting: mpsc::Receiver<String>,
}

impl Page {
    fn new(front: Arc<Front>, caller: Caller, token: String, zh: bool) -> Self {
        let (news, waiting) = mpsc::channel(WAITING);
        let (looks, tasks) = (HashMap::new(), JoinSet::new());
        Self { front, caller, token, zh, looks, tasks, news, waiting }
    }

    async fn run(mut self, mut socket: WebSocketStream<Stream>) {
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        let stop = self.front.stop.clone();
        loop {
            let out = tokio::select! {
                () = stop.cancelled() => break,
                Some(news) = self.waiting.recv() => Message::text(news),
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => continue,
                _ = beat.tick() => {
                    if account::peek(&self.front.services, &self.token).is_none() {
                        break;
                    }
                    Message::Ping(bytes::Bytes::new())
                }
                said = socket.next() => match said {
                    Some(Ok(Message::Text(said))) => match self.hear(&said) {
                        Some(answer) => Message::text(answer),
                        None => continue,
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    _ => break,
                },
            };
            if !matches!(timeout(SLOW, socket.send(out)).await, Ok(Ok(()))) {
                return;
            }
        }
        // The page is gone or is told so; either way there is nobody to tell more.
        drop(timeout(SLOW, socket.close(None)).await);
    }

    /// Does what the page says; an error to send back, if it made no sense.
    fn hear(&mut self, said: &str) -> Option<String> {
        let said: Value = serde_json::from_str(said).unwrap_or_default();
        let Some(id) = said.get("id").and_then(Value::as_i64) else {
            let error = Error::new(Code::InvalidParameter, "there is no id");
            return Some(failed(0, &error, self.zh));
        };
        match (said.get("op").and_then(Value::as_str), said.get("topic").and_then(Value::as_str)) {
            (Some("unsub"), _) => {
                if let Some(look) = self.looks.remove(&id) {
                    look.abort();
                }
                None
            }
            (Some("sub"), Some(topic)) => self.look(id, topic.to_owned()),
            _ => {
                let error = Error::new(Code::InvalidParameter, "op is neither sub nor unsub");
                Some(failed(id, &error, self.zh))
            }
        }
    }

    fn look(&mut self, id: i64, topic: String) -> Option<String> {
        self.looks.retain(|_, look| !look.is_finished());
        if self.looks.len() >= SUBSCRIPTIONS || self.looks.contains_key(&id) {
            let text = format!("id {id} is taken, or there are {SUBSCRIPTIONS} subscriptions");
            return Some(failed(id, &Error::new(Code::LimitExceeded, text), self.zh));
        }
        let services = self.front.services.clone();
        let request = RequestId(services.rand.uuid());
        let cx = Cx::new(services, self.caller.clone(), request, self.zh);
        let look = self.tasks.spawn(follow(cx, id, topic, self.news.clone()));
        self.looks.insert(id, look);
        None
    }
}

/// Passes on what happens to one topic, until the page or the topic is gone.
async fn follow(cx: Cx, id: i64, topic: String, news: mpsc::Sender<String>) {
    let end = match live::subscribe(&cx, &topic).await {
        Err(error) => failed(id, &error, cx.zh),
        Ok(mut subscription) => loop {
            match subscription.next().await {
                Some(text) => {
                    let inside = text.strip_prefix('{').unwrap_or("}");
                    if news.send(format!("{{\"id\":{id},{inside}")).await.is_err() {
                        return;
                    }
                }
                None => break json!({ "id": id, "kind": "end" }).to_string(),
            }
        },
    };
    // The page may be gone by now.
    drop(news.send(end).await);
}

fn failed(id: i64, error: &Error, zh: bool) -> String {
    let (code, message) = (error.code().as_str(), envelope::message(error, zh));
    json!({ "id": id, "kind": "error", "code": code, "message": message }).to_string()
}
