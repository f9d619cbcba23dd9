//! The place where the crate's metrics have their names, and where all metrics of the process are
//! gathered.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const CALLS: &str = "thingd_web_calls_total";
const CALL_SECONDS: &str = "thingd_web_call_seconds";
const UPKEEP: Duration = Duration::from_secs(5);

/// The process has one recorder: the `metrics` crate wants it so.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// What renders the metrics; the first call begins to record.
pub(crate) fn handle() -> PrometheusHandle {
    let begin = || {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if ::metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("metrics are recorded elsewhere");
        }
        handle
    };
    RECORDER.get_or_init(begin).clone()
}

/// Keeps histograms from growing while nobody reads them.
pub(crate) async fn upkeep(stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(UPKEEP) => handle().run_upkeep(),
        }
    }
}

/// One call; `action` and `code` are ours, never the caller's text.
pub(crate) fn call(action: &'static str, code: &'static str, took: Duration) {
    ::metrics::counter!(CALLS, "action" => action, "code" => code).increment(1);
    ::metrics::histogram!(CALL_SECONDS, "action" => action).record(took);
}
