//! Releases that telemetry names: made when they are first seen, in the batch's transaction.
//!
//! What is known of a release is remembered in memory ([`KnownReleases`]), so that a batch that brings nothing new costs one
//! look-up per event and no question to Postgres. Once a minute each release is written again, for when it
//! was seen last; so these times are right to the minute, and a release that somebody deleted is back a minute
//! after its next event.

mod known;
pub mod store;

use std::collections::BTreeMap;

use sqlx::PgConnection;

pub use known::KnownReleases;

use crate::base::{ProjectId, Timestamp};

/// The most releases that telemetry makes for an organization in a day. Whoever puts the time into the name of the release
/// must not fill the list; events of a release that is not listed are kept like others.
pub const MAX_NEW_PER_DAY: i64 = 1_000;

/// Where a release was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The project.
    pub project_id: ProjectId,
    /// The release's name.
    pub release: String,
    /// The environment; empty for none.
    pub environment: String,
}

/// When something of a release was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// An event.
    Event(Timestamp),
    /// A session.
    Session(Timestamp),
}

/// What was received of a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The first and the last event.
    pub events: Option<(Timestamp, Timestamp)>,
    /// The first and the last session.
    pub sessions: Option<(Timestamp, Timestamp)>,
}

impl Received {
    fn note(&mut self, seen: Seen) {
        let (span, at) = match seen {
            Seen::Event(at) => (&mut self.events, at),
            Seen::Session(at) => (&mut self.sessions, at),
        };
        let (first, last) = span.unwrap_or((at, at));
        *span = Some((first.min(at), last.max(at)));
    }

    /// The first and the last of anything.
    fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let spans = self.events.into_iter().chain(self.sessions);
        spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}

/// What is to be written of the releases of a batch.
#[derive(Clone, Debug, Default)]
pub struct Sightings(BTreeMap<Place, Received>);

impl Sightings {
    /// Notes that something was received, unless that is known.
    pub fn note(&mut self, known: &KnownReleases, place: (ProjectId, &str, &str), seen: Seen) {
        if known.contains(place, seen) {
            return;
        }
        let (project_id, release, environment) = place;
        let place =
            Place { project_id, release: release.to_owned(), environment: environment.to_owned() };
        self.0.entry(place).or_default().note(seen);
    }
}

/// Writes what was seen. Tell [`KnownReleases::remember`] once it is committed.
///
/// # Errors
/// When the database fails.
pub async fn register(
    db: &mut PgConnection,
    sightings: &Sightings,
    now: Timestamp,
) -> sqlx::Result<()> {
    if sightings.0.is_empty() {
        return Ok(());
    }
    let rows: Vec<(&Place, &Received)> = sightings.0.iter().collect();
    store::insert_releases(db, &rows, now, MAX_NEW_PER_DAY).await?;
    store::note_projects(db, &rows, now).await?;
    store::note_environments(db, &rows).await
}
