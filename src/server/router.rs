//! All faces under one roof.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use super::{health, requests};
use crate::app::App;
use crate::domain::usage;
use crate::{api, ingest, web};

/// Answers smaller than this are not worth compressing, and some clients trip over compressed answers
/// to envelopes (`protocol.md` §1.3).
const MIN_COMPRESSED_BYTES: u64 = 256;

/// Every route of the server. Ingest stands apart: its answers are tiny and never compressed.
pub fn router(app: &App, recorder: &Arc<usage::Recorder>) -> Router {
    let pages = web::routes::router(app.clone()).layer(from_fn(requests::observe));
    let programs = api::routes::router(app.clone()).layer(from_fn(requests::observe));
    let compressed = Router::new().merge(programs).fallback_service(pages).layer(compression());
    let telemetry = ingest::routes::router(app.clone(), recorder.clone());
    Router::new().merge(operations(app)).merge(telemetry).fallback_service(compressed)
}

fn operations(app: &App) -> Router {
    Router::new()
        .route("/health/live", get(health::show_live))
        .route("/health/ready", get(health::show_ready))
        .route("/api/relay/healthcheck/live/", get(health::show_relay_live))
        .route("/api/relay/healthcheck/live", get(health::show_relay_live))
        .route("/api/relay/healthcheck/ready/", get(health::show_relay_ready))
        .route("/api/relay/healthcheck/ready", get(health::show_relay_ready))
        // Sentry's own name, which load balancers of people who move are set to.
        .route("/_health/", get(health::show_live))
        .route("/metrics", get(health::show_metrics))
        .with_state(app.clone())
}

fn compression() -> CompressionLayer<impl Predicate> {
    let worth_it = SizeAbove::new(MIN_COMPRESSED_BYTES)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::const_new("font/woff2"));
    CompressionLayer::new().gzip(true).compress_when(worth_it)
}
