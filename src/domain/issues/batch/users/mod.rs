//! Who met the issues of a batch.

mod store;

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::parts::Touched;
use super::{Arrival, Assignment};
use crate::base::{IssueId, PartId, Timestamp};

/// Notes the users of each part; returns how many each issue had not met before.
pub(super) async fn insert(
    db: &mut PgConnection,
    arrivals: &[&Arrival],
    assignment: &Assignment,
    parts: &Touched,
) -> sqlx::Result<HashMap<IssueId, i64>> {
    let mut users: BTreeMap<(PartId, i64), Timestamp> = BTreeMap::new();
    let mut issues: HashMap<PartId, IssueId> = HashMap::new();
    let mut met_in_shared: HashSet<(IssueId, i64)> = HashSet::new();
    for (arrival, owner) in arrivals.iter().zip(&assignment.owners) {
        let Some(user) = arrival.user_hash else { continue };
        issues.insert(owner.part, owner.issue);
        let first = users.entry((owner.part, user)).or_insert(arrival.occurred_at);
        *first = (*first).min(arrival.occurred_at);
        if parts.is_shared(owner.issue) {
            met_in_shared.insert((owner.issue, user));
        }
    }
    // Who is new to a part may have met another part of the same issue.
    let mut known = store::find_known_users(db, &met_in_shared).await?;
    let mut new_users = HashMap::new();
    for (part, user) in store::insert_users(db, &users).await? {
        let issue = issues[&part];
        if !parts.is_shared(issue) || known.insert((issue, user)) {
            *new_users.entry(issue).or_insert(0) += 1;
        }
    }
    Ok(new_users)
}
