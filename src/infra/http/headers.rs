//! The headers that tell browsers what our pages never do.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

use crate::base::secrets;

/// The random word that marks the scripts of one answer as ours. In the request's extensions.
#[derive(Clone, Debug)]
pub struct Nonce(pub Arc<str>);

/// What holds for every page, whatever is on it.
const FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // For browsers that do not know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Gives the request its [`Nonce`] and the answer its headers. Put it outside of everything that renders.
pub async fn secure(mut request: Request, next: Next) -> Response {
    let nonce = Nonce(secrets::random_hex::<16>().into());
    let policy = content_security_policy(&nonce);
    request.extensions_mut().insert(nonce);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // A file of strangers has a stricter one already.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    response
}

/// Only our own files, only scripts we marked, nobody may frame us, forms go nowhere else.
fn content_security_policy(nonce: &Nonce) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{}'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        nonce.0
    );
    HeaderValue::try_from(policy).expect("hex digits are allowed in headers")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::{Extension, Router, middleware, routing};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn ask() -> (String, String) {
        let router = Router::new()
            .route(
                "/",
                routing::get(async |Extension(nonce): Extension<Nonce>| nonce.0.to_string()),
            )
            .layer(middleware::from_fn(secure));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let policy = policy.to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (policy, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_policy_allows_the_scripts_of_this_answer_only() {
        let (policy, nonce) = ask().await;
        let (_, next_nonce) = ask().await;
        assert!(policy.contains(&format!("script-src 'nonce-{nonce}';")), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_ne!(nonce, next_nonce);
    }
}
