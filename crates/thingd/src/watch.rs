//! The place where a replaced server certificate is noticed, so that it serves without a restart, and
//! one that is about to end.

use std::{path::Path, sync::Arc, time::Duration, time::SystemTime};

use base::Millis;
use broker::Broker;
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    error::ErrorStack,
    x509::X509,
};
use platform::{Doors, Services};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use web::Web;

use crate::tls::Files;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// How long before its end a certificate is told of, once a day.
const AHEAD: i64 = 30;
const DAY: Millis = 86_400_000;

/// When a file was written, and its length.
type Stamp = Option<(SystemTime, u64)>;

/// Gives the doors what `files` say whenever they change. They are not replaced in one moment: until
/// they fit, the former certificate serves and they are tried again.
pub(crate) async fn certificate(
    files: Files,
    (broker, web): (Arc<Broker>, Arc<Web>),
    services: Arc<Services>,
    stop: CancellationToken,
) {
    let look = || [&files.certificate, &files.key, &files.ca].map(|file| stamp(file));
    let (mut served, mut told, mut day) = (look(), None, None);
    loop {
        let today = services.clock.now().div_euclid(DAY);
        if day.replace(today) != Some(today) {
            tell_of_the_end(&files.certificate, services.clock.now());
        }
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
                let doors = Doors { ca: files.trusted(), ..services.doors() };
                services.attach(broker.handle(), doors);
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

fn tell_of_the_end(file: &Path, now: Millis) {
    match std::fs::read(file).map(|pem| days_left(&pem, now)) {
        Ok(Ok(days)) if days < 0 => {
            tracing::error!(file = %file.display(), "server certificate has ended");
        }
        Ok(Ok(days)) if days < AHEAD => {
            tracing::warn!(file = %file.display(), days, "server certificate ends soon");
        }
        // What cannot be read is told where it is loaded.
        _ => {}
    }
}

/// Days that the first certificate is still valid; below 0 when it is over.
fn days_left(pem: &[u8], now: Millis) -> Result<i64, ErrorStack> {
    let end = seconds(X509::from_pem(pem)?.not_after())?;
    Ok((end - now.div_euclid(1000)).div_euclid(DAY / 1000))
}

fn seconds(time: &Asn1TimeRef) -> Result<i64, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(i64::from(since.days) * 86_400 + i64::from(since.secs))
}

fn stamp(file: &Path) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls;

    #[test]
    fn the_days_of_a_certificate_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let files = tls::prepare(folder.path(), &[]).unwrap();
        let pem = std::fs::read(files.certificate).unwrap();
        let end = seconds(X509::from_pem(&pem).unwrap().not_after()).unwrap() * 1000;
        for (now, days) in [(end - 30 * DAY, 30), (end - 1, 0), (end, 0), (end + 1_000, -1)] {
            assert_eq!(days_left(&pem, now).unwrap(), days);
        }
        assert!(days_left(b"nonsense", end).is_err());
    }
}
