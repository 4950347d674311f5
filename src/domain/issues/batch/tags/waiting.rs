//! Tags that were seen and are counted later.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta};
use sqlx::PgConnection;

use super::store;
use crate::base::{PartId, ProjectId, Timestamp};
use crate::domain::issues::batch::parts::lock_parts;
use crate::domain::journal::LaneKey;
use crate::infra::compression;

/// How long tags wait before anybody may count them: a lane that lives has counted its own long before.
const ABANDONED_AFTER: TimeDelta = TimeDelta::hours(1);

/// How much may wait in a lane, as unpacked JSON: some twenty thousand events. When it is counted, several
/// times as much is in memory.
pub const MAX_WAITING_BYTES: usize = 8 << 20;

/// When the tags of a batch are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// With the batch; the lane has none that wait.
    Now,
    /// Later, but for the tags of issues that the batch opens: more waits in the journal.
    Later,
    /// With the batch, and all of the lane that wait.
    All,
}

/// An event as far as its tags go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Sighting<'a> {
    /// The part of an issue.
    pub(in super::super) part: PartId,
    /// When the event happened.
    pub(in super::super) at: Timestamp,
    /// Its tags.
    pub(in super::super) tags: Cow<'a, [(String, String)]>,
}

/// As it is stored: the part, microseconds since 1970, the tags.
type Stored<'a> = (i64, i64, Cow<'a, [(String, String)]>);

/// Stores sightings as they are, for [`take`]; returns how many bytes they are unpacked.
pub(in super::super) async fn put_off(
    db: &mut PgConnection,
    lane: LaneKey,
    sightings: &[Sighting<'_>],
    now: Timestamp,
) -> sqlx::Result<usize> {
    let mut by_project: BTreeMap<ProjectId, Vec<Stored<'_>>> = BTreeMap::new();
    for Sighting { part, at, tags } in sightings {
        let stored = (part.0, at.timestamp_micros(), Cow::Borrowed(&**tags));
        by_project.entry(part.project()).or_default().push(stored);
    }
    let (mut projects, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (project, sightings) in by_project {
        let json = serde_json::to_vec(&sightings).expect("numbers and strings are always JSON");
        bytes += json.len();
        projects.push(project.0);
        rows.push(compression::compress(&json, None));
    }
    if !projects.is_empty() {
        store::insert_waiting(db, lane, &projects, &rows, now).await?;
    }
    Ok(bytes)
}

/// Takes all that waits in a lane out of the table: the caller counts it in the same transaction.
pub(in super::super) async fn take(
    db: &mut PgConnection,
    lane: LaneKey,
) -> sqlx::Result<Vec<Sighting<'static>>> {
    unpack_all(&store::take_waiting(db, lane).await?)
}

/// Counts all that waits in a lane, in the caller's transaction. For a lane that begins: it may have ended
/// while it was behind.
///
/// # Errors
/// When the database fails.
pub async fn count_waiting(db: &mut PgConnection, lane: LaneKey) -> sqlx::Result<()> {
    let waiting = take(db, lane).await?;
    count(db, waiting).await
}

/// Counts what lanes left that do not come back, in the caller's transaction: a data directory was given up.
///
/// # Errors
/// When the database fails.
pub async fn count_abandoned(db: &mut PgConnection, now: Timestamp) -> sqlx::Result<()> {
    let waiting = unpack_all(&store::take_abandoned(db, now - ABANDONED_AFTER).await?)?;
    count(db, waiting).await
}

async fn count(db: &mut PgConnection, mut waiting: Vec<Sighting<'static>>) -> sqlx::Result<()> {
    let parts: BTreeSet<PartId> = waiting.iter().map(|sighting| sighting.part).collect();
    if parts.is_empty() {
        return Ok(());
    }
    let held = lock_parts(db, &parts).await?;
    waiting.retain(|sighting| held.contains(&sighting.part));
    super::add(db, &waiting, &HashSet::new()).await
}

fn unpack_all(rows: &[Vec<u8>]) -> sqlx::Result<Vec<Sighting<'static>>> {
    let mut sightings = Vec::new();
    for packed in rows {
        let json = compression::decompress(packed, None)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let stored: Vec<Stored<'static>> =
            serde_json::from_slice(&json).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        sightings.extend(stored.into_iter().map(|(part, at, tags)| Sighting {
            part: PartId(part),
            at: DateTime::from_timestamp_micros(at).unwrap_or_default(),
            tags,
        }));
    }
    Ok(sightings)
}
