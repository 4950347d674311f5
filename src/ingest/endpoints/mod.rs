//! One file per endpoint; they all end in [`keep`].

pub(super) mod attachments;
pub(super) mod cron;
pub(super) mod envelope;
pub(super) mod error_page;
mod form;
pub(super) mod integrations;
pub(super) mod minidump;
pub(super) mod security;
pub(super) mod store;
pub(super) mod unreal;
pub(super) mod upload;

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::address::client_address;
use super::authenticate::{self, Sender};
use super::body::Received;
use super::error::X_SENTRY_RATE_LIMITS;
use super::limits::{self, Counts};
use super::quota::Verdict;
use super::{Error, Ingest, RateLimits, buffer};
use crate::base::{EventId, ProjectId};
use crate::protocol::accepted::{AcceptedEnvelope, DroppedItem};
use crate::protocol::dsn;
use crate::protocol::envelope::Envelope;

/// The longest `User-Agent`, `Origin` and client name that are kept.
const MAX_HEADER_CHARS: usize = 512;

/// The answer to what was kept.
#[derive(Debug)]
pub(super) struct Accepted {
    event_id: Option<EventId>,
    /// What holds for what the client sends next.
    limits: RateLimits,
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let body = match self.event_id {
            Some(id) => format!("{{\"id\":\"{id}\"}}"),
            None => "{}".to_owned(),
        };
        let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
        if !self.limits.is_empty() {
            let limits = self.limits.to_string();
            let limits = HeaderValue::from_str(&limits).expect("digits and words");
            response.headers_mut().insert(X_SENTRY_RATE_LIMITS, limits);
        }
        response
    }
}

/// The project that the path names. `None`: none, or 0, which both mean the key's own.
fn path_project(request: &Parts) -> Result<Option<ProjectId>, Error> {
    let path = request.uri.path().strip_prefix("/api/").unwrap_or_default();
    let segment = path.split('/').next().unwrap_or_default();
    if matches!(segment, "store" | "embed") {
        return Ok(None);
    }
    let project = dsn::project_id(segment).ok_or(Error::BadProject)?;
    Ok(Some(project).filter(|project| project.0 != 0))
}

/// Checks an envelope and keeps it.
async fn keep(
    ingest: &Ingest,
    request: &Parts,
    sender: Option<Sender>,
    received: Received,
) -> Result<Accepted, Error> {
    keep_checked(ingest, request, sender, received, limits::check).await
}

/// Keeps an envelope that was made here, of a request of another form.
async fn keep_own(
    ingest: &Ingest,
    request: &Parts,
    sender: Sender,
    received: Received,
) -> Result<Accepted, Error> {
    keep_checked(ingest, request, Some(sender), received, limits::check_own).await
}

/// What those are told who do not understand to hold back (`protocol.md` §1.1): past a limit, that all is
/// well, though nothing is kept and that is counted; in a trouble of ours, to come again.
fn without_429<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(kept) => Ok(Some(kept)),
        Err(Error::RateLimited(_)) => Ok(None),
        Err(Error::JournalFull | Error::Busy) => Err(Error::JournalFailed),
        Err(other) => Err(other),
    }
}

async fn keep_checked(
    ingest: &Ingest,
    request: &Parts,
    sender: Option<Sender>,
    received: Received,
    check: fn(&Envelope<'_>) -> Result<(), Error>,
) -> Result<Accepted, Error> {
    let Received { bytes, memory } = received;
    let envelope = Envelope::parse(&bytes).map_err(Error::from);
    let envelope = limits::noted(ingest, sender.as_ref(), envelope)?;
    let path = path_project(request)?;
    let sender =
        authenticate::with_envelope(ingest, request, path, sender, &envelope.header).await?;
    let counts = Counts::of(&envelope);
    counts.checked(ingest, &sender, check(&envelope))?;
    let event_id = match envelope.header.event_id {
        None if envelope.creates_event() => Some(EventId::random()),
        given => given,
    };
    let verdict = ingest.quota.judge(&ingest.app, &sender, &envelope).await;
    if verdict.keeps_none() && verdict.is_refusal() {
        limits::refused(ingest, &sender, &verdict.dropped(&envelope));
        return Err(Error::RateLimited(verdict.limits));
    }
    if !envelope.items.is_empty() {
        let (rest, dropped) = let_through(&verdict, &envelope);
        let accepted = AcceptedEnvelope {
            dropped,
            ..accepted(ingest, request, &sender, event_id, rest.unwrap_or(bytes))
        };
        counts.checked(ingest, &sender, buffer::append(ingest, accepted).await)?;
        counts.accepted();
    }
    drop(memory);
    if verdict.is_refusal() {
        return Err(Error::RateLimited(verdict.limits));
    }
    Ok(Accepted { event_id, limits: verdict.limits })
}

/// The envelope without what is past a limit, and what that was; `None` if nothing is.
fn let_through(verdict: &Verdict, envelope: &Envelope<'_>) -> (Option<Vec<u8>>, Vec<DroppedItem>) {
    if verdict.keeps_all() {
        return (None, Vec::new());
    }
    (Some(verdict.rest(envelope)), verdict.dropped(envelope))
}

fn accepted(
    ingest: &Ingest,
    request: &Parts,
    sender: &Sender,
    event_id: Option<EventId>,
    bytes: Vec<u8>,
) -> AcceptedEnvelope<'static> {
    let text = |name: HeaderName| {
        let value = request.headers.get(name)?;
        Some(shortened(&String::from_utf8_lossy(value.as_bytes())))
    };
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0);
    let trusted = ingest.app.config.server.trusted_proxies;
    AcceptedEnvelope {
        project_id: sender.project_id,
        public_key: sender.public_key.to_string(),
        received_at: ingest.app.clock.now(),
        client_address: client_address(peer, &request.headers, trusted),
        user_agent: text(USER_AGENT),
        client: sender.client.as_deref().map(shortened),
        origin: text(ORIGIN),
        event_id,
        set_aside_in: None,
        dropped: Vec::new(),
        body: bytes.into(),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_HEADER_CHARS).collect()
}
