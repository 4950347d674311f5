//! `POST /api/{project}/envelope/`: where every current SDK sends everything.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;

use super::{Accepted, Ingest, keep, path_project};
use crate::ingest::{Error, authenticate, body, limits};
use crate::protocol::envelope::limits::MAX_ENVELOPE_BYTES;

/// Accepts an envelope.
pub(in crate::ingest) async fn receive_envelope(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<Accepted, Error> {
    let (request, mut body) = request.into_parts();
    let result = receive(&ingest, &request, &mut body, MAX_ENVELOPE_BYTES).await;
    body::passed_on(&ingest, &request, body, result).await
}

/// Accepts an envelope of at most `most` bytes.
pub(super) async fn receive(
    ingest: &Ingest,
    request: &Parts,
    body: &mut Body,
    most: usize,
) -> Result<Accepted, Error> {
    let path = path_project(request)?;
    // Before the body is read, if possible: a stranger gets no memory.
    let sender = match authenticate::credentials(request)? {
        Some(credentials) => {
            Some(authenticate::authorize(ingest, request, path, credentials).await?)
        }
        None => None,
    };
    let received = body::receive(ingest, &request.headers, body, most).await;
    let received = limits::noted(ingest, sender.as_ref(), received)?;
    keep(ingest, request, sender, received).await
}
