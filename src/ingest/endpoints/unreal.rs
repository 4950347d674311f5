//! `/api/{project}/unreal/{key}/`: crashes of programs on the Unreal engine (`protocol.md` §4.6).
//!
//! The container that the engine's crash reporter sends is kept as it came.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use serde_json::json;

use super::minidump::Received as Kept;
use super::{Ingest, keep, path_project, without_429};
use crate::base::EventId;
use crate::ingest::authenticate;
use crate::ingest::body::{self, Received};
use crate::ingest::{Error, limits};
use crate::protocol::accepted::SPARE_BYTES;
use crate::protocol::envelope::limits::MAX_ENVELOPE_BYTES;
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};

/// Room for the lines about the container in the envelope.
const ITEM_BYTES: usize = 1024;

/// Accepts a crash.
pub(in crate::ingest) async fn receive_crash(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<Kept, Error> {
    let (request, mut body) = request.into_parts();
    let result = receive(&ingest, &request, &mut body).await;
    body::passed_on(&ingest, &request, body, result).await
}

async fn receive(ingest: &Ingest, request: &Parts, body: &mut Body) -> Result<Kept, Error> {
    let path = path_project(request)?;
    let key = request.uri.path().split('/').nth(4).unwrap_or_default();
    let credentials = authenticate::credentials_with_key(request, Some(key))?;
    let sender = authenticate::authorize(ingest, request, path, credentials).await?;
    let received = body::receive(ingest, &request.headers, body, MAX_ENVELOPE_BYTES).await;
    let Received { bytes: crash, mut memory } = limits::noted(ingest, Some(&sender), received)?;
    // The container and the envelope are there at the same time.
    memory.grow_to(2 * crash.len() + SPARE_BYTES).await?;
    let event_id = EventId::random();
    let bytes = envelope(event_id, &crash, request);
    let kept = keep(ingest, request, Some(sender), Received { bytes, memory }).await;
    without_429(kept).map(|_| Kept(event_id))
}

fn envelope(event_id: EventId, crash: &[u8], request: &Parts) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(crash.len() + ITEM_BYTES + SPARE_BYTES);
    let header = EnvelopeHeader { event_id: Some(event_id), ..EnvelopeHeader::default() };
    write_header(&mut bytes, &header);
    write_item(&mut bytes, &ItemHeader::new(ItemType::UnrealReport), crash);
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let user = form_urlencoded::parse(query).find(|(name, _)| name == "UserID");
    if let Some((_, user)) = user.filter(|(_, user)| !user.is_empty()) {
        let fields = json!([["sentry[user][id]", user]]).to_string();
        write_item(&mut bytes, &ItemHeader::new(ItemType::FormData), fields.as_bytes());
    }
    bytes
}
