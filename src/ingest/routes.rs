//! The front door's routes, and what every answer of it carries (`protocol.md` §1.1, §1.2).

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use metrics::{counter, histogram};

use super::endpoints::{
    attachments, cron, envelope, error_page, integrations, minidump, security, store, unreal,
    upload,
};
use super::error::Refused;
use super::{Error, Ingest, Options};
use crate::app::App;
use crate::domain::usage::Recorder;

/// What browsers may send along.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, \
     authentication, authorization, content-encoding, transfer-encoding, sentry-trace, baggage",
);

/// What pages may read of an answer.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("x-sentry-error, x-sentry-rate-limits, retry-after");

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// The routes of the front door.
pub fn router(app: App, usage: Arc<Recorder>) -> Router {
    let body_memory_bytes = app.config.ingest.body_memory_max_bytes;
    router_with(app, usage, Options { body_memory_bytes, ..Options::default() })
}

/// The routes of the front door, with other limits than the usual ones.
#[rustfmt::skip]
pub fn router_with(app: App, usage: Arc<Recorder>, options: Options) -> Router {
    let envelope = || door("envelope", "POST, OPTIONS", post(envelope::receive_envelope));
    let store = || door("store", "GET, POST, OPTIONS", get(store::receive_pixel).post(store::receive_event));
    let security = || door("security", "POST, OPTIONS", post(security::receive_reports));
    let attachments = || door("attachments", "POST, OPTIONS", post(attachments::receive_attachments));
    let error_page = || {
        let handlers = get(error_page::show_dialog).post(error_page::receive_report);
        door("error_page", "GET, POST, OPTIONS", handlers)
    };
    let nel = || door("nel", "POST, OPTIONS", post(security::receive_network_reports));
    let minidump = || door("minidump", "POST, OPTIONS", post(minidump::receive_dump));
    let unreal = || door("unreal", "POST, OPTIONS", post(unreal::receive_crash));
    let cron = || {
        let handlers = get(cron::receive_check_in).post(cron::receive_check_in);
        door("cron", "GET, POST, OPTIONS", handlers)
    };
    let traces = || door("otlp_traces", "POST, OPTIONS", post(integrations::receive_traces));
    let logs = || door("otlp_logs", "POST, OPTIONS", post(integrations::receive_logs));
    let vercel = || door("vercel", "POST, OPTIONS", post(integrations::receive_vercel));
    let upload = || door("upload", "POST, PATCH, OPTIONS", post(upload::refuse_upload).patch(upload::refuse_upload));
    Router::new()
        .route("/api/{project}/envelope/",   envelope())
        .route("/api/{project}/envelope",    envelope())
        .route("/api/{project}/store/",      store())
        .route("/api/{project}/store",       store())
        .route("/api/store/",                store())
        .route("/api/store",                 store())
        .route("/api/{project}/security/",   security())
        .route("/api/{project}/security",    security())
        .route("/api/{project}/csp-report/", security())
        .route("/api/{project}/csp-report",  security())
        .route("/api/{project}/events/{event}/attachments/", attachments())
        .route("/api/{project}/events/{event}/attachments",  attachments())
        .route("/api/{project}/nel/",     nel())
        .route("/api/{project}/nel",      nel())
        .route("/api/{project}/minidump/", minidump())
        .route("/api/{project}/minidump",  minidump())
        .route("/api/{project}/unreal/{key}/", unreal())
        .route("/api/{project}/unreal/{key}",  unreal())
        .route("/api/{project}/cron/{monitor}/",      cron())
        .route("/api/{project}/cron/{monitor}",       cron())
        .route("/api/{project}/cron/{monitor}/{key}/", cron())
        .route("/api/{project}/cron/{monitor}/{key}",  cron())
        .route("/api/{project}/integration/otlp/v1/traces/", traces())
        .route("/api/{project}/integration/otlp/v1/traces",  traces())
        .route("/api/{project}/integration/otlp/v1/logs/",   logs())
        .route("/api/{project}/integration/otlp/v1/logs",    logs())
        .route("/api/{project}/integration/vercel/logs/",    vercel())
        .route("/api/{project}/integration/vercel/logs",     vercel())
        .route("/api/{project}/upload/",      upload())
        .route("/api/{project}/upload",       upload())
        .route("/api/{project}/upload/{key}/", upload())
        .route("/api/{project}/upload/{key}",  upload())
        .route("/api/embed/error-page/", error_page())
        .route("/api/embed/error-page",  error_page())
        .with_state(Ingest::new(app, usage, options))
}

/// Completes a route: preflights, a refusal of all other methods, and what every answer carries.
fn door(
    endpoint: &'static str,
    methods: &'static str,
    handlers: MethodRouter<Ingest>,
) -> MethodRouter<Ingest> {
    handlers
        .options(answer_preflight)
        .fallback(move || async move { Error::Method(methods) })
        .layer(middleware::from_fn(move |request, next| observe(endpoint, request, next)))
}

/// Tells a browser what it may send.
async fn answer_preflight() -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    (StatusCode::OK, headers)
}

/// Counts the request and opens the answer to pages of other origins, refusals included: a browser
/// could not read a rate limit otherwise.
async fn observe(endpoint: &'static str, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    let status = response.status().as_str().to_owned();
    counter!("picket_ingest_requests_total", "endpoint" => endpoint, "status" => status)
        .increment(1);
    histogram!("picket_ingest_request_duration_seconds", "endpoint" => endpoint)
        .record(started.elapsed());
    if let Some(Refused(reason)) = response.extensions().get() {
        counter!("picket_ingest_rejected_total", "endpoint" => endpoint, "reason" => *reason)
            .increment(1);
    }
    response
}

/// Turns `//api///1/envelope/` into `/api/1/envelope/`, before routing: several clients join URLs
/// carelessly. Other paths than those of `/api/` are left alone.
pub fn collapse_slashes<B>(mut request: axum::http::Request<B>) -> axum::http::Request<B> {
    let path = request.uri().path();
    if !path.contains("//") {
        return request;
    }
    let mut clean = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !clean.ends_with('/') {
            clean.push(c);
        }
    }
    if !clean.starts_with("/api/") {
        return request;
    }
    if let Some(query) = request.uri().query() {
        clean.push('?');
        clean.push_str(query);
    }
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::from_maybe_shared(clean.into_bytes()).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}
