//! JSON in and out.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::error::{self, Error};
use crate::protocol::lenient::{is_suspicious, repair};

/// The largest body in KiB, unless an endpoint takes more: a change of a thousand issues takes a fraction of it.
const MAX_BODY_KIB: usize = 256;

/// An answer in JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => raw(body),
            Err(problem) => error::internal(&problem),
        }
    }
}

/// An answer that is JSON already. What a client sent and nobody looked into is made fit for parsers that
/// are stricter than ours.
pub(super) fn raw(body: impl Into<Bytes>) -> Response {
    let mut body = body.into();
    if is_suspicious(&body) {
        body = repair(&body).into();
    }
    // Without a charset: sentry-cli compares the whole word.
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A request's body. Nothing is read as an empty object, so that a `PUT` without a body is a `PUT` of nothing.
#[derive(Debug)]
pub(super) struct Body<T, const MAX_KIB: usize = MAX_BODY_KIB>(pub(super) T);

impl<S: Sync, T: DeserializeOwned, const MAX_KIB: usize> FromRequest<S> for Body<T, MAX_KIB> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let body = Limited::new(request.into_body(), MAX_KIB << 10);
        let bytes = body.collect().await.map_err(|problem| {
            if problem.is::<http_body_util::LengthLimitError>() {
                Error::TooLarge
            } else {
                Error::BadRequest("The body could not be read.".to_owned())
            }
        })?;
        let bytes = bytes.to_bytes();
        let json = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        // A list would be read as the fields in their order.
        if json.trim_ascii_start().starts_with(b"[") {
            return Err(Error::BadRequest("JSON parse error - expected an object".to_owned()));
        }
        serde_json::from_slice(json)
            .map(Self)
            .map_err(|problem| Error::BadRequest(format!("JSON parse error - {problem}")))
    }
}

/// Tells `null` from absent: with `#[serde(default)]` on the field, absent is `None` and `null` is `Some(None)`.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}
