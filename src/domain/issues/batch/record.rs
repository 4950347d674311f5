//! Counting the events of a batch on their issues.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;

use super::draft::IssueDraft;
use super::parts::{Touched, check_unmoved, find_owners};
use super::tags::{self, Counting, Sighting};
use super::{Arrival, Assignment, regression, store, users};
use crate::base::{IssueId, PartId, Timestamp};
use crate::domain::issues::activity::ActivityKind;
use crate::domain::issues::store::{NewLine, append_activity};
use crate::domain::journal::LaneKey;
use crate::domain::usage::hour_of;

/// How a batch is recorded.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// The lane that brings it.
    pub lane: LaneKey,
    /// When its tags are counted.
    pub tags: Counting,
    /// How many payloads are kept.
    pub sampling: Sampling,
}

/// How many payloads of an issue are kept each day.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// All up to this many; then one in ten up to ten times as many; then one in a hundred.
    pub full_per_day: i64,
}

impl Sampling {
    /// Whether the event that is number `position` of its issue's day keeps its payload.
    pub fn keeps(self, position: i64) -> bool {
        if position <= self.full_per_day {
            true
        } else if position <= self.full_per_day.saturating_mul(10) {
            position % 10 == 0
        } else {
            position % 100 == 0
        }
    }
}

/// What counting brought to light.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Whether each arrival keeps its payload, in the same order.
    pub kept: Vec<bool>,
    /// How many events each issue got today, after this batch.
    pub day_counts: HashMap<IssueId, i64>,
    /// Resolved issues that came back.
    pub regressed: Vec<Regressed>,
    /// How many bytes of tags were put off.
    pub put_off_bytes: usize,
}

/// A resolved issue that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regressed {
    /// The issue.
    pub issue: IssueId,
    /// The release of the event that it came back with.
    pub release: Option<String>,
    /// When that was received.
    pub at: Timestamp,
}

/// Counts every arrival on its issue: the row itself, hours, releases, tags, users and history.
pub async fn record(
    db: &mut PgConnection,
    arrivals: &[&Arrival],
    assignment: &Assignment,
    recording: Recording,
    now: Timestamp,
) -> sqlx::Result<Recorded> {
    let waiting = match recording.tags {
        Counting::All => tags::take(db, recording.lane).await?,
        Counting::Now | Counting::Later => Vec::new(),
    };
    let (mut drafts, waiting) = lock(db, assignment, waiting).await?;
    let timeline = regression::load_timeline(db, &drafts, arrivals, assignment).await?;
    let mut touched = Touched::load(db, &drafts, assignment).await?;
    let mut recorded = Recorded::default();
    for (arrival, owner) in arrivals.iter().zip(&assignment.owners) {
        let issue = owner.issue;
        let draft = drafts.entry(issue).or_insert_with(|| IssueDraft::open(issue, arrival, now));
        if draft.regresses(arrival, &timeline) {
            let (release, at) = (arrival.release.clone(), arrival.received_at);
            recorded.regressed.push(Regressed { issue, release, at });
        }
        let is_kept = recording.sampling.keeps(draft.next_of_day(arrival));
        draft.summary.count(arrival, is_kept);
        touched.count(*owner, arrival, is_kept);
        recorded.kept.push(is_kept);
    }
    for part in &assignment.new_parts {
        if let Some(draft) = drafts.get_mut(&part.owner.issue) {
            draft.part_count += 1;
        }
    }
    for (issue, new_users) in users::insert(db, arrivals, assignment, &touched).await? {
        if let Some(draft) = drafts.get_mut(&issue) {
            draft.user_count += new_users;
        }
    }
    recorded.day_counts =
        drafts.values().map(|draft| (draft.id, draft.sampled_day_count)).collect();
    let drafts: Vec<IssueDraft> = drafts.into_values().collect();
    store::upsert_issues(db, &drafts).await?;
    store::note_regressions(db, &recorded.regressed).await?;
    touched.save(db).await?;
    store::add_hours(db, &count_hours(arrivals, assignment)).await?;
    store::add_releases(db, &count_releases(arrivals, assignment)).await?;
    recorded.put_off_bytes = count_tags(db, arrivals, assignment, recording, waiting, now).await?;
    append_activity(db, &history(assignment, &recorded), None, now).await?;
    Ok(recorded)
}

/// Locks the issues of the batch and those whose tags waited; returns the former, and what waited for
/// parts that are still there.
async fn lock(
    db: &mut PgConnection,
    assignment: &Assignment,
    mut waiting: Vec<Sighting<'static>>,
) -> sqlx::Result<(BTreeMap<IssueId, IssueDraft>, Vec<Sighting<'static>>)> {
    let issues = assignment.owners.iter().map(|owner| owner.issue);
    let known: HashSet<IssueId> =
        issues.filter(|issue| !assignment.opened.contains(issue)).collect();
    let parts: BTreeSet<PartId> = waiting.iter().map(|sighting| sighting.part).collect();
    let (of_waiting, moves) = find_owners(db, &parts).await?;
    let wanted = sorted_unique(known.iter().copied().chain(of_waiting.values().copied()));
    let locked = store::lock_issues(db, &wanted).await?;
    check_unmoved(db, &assignment.moves).await?;
    check_unmoved(db, &moves).await?;
    let mut drafts: BTreeMap<IssueId, IssueDraft> =
        locked.into_iter().map(|draft| (draft.id, draft)).collect();
    waiting.retain(|sighting| {
        of_waiting.get(&sighting.part).is_some_and(|issue| drafts.contains_key(issue))
    });
    drafts.retain(|id, _| known.contains(id));
    if drafts.len() < known.len() {
        // An issue went between looking up its hash and here (`retention`): tried again, the event opens a new one.
        return Err(sqlx::Error::RowNotFound);
    }
    Ok((drafts, waiting))
}

/// Counts tags or puts them off; returns how many bytes were put off.
async fn count_tags(
    db: &mut PgConnection,
    arrivals: &[&Arrival],
    assignment: &Assignment,
    recording: Recording,
    waiting: Vec<Sighting<'static>>,
    now: Timestamp,
) -> sqlx::Result<usize> {
    let opened: HashSet<PartId> = assignment.new_parts.iter().map(|part| part.owner.part).collect();
    let sightings = arrivals.iter().zip(&assignment.owners).map(|(arrival, owner)| Sighting {
        part: owner.part,
        at: arrival.occurred_at,
        tags: arrival.tags.as_slice().into(),
    });
    let mut counted: Vec<Sighting<'_>> = waiting;
    let mut put_off_bytes = 0;
    if recording.tags == Counting::Later {
        // What is new can be found by its tags at once; only counts come later.
        let (first, later): (Vec<_>, Vec<_>) =
            sightings.partition(|sighting| opened.contains(&sighting.part));
        put_off_bytes = tags::put_off(db, recording.lane, &later, now).await?;
        counted = first;
    } else {
        counted.extend(sightings);
    }
    tags::add(db, &counted, &opened).await?;
    Ok(put_off_bytes)
}

fn sorted_unique(ids: impl Iterator<Item = IssueId>) -> Vec<IssueId> {
    let mut ids: Vec<IssueId> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Events per part, hour and environment.
pub(super) type HourCounts = BTreeMap<(PartId, Timestamp, String), i64>;

fn count_hours(arrivals: &[&Arrival], assignment: &Assignment) -> HourCounts {
    let mut counts = HourCounts::new();
    for (arrival, owner) in arrivals.iter().zip(&assignment.owners) {
        let environment = arrival.environment.clone().unwrap_or_default();
        *counts.entry((owner.part, hour_of(arrival.occurred_at), environment)).or_insert(0) += 1;
    }
    counts
}

/// How often and when something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) event_count: i64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Seen {
    /// Seen for the first time.
    pub(super) fn never_before(at: Timestamp) -> Self {
        Self { event_count: 0, first: at, last: at }
    }

    /// Seen once more.
    pub(super) fn again(&mut self, at: Timestamp) {
        self.event_count += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }
}

/// Sightings per part, environment and release; empty names for none.
pub(super) type ReleaseCounts<'a> = BTreeMap<(PartId, &'a str, &'a str), Seen>;

fn count_releases<'a>(arrivals: &[&'a Arrival], assignment: &Assignment) -> ReleaseCounts<'a> {
    let mut counts = ReleaseCounts::new();
    for (arrival, owner) in arrivals.iter().zip(&assignment.owners) {
        let environment = arrival.environment.as_deref().unwrap_or_default();
        let release = arrival.release.as_deref().unwrap_or_default();
        counts
            .entry((owner.part, environment, release))
            .or_insert_with(|| Seen::never_before(arrival.occurred_at))
            .again(arrival.occurred_at);
    }
    counts
}

fn history(assignment: &Assignment, recorded: &Recorded) -> Vec<NewLine> {
    let opened = assignment.opened.iter().map(|issue| NewLine {
        issue_id: *issue,
        kind: ActivityKind::Opened,
        detail: serde_json::json!({}),
    });
    let regressed = recorded.regressed.iter().map(|regressed| NewLine {
        issue_id: regressed.issue,
        kind: ActivityKind::Regressed,
        detail: match &regressed.release {
            Some(release) => serde_json::json!({ "release": release }),
            None => serde_json::json!({}),
        },
    });
    opened.chain(regressed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thousand_of_a_day_keep_their_payload_then_one_in_ten_then_one_in_a_hundred() {
        let sampling = Sampling { full_per_day: 1000 };
        let kept =
            |range: std::ops::RangeInclusive<i64>| range.filter(|n| sampling.keeps(*n)).count();
        assert_eq!(kept(1..=1000), 1000);
        assert!(!sampling.keeps(1001));
        assert_eq!(kept(1001..=10_000), 900);
        assert_eq!(kept(10_001..=20_000), 100);
    }
}
