//! Numbers for Prometheus: all names in one place (`web-api.md` §8.2), recorded anywhere, rendered here.
//!
//! # Adding a metric
//!
//! A line in the table below, then `counter!`, `gauge!` or `histogram!` with that name where it happens.
//! Names end in their unit, counters in `_total`; a label never holds what users send.

use std::sync::OnceLock;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sqlx::PgPool;

use super::process;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in seconds, in shared buckets.
    Seconds,
    /// How long something waited, which after an outage is hours.
    Lag,
    /// How many at once.
    Sizes,
}

/// Every metric that is recorded anywhere, with its help.
pub const METRICS: [(&str, Kind, &str); 22] = [
    ("picket_build_info", Kind::Gauge, "Always 1; the labels say which Picket this is."),
    ("picket_ingest_requests_total", Kind::Counter, "Requests of SDKs, by endpoint and status."),
    (
        "picket_ingest_rejected_total",
        Kind::Counter,
        "Requests of SDKs that were refused, by reason.",
    ),
    ("picket_ingest_items_total", Kind::Counter, "Items by category, and what became of them."),
    (
        "picket_ingest_bytes_total",
        Kind::Counter,
        "Bytes of accepted items, decompressed, by category.",
    ),
    ("picket_ingest_body_memory_bytes", Kind::Gauge, "What bodies of requests in hand take up."),
    ("picket_ingest_request_duration_seconds", Kind::Seconds, "Time until an SDK has its answer."),
    ("picket_ingest_lag_seconds", Kind::Lag, "Time from accepting an event to having it stored."),
    ("picket_queue_depth", Kind::Gauge, "What waits in a queue; of a journal, its bytes."),
    ("picket_queue_oldest_age_seconds", Kind::Gauge, "How long the oldest in a queue has waited."),
    ("picket_batch_envelopes", Kind::Sizes, "Envelopes in one transaction of the pipeline."),
    ("picket_batch_duration_seconds", Kind::Seconds, "Time of one transaction of the pipeline."),
    ("picket_job_duration_seconds", Kind::Seconds, "Time of one piece of background work."),
    ("picket_job_failures_total", Kind::Counter, "Background work that failed and is tried again."),
    (
        "picket_quarantined_envelopes_total",
        Kind::Counter,
        "Envelopes set aside as incomprehensible.",
    ),
    (
        "picket_usage_uncounted_total",
        Kind::Counter,
        "Refused items that found no room among the counters while Postgres was away.",
    ),
    ("picket_issues_created_total", Kind::Counter, "Issues opened."),
    ("picket_issues_regressed_total", Kind::Counter, "Resolved issues that were seen again."),
    (
        "picket_retention_removed_total",
        Kind::Counter,
        "What was past its retention: days of events and outcomes, issues, hours of issues.",
    ),
    ("picket_db_connections", Kind::Gauge, "Connections of the pool, by whether they are in use."),
    ("picket_http_requests_total", Kind::Counter, "Requests by route, method and status."),
    ("picket_http_request_duration_seconds", Kind::Seconds, "Time until a request has its answer."),
];

/// From a cached page to a request that gave up.
const SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// From the next batch to a database that was away for a day.
const LAGS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0, 86_400.0];

/// Up to the largest batch.
const SIZES: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0];

/// What has been recorded. Cloning shares it.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// The recorder of the process; starts recording at the first call.
    pub fn install() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            let recorder = builder().build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).expect("only this function sets one");
            describe();
            initialise();
            handle
        });
        Self { handle: handle.clone() }
    }

    /// Everything in Prometheus's text format.
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        process::render(&mut text);
        text
    }

    /// Folds recorded values into their buckets. Call it every few seconds: what is not folded takes memory
    /// until somebody asks for [`Metrics::render`], and perhaps nobody does.
    pub fn fold(&self) {
        self.handle.run_upkeep();
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

/// Records how busy a pool is.
pub fn record_pool(pool: &PgPool) {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    gauge!("picket_db_connections", "state" => "idle").set(idle);
    gauge!("picket_db_connections", "state" => "used").set(pool.size().saturating_sub(idle));
}

fn builder() -> PrometheusBuilder {
    METRICS.iter().fold(PrometheusBuilder::new(), |builder, (name, kind, _)| {
        let buckets: &[f64] = match kind {
            Kind::Counter | Kind::Gauge => return builder,
            Kind::Seconds => &SECONDS,
            Kind::Lag => &LAGS,
            Kind::Sizes => &SIZES,
        };
        builder
            .set_buckets_for_metric(Matcher::Full((*name).to_owned()), buckets)
            .expect("no list of buckets is empty")
    })
}

fn describe() {
    for (name, kind, help) in METRICS {
        match kind {
            Kind::Counter => describe_counter!(name, help),
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Seconds | Kind::Lag | Kind::Sizes => describe_histogram!(name, help),
        }
    }
}

/// A counter that is not there until something happens hides the first time that it does.
fn initialise() {
    let revision = option_env!("PICKET_REVISION").unwrap_or("unknown");
    let version = env!("CARGO_PKG_VERSION");
    gauge!("picket_build_info", "version" => version, "revision" => revision).set(1);
    for name in [
        "picket_quarantined_envelopes_total",
        "picket_issues_created_total",
        "picket_issues_regressed_total",
        "picket_usage_uncounted_total",
    ] {
        counter!(name).absolute(0);
    }
    counter!("picket_job_failures_total", "job" => "process").absolute(0);
    for what in ["days", "issues", "hours"] {
        counter!("picket_retention_removed_total", "what" => what).absolute(0);
    }
    for outcome in ["accepted", "filtered", "rate_limited", "invalid"] {
        counter!("picket_ingest_items_total", "category" => "error", "outcome" => outcome, "reason" => "")
            .absolute(0);
    }
}

#[cfg(test)]
mod tests {
    use metrics::histogram;

    use super::*;

    #[test]
    fn what_is_recorded_is_rendered_with_its_help_and_its_buckets() {
        let metrics = Metrics::install();
        histogram!("picket_batch_envelopes").record(7.0);
        metrics.fold();

        let text = Metrics::install().render();

        for line in [
            "# TYPE picket_issues_created_total counter",
            "# HELP picket_batch_envelopes Envelopes in one transaction of the pipeline.",
            "# TYPE picket_batch_envelopes histogram",
            "picket_batch_envelopes_bucket{le=\"5\"} 0",
            "picket_batch_envelopes_bucket{le=\"10\"} 1",
            "picket_job_failures_total{job=\"process\"} 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }

    #[test]
    fn names_say_what_they_count_and_in_which_unit() {
        for (name, kind, help) in METRICS {
            assert!(name.starts_with("picket_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            if matches!(kind, Kind::Seconds | Kind::Lag) {
                assert!(name.ends_with("_seconds"), "{name}");
            }
            assert!(help.ends_with('.'), "{name}: {help}");
        }
    }
}
