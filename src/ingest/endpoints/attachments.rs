//! `/api/{project}/events/{event}/attachments/`: files for an event that was sent before.
//!
//! The form becomes an envelope with one item for each file.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::{Ingest, form, keep, path_project};
use crate::base::EventId;
use crate::ingest::authenticate;
use crate::ingest::body::{self, Received};
use crate::ingest::{Error, limits};
use crate::protocol::accepted::SPARE_BYTES;
use crate::protocol::envelope::limits::MAX_ENVELOPE_BYTES;
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};

/// Room for the lines about a file in the envelope.
const ITEM_BYTES: usize = 1024;

/// Accepts files.
pub(in crate::ingest) async fn receive_attachments(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<StatusCode, Error> {
    let (request, mut body) = request.into_parts();
    let result = receive(&ingest, &request, &mut body).await;
    body::passed_on(&ingest, &request, body, result).await.map(|()| StatusCode::CREATED)
}

async fn receive(ingest: &Ingest, request: &Parts, body: &mut Body) -> Result<(), Error> {
    let path = path_project(request)?;
    let event_id = path_event(request)?;
    let credentials = authenticate::credentials(request)?.ok_or(Error::MissingAuth)?;
    let sender = authenticate::authorize(ingest, request, path, credentials).await?;
    let boundary = limits::noted(ingest, Some(&sender), form::boundary(request))?;
    let received = body::receive(ingest, &request.headers, body, MAX_ENVELOPE_BYTES).await;
    let Received { bytes, mut memory } = limits::noted(ingest, Some(&sender), received)?;
    // The form and the envelope are there at the same time.
    memory.grow_to(2 * bytes.len() + SPARE_BYTES).await?;
    let envelope = into_envelope(event_id, bytes.into(), boundary).await;
    let bytes = limits::noted(ingest, Some(&sender), envelope)?;
    keep(ingest, request, Some(sender), Received { bytes, memory }).await.map(drop)
}

/// The event that the path names.
fn path_event(request: &Parts) -> Result<EventId, Error> {
    let segment = request.uri.path().split('/').nth(4).unwrap_or_default();
    segment.parse().map_err(|_| Error::BadEvent)
}

async fn into_envelope(event_id: EventId, form: Bytes, boundary: String) -> Result<Vec<u8>, Error> {
    let mut envelope = Vec::with_capacity(form.len() + ITEM_BYTES + SPARE_BYTES);
    let header = EnvelopeHeader { event_id: Some(event_id), ..EnvelopeHeader::default() };
    write_header(&mut envelope, &header);
    let mut form = form::open(form, boundary);
    while let Some(field) = form.next_field().await.map_err(|_| Error::InvalidMultipart)? {
        let mut item = ItemHeader::new(ItemType::Attachment);
        item.filename = Some(field.file_name().ok_or(Error::InvalidMultipart)?.to_owned());
        item.content_type = field.content_type().map(ToString::to_string);
        let bytes = field.bytes().await.map_err(|_| Error::InvalidMultipart)?;
        write_item(&mut envelope, &item, &bytes);
    }
    Ok(envelope)
}
