//! What a batch changes, brought together in memory. Pure.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};

use super::{Arrived, Place};
use crate::base::{ProjectId, Timestamp};
use crate::domain::sessions::waiting::{SETS, Waiting};
use crate::domain::sessions::{
    ALL_RELEASES, SessionCounts, Trouble, Troubles, Unreadable, UserSketch,
};

/// What is known of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) started: Timestamp,
    pub(super) place: Place,
    pub(super) user: Option<i64>,
    pub(super) troubles: Troubles,
}

impl State {
    /// Learns what another step says. Where and when a session began, and whose it is, stays as it was said
    /// first: clients do not change it, and what is counted is not moved.
    pub(super) fn learn(&mut self, step: &Self) {
        self.user = self.user.or(step.user);
        self.troubles = self.troubles | step.troubles;
    }
}

/// The key of a row of `session_buckets`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BucketKey {
    pub(super) project_id: ProjectId,
    pub(super) span_hours: i16,
    pub(super) started: Timestamp,
    pub(super) release: String,
    pub(super) environment: String,
}

/// What is added to a bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Addition {
    pub(super) counts: SessionCounts,
    pub(super) users: Waiting,
}

/// The sets that a user with these troubles belongs to: all, those in trouble, and by trouble.
fn sets_of(troubles: Troubles) -> u8 {
    let is_in = [
        true,
        troubles.worst().is_some(),
        troubles.has(Trouble::Unhandled),
        troubles.has(Trouble::Abnormal),
        troubles.has(Trouble::Crashed),
    ];
    (0..SETS).zip(is_in).fold(0, |sets, (set, is_in)| sets | (u8::from(is_in) << set))
}

/// The rows that a batch touches, in the order in which they are locked.
#[derive(Debug, Default)]
pub(super) struct Buckets(pub(super) BTreeMap<BucketKey, Addition>);

/// A row and users that are in none of its sketches.
pub(super) type Row<'a> = (&'a BucketKey, Waiting);

/// The sketches of a row as they are stored; `None`: nobody is in it.
pub(super) type Sketches = [Option<Vec<u8>>; SETS];

impl Buckets {
    /// Adds sessions that came counted.
    pub(super) fn add_counted(&mut self, arrival: &Arrived, place: &Place, counts: SessionCounts) {
        let user = arrival.user.map(|user| (user, counts.troubles()));
        self.add(arrival.project_id, arrival.started, place, counts, user);
    }

    /// Adds a session that nobody knew.
    pub(super) fn add_new(&mut self, project: ProjectId, state: &State) {
        let counts = SessionCounts::one(state.troubles.worst());
        let user = state.user.map(|user| (user, state.troubles));
        self.add(project, state.started, &state.place, counts, user);
    }

    /// Adds what was learned of a session; whether that is anything.
    pub(super) fn add_change(&mut self, project: ProjectId, before: &State, after: &State) -> bool {
        let is_change = before != after;
        if is_change {
            let counts = SessionCounts::turned(before.troubles.worst(), after.troubles.worst());
            let user = after.user.map(|user| (user, after.troubles));
            self.add(project, after.started, &after.place, counts, user);
        }
        is_change
    }

    fn add(
        &mut self,
        project: ProjectId,
        started: Timestamp,
        place: &Place,
        counts: SessionCounts,
        user: Option<(i64, Troubles)>,
    ) {
        for (span_hours, release) in
            [(1, place.release.as_str()), (24, &place.release), (24, ALL_RELEASES)]
        {
            let key = BucketKey {
                project_id: project,
                span_hours,
                started: beginning(started, span_hours),
                release: release.to_owned(),
                environment: place.environment.clone(),
            };
            let addition = self.0.entry(key).or_default();
            addition.counts += counts;
            if let Some((user, troubles)) = user {
                addition.users.add(user, sets_of(troubles));
            }
        }
    }

    /// The rows to which users are added, with these.
    pub(super) fn with_users(&self) -> Vec<Row<'_>> {
        let rows = self.0.iter().filter(|(_, addition)| !addition.users.is_empty());
        rows.map(|(key, addition)| (key, addition.users.clone())).collect()
    }
}

/// When the hour or day of a moment begins.
fn beginning(time: Timestamp, span_hours: i16) -> Timestamp {
    time.duration_trunc(TimeDelta::hours(i64::from(span_hours))).unwrap_or(time)
}

/// The sketches of a row with the users that waited; `None` where nothing changes.
pub(super) fn grown(waiting: &Waiting, stored: Sketches) -> Result<Sketches, Unreadable> {
    let mut grown = Sketches::default();
    for (set, (stored, grown)) in stored.into_iter().zip(&mut grown).enumerate() {
        let mut sketch = UserSketch::default();
        if !waiting.fill(set, &mut sketch) {
            continue;
        }
        if let Some(stored) = &stored {
            sketch.unite(stored)?;
        }
        let bytes = sketch.to_bytes();
        // Users who come back change nothing; then nothing is written.
        *grown = (stored.as_ref() != Some(&bytes)).then_some(bytes);
    }
    Ok(grown)
}
