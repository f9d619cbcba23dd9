//! The place where tracing is set up: lines on stderr.

use anyhow::{Result, anyhow};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Sends events that pass `filter` to stderr. Once per process.
///
/// # Errors
/// `filter` is malformed, or a subscriber is installed already.
pub(crate) fn install(filter: &str) -> Result<()> {
    let filter: EnvFilter =
        EnvFilter::builder().parse(filter).map_err(|e| anyhow!("log.filter {filter:?}: {e}"))?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true).with_ansi(false);
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(())
}
