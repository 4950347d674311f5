//! `/api/{project}/minidump/`: dumps of crashed processes, as Breakpad and Crashpad post them
//! (`protocol.md` §1.8).
//!
//! The form becomes an envelope: each file an attachment, and all texts one item of form fields. What they
//! say together is found out behind the journal.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::form::{self, Field};
use super::{Ingest, keep, path_project, without_429};
use crate::base::EventId;
use crate::ingest::authenticate;
use crate::ingest::body;
use crate::ingest::decode::{self, Encoding};
use crate::ingest::memory::Reservation;
use crate::ingest::{Error, limits};
use crate::protocol::accepted::SPARE_BYTES;
use crate::protocol::crash::{dump, form as event_form, packed};
use crate::protocol::envelope::limits::MAX_ENVELOPE_BYTES;
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};

/// The field of the dump.
const DUMP_FIELD: &str = "upload_file_minidump";

/// The types of a body that is nothing but a dump.
const BARE_TYPES: [&str; 2] = ["application/octet-stream", "application/x-dmp"];

/// The longest line between the fields of a form (RFC 2046).
const MAX_BOUNDARY_BYTES: usize = 70;

/// Room for the lines about a file in the envelope.
const ITEM_BYTES: usize = 1024;

/// The answer to a crash: the id of its event, as crash handlers read it.
#[derive(Debug)]
pub(in crate::ingest) struct Received(pub(super) EventId);

impl IntoResponse for Received {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "text/plain")], self.0.0.hyphenated().to_string()).into_response()
    }
}

/// Accepts a dump.
pub(in crate::ingest) async fn receive_dump(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<Received, Error> {
    let (request, mut body) = request.into_parts();
    let result = receive(&ingest, &request, &mut body).await;
    body::passed_on(&ingest, &request, body, result).await
}

async fn receive(ingest: &Ingest, request: &Parts, body: &mut Body) -> Result<Received, Error> {
    let path = path_project(request)?;
    let credentials = authenticate::credentials(request)?.ok_or(Error::MissingAuth)?;
    let sender = authenticate::authorize(ingest, request, path, credentials).await?;
    let boundary = limits::noted(ingest, Some(&sender), boundary(request))?;
    let received = body::receive(ingest, &request.headers, body, MAX_ENVELOPE_BYTES).await;
    let received = limits::noted(ingest, Some(&sender), received)?;
    let body::Received { bytes, mut memory } = received;
    // The form and the envelope are there at the same time.
    memory.grow_to(2 * bytes.len() + SPARE_BYTES).await?;
    let crash = read(bytes, boundary, memory).await;
    let Crash { event_id, bytes, memory } = limits::noted(ingest, Some(&sender), crash)?;
    let kept = keep(ingest, request, Some(sender), body::Received { bytes, memory }).await;
    without_429(kept).map(|_| Received(event_id))
}

/// What stands between the fields; `None` if the body is the dump itself.
fn boundary(request: &Parts) -> Result<Option<String>, Error> {
    let kind = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if BARE_TYPES.iter().any(|bare| bare.eq_ignore_ascii_case(kind)) {
        return Ok(None);
    }
    form::boundary(request).map(Some)
}

/// A crash as it is kept.
struct Crash {
    event_id: EventId,
    bytes: Vec<u8>,
    memory: Reservation,
}

async fn read(
    body: Vec<u8>,
    boundary: Option<String>,
    memory: Reservation,
) -> Result<Crash, Error> {
    let body_bytes = body.len();
    let mut fields = match boundary {
        Some(boundary) => form::fields(body.into(), boundary).await?,
        None => vec![bare(body)],
    };
    let found = fields.iter_mut().find(|field| field.name == DUMP_FIELD);
    let field = found.filter(|field| !field.bytes.is_empty()).ok_or(Error::MissingMinidump)?;
    if let Some(inner) = dump_of_inner_form(&field.bytes).await {
        field.bytes = inner;
    }
    let (unpacked, mut memory) = unpacked(field.bytes.clone(), memory).await?;
    memory.grow_to(body_bytes + 2 * unpacked.len() + SPARE_BYTES).await?;
    field.bytes = unpacked;
    if !dump::is_dump(&field.bytes) {
        return Err(Error::InvalidMinidump);
    }
    let event_id = event_id(&fields).unwrap_or_else(EventId::random);
    Ok(Crash { event_id, bytes: envelope(event_id, &fields), memory })
}

/// The dump of a form in the form: some crash handlers post what another one has wrapped.
async fn dump_of_inner_form(bytes: &Bytes) -> Option<Bytes> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let boundary = std::str::from_utf8(line).ok()?.trim_end().strip_prefix("--")?;
    if boundary.is_empty() || boundary.len() > MAX_BOUNDARY_BYTES {
        return None;
    }
    let inner = form::fields(bytes.clone(), boundary.to_owned()).await.ok()?;
    inner.into_iter().find(|field| field.name == DUMP_FIELD).map(|field| field.bytes)
}

/// A body that is nothing but a dump, as a form would have it.
fn bare(body: Vec<u8>) -> Field {
    Field {
        name: DUMP_FIELD.to_owned(),
        filename: Some("crash.dmp".to_owned()),
        content_type: None,
        bytes: body.into(),
    }
}

/// The dump without what it was compressed with.
async fn unpacked(bytes: Bytes, mut memory: Reservation) -> Result<(Bytes, Reservation), Error> {
    let encoding = Encoding::of_file(&bytes);
    if encoding == Encoding::Identity {
        return Ok((bytes, memory));
    }
    let work = move || {
        let unpacked = decode::decode(encoding, &bytes, MAX_ENVELOPE_BYTES, &mut memory);
        unpacked.map(|unpacked| (unpacked.into(), memory))
    };
    let unpacked = tokio::task::spawn_blocking(work).await.map_err(|_| Error::InvalidMinidump)?;
    unpacked.map_err(|error| match error {
        Error::InvalidCompression => Error::InvalidMinidump,
        other => other,
    })
}

/// The id that the crashed process gave its event.
fn event_id(fields: &[Field]) -> Option<EventId> {
    let packed = fields.iter().find(|field| field.name == "__sentry-event");
    let packed = packed.and_then(|field| packed::event(&field.bytes));
    let stated = event_form::event(&texts(fields));
    let events = [Some(stated), packed];
    events.into_iter().flatten().find_map(|event| event["event_id"].as_str()?.parse().ok())
}

/// The fields that are no files.
fn texts(fields: &[Field]) -> Vec<(String, String)> {
    let texts = fields.iter().filter(|field| !is_file(field));
    texts
        .map(|field| (field.name.clone(), String::from_utf8_lossy(&field.bytes).into_owned()))
        .collect()
}

fn is_file(field: &Field) -> bool {
    field.filename.is_some() || attachment_type(field).is_some()
}

/// What a file is for; `None` for plain ones.
fn attachment_type(field: &Field) -> Option<&'static str> {
    match field.name.as_str() {
        DUMP_FIELD => return Some("event.minidump"),
        "__sentry-event" => return Some("event.payload"),
        "__sentry-breadcrumb1" | "__sentry-breadcrumb2" => return Some("event.breadcrumbs"),
        _ => {}
    }
    let name = field.filename.as_deref()?.to_ascii_lowercase();
    match name.rsplit('.').next() {
        _ if name == "view-hierarchy.json" => Some("event.view_hierarchy"),
        Some("nv-gpudmp") => Some("event.nv_gpudmp"),
        Some("nvdbg") => Some("event.nv_shader_debug"),
        _ => None,
    }
}

fn envelope(event_id: EventId, fields: &[Field]) -> Vec<u8> {
    let bytes: usize = fields.iter().map(|field| field.bytes.len() + ITEM_BYTES).sum();
    let mut envelope = Vec::with_capacity(bytes + SPARE_BYTES);
    let header = EnvelopeHeader { event_id: Some(event_id), ..EnvelopeHeader::default() };
    write_header(&mut envelope, &header);
    for field in fields.iter().filter(|field| is_file(field)) {
        let mut item = ItemHeader::new(ItemType::Attachment);
        item.filename = Some(field.filename.clone().unwrap_or_else(|| field.name.clone()));
        item.content_type.clone_from(&field.content_type);
        item.attachment_type = attachment_type(field).map(str::to_owned);
        write_item(&mut envelope, &item, &field.bytes);
    }
    let texts = texts(fields);
    if !texts.is_empty() {
        let json = serde_json::to_vec(&texts).expect("texts become JSON");
        write_item(&mut envelope, &ItemHeader::new(ItemType::FormData), &json);
    }
    envelope
}
