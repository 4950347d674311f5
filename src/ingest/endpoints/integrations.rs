//! Telemetry that does not come from Sentry's clients: OpenTelemetry's exporters under
//! `/api/{project}/integration/otlp/v1/`, log drains of Vercel (`protocol.md` §1.8).
//!
//! The body is kept as it came, in an envelope whose item says what it is.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Ingest, keep_own, path_project};
use crate::ingest::authenticate::{self, Sender};
use crate::ingest::body::{self, Received};
use crate::ingest::{Error, limits};
use crate::protocol::accepted::SPARE_BYTES;
use crate::protocol::envelope::limits::MAX_CONTAINER_BYTES;
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};
use crate::protocol::integration::{Integration, Writing};

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// What an endpoint takes, by the type of the body.
type Takes = &'static [(&'static str, Integration)];

const TRACES: Takes = &[
    (JSON, Integration::OtlpTraces(Writing::Json)),
    (PROTOBUF, Integration::OtlpTraces(Writing::Protobuf)),
];
const LOGS: Takes = &[
    (JSON, Integration::OtlpLogs(Writing::Json)),
    (PROTOBUF, Integration::OtlpLogs(Writing::Protobuf)),
];
const VERCEL: Takes =
    &[(JSON, Integration::VercelList), ("application/x-ndjson", Integration::VercelLines)];

/// Accepts spans of OpenTelemetry.
pub(in crate::ingest) async fn receive_traces(
    State(ingest): State<Ingest>,
    request: Request,
) -> Response {
    receive_otlp(&ingest, request, TRACES).await
}

/// Accepts log records of OpenTelemetry.
pub(in crate::ingest) async fn receive_logs(
    State(ingest): State<Ingest>,
    request: Request,
) -> Response {
    receive_otlp(&ingest, request, LOGS).await
}

/// Accepts log lines of Vercel.
pub(in crate::ingest) async fn receive_vercel(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<StatusCode, Error> {
    receive(&ingest, request, VERCEL).await.map(|()| StatusCode::ACCEPTED)
}

/// Accepts a message of OpenTelemetry, and answers in the language of the question.
async fn receive_otlp(ingest: &Ingest, request: Request, takes: Takes) -> Response {
    let is_protobuf = essence(request.headers()).is_ok_and(|kind| kind == PROTOBUF);
    match receive(ingest, request, takes).await {
        // All fields of the answer are about what was refused in part: none.
        Ok(()) if is_protobuf => ([(CONTENT_TYPE, PROTOBUF)], "").into_response(),
        Ok(()) => ([(CONTENT_TYPE, JSON)], "{}").into_response(),
        Err(error) => refuse(error, is_protobuf),
    }
}

/// A refusal as `google.rpc.Status`.
fn refuse(error: Error, is_protobuf: bool) -> Response {
    let message = error.to_string();
    let code = match error.status() {
        StatusCode::UNAUTHORIZED => 16,
        StatusCode::FORBIDDEN => 7,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::PAYLOAD_TOO_LARGE => 8,
        StatusCode::METHOD_NOT_ALLOWED => 12,
        StatusCode::SERVICE_UNAVAILABLE => 14,
        _ => 3,
    };
    let (kind, body) = if is_protobuf {
        (PROTOBUF, status_message(code, &message))
    } else {
        (JSON, json!({ "code": code, "message": message }).to_string().into_bytes())
    };
    let (mut head, _) = error.into_response().into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body))
}

/// `google.rpc.Status` with its first two fields: a number, and a text of less than 128 bytes.
fn status_message(code: u8, message: &str) -> Vec<u8> {
    let end = (0..=127.min(message.len())).rfind(|end| message.is_char_boundary(*end));
    let text = &message.as_bytes()[..end.unwrap_or(0)];
    let length = u8::try_from(text.len()).expect("shorter than 128");
    [&[0x08, code, 0x12, length], text].concat()
}

async fn receive(ingest: &Ingest, request: Request, takes: Takes) -> Result<(), Error> {
    let (request, mut body) = request.into_parts();
    let result = keep_body(ingest, &request, &mut body, takes).await;
    body::passed_on(ingest, &request, body, result).await
}

async fn keep_body(
    ingest: &Ingest,
    request: &Parts,
    body: &mut Body,
    takes: Takes,
) -> Result<(), Error> {
    let path = path_project(request)?;
    let credentials = authenticate::credentials(request)?.ok_or(Error::MissingAuth)?;
    let sender = authenticate::authorize(ingest, request, path, credentials).await?;
    let integration = limits::noted(ingest, Some(&sender), taken(request, takes))?;
    let received = body::receive(ingest, &request.headers, body, MAX_CONTAINER_BYTES).await;
    let received = match received {
        // A message of protocol buffers of which every field has its usual value has no bytes.
        Err(Error::EmptyBody) if essence(&request.headers).is_ok_and(|kind| kind == PROTOBUF) => {
            return Ok(());
        }
        received => limits::noted(ingest, Some(&sender), received)?,
    };
    wrap(ingest, request, sender, integration, received).await
}

/// What the body is by its type.
fn taken(request: &Parts, takes: Takes) -> Result<Integration, Error> {
    let kind = essence(&request.headers)?;
    let known = takes.iter().find(|(known, _)| *known == kind);
    known.map(|(_, integration)| *integration).ok_or(Error::ContentType)
}

/// The type of the body, without what stands behind a semicolon.
fn essence(headers: &HeaderMap) -> Result<String, Error> {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next()).ok_or(Error::NoContentType)?;
    Ok(kind.trim().to_ascii_lowercase())
}

async fn wrap(
    ingest: &Ingest,
    request: &Parts,
    sender: Sender,
    integration: Integration,
    received: Received,
) -> Result<(), Error> {
    let Received { bytes: message, mut memory } = received;
    // The message and the envelope are there at the same time.
    memory.grow_to(2 * message.len() + SPARE_BYTES).await?;
    let mut bytes = Vec::with_capacity(message.len() + SPARE_BYTES);
    write_header(&mut bytes, &EnvelopeHeader::default());
    let mut header = ItemHeader::new(ItemType::Integration);
    header.content_type = Some(integration.media_type().to_owned());
    write_item(&mut bytes, &header, &message);
    keep_own(ingest, request, sender, Received { bytes, memory }).await.map(drop)
}
