//! The place where the memory of connections that only listen is measured: in a fresh process, of
//! which the connections are the first.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::{
    FOLDER, build, cloud,
    load::{self, Party},
    peer::Peer,
    reopen, start,
};

#[derive(Debug, Args)]
pub(crate) struct Idle {
    #[arg(long, default_value_t = 18_000)]
    devices: usize,
    /// Seconds between the last connect and the look at the server.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

/// What connections take, server by server.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) ours: load::Idle,
    pub(crate) ours_tls: load::Idle,
    pub(crate) theirs: load::Idle,
}

/// Prints what [`measure`] sees.
///
/// # Errors
/// A build, the server or a connection failed.
#[expect(clippy::print_stdout, reason = "this command prints its result")]
pub(crate) fn run(idle: &Idle) -> Result<()> {
    build()?;
    let folder = Path::new(FOLDER);
    let server = start(folder)?;
    let devices = folder.join("devices.json");
    cloud::prepare(&server, idle.devices, &devices)?;
    server.stop()?;
    let Seen { ours, ours_tls, theirs } = measure(folder, &devices, idle.seconds)?;
    for (name, seen) in [("thingd", ours), ("thingd, TLS", ours_tls), ("mosquitto", theirs)] {
        println!(
            "{name}: {} idle connections, resident {} -> {} KiB, {:.0} bytes each",
            seen.connections,
            seen.before_bytes / 1024,
            seen.after_bytes / 1024,
            seen.each()
        );
    }
    Ok(())
}

/// Connects all devices to fresh processes.
///
/// # Errors
/// A server or a connection failed.
pub(crate) fn measure(folder: &Path, devices: &Path, seconds: f64) -> Result<Seen> {
    let flags = ["--seconds".to_owned(), seconds.to_string()];
    let server = reopen(folder, &[])?;
    let ours = Party::new(&server.mqtt, server.pid(), devices).load(&flags, &["idle"])?;
    server.stop()?;
    let server = reopen(folder, &[])?;
    let party = Party::new(&server.mqtts, server.pid(), devices);
    let with_tls = [&flags[..], &["--tls".to_owned()]].concat();
    let ours_tls = party.load(&with_tls, &["idle"])?;
    server.stop()?;
    let peer = Peer::mosquitto(folder)?;
    let theirs = Party::new(&peer.address, peer.pid(), devices).load(&flags, &["idle"])?;
    Ok(Seen { ours, ours_tls, theirs })
}
