//! The place where the released server is started on a folder and stopped again.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// A running `thingd serve`; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) http: String,
    pub(crate) mqtt: String,
    pub(crate) mqtts: String,
    pub(crate) login: Value,
}

impl Server {
    /// Starts on ports of the system's choice and waits until it is ready.
    ///
    /// # Errors
    /// It did not get ready within 60 s.
    pub(crate) fn start(data: &Path, environment: &[(&str, &str)]) -> Result<Self> {
        let ready_file = data.with_extension("ready.json");
        if ready_file.exists() {
            std::fs::remove_file(&ready_file)?;
        }
        let mut child = Command::new("target/release/thingd")
            .args([
                "serve",
                "--http",
                "127.0.0.1:0",
                "--mqtt",
                "127.0.0.1:0",
                "--mqtts",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(data)
            .arg("--ready-file")
            .arg(&ready_file)
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot run target/release/thingd")?;
        let ready = wait_for(&ready_file, &mut child)?;
        let login = serde_json::from_slice(&std::fs::read(data.join("first-login.json"))?)?;
        let [http, mqtt, mqtts] = ["http", "mqtt", "mqtts"].map(|door| text(&ready, door));
        Ok(Self { child, http: http?, mqtt: mqtt?, mqtts: mqtts?, login })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What a metric stands at.
    ///
    /// # Errors
    /// The server does not answer, or has no such metric.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let mut stream = TcpStream::connect(&self.http)?;
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.http
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let value = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("no metric {name}"))?.trim().parse()?)
    }

    /// SIGTERM, and waits.
    ///
    /// # Errors
    /// It did not end well.
    pub(crate) fn stop(mut self) -> Result<()> {
        let told = Command::new("kill").arg(self.child.id().to_string()).status()?;
        ensure!(told.success(), "cannot signal the server");
        let ended = self.child.wait()?;
        ensure!(ended.success(), "the server ended with {ended}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(clippy::disallowed_methods, reason = "a synchronous tool waits for a child process")]
fn wait_for(file: &Path, child: &mut Child) -> Result<Value> {
    for _ in 0..6000 {
        if let Ok(text) = std::fs::read(file) {
            return Ok(serde_json::from_slice(&text)?);
        }
        if let Some(ended) = child.try_wait()? {
            bail!("the server ended with {ended}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("the server was not ready within 60 s");
}

/// A text field of a JSON object.
///
/// # Errors
/// It is not there.
pub(crate) fn text(object: &Value, field: &str) -> Result<String> {
    object.get(field).and_then(Value::as_str).map(Into::into).with_context(|| format!("no {field}"))
}
