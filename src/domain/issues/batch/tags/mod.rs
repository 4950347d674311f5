//! Counting tag values, within bounds.

mod store;

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::record::Seen;
use super::{Arrival, Assignment};
use crate::base::{IssueId, ProjectId};

/// The most values of one tag that are told apart in one issue. A tag that holds a request id would
/// otherwise store a row per event; what comes later is counted together under the empty value, which
/// no event can have.
pub const MAX_TAG_VALUES: i64 = 1000;

/// Sightings per issue, tag key and value.
pub(super) type TagCounts = BTreeMap<(IssueId, String, String), Seen>;

/// Events per project and tag key.
pub(super) type KeyCounts = BTreeMap<(ProjectId, String), i64>;

/// Counts the tags of every arrival on its issue and in its project.
pub(super) async fn add(
    db: &mut PgConnection,
    arrivals: &[&Arrival],
    assignment: &Assignment,
) -> sqlx::Result<()> {
    let counts = count(arrivals, assignment);
    store::add_to_project_tags(db, &count_keys(&counts)).await?;
    let known = store::add_to_known_tags(db, &counts).await?;
    let unknown: TagCounts = counts.into_iter().filter(|(key, _)| !known.contains(key)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let keys: HashSet<(IssueId, &str)> = unknown
        .keys()
        .filter(|(id, ..)| !assignment.opened.contains(id))
        .map(|(id, key, _)| (*id, key.as_str()))
        .collect();
    let taken = store::count_tag_values(db, &keys).await?;
    store::insert_tags(db, &fold(unknown, taken)).await
}

fn count(arrivals: &[&Arrival], assignment: &Assignment) -> TagCounts {
    let mut counts = TagCounts::new();
    for (arrival, id) in arrivals.iter().zip(&assignment.issues) {
        let at = arrival.occurred_at;
        for (key, value) in &arrival.tags {
            counts
                .entry((*id, key.clone(), value.clone()))
                .or_insert_with(|| Seen::never_before(at))
                .again(at);
        }
    }
    counts
}

fn count_keys(counts: &TagCounts) -> KeyCounts {
    let mut keys = KeyCounts::new();
    for ((id, key, _), seen) in counts {
        *keys.entry((id.project(), key.clone())).or_insert(0) += seen.event_count;
    }
    keys
}

/// Puts values past the bound under the empty value of their key.
fn fold(unknown: TagCounts, mut taken: HashMap<(IssueId, String), i64>) -> TagCounts {
    let mut folded = TagCounts::new();
    for ((id, key, value), seen) in unknown {
        let values = taken.entry((id, key.clone())).or_insert(0);
        *values += 1;
        let value = if *values <= MAX_TAG_VALUES { value } else { String::new() };
        folded
            .entry((id, key, value))
            .and_modify(|known| {
                known.event_count += seen.event_count;
                known.first = known.first.min(seen.first);
                known.last = known.last.max(seen.last);
            })
            .or_insert(seen);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    #[test]
    fn values_past_the_bound_are_counted_together() {
        let seen = |count| Seen {
            event_count: count,
            first: Timestamp::default(),
            last: Timestamp::default(),
        };
        let id = IssueId(1);
        let key = |value: &str| (id, "request".to_owned(), value.to_owned());
        let unknown =
            TagCounts::from([(key("a"), seen(1)), (key("b"), seen(2)), (key("c"), seen(4))]);
        let taken = HashMap::from([((id, "request".to_owned()), MAX_TAG_VALUES - 1)]);
        assert_eq!(
            fold(unknown, taken),
            TagCounts::from([(key("a"), seen(1)), (key(""), seen(6))])
        );
    }
}
