//! The place where mosquitto (Debian) is started as the peer.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

/// A running mosquitto; killed when dropped.
#[derive(Debug)]
pub(crate) struct Mosquitto {
    child: Child,
    pub(crate) address: String,
}

impl Mosquitto {
    /// Starts on a free port, as the table says: no persistence, `TCP_NODELAY`, and queues
    /// that do not drop.
    ///
    /// # Errors
    /// It is not installed or did not start.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
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
        let peer = Self { child, address: format!("127.0.0.1:{port}") };
        peer.wait()?;
        Ok(peer)
    }

    #[expect(clippy::disallowed_methods, reason = "a synchronous tool waits for a child process")]
    fn wait(&self) -> Result<()> {
        for _ in 0..500 {
            if TcpStream::connect(&self.address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("mosquitto does not answer on {}", self.address);
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
