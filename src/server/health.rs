//! Is it alive, is it ready, how is it doing: for supervisors, load balancers and Prometheus.

use std::time::Duration;

use ::metrics::gauge;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::app::App;
use crate::infra::db;
use crate::infra::observe::metrics::{self, Metrics};

/// How long Postgres may take to answer before Picket counts as not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process runs and answers. Says nothing about Postgres: restarting Picket would not help there.
pub(super) async fn show_live() -> Response {
    ok()
}

/// Postgres answers. While it does not, events are still accepted into the journal, so a load balancer
/// should look at `live` for the ingest routes and at `ready` for the pages.
pub(super) async fn show_ready(State(app): State<App>) -> Response {
    if is_ready(&app).await {
        ok()
    } else {
        let body = r#"{"status":"unavailable","problem":"Postgres does not answer"}"#;
        (StatusCode::SERVICE_UNAVAILABLE, JSON, body).into_response()
    }
}

async fn is_ready(app: &App) -> bool {
    let answered = tokio::time::timeout(PATIENCE, db::ping(&app.db)).await;
    matches!(answered, Ok(Ok(())))
}

/// The same as [`show_live`], where operators of a Relay look.
pub(super) async fn show_relay_live() -> Response {
    healthy(true)
}

/// The same as [`show_ready`], where operators of a Relay look.
pub(super) async fn show_relay_ready(State(app): State<App>) -> Response {
    healthy(is_ready(&app).await)
}

fn healthy(is_healthy: bool) -> Response {
    let status = if is_healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, JSON, format!("{{\"is_healthy\":{is_healthy}}}")).into_response()
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

fn ok() -> Response {
    (JSON, r#"{"status":"ok"}"#).into_response()
}

/// The numbers, for Prometheus. What only has a present value is measured now.
pub(super) async fn show_metrics(State(app): State<App>) -> Response {
    for lane in app.journals.lanes() {
        let stats = lane.journal.stats();
        let queue = format!("journal-{}", lane.number);
        let age = stats.oldest_age.unwrap_or_default();
        gauge!("picket_queue_depth", "queue" => queue.clone()).set(number(stats.unreleased_bytes));
        gauge!("picket_queue_oldest_age_seconds", "queue" => queue).set(age.as_secs_f64());
    }
    metrics::record_pool(&app.db);
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, Metrics::install().render()).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; 2^53 bytes is far off")]
fn number(bytes: u64) -> f64 {
    bytes as f64
}
