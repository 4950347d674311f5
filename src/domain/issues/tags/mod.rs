//! The labels of an issue's events, with their shares.

mod store;

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::Scope;
use crate::base::{IssueId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::query::Pattern;

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

/// A label that events of some projects carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectTag {
    /// The label.
    pub key: String,
    /// Events that ever carried it.
    pub event_count: i64,
}

/// The labels of all issues in `scope`, alphabetically.
///
/// # Errors
/// When the database fails.
pub async fn project_tags(db: &mut PgConnection, scope: &Scope) -> Result<Vec<ProjectTag>> {
    let projects: Vec<i64> = scope.projects.iter().map(|id| id.0).collect();
    Ok(store::list_project_tags(db, scope.organization, &projects).await?)
}

/// The values of one label in `scope` that contain `sought`, the most frequent first.
///
/// # Errors
/// When the database fails.
pub async fn project_tag_values(
    db: &mut PgConnection,
    scope: &Scope,
    key: &str,
    sought: &str,
) -> Result<Vec<TagValue>> {
    let projects: Vec<i64> = scope.projects.iter().map(|id| id.0).collect();
    let like = Pattern::containing(sought).into_like();
    let organization = scope.organization;
    Ok(store::list_project_tag_values(db, organization, &projects, key, &like, MAX_VALUES).await?)
}

/// The environments that events of these projects named, alphabetically.
///
/// # Errors
/// When the database fails.
pub async fn environments_of_projects(
    db: &mut PgConnection,
    projects: &[ProjectId],
) -> Result<BTreeMap<ProjectId, Vec<String>>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    let mut environments: BTreeMap<ProjectId, Vec<String>> = BTreeMap::new();
    for (project, environment) in store::list_environments(db, &projects).await? {
        environments.entry(project).or_default().push(environment);
    }
    Ok(environments)
}
