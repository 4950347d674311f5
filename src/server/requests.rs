//! Counting and timing requests, by route and not by path: the number of series stays bounded.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, histogram};
use tokio::time::Instant;
use tracing::debug;

/// Middleware for the routers of every face.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    debug!(
        http.method = %method,
        http.route = route,
        http.status = status,
        duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "Answered a request"
    );
    histogram!("picket_http_request_duration_seconds", "route" => route.clone(), "method" => word(&method))
        .record(elapsed);
    counter!(
        "picket_http_requests_total",
        "route" => route, "method" => word(&method), "status" => status.to_string()
    )
    .increment(1);
    response
}

/// The method as a label; what clients make up is one word.
fn word(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
