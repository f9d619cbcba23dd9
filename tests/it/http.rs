//! An HTTP client that says exactly what a test wants: one request, one connection.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::world::DEADLINE;

/// A request. The `host` header stands among the others, so that a test may bend it.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, target: &str, host: SocketAddr) -> Self {
        let headers = vec![("host".to_owned(), host.to_string())];
        Self { method, target: target.to_owned(), headers, body: Vec::new() }
    }

    pub(crate) fn json(host: SocketAddr, target: &str, body: impl Into<Vec<u8>>) -> Self {
        let ask = Self::new("POST", target, host).header("content-type", "application/json");
        Self { body: body.into(), ..ask }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The header's value as a test may bend it.
    pub(crate) fn value(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(n, _)| n == name).unwrap().1
    }

    /// The first header of this name.
    pub(crate) fn get(&self, name: &str) -> &str {
        &self.headers.iter().find(|(n, _)| n == name).unwrap().1
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, to: SocketAddr) -> Reply {
        timeout(DEADLINE, self.exchange(to)).await.expect("no answer came")
    }

    async fn exchange(&self, to: SocketAddr) -> Reply {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&self.body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        Reply::parse(&answer)
    }
}

impl Reply {
    fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("no head came");
        let (head, body) = answer.split_at(end + 4);
        let mut lines = std::str::from_utf8(head).unwrap().lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self { status, headers, body: body.to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// What is in the envelope of an answered action: HTTP 200 and a `RequestId`, whatever happened.
    pub(crate) fn response(&self) -> Value {
        assert_eq!((self.status, self.header("content-type")), (200, Some("application/json")));
        let mut whole: Value = serde_json::from_slice(&self.body).unwrap();
        let response = whole["Response"].take();
        assert_eq!(response["RequestId"].as_str().unwrap().len(), 36, "{response}");
        response
    }

    /// The error code in the envelope, "" when it went well.
    pub(crate) fn code(&self) -> String {
        code(&self.response())
    }
}

pub(crate) fn code(response: &Value) -> String {
    let Some(error) = response.get("Error") else { return String::new() };
    let message = error["Message"].as_str().unwrap();
    assert!(!message.is_empty() && message.len() < 400, "{message}");
    error["Code"].as_str().unwrap().to_owned()
}
