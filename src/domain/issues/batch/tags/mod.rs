//! Counting tag values, within bounds, and together for many batches when there is much to do.
//!
//! Tags are most of what an event costs the database: an event has ten or more, each a row to count up.
//! A lane that is behind therefore puts the tags of known issues off ([`waiting`]): they are stored with
//! the batch as they came, in one row, and counted when the lane has caught up or many have gathered. By
//! then most of them meet. What is counted is exact then; until then an issue's tags lag behind its events.

mod store;
mod waiting;

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

pub use waiting::{Counting, MAX_WAITING_BYTES, count_abandoned, count_waiting};
pub(super) use waiting::{Sighting, put_off, take};

use super::record::Seen;
use crate::base::{PartId, ProjectId};

/// The most values of one tag that are told apart in one part of an issue. A tag that holds a request id would
/// otherwise store a row per event; what comes later is counted together under the empty value, which
/// no event can have.
pub const MAX_TAG_VALUES: i64 = 1000;

/// Sightings per part, tag key and value.
pub(super) type TagCounts<'a> = BTreeMap<(PartId, &'a str, &'a str), Seen>;

/// Events per project and tag key.
pub(super) type KeyCounts<'a> = BTreeMap<(ProjectId, &'a str), i64>;

/// Counts tags on parts whose issues are locked or that are among those just `opened`, and in their projects.
pub(super) async fn add(
    db: &mut PgConnection,
    sightings: &[Sighting<'_>],
    opened: &HashSet<PartId>,
) -> sqlx::Result<()> {
    let counts = count(sightings);
    if counts.is_empty() {
        return Ok(());
    }
    store::add_to_project_tags(db, &count_keys(&counts)).await?;
    let (mut unknown, perhaps_known): (TagCounts<'_>, TagCounts<'_>) =
        counts.into_iter().partition(|((id, ..), _)| opened.contains(id));
    let known = store::add_to_known_tags(db, &perhaps_known).await?;
    let added: TagCounts<'_> = perhaps_known
        .into_iter()
        .enumerate()
        .filter(|(index, _)| !known.contains(index))
        .map(|(_, count)| count)
        .collect();
    let keys: HashSet<(PartId, &str)> = added.keys().map(|(id, key, _)| (*id, *key)).collect();
    let taken = store::count_tag_values(db, &keys).await?;
    unknown.extend(added);
    store::insert_tags(db, &fold(unknown, taken)).await
}

fn count<'a>(sightings: &'a [Sighting<'_>]) -> TagCounts<'a> {
    let mut counts = TagCounts::new();
    for sighting in sightings {
        for (key, value) in sighting.tags.iter() {
            counts
                .entry((sighting.part, key.as_str(), value.as_str()))
                .or_insert_with(|| Seen::never_before(sighting.at))
                .again(sighting.at);
        }
    }
    counts
}

fn count_keys<'a>(counts: &TagCounts<'a>) -> KeyCounts<'a> {
    let mut keys = KeyCounts::new();
    for ((id, key, _), seen) in counts {
        *keys.entry((id.project(), *key)).or_insert(0) += seen.event_count;
    }
    keys
}

/// Puts values past the bound under the empty value of their key.
fn fold(unknown: TagCounts<'_>, mut taken: HashMap<(PartId, String), i64>) -> TagCounts<'_> {
    let mut folded = TagCounts::new();
    let mut last: Option<(PartId, &str)> = None;
    let mut values = 0;
    for ((id, key, value), seen) in unknown {
        if last != Some((id, key)) {
            last = Some((id, key));
            values = taken.remove(&(id, key.to_owned())).unwrap_or(0);
        }
        values += 1;
        let value = if values <= MAX_TAG_VALUES { value } else { "" };
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
        let id = PartId(1);
        let unknown = TagCounts::from([
            ((id, "request", "a"), seen(1)),
            ((id, "request", "b"), seen(2)),
            ((id, "request", "c"), seen(4)),
            ((id, "url", "a"), seen(8)),
        ]);
        let taken = HashMap::from([((id, "request".to_owned()), MAX_TAG_VALUES - 1)]);
        let expected = TagCounts::from([
            ((id, "request", "a"), seen(1)),
            ((id, "request", ""), seen(6)),
            ((id, "url", "a"), seen(8)),
        ]);
        assert_eq!(fold(unknown, taken), expected);
    }
}
