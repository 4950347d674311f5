//! Counting tag values, within bounds, and together for many batches when there is much to do.
//!
//! Tags are most of what an event costs the database: an event has ten or more, each a row to count up.
//! A lane that is behind therefore puts the tags of known issues off ([`waiting`]): they are stored with
//! the batch as they came, in one row, and counted when the lane has caught up or many have gathered. By
//! then most of them meet. What is counted is exact then; until then an issue's tags lag behind its events.

mod store;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;

pub use waiting::{Counting, MAX_WAITING_BYTES, count_abandoned, count_waiting};
pub(super) use waiting::{Sighting, put_off, take};

use super::record::Seen;
use crate::base::{PartId, ProjectId};

/// The most values of one tag that are told apart in one part of an issue. A tag that holds a request id would
/// otherwise store a row per event; what comes later is counted together under the empty value, which
/// no event can have.
pub const MAX_TAG_VALUES: i64 = 1000;

/// The most tags that are told apart in one part of an issue. A program that makes up keys would otherwise store
/// rows without end; what comes later stands on its event, and is not counted.
pub const MAX_TAG_KEYS: usize = 500;

/// The most tags that are known of a project, for lists of them. What comes later is found by its issues.
pub const MAX_PROJECT_TAG_KEYS: i64 = 2000;

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
    let growing: BTreeSet<PartId> =
        taken.iter().filter(|(_, count)| **count == 0).map(|((id, _), _)| *id).collect();
    let key_counts = store::count_tag_keys(db, &growing, MAX_TAG_KEYS).await?;
    unknown.extend(added);
    store::insert_tags(db, &fold(bounded(unknown, &taken, key_counts), taken)).await
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

/// Leaves out keys past the bound of their part, which has so many by now.
fn bounded<'a>(
    unknown: TagCounts<'a>,
    taken: &HashMap<(PartId, String), i64>,
    mut key_counts: HashMap<PartId, usize>,
) -> TagCounts<'a> {
    let mut last = None;
    let mut is_counted = true;
    unknown
        .into_iter()
        .filter(|((id, key, _), _)| {
            if last != Some((*id, *key)) {
                last = Some((*id, *key));
                let is_new = taken.get(&(*id, (*key).to_owned())).is_none_or(|count| *count == 0);
                let keys = key_counts.entry(*id).or_default();
                is_counted = !is_new || *keys < MAX_TAG_KEYS;
                *keys += usize::from(is_new && is_counted);
            }
            is_counted
        })
        .collect()
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
    fn keys_past_the_bound_are_left_out_and_known_ones_are_not() {
        let names: Vec<String> =
            (0..=MAX_TAG_KEYS).map(|number| format!("key_{number:04}")).collect();
        let once = Seen { event_count: 1, first: Timestamp::default(), last: Timestamp::default() };
        let counts = |id: i64, names: &'_ [String]| -> Vec<(PartId, String)> {
            names.iter().map(|name| (PartId(id), name.clone())).collect()
        };
        let kept = |unknown: &[(PartId, String)], taken: &[(PartId, &str)], keys: usize| {
            let unknown: TagCounts<'_> =
                unknown.iter().map(|(id, key)| ((*id, key.as_str(), "x"), once)).collect();
            let taken = taken.iter().map(|(id, key)| ((*id, (*key).to_owned()), 1)).collect();
            bounded(unknown, &taken, HashMap::from([(PartId(1), keys)])).len()
        };
        let (at, past) = (counts(1, &names[1..]), counts(1, &names));
        assert_eq!((at.len(), kept(&at, &[], 0)), (MAX_TAG_KEYS, MAX_TAG_KEYS));
        assert_eq!((past.len(), kept(&past, &[], 0)), (MAX_TAG_KEYS + 1, MAX_TAG_KEYS));
        let full = &past[..2];
        assert_eq!(kept(full, &[(PartId(1), "key_0001")], MAX_TAG_KEYS), 1, "a known key has room");
        assert_eq!(kept(&counts(2, &names[..2]), &[], MAX_TAG_KEYS), 2, "each part has its own");
    }

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
