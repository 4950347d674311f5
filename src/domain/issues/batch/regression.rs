//! Whether an event reopens a resolved issue.
//!
//! | resolved | reopened by |
//! |---|---|
//! | plainly | any event |
//! | in a release | an event of that release, or of a newer one |
//! | in the next release | an event of a release that is newer than the newest one at that time |
//! | by a commit | an event of the first release that has the commit, or of a newer one; until a release has it, as in the next release |
//!
//! Which release is newer is a question to [`version::compare`], not to the clock: an old build that is still in
//! use somewhere does not reopen what the new one repaired. An event that names no release counts as one of the
//! project's newest. What was received before the issue was resolved reopens nothing: a journal may be
//! worked off late.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::draft::IssueDraft;
use super::{Arrival, Assignment};
use crate::base::{IssueId, ProjectId, Timestamp};
use crate::domain::issues::StatusDetail;
use crate::domain::releases::timeline::{Asked, Timeline};
use crate::domain::releases::version::{self, Dated};

/// Loads what has to be known of releases to tell which of the batch's issues come back: nothing in most
/// batches, since events of issues that were resolved in a release are rare.
pub(super) async fn load_timeline(
    db: &mut PgConnection,
    drafts: &BTreeMap<IssueId, IssueDraft>,
    arrivals: &[&Arrival],
    assignment: &Assignment,
) -> sqlx::Result<Timeline> {
    let is_wanted = |draft: &IssueDraft| {
        draft.status == "resolved" && draft.status_detail.is_bound_to_release()
    };
    let mut asked = Asked::default();
    let mut newest = BTreeSet::new();
    for (arrival, owner) in arrivals.iter().zip(&assignment.owners) {
        let Some(draft) = drafts.get(&owner.issue).filter(|draft| is_wanted(draft)) else {
            continue;
        };
        let project = arrival.project_id;
        let detail = &draft.status_detail;
        let named = [&detail.in_release, &detail.after_release, &arrival.release];
        asked.releases.extend(named.into_iter().flatten().map(|name| (project, name.clone())));
        asked.commits.extend(detail.in_commit.iter().map(|commit| (project, commit.clone())));
        if arrival.release.is_none() {
            newest.insert(project);
        }
    }
    for places in [&mut asked.releases, &mut asked.commits] {
        places.sort_unstable();
        places.dedup();
    }
    asked.newest = newest.into_iter().collect();
    Timeline::load(db, &asked).await
}

/// Whether the event brings back an issue that was resolved so, at `resolved_at`.
pub(super) fn comes_back(
    timeline: &Timeline,
    detail: &StatusDetail,
    resolved_at: Timestamp,
    arrival: &Arrival,
) -> bool {
    if arrival.received_at <= resolved_at {
        return false;
    }
    if !detail.is_bound_to_release() {
        return true;
    }
    let project = arrival.project_id;
    let goal = Goal::of(timeline, project, detail);
    let like = goal.release.map(|release| release.release);
    let event = match arrival.release.as_deref() {
        Some(release) => {
            // One that is not known yet comes with this event.
            let at = timeline.came(project, release).unwrap_or(arrival.received_at);
            Dated { release, at }
        }
        // Where no release is known at all, any event may be of the one that was meant.
        None => match timeline.newest(project, like) {
            Some(newest) => newest,
            None => return true,
        },
    };
    match goal.release {
        Some(release) => match version::compare(event, release) {
            Ordering::Greater => true,
            Ordering::Equal => goal.is_in_it,
            Ordering::Less => false,
        },
        // No release was known when it was resolved: every one that came since is a next one.
        None => event.at > resolved_at,
    }
}

/// The release from which on an issue must not occur any more.
struct Goal<'a> {
    release: Option<Dated<'a>>,
    /// Whether it counts itself; otherwise those behind it do.
    is_in_it: bool,
}

impl<'a> Goal<'a> {
    fn of(timeline: &'a Timeline, project: ProjectId, detail: &'a StatusDetail) -> Self {
        let by_commit =
            detail.in_commit.as_deref().and_then(|sha| timeline.first_with(project, sha));
        if let Some(release) = by_commit {
            return Self { release: Some(release), is_in_it: true };
        }
        let dated = |release: &'a String| {
            // A release that nobody has seen yet is newer than all that have been.
            let at = timeline.came(project, release).unwrap_or(Timestamp::MAX_UTC);
            Dated { release, at }
        };
        let inside = detail.in_release.as_ref().map(dated);
        let behind = detail.after_release.as_ref().map(dated);
        Self { is_in_it: inside.is_some(), release: inside.or(behind) }
    }
}
