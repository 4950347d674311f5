//! The labels of an issue's events, with their shares.

use sqlx::PgConnection;

use super::store;
use crate::base::{IssueId, Timestamp};
use crate::domain::Result;

/// One label and its best-known values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKey {
    /// The label: `browser.name`.
    pub key: String,
    /// Events that carry it.
    pub event_count: i64,
    /// Different values, as far as they were kept.
    pub value_count: i64,
    /// The most frequent values, the first first.
    pub top: Vec<TagValue>,
}

/// One value of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagValue {
    /// The value; empty stands for all values past the limit of what is kept.
    pub value: String,
    /// Events with it.
    pub event_count: i64,
    /// First seen with it.
    pub first_seen: Timestamp,
    /// Last seen with it.
    pub last_seen: Timestamp,
}

/// How many values are shown beside a label.
const TOP_VALUES: i64 = 10;

/// All labels of an issue, alphabetically.
///
/// # Errors
/// When the database fails.
pub async fn tag_keys(db: &mut PgConnection, id: IssueId) -> Result<Vec<TagKey>> {
    Ok(gather(store::list_tags(db, id, TOP_VALUES).await?))
}

/// One label of an issue; `None` if no event has it.
///
/// # Errors
/// When the database fails.
pub async fn tag_key(db: &mut PgConnection, id: IssueId, key: &str) -> Result<Option<TagKey>> {
    Ok(gather(store::list_tag(db, id, key, TOP_VALUES).await?).pop())
}

/// The most values of a label that are listed.
const MAX_VALUES: i64 = 1000;

/// The values of one label of an issue, the most frequent first.
///
/// # Errors
/// When the database fails.
pub async fn tag_values(db: &mut PgConnection, id: IssueId, key: &str) -> Result<Vec<TagValue>> {
    let keys = gather(store::list_tag(db, id, key, MAX_VALUES).await?);
    Ok(keys.into_iter().flat_map(|key| key.top).collect())
}

/// Rows of values, sorted by key, as keys with their values.
fn gather(rows: Vec<store::TagRow>) -> Vec<TagKey> {
    let mut keys: Vec<TagKey> = Vec::new();
    for row in rows {
        let value = TagValue {
            value: row.value,
            event_count: row.event_count,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
        };
        match keys.last_mut() {
            Some(last) if last.key == row.key => last.top.push(value),
            _ => keys.push(TagKey {
                key: row.key,
                event_count: row.key_event_count,
                value_count: row.key_value_count,
                top: vec![value],
            }),
        }
    }
    keys
}
