//! `/api/{project}/store/`: one event without an envelope, as clients of ten years ago send it.
//!
//! The event is put into an envelope of its own, so that behind this door there is only one kind of
//! thing.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::{Accepted, Ingest, envelope, keep, path_project};
use crate::ingest::authenticate::{self, Sender};
use crate::ingest::body::{self, Received};
use crate::ingest::{Error, limits};
use crate::protocol::bare_event;
use crate::protocol::envelope::limits::MAX_EVENT_BYTES;

/// A transparent picture of one pixel: the answer that a page of old can read.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\
    \x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01\x44\x00\x3b";

/// Exactly this type turns the endpoint into the envelope's.
const ENVELOPE_TYPE: &[u8] = b"application/x-sentry-envelope";

/// Accepts an event.
pub(in crate::ingest) async fn receive_event(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<Accepted, Error> {
    let (request, mut body) = request.into_parts();
    let content_type = request.headers.get(CONTENT_TYPE);
    let result = if content_type.is_some_and(|value| value.as_bytes() == ENVELOPE_TYPE) {
        envelope::receive(&ingest, &request, &mut body, MAX_EVENT_BYTES).await
    } else {
        receive(&ingest, &request, &mut body).await
    };
    body::passed_on(&ingest, &request, body, result).await
}

/// Accepts an event in the URL, from browsers that could send nothing else to another origin.
pub(in crate::ingest) async fn receive_pixel(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<Response, Error> {
    let (request, _) = request.into_parts();
    let sender = sender(&ingest, &request).await?;
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let data = form_urlencoded::parse(query).find(|(name, _)| name == "sentry_data");
    let mut bytes = data.map(|(_, value)| value.into_owned().into_bytes()).unwrap_or_default();
    if !bare_event::is_json(&bytes) {
        // A `+` of base64 that nobody escaped.
        bytes.iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'+');
    }
    let empty = if bytes.is_empty() { Err(Error::EmptyBody) } else { Ok(()) };
    limits::noted(&ingest, Some(&sender), empty)?;
    let received = Received { bytes, memory: ingest.memory.reserve() };
    wrap(&ingest, &request, sender, received).await?;
    Ok(([(CONTENT_TYPE, "image/gif")], PIXEL).into_response())
}

async fn receive(ingest: &Ingest, request: &Parts, body: &mut Body) -> Result<Accepted, Error> {
    let sender = sender(ingest, request).await?;
    let received = body::receive(ingest, &request.headers, body, MAX_EVENT_BYTES).await;
    let received = limits::noted(ingest, Some(&sender), received)?;
    wrap(ingest, request, sender, received).await
}

/// Who sends; unlike an envelope, an event cannot say so itself.
async fn sender(ingest: &Ingest, request: &Parts) -> Result<Sender, Error> {
    let path = path_project(request)?;
    let credentials = authenticate::credentials(request)?.ok_or(Error::MissingAuth)?;
    authenticate::authorize(ingest, request, path, credentials).await
}

/// Puts the event into an envelope and keeps that.
async fn wrap(
    ingest: &Ingest,
    request: &Parts,
    sender: Sender,
    received: Received,
) -> Result<Accepted, Error> {
    let Received { bytes, mut memory } = received;
    if !bare_event::is_json(&bytes) {
        // Room for what comes out of the base64, and out of that.
        memory.grow_to(2 * MAX_EVENT_BYTES).await?;
    }
    let enveloped = bare_event::unpack(bytes, MAX_EVENT_BYTES)
        .and_then(|json| bare_event::into_envelope(&json))
        .map_err(Error::from);
    let bytes = limits::noted(ingest, Some(&sender), enveloped)?;
    keep(ingest, request, Some(sender), Received { bytes, memory }).await
}
