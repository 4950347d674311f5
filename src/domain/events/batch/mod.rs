//! Writing events in batches.
//!
//! Rows go in by binary `COPY`, an eighth of what single inserts cost (`limits.md` §2). `COPY` knows no
//! `ON CONFLICT`, so ids that are stored already are looked up first; should another process slip one
//! in between, the unique key refuses the batch and it is tried again.

mod copy;
pub mod store;

use std::borrow::Cow;

use crate::base::{EventId, PartId, ProjectId, Timestamp};
use crate::protocol::event::Level;

/// An event on its way into the table.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// The project.
    pub project_id: ProjectId,
    /// The client's id of the event.
    pub event_id: EventId,
    /// The part of the issue that it belongs to.
    pub part_id: PartId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// When it happened, by the client's clock, within the bounds of normalisation.
    pub occurred_at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// The hash that decided the issue.
    pub primary_hash: &'a str,
    /// Where the program ran.
    pub environment: Option<&'a str>,
    /// Which build of it.
    pub release: Option<&'a str>,
    /// How to call the affected user on a list.
    pub user_label: Option<&'a str>,
    /// The event's own title.
    pub title: &'a str,
    /// The route or function that was served.
    pub transaction: Option<&'a str>,
    /// The compressed event; `None` if it is sampled away.
    pub payload: Option<Cow<'a, [u8]>>,
}

/// Text that Postgres takes: without NUL, which its `text` cannot hold.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "").into() } else { text.into() }
}
