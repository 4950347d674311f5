//! Brings an event that was read into the form that is grouped, stored and shown.
//!
//! An event is never refused for a field (`protocol.md` §5.1): what cannot be is removed and noted in
//! `errors`, what is too long is cut and marked in `_meta`, so that the page can say so. The one
//! exception, a start before 1970, is in [`Discard`].
//!
//! What must stay true:
//! - Normalising twice is normalising once (without `sent_at`, which belongs to the envelope).
//! - Nothing here panics, whatever was read.
//! - What the client attached (variables, contexts, extra data) stays text and is taken apart only
//!   where it is over its budget: [`budget`].
//! - Texts that end up in columns hold no NUL, which Postgres refuses: tags, the single attributes,
//!   the user's fields; [`describe`](mod@super::describe) sees to titles. Everything else is stored
//!   inside a payload of bytes and keeps it, because grouping looks at it (PHP puts one into the
//!   names of anonymous classes).
//!
//! # Adding a rule
//! In the file of its part of the event, as a function of that part and of [`at::At`], the place
//! where it is, through which it notes what it does.

mod agent;
mod attributes;
mod body;
mod breadcrumbs;
mod budget;
mod contexts;
mod debug_meta;
mod device_class;
mod errors;
mod exception;
mod formatting;
mod limits;
mod lists;
mod logentry;
mod mechanism;
mod request;
mod sdk;
mod stacktrace;
mod system_names;
mod tags;
#[cfg(test)]
mod tests;
mod timestamps;
mod user;

use std::net::IpAddr;

pub(super) use agent::browser_of;
pub(in crate::pipeline) use attributes::{is_environment, is_release};

use super::{at, json, meta};
use crate::base::{EventId, Timestamp};
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;
use crate::protocol::security::HostReportKind;

/// How long events are kept, unless said otherwise; an event older than that has a wrong clock.
const DEFAULT_RETENTION_DAYS: u32 = 90;

/// What is known about an event besides the event itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its id, from the envelope.
    pub event_id: EventId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// When the client sent it, by the client's clock; from the envelope.
    pub sent_at: Option<Timestamp>,
    /// Who sent it.
    pub client_address: Option<IpAddr>,
    /// The `User-Agent` of the request that brought it.
    pub user_agent: Option<String>,
    /// The client library as the request's authentication names it: `sentry.python/2.1`.
    pub client: Option<String>,
    /// The replay it belongs to, from the envelope's trace header.
    pub replay_id: Option<String>,
    /// Which part of all traces the client keeps, from the envelope's trace header.
    pub sample_rate: Option<f64>,
    /// How many days events are kept.
    pub retention_days: u32,
    /// The environment of events that say none.
    pub default_environment: Option<String>,
}

impl Facts {
    /// The facts that every event has; the others are not known.
    pub fn new(event_id: EventId, received_at: Timestamp) -> Self {
        Self {
            event_id,
            received_at,
            sent_at: None,
            client_address: None,
            user_agent: None,
            client: None,
            replay_id: None,
            sample_rate: None,
            retention_days: DEFAULT_RETENTION_DAYS,
            default_environment: None,
        }
    }
}

/// Why an event cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discard {
    /// It begins before 1970, even with its clock corrected.
    #[error("the event starts before 1970")]
    InvalidTransaction,
}

impl Discard {
    /// The reason as outcomes count it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::InvalidTransaction => "invalid_transaction",
        }
    }
}

/// Brings `event` into its canonical form. `problems` are those of reading it; they and what is
/// found here end up in the event's `errors`.
///
/// # Errors
/// When the event must not be kept.
pub fn normalize(event: &mut Event, facts: &Facts, problems: Problems) -> Result<(), Discard> {
    let notes = at::Notes::new(&problems);
    apply(event, facts, notes.root())?;
    meta::merge(&mut event.meta, notes.into_marks());
    errors::merge(event, &problems.into_vec());
    Ok(())
}

fn apply(event: &mut Event, facts: &Facts, at: at::At<'_>) -> Result<(), Discard> {
    event.event_id = Some(facts.event_id.to_string());
    timestamps::normalize(event, facts, at)?;
    sdk::normalize(event, facts, at);
    attributes::normalize(event, at);
    if event.environment.is_none() {
        event.environment.clone_from(&facts.default_environment);
    }
    exception::normalize(event, at);
    stacktrace::normalize_threads(event, at);
    if let Some(template) = &mut event.template {
        stacktrace::normalize_frame(template, at.field("template"));
    }
    debug_meta::normalize(event, at);
    logentry::normalize(event, at);
    breadcrumbs::normalize(event, at);
    request::normalize(event, at);
    user::normalize(event, facts, at);
    let from_contexts = contexts::normalize(event, facts, at);
    tags::normalize(event, from_contexts, at);
    errors::limit(event, at);
    event.kind = Some(kind(event).to_owned());
    Ok(())
}

/// What an event is, by what it holds: clients are not asked.
fn kind(event: &Event) -> &'static str {
    if !event.exceptions().is_empty() {
        "error"
    } else if event.csp.is_some() {
        "csp"
    } else {
        let kinds = HostReportKind::ALL.map(HostReportKind::key);
        kinds.into_iter().find(|key| event.other.contains_key(*key)).unwrap_or("default")
    }
}
