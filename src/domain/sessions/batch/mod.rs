//! Sessions meet their buckets: the set-based write side, called once per batch inside its transaction.
//!
//! Steps are brought together with what is known of their sessions, and what that changes is added to the
//! buckets together with the sessions that came counted. Rows are locked in the order of their keys, so writers of
//! several processes wait for each other and do not deadlock; a session that two of them learn of at the same
//! moment makes the second one try its batch again.

mod fold;
mod places;
pub mod store;

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{SessionCounts, Troubles};
use crate::base::{ProjectId, Timestamp};
use crate::domain::sessions::waiting::{MOST, Waiting};
use fold::{Buckets, Row, State};

/// Where sessions are counted, besides their time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The release.
    pub release: String,
    /// The environment; empty for none.
    pub environment: String,
}

/// Sessions on their way into the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The project.
    pub project_id: ProjectId,
    /// When Picket accepted them.
    pub received_at: Timestamp,
    /// When they began.
    pub started: Timestamp,
    /// Where they are counted.
    pub place: Place,
    /// Stands for the user whose they are.
    pub user: Option<i64>,
    /// What is said of them.
    pub said: Said,
}

/// What is said of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A step of one: what befell it so far.
    Step(Uuid, Troubles),
    /// How some went, that nobody will speak of again.
    Counted(SessionCounts),
}

impl Arrived {
    /// How many sessions its outcome counts: a step is one.
    pub fn quantity(&self) -> i64 {
        match self.said {
            Said::Step(..) => 1,
            Said::Counted(counts) => counts.total,
        }
    }
}

/// Records what arrived.
///
/// # Errors
/// When the database fails. A unique violation: another process learned of a session at the same moment.
pub async fn record(db: &mut PgConnection, arrived: &[&Arrived]) -> sqlx::Result<()> {
    if arrived.is_empty() {
        return Ok(());
    }
    let known = known_states(db, arrived).await?;
    let places = places::choose(db, arrived).await?;
    let mut buckets = Buckets::default();
    let mut states: BTreeMap<(ProjectId, Uuid), State> = BTreeMap::new();
    for (arrival, place) in arrived.iter().zip(places) {
        match arrival.said {
            Said::Counted(counts) => buckets.add_counted(arrival, &place, counts),
            Said::Step(sid, troubles) => {
                let key = (arrival.project_id, sid);
                let step = State { started: arrival.started, place, user: arrival.user, troubles };
                match states.get_mut(&key) {
                    Some(state) => state.learn(&step),
                    None => {
                        states.insert(key, step);
                    }
                }
            }
        }
    }
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for (key, state) in &mut states {
        match known.get(key) {
            None => {
                buckets.add_new(key.0, state);
                new.push((*key, &*state));
            }
            Some(before) => {
                let mut after = before.clone();
                after.learn(state);
                *state = after;
                if buckets.add_change(key.0, before, state) {
                    changed.push((*key, &*state));
                }
            }
        }
    }
    store::insert_states(db, &new).await?;
    store::update_states(db, &changed).await?;
    write_buckets(db, &buckets).await
}

/// What is known of the sessions that steps arrived of; locked.
async fn known_states(
    db: &mut PgConnection,
    arrived: &[&Arrived],
) -> sqlx::Result<BTreeMap<(ProjectId, Uuid), State>> {
    let steps = || {
        arrived.iter().filter_map(|arrival| match arrival.said {
            Said::Step(sid, _) => Some((arrival.project_id, sid)),
            Said::Counted(_) => None,
        })
    };
    let keys: BTreeSet<(ProjectId, Uuid)> = steps().collect();
    let starts = || arrived.iter().map(|arrival| arrival.started);
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
        return Ok(BTreeMap::new());
    };
    // A clock that is corrected by another amount with each step may carry a beginning over midnight.
    let margin = chrono::TimeDelta::days(1);
    store::lock_states(db, &keys, (first - margin, last + margin)).await
}

async fn write_buckets(db: &mut PgConnection, buckets: &Buckets) -> sqlx::Result<()> {
    store::add_counts(db, buckets).await?;
    let with_users = buckets.with_users();
    if with_users.is_empty() {
        return Ok(());
    }
    let (mut waiting, mut full) = (Vec::new(), Vec::new());
    let stored = store::list_waiting(db, &with_users).await?;
    for ((key, added), stored) in with_users.into_iter().zip(stored) {
        let before = Waiting::read(stored.as_deref().unwrap_or_default());
        let before = before.map_err(|why| sqlx::Error::Decode(why.into()))?;
        let mut users = before.clone();
        users.join(&added);
        if users.len() > MOST {
            full.push((key, users));
        } else if users != before {
            waiting.push((key, users));
        }
    }
    store::put_waiting(db, &waiting).await?;
    fold_in(db, &full).await
}

/// Makes the users that waited part of the sketches.
async fn fold_in(db: &mut PgConnection, rows: &[Row<'_>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sketches = Vec::with_capacity(rows.len());
    for ((_, users), stored) in rows.iter().zip(store::list_sketches(db, rows).await?) {
        sketches.push(fold::grown(users, stored).map_err(|why| sqlx::Error::Decode(why.into()))?);
    }
    store::put_sketches(db, rows, &sketches).await
}
