//! Is it alive, is it ready: for supervisors, load balancers and Terraform.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::app::App;
use crate::infra::db;

/// How long Postgres may take to answer before Picket counts as not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process runs and answers. Says nothing about Postgres: restarting Picket would not help there.
pub(super) async fn show_live() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// Postgres answers. While it does not, events are still accepted into the journal, so a load balancer
/// should look at `live` for the ingest routes and at `ready` for the pages.
pub(super) async fn show_ready(State(app): State<App>) -> Response {
    let answered = tokio::time::timeout(PATIENCE, db::ping(&app.db)).await;
    if matches!(answered, Ok(Ok(()))) {
        Json(json!({ "status": "ok" })).into_response()
    } else {
        let body = json!({ "status": "unavailable", "problem": "Postgres does not answer" });
        (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
    }
}
