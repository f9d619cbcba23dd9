//! The place where what thingd is measured beside is started: mosquitto (Debian), and the floor.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

/// A running peer; killed when dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    child: Child,
    pub(crate) address: String,
}

impl Peer {
    /// mosquitto on a free port: no persistence, `TCP_NODELAY`, and queues that do not drop.
    ///
    /// # Errors
    /// It is not installed or did not start.
    pub(crate) fn mosquitto(folder: &Path) -> Result<Self> {
        let port = free()?;
        let config = folder.join("mosquitto.conf");
        std::fs::write(
            &config,
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n\
                 set_tcp_nodelay true\nmax_inflight_messages 0\nmax_queued_messages 0\nlog_type error\n"
            ),
        )?;
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .spawn()
            .context("mosquitto is missing: apt-get install mosquitto")?;
        Self::ready(child, port)
    }

    /// The bare server of ours that only moves bytes.
    ///
    /// # Errors
    /// It did not start.
    pub(crate) fn floor() -> Result<Self> {
        let port = free()?;
        let child = Command::new("target/release/thingd-floor")
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .spawn()
            .context("cannot run target/release/thingd-floor")?;
        Self::ready(child, port)
    }

    #[expect(clippy::disallowed_methods, reason = "a synchronous tool waits for a child process")]
    fn ready(child: Child, port: u16) -> Result<Self> {
        let mut peer = Self { child, address: format!("127.0.0.1:{port}") };
        for _ in 0..500 {
            if TcpStream::connect(&peer.address).is_ok() {
                return Ok(peer);
            }
            if let Some(ended) = peer.child.try_wait()? {
                bail!("a peer ended with {ended}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("nobody answers on {}", peer.address);
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// The version that mosquitto tells.
///
/// # Errors
/// It is not installed.
pub(crate) fn mosquitto_version() -> Result<String> {
    let told = Command::new("mosquitto").arg("-h").output().context("mosquitto is missing")?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    Ok(text.lines().next().unwrap_or("mosquitto of unknown version").to_owned())
}

fn free() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
