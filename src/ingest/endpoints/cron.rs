//! `/api/{project}/cron/{monitor}/{key}/`: signs of life of jobs that have no SDK (`protocol.md` §9.3).
//!
//! A line in a crontab ends in `&& curl …`. The query, or a body of JSON, becomes a check-in in an envelope.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Ingest, keep, path_project, without_429};
use crate::ingest::authenticate::{self, Sender};
use crate::ingest::body::{self, Received};
use crate::ingest::{Error, limits};
use crate::protocol::accepted::SPARE_BYTES;
use crate::protocol::check_in::CheckIn;
use crate::protocol::envelope::limits::MAX_EVENT_BYTES;
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};

/// Accepts a sign of life.
pub(in crate::ingest) async fn receive_check_in(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<StatusCode, Error> {
    let (request, mut body) = request.into_parts();
    let result = receive(&ingest, &request, &mut body).await;
    body::passed_on(&ingest, &request, body, result).await.map(|()| StatusCode::ACCEPTED)
}

async fn receive(ingest: &Ingest, request: &Parts, body: &mut Body) -> Result<(), Error> {
    let path = path_project(request)?;
    let (monitor, key) = path_parts(request);
    let credentials = authenticate::credentials_with_key(request, key)?;
    let sender = authenticate::authorize(ingest, request, path, credentials).await?;
    let (json, memory) = if is_json(request) {
        let received = body::receive(ingest, &request.headers, body, MAX_EVENT_BYTES).await;
        let Received { bytes, memory } = limits::noted(ingest, Some(&sender), received)?;
        (serde_json::from_slice(&bytes).ok(), memory)
    } else {
        (from_query(request.uri.query().unwrap_or_default()), ingest.memory.reserve())
    };
    let check_in = limits::noted(ingest, Some(&sender), check_in(json, monitor))?;
    let bytes = envelope(&check_in);
    wrap(ingest, request, sender, Received { bytes, memory }).await
}

async fn wrap(
    ingest: &Ingest,
    request: &Parts,
    sender: Sender,
    received: Received,
) -> Result<(), Error> {
    without_429(keep(ingest, request, Some(sender), received).await).map(drop)
}

/// The monitor and the key that the path names.
fn path_parts(request: &Parts) -> (String, Option<&str>) {
    let mut parts = request.uri.path().split('/').skip(4);
    let monitor = parts.next().unwrap_or_default();
    let monitor = percent_decode_str(monitor).decode_utf8_lossy().into_owned();
    (monitor, parts.next().filter(|key| !key.is_empty()))
}

fn is_json(request: &Parts) -> bool {
    let kind = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    request.method == Method::POST && kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// The check-in that the query describes; `None` if a field in it is not what it must be.
fn from_query(query: &str) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let value: Value = match &*name {
            "status" | "environment" => text.into_owned().into(),
            "check_in_id" => Uuid::try_parse(&text).ok()?.simple().to_string().into(),
            "duration" => text.parse::<f64>().ok().filter(|seconds| seconds.is_finite())?.into(),
            _ => continue,
        };
        fields.insert(name.into_owned(), value);
    }
    Some(fields)
}

/// The check-in as it is kept: of the monitor in the path, whatever the body says.
fn check_in(fields: Option<Map<String, Value>>, monitor: String) -> Result<String, Error> {
    let mut fields = fields.ok_or(Error::InvalidCheckIn)?;
    fields.insert("monitor_slug".to_owned(), monitor.into());
    let text = Value::Object(fields).to_string();
    CheckIn::read(&text).map_err(|_| Error::InvalidCheckIn)?;
    Ok(text)
}

fn envelope(check_in: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(check_in.len() + SPARE_BYTES);
    write_header(&mut bytes, &EnvelopeHeader::default());
    write_item(&mut bytes, &ItemHeader::new(ItemType::CheckIn), check_in.as_bytes());
    bytes
}
