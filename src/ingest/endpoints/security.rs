//! `/api/{project}/security/` and `/api/{project}/nel/`: what browsers report by themselves about a page and
//! about the network (`protocol.md` §1.8).
//!
//! A browser sends one report, or a list of several. Each becomes an envelope of its own, because each
//! is an event of its own; what a report means is found out behind the journal.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use futures_util::future::join_all;
use serde_json::value::RawValue;

use super::{Ingest, keep, path_project, without_429};
use crate::ingest::authenticate::{self, Sender};
use crate::ingest::body::{self, Received};
use crate::ingest::{Error, limits};
use crate::protocol::envelope::limits::{LimitError, MAX_CONTAINER_BYTES, MAX_EVENT_BYTES};
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};

/// The types that reports come in.
const REPORT_TYPES: [&str; 6] = [
    "application/csp-report",
    "application/expect-ct-report+json",
    "application/expect-staple-report+json",
    "application/hpkp-report+json",
    "application/json",
    "application/reports+json",
];

/// The types that reports about the network come in.
const NETWORK_REPORT_TYPES: [&str; 2] = ["application/json", "application/reports+json"];

/// The most reports of one request: browsers gather tens.
const MAX_REPORTS: usize = 500;

/// Accepts reports.
pub(in crate::ingest) async fn receive_reports(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<(), Error> {
    let (request, mut body) = request.into_parts();
    let takes = (REPORT_TYPES.as_slice(), MAX_EVENT_BYTES);
    let result = receive(&ingest, &request, &mut body, takes).await;
    body::passed_on(&ingest, &request, body, result).await
}

/// Accepts reports about the network. Browsers do not understand to hold back.
pub(in crate::ingest) async fn receive_network_reports(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<(), Error> {
    let (request, mut body) = request.into_parts();
    let takes = (NETWORK_REPORT_TYPES.as_slice(), MAX_CONTAINER_BYTES);
    let result = receive(&ingest, &request, &mut body, takes).await;
    let result = without_429(result).map(drop);
    body::passed_on(&ingest, &request, body, result).await
}

/// Keeps the reports of a body that is of one of these types and has at most so many bytes.
async fn receive(
    ingest: &Ingest,
    request: &Parts,
    body: &mut Body,
    (types, most): (&[&str], usize),
) -> Result<(), Error> {
    let path = path_project(request)?;
    let credentials = authenticate::credentials(request)?.ok_or(Error::MissingAuth)?;
    let sender = authenticate::authorize(ingest, request, path, credentials).await?;
    limits::noted(ingest, Some(&sender), check_type(request, types))?;
    let received = body::receive(ingest, &request.headers, body, most).await;
    let mut received = limits::noted(ingest, Some(&sender), received)?;
    // The same once more, in envelopes.
    received.memory.grow_to(3 * received.bytes.len()).await?;
    let reports = limits::noted(ingest, Some(&sender), reports(&received.bytes))?;
    let header = header(request);
    let kept = reports.iter().map(|report| wrap(ingest, request, &sender, &header, report));
    // All of them to their end: one that is past a limit must not keep the others from being counted.
    join_all(kept).await.into_iter().collect()
}

fn check_type(request: &Parts, types: &[&str]) -> Result<(), Error> {
    let value = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).map(str::trim);
    let essence = essence.filter(|essence| essence.contains('/')).ok_or(Error::NoContentType)?;
    let is_known = types.iter().any(|known| known.eq_ignore_ascii_case(essence));
    if is_known { Ok(()) } else { Err(Error::ContentType) }
}

/// The reports of a body; what is no list is one report, whatever it is.
fn reports(body: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let Ok(list) = serde_json::from_slice::<Vec<&RawValue>>(body) else { return Ok(vec![body]) };
    if list.len() > MAX_REPORTS {
        return Err(LimitError::Exceeded(ItemType::RawSecurity).into());
    }
    Ok(list.into_iter().map(|report| report.get().as_bytes()).collect())
}

/// What the address says about the page.
fn header(request: &Parts) -> ItemHeader {
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let value = |name: &str| {
        let found = form_urlencoded::parse(query).find(|(key, _)| key == name)?;
        Some(found.1.into_owned()).filter(|value| !value.is_empty())
    };
    ItemHeader {
        release: value("sentry_release"),
        environment: value("sentry_environment"),
        ..ItemHeader::new(ItemType::RawSecurity)
    }
}

/// Puts a report into an envelope and keeps that.
async fn wrap(
    ingest: &Ingest,
    request: &Parts,
    sender: &Sender,
    header: &ItemHeader,
    report: &[u8],
) -> Result<(), Error> {
    let mut bytes = Vec::with_capacity(report.len() + crate::protocol::accepted::SPARE_BYTES);
    write_header(&mut bytes, &EnvelopeHeader::default());
    write_item(&mut bytes, header, report);
    let received = Received { bytes, memory: ingest.memory.reserve() };
    keep(ingest, request, Some(sender.clone()), received).await.map(drop)
}
