//! Is it alive, is it ready: for supervisors, load balancers and Terraform.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::app::App;
use crate::infra::db;

/// How long Postgres may take to answer before Picket counts as not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process runs and answers. Says nothing about Postgres: restarting Picket would not help there.
pub(super) async fn show_live() -> Response {
    ok()
}

/// Postgres answers. While it does not, events are still accepted into the journal, so a load balancer
/// should look at `live` for the ingest routes and at `ready` for the pages.
pub(super) async fn show_ready(State(app): State<App>) -> Response {
    let answered = tokio::time::timeout(PATIENCE, db::ping(&app.db)).await;
    if matches!(answered, Ok(Ok(()))) {
        ok()
    } else {
        let body = r#"{"status":"unavailable","problem":"Postgres does not answer"}"#;
        (StatusCode::SERVICE_UNAVAILABLE, JSON, body).into_response()
    }
}

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

fn ok() -> Response {
    (JSON, r#"{"status":"ok"}"#).into_response()
}
