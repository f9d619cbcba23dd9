//! The place where a data folder with many devices is made, and starts and lists on it are timed.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::{cloud::Console, server::Server};

#[derive(Debug, Args)]
pub(crate) struct Seed {
    /// The folder; it must not exist.
    #[arg(long, default_value = "target/bench/seed")]
    data: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    devices: u32,
}

/// Starts that are timed on each folder.
const STARTS: usize = 2;

/// Lets the released server fill the folder; prints how long starts and pages take on it, and
/// starts on an empty one.
///
/// # Errors
/// The folder exists, or the server failed.
pub(crate) fn run(seed: &Seed) -> Result<()> {
    super::build()?;
    if let Some(parent) = seed.data.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let filled = Command::new("target/release/thingd")
        .arg("seed")
        .arg("--data")
        .arg(&seed.data)
        .args(["--devices", &seed.devices.to_string()])
        .status()?;
    ensure!(filled.success(), "thingd seed failed");
    let empty = seed.data.with_extension("empty");
    ensure!(!empty.exists(), "{} is there already", empty.display());
    start("first start, empty folder", &empty)?.stop()?;
    for _ in 0..STARTS {
        start("later start, few devices", &empty)?.stop()?;
    }
    std::fs::remove_dir_all(&empty)?;
    for _ in 0..STARTS {
        let server = start(&format!("later start, {} devices", seed.devices), &seed.data)?;
        pages(&server, seed.devices)?;
        server.stop()?;
    }
    Ok(())
}

fn start(what: &str, data: &Path) -> Result<Server> {
    let (server, took) = timed(|| Server::start(data, &[("THINGD_LOG__FILTER", "warn")]))?;
    row(&format!("{what}, spawn to ready file"), took);
    Ok(server)
}

/// The first page of devices, the last, and one that is searched.
fn pages(server: &Server, devices: u32) -> Result<()> {
    let console = Console::login(server)?;
    let products = console.call("GetStudioProductList", &json!({}))?;
    let product = products.pointer("/Products/0/ProductId").context("no product")?;
    let (last, name) = (devices.saturating_sub(10), format!("{devices:07}"));
    for (what, more) in [
        ("first", json!({})),
        ("last", json!({ "Offset": last })),
        ("searched", json!({ "DeviceName": name })),
    ] {
        let mut ask = json!({ "ProductId": product, "Limit": 10 });
        if let (Some(ask), Value::Object(more)) = (ask.as_object_mut(), more) {
            ask.extend(more);
        }
        let (_, took) = timed(|| console.call("GetDeviceList", &ask))?;
        row(&format!("GetDeviceList, {what} page"), took);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a synchronous tool measures a child process")]
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let begun = std::time::Instant::now();
    let done = work()?;
    Ok((done, begun.elapsed()))
}

#[expect(clippy::print_stdout, reason = "this command prints its result")]
fn row(what: &str, took: Duration) {
    println!("{what:<58}{:>8.0} ms", took.as_secs_f64() * 1e3);
}
