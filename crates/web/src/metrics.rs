//! The place where the crate's metrics have their names, and where all metrics of the process are
//! gathered.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const CALLS: &str = "thingd_web_calls_total";
const CALL_SECONDS: &str = "thingd_web_call_seconds";
/// The bounds of what histograms count. Without bounds each of them keeps sketches of up to half a
/// megabyte to tell quantiles, which cannot be added up over servers either.
const SECONDS: [f64; 11] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
const ROWS: [f64; 9] = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0];
const UPKEEP: Duration = Duration::from_secs(5);

/// The process has one recorder: the `metrics` crate wants it so.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// What renders the metrics; the first call begins to record.
pub(crate) fn handle() -> PrometheusHandle {
    let begin = || {
        let rows = Matcher::Suffix("_rows".into());
        let recorder = PrometheusBuilder::new()
            .set_buckets(&SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(rows, &ROWS))
            .expect("there are buckets")
            .build_recorder();
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
