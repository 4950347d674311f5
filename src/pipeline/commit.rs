//! One transaction per batch: issues, events, counters, tags, outcomes and the journal position.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use sqlx::{PgConnection, PgPool};

use crate::base::{EventId, PartId, ProjectId, Timestamp};
use crate::domain::events::batch::NewEvent;
use crate::domain::issues::assignees::{self, Arriving};
use crate::domain::issues::batch::{Arrival, Assignment, Counting, Recorded, Recording, Sampling};
use crate::domain::issues::signatures::{self, NewSignature};
use crate::domain::journal::LaneKey;
use crate::domain::releases::batch::{KnownReleases, Seen, Sightings};
use crate::domain::usage::{Counter, Counts, Outcome, hour_of};
use crate::domain::{
    attachments, events, feedback, issues, journal, projects, releases, sessions, usage,
};
use crate::grouping::Signature;
use crate::infra::compression::{self, Dictionaries};
use crate::pipeline::files::{self, StoredEvents};
use crate::pipeline::prepared::PreparedEvent;
use crate::pipeline::{HotIssues, Processed, written};

/// Days back in which an event with the same id is looked for. Clients resend within minutes, or
/// after an offline night; past that, the same id twice is stored twice.
const DUPLICATE_WINDOW_DAYS: i64 = 2;

/// Everything a batch needs besides its events.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The lane whose position moves.
    pub lane: LaneKey,
    /// When tags are counted.
    pub tags: Counting,
    /// How many payloads are kept.
    pub sampling: Sampling,
    /// Which releases need not be written.
    pub releases: &'a KnownReleases,
    /// Learns which issues are hot.
    pub hot: &'a HotIssues,
    /// What payloads are packed with that the pipeline left alone.
    pub dictionaries: &'a Dictionaries,
}

/// A stretch of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Where the batch before it ended.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Events that are stored now.
    pub stored: u64,
    /// Events that were there before.
    pub duplicates: u64,
    /// Issues that were opened.
    pub opened: u64,
    /// Resolved issues that came back.
    pub regressed: u64,
    /// Bytes of tags that were put off.
    pub put_off_bytes: usize,
}

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The position is not where this batch begins: another process works on the same journal.
    #[error(
        "the journal's position is {found}, expected {expected}: another Picket uses this data directory"
    )]
    Displaced {
        /// Where the batch begins.
        expected: u64,
        /// What the database says.
        found: i64,
    },
}

/// Stores a batch. Returns `None` if it was stored before: the answer to an earlier `COMMIT` was lost.
pub async fn commit(
    db: &PgPool,
    target: Target<'_>,
    stretch: Stretch,
    batch: &[Processed],
    now: Timestamp,
) -> Result<Option<Committed>, CommitError> {
    let mut tx = db.begin().await?;
    let (from, to) = (stretch.from.cast_signed(), stretch.to.cast_signed());
    if !journal::store::advance(&mut tx, target.lane, from, to, now).await? {
        let found = journal::store::find_position(&mut tx, target.lane).await?;
        if found >= to {
            return Ok(None);
        }
        return Err(CommitError::Displaced { expected: stretch.from, found });
    }
    let committed = store(&mut tx, target, batch, now).await?;
    let sightings = note_releases(&mut tx, target.releases, batch, now).await?;
    tx.commit().await?;
    target.releases.remember(&sightings);
    Ok(Some(committed))
}

/// Stores everything of a batch but the position.
pub async fn store(
    db: &mut PgConnection,
    target: Target<'_>,
    batch: &[Processed],
    now: Timestamp,
) -> sqlx::Result<Committed> {
    let stored = find_stored(db, batch).await?;
    let Sorted { counted, fresh, mut counts, taken_back } = sort(batch, stored);
    let mut kept = Vec::new();
    let mut committed = Committed {
        stored: fresh.len() as u64,
        duplicates: batch.iter().map(|processed| processed.events.len() as u64).sum::<u64>()
            - fresh.len() as u64,
        ..Committed::default()
    };
    if !fresh.is_empty() {
        let arrivals: Vec<&Arrival> = fresh.iter().map(|event| &event.arrival).collect();
        let assignment = issues::batch::assign(db, &arrivals).await?;
        issues::batch::parts::store::insert_parts(db, &assignment.new_parts, now).await?;
        insert_hashes(db, &fresh, &assignment, now).await?;
        insert_signatures(db, &fresh, &assignment).await?;
        let Target { lane, tags, sampling, .. } = target;
        let recording = Recording { lane, tags, sampling };
        let recorded = issues::batch::record(db, &arrivals, &assignment, recording, now).await?;
        assign_to_owners(db, &fresh, &assignment, &recorded, now).await?;
        let rows = rows(&fresh, &assignment, &recorded, target.dictionaries);
        events::batch::store::insert(db, &rows).await?;
        let projects = arrivals.iter().map(|arrival| arrival.project_id).collect::<BTreeSet<_>>();
        let projects: Vec<ProjectId> = projects.into_iter().collect();
        projects::store::mark_first_event(db, &projects, now).await?;
        note_hot(target, &arrivals, &assignment, &recorded);
        kept.clone_from(&recorded.kept);
        committed.opened = assignment.opened.len() as u64;
        committed.regressed = recorded.regressed.len() as u64;
        committed.put_off_bytes = recorded.put_off_bytes;
    }
    let stored = StoredEvents { fresh: &fresh, kept: &kept };
    let kept_files = files::kept(&counted, stored, &mut counts);
    attachments::store::insert(db, &kept_files).await?;
    feedback::store::put(db, &written::kept(&counted, &mut counts)).await?;
    sessions::batch::record(db, &written::sessions(&counted, &mut counts)).await?;
    usage::add(db, counts).await?;
    // Behind the adding: what is taken back may have been added by this same batch.
    if !taken_back.is_empty() {
        usage::store::take_back(db, &taken_back).await?;
    }
    Ok(committed)
}

/// Writes the releases that a batch names, but those that are known; tells them once they are committed.
pub async fn note_releases(
    db: &mut PgConnection,
    known: &KnownReleases,
    batch: &[Processed],
    now: Timestamp,
) -> sqlx::Result<Sightings> {
    let sightings = sightings(known, batch);
    releases::batch::register(db, &sightings, now).await?;
    Ok(sightings)
}

fn sightings(known: &KnownReleases, batch: &[Processed]) -> Sightings {
    let mut sightings = Sightings::default();
    for processed in batch {
        for PreparedEvent { arrival, .. } in &processed.events {
            if let Some(release) = &arrival.release {
                let environment = arrival.environment.as_deref().unwrap_or_default();
                let place = (arrival.project_id, release.as_str(), environment);
                sightings.note(known, place, Seen::Event(arrival.received_at));
            }
        }
        for arrived in &processed.sessions {
            let (release, environment) = (&arrived.place.release, &arrived.place.environment);
            let place = (arrived.project_id, release.as_str(), environment.as_str());
            sightings.note(known, place, Seen::Session(arrived.received_at));
        }
    }
    sightings
}

async fn find_stored(
    db: &mut PgConnection,
    batch: &[Processed],
) -> sqlx::Result<HashSet<(ProjectId, EventId)>> {
    let events = || batch.iter().flat_map(|processed| &processed.events);
    let Some(oldest) = events().map(|event| event.arrival.received_at).min() else {
        return Ok(HashSet::new());
    };
    let (projects, ids): (Vec<i64>, Vec<uuid::Uuid>) =
        events().map(|event| (event.arrival.project_id.0, event.event_id.0)).unzip();
    let since = oldest - chrono::TimeDelta::days(DUPLICATE_WINDOW_DAYS);
    events::batch::store::find_stored(db, &projects, &ids, since).await
}

/// What a batch brings that is new.
#[derive(Default)]
struct Sorted<'a> {
    /// The envelopes that count.
    counted: Vec<&'a Processed>,
    fresh: Vec<&'a PreparedEvent>,
    counts: Counts,
    taken_back: Counts,
}

/// Leaves out the events that are stored already or come twice in the batch, and counts all of them.
fn sort(batch: &[Processed], mut stored: HashSet<(ProjectId, EventId)>) -> Sorted<'_> {
    let mut sorted = Sorted::default();
    for processed in batch {
        let key = |event: &PreparedEvent| (event.arrival.project_id, event.event_id);
        let is_stored = processed.events.iter().any(|event| stored.contains(&key(event)));
        if is_stored && !processed.taken_back.is_empty() {
            // Tried again once more than once, because the server ended between the two halves of
            // handing it back, or sent again by its client: what was counted stays as it is.
            continue;
        }
        sorted.counted.push(processed);
        sorted.counts.merge(processed.counts.clone());
        sorted.taken_back.merge(processed.taken_back.clone());
        for event in &processed.events {
            let is_new = stored.insert(key(event));
            sorted.counts.add(counter(processed, event, is_new), 1);
            if is_new {
                sorted.fresh.push(event);
            }
        }
    }
    sorted
}

fn counter(processed: &Processed, event: &PreparedEvent, is_new: bool) -> Counter {
    let (outcome, reason) =
        if is_new { (Outcome::Accepted, "") } else { (Outcome::Invalid, "duplicate") };
    Counter {
        project_id: event.arrival.project_id,
        hour: hour_of(event.arrival.received_at),
        category: event.category.as_str(),
        outcome,
        reason: Cow::Borrowed(reason),
        public_key: processed.public_key.clone(),
    }
}

async fn insert_hashes(
    db: &mut PgConnection,
    events: &[&PreparedEvent],
    assignment: &Assignment,
    now: Timestamp,
) -> sqlx::Result<()> {
    let explanations: Vec<Vec<u8>> = assignment
        .new_hashes
        .iter()
        .map(|new| explanation(&events[new.arrival].grouping))
        .collect();
    let hashes = &assignment.new_hashes;
    let configs: Vec<&str> =
        hashes.iter().map(|new| events[new.arrival].grouping.config.as_str()).collect();
    issues::batch::store::insert_hashes(db, hashes, &explanations, &configs, now).await
}

/// Keeps what issues that are like the new parts are found by.
async fn insert_signatures(
    db: &mut PgConnection,
    events: &[&PreparedEvent],
    assignment: &Assignment,
) -> sqlx::Result<()> {
    let signatures: Vec<NewSignature> = assignment
        .new_parts
        .iter()
        .filter_map(|new| {
            let signature = Signature::of(&events[new.arrival].grouping)?;
            let (bytes, keys) = (signature.to_bytes(), signature.keys());
            Some(NewSignature { part: new.owner.part, bytes, keys })
        })
        .collect();
    signatures::store::insert(db, &signatures).await
}

/// Gives new and returning issues to whom the commits of their releases and the rules of their projects say.
async fn assign_to_owners(
    db: &mut PgConnection,
    events: &[&PreparedEvent],
    assignment: &Assignment,
    recorded: &Recorded,
    now: Timestamp,
) -> sqlx::Result<()> {
    let arrivals = events.iter().zip(&assignment.owners).filter_map(|(event, owner)| {
        let choice = event.choice.as_ref()?;
        let is_wanted = assignees::may_be_assigned(assignment, recorded, owner.issue);
        is_wanted.then(|| Arriving {
            issue: owner.issue,
            release: event.arrival.release.as_deref(),
            is_new: assignment.opened.contains(&owner.issue),
            choice,
        })
    });
    assignees::assign_arriving(db, arrivals, now).await
}

/// The tree that explains a hash, as it is stored.
fn explanation(grouping: &crate::grouping::Grouping) -> Vec<u8> {
    let json = serde_json::to_vec(grouping).expect("a tree is always JSON: its keys are strings");
    compression::compress(&json, None)
}

fn rows<'a>(
    events: &[&'a PreparedEvent],
    assignment: &Assignment,
    recorded: &Recorded,
    dictionaries: &Dictionaries,
) -> Vec<NewEvent<'a>> {
    let assigned = assignment.owners.iter().zip(&recorded.kept);
    events
        .iter()
        .zip(assigned)
        .map(|(event, (owner, is_kept))| {
            row(event, owner.part, is_kept.then(|| event.payload.bytes(dictionaries)))
        })
        .collect()
}

fn row<'a>(
    event: &'a PreparedEvent,
    part_id: PartId,
    payload: Option<Cow<'a, [u8]>>,
) -> NewEvent<'a> {
    let arrival = &event.arrival;
    NewEvent {
        project_id: arrival.project_id,
        event_id: event.event_id,
        part_id,
        received_at: arrival.received_at,
        occurred_at: arrival.occurred_at,
        level: arrival.level,
        primary_hash: arrival.hashes.first().map_or("", |hash| &hash.hash),
        environment: arrival.environment.as_deref(),
        release: arrival.release.as_deref(),
        user_label: event.user_label.as_deref(),
        title: &arrival.subject.title,
        transaction: event.transaction.as_deref(),
        payload,
    }
}

fn note_hot(
    target: Target<'_>,
    arrivals: &[&Arrival],
    assignment: &Assignment,
    recorded: &Recorded,
) {
    for (arrival, owner) in arrivals.iter().zip(&assignment.owners) {
        let day_count = recorded.day_counts.get(&owner.issue).copied().unwrap_or(0);
        if day_count > target.sampling.full_per_day
            && let Some(primary) = arrival.hashes.first()
        {
            target.hot.insert(arrival.project_id, &primary.hash, arrival.received_at);
        }
    }
}
