//! The place where a replaced server certificate is noticed, so that it serves without a restart.

use std::{path::Path, sync::Arc, time::Duration, time::SystemTime};

use broker::Broker;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use web::Web;

use crate::tls::Files;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// When a file was written, and its length.
type Stamp = Option<(SystemTime, u64)>;

/// Gives the doors what `files` say whenever they change. The two files are not replaced in one
/// moment: until they fit, the former certificate serves and they are tried again.
pub(crate) async fn certificate(
    files: Files,
    (broker, web): (Arc<Broker>, Arc<Web>),
    stop: CancellationToken,
) {
    let look = || [&files.certificate, &files.key].map(|file| stamp(file));
    let (mut served, mut told) = (look(), None);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(LOOK) => {}
        }
        let now = look();
        if now == served {
            continue;
        }
        match broker.reload_tls().and_then(|()| web.reload_tls()) {
            Ok(()) => {
                served = now;
                tracing::info!(file = %files.certificate.display(), "another certificate serves");
            }
            Err(error) if told != Some(now) => {
                told = Some(now);
                tracing::warn!(%error, "the replaced certificate does not serve yet");
            }
            Err(_) => {}
        }
    }
}

fn stamp(file: &Path) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}
