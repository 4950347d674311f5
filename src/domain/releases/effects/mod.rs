//! What releases did to issues: which began with one, came back with it, or were resolved by it.
//!
//! An issue **came back with** the release that the history of its state names.

mod store;

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::base::{IssueId, ProjectId};
use crate::domain::Result;

/// How many issues a release touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Those that began with it.
    pub new: i64,
    /// Those that were resolved and came back with it.
    pub regressed: i64,
}

/// What a release did to an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The issue's first event was of it.
    New,
    /// The issue was resolved before, and came back with it.
    Regressed,
    /// Somebody said that it resolves the issue, or one of its commits.
    Resolved,
}

/// How many issues of these projects each release touched; those that touched none are left out.
///
/// # Errors
/// When the database fails.
pub async fn count(
    db: &mut PgConnection,
    projects: &[ProjectId],
    versions: &[String],
) -> Result<HashMap<String, Effects>> {
    let projects = numbers(projects);
    let mut effects: HashMap<String, Effects> = HashMap::new();
    for (version, count) in store::count_new(db, &projects, versions).await? {
        effects.entry(version).or_default().new = count;
    }
    for (version, count) in store::count_regressed(db, &projects, versions).await? {
        effects.entry(version).or_default().regressed = count;
    }
    Ok(effects)
}

/// The issues of a project that a release touched so: the latest seen first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut PgConnection,
    project: ProjectId,
    version: &str,
    effect: Effect,
    limit: i64,
) -> Result<Vec<IssueId>> {
    Ok(match effect {
        Effect::New => store::list_new(db, project, version, limit).await?,
        Effect::Regressed => store::list_regressed(db, project, version, limit).await?,
        Effect::Resolved => store::list_resolved(db, project, version, limit).await?,
    })
}

/// The issues of a project that were seen in `version` and not in `other`: the most frequent there first, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn only_in(
    db: &mut PgConnection,
    project: ProjectId,
    (version, other): (&str, &str),
    environment: Option<&str>,
    limit: i64,
) -> Result<Vec<IssueId>> {
    Ok(store::list_only_in(db, project, (version, other), environment, limit).await?)
}

fn numbers(projects: &[ProjectId]) -> Vec<i64> {
    projects.iter().map(|project| project.0).collect()
}
