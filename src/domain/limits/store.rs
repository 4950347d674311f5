//! All SQL about limits, and about what counts against them.

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_as};

use super::{Limits, ProjectLimits};
use crate::base::{ProjectId, Timestamp};

/// The limits of a project; of one that has set nothing, the defaults.
pub async fn find_project(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<ProjectLimits> {
    let row = query!(
        r#"SELECT limits AS "limits: Json<ProjectLimits>" FROM projects WHERE id = $1"#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.limits).map(|Json(limits)| limits).unwrap_or_default())
}

/// The limits of every project that has set some.
pub async fn list_projects(db: &mut PgConnection) -> sqlx::Result<Vec<(ProjectId, ProjectLimits)>> {
    let rows = query!(
        r#"
        SELECT id AS "id: ProjectId", limits AS "limits!: Json<ProjectLimits>"
        FROM projects
        WHERE limits IS NOT NULL
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.limits.0)).collect())
}

/// A key with limits of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its project.
    pub project_id: ProjectId,
    /// The key.
    pub public_key: String,
    /// Its own limits.
    pub limits: Limits,
}

/// Every key that has limits of its own.
pub async fn list_keys(db: &mut PgConnection) -> sqlx::Result<Vec<KeyRow>> {
    let rows = query!(
        r#"
        SELECT project_id AS "project_id: ProjectId", public_key, limits AS "limits!: Json<Limits>"
        FROM project_keys
        WHERE limits IS NOT NULL
        "#,
    )
    .fetch_all(db)
    .await?;
    let key = |row: (ProjectId, String, Limits)| KeyRow {
        project_id: row.0,
        public_key: row.1,
        limits: row.2,
    };
    Ok(rows.into_iter().map(|row| key((row.project_id, row.public_key, row.limits.0))).collect())
}

/// The limits of a key; none if there is no such key.
pub async fn find_key(db: &mut PgConnection, public_key: &str) -> sqlx::Result<Limits> {
    let row = query!(
        r#"SELECT limits AS "limits: Json<Limits>" FROM project_keys WHERE public_key = $1"#,
        public_key,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.limits).map(|Json(limits)| limits).unwrap_or_default())
}

/// Sets a project's limits; `false` if there is no such project.
pub async fn update_project(
    db: &mut PgConnection,
    project: ProjectId,
    limits: &ProjectLimits,
) -> sqlx::Result<bool> {
    let done =
        query!("UPDATE projects SET limits = $2 WHERE id = $1", project.0, Json(limits) as _)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets a key's own limits; `false` if the project has no such key.
pub async fn update_key(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
    limits: &Limits,
) -> sqlx::Result<bool> {
    let stored = (!limits.is_empty()).then_some(Json(limits));
    let done = query!(
        "UPDATE project_keys SET limits = $3 WHERE project_id = $1 AND public_key = $2",
        project.0,
        public_key,
        stored as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was let through with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedRow {
    /// The project.
    pub project_id: ProjectId,
    /// The key.
    pub public_key: String,
    /// The category.
    pub category: String,
    /// How much.
    pub quantity: i64,
}

/// What was let through for `projects` since `since`, a full hour: what was stored, left out by a filter,
/// not kept by this version, or there before. Nothing that the front door refused is in it.
pub async fn list_used(
    db: &mut PgConnection,
    projects: &[ProjectId],
    since: Timestamp,
) -> sqlx::Result<Vec<UsedRow>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    query_as!(
        UsedRow,
        r#"
        SELECT project_id AS "project_id: ProjectId", public_key, category,
            least(sum(quantity), 9007199254740991)::bigint AS "quantity!"
        FROM outcomes
        WHERE project_id = ANY($1) AND hour >= $2
            AND (outcome IN ('accepted', 'filtered', 'unsupported') OR reason = 'duplicate')
        GROUP BY 1, 2, 3
        "#,
        &projects,
        since,
    )
    .fetch_all(db)
    .await
}

/// What was refused because of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The project.
    pub project_id: ProjectId,
    /// The key.
    pub public_key: String,
    /// The category.
    pub category: String,
    /// Which limit.
    pub reason: String,
    /// When it was refused for the last time, to the hour.
    pub last_hour: Timestamp,
    /// How much.
    pub quantity: i64,
}

/// What was refused for `projects` since `since`, a full hour.
pub async fn list_refused(
    db: &mut PgConnection,
    projects: &[ProjectId],
    since: Timestamp,
) -> sqlx::Result<Vec<RefusedRow>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    query_as!(
        RefusedRow,
        r#"
        SELECT project_id AS "project_id: ProjectId", public_key, category, reason,
            max(hour) AS "last_hour!",
            least(sum(quantity), 9007199254740991)::bigint AS "quantity!"
        FROM outcomes
        WHERE project_id = ANY($1) AND hour >= $2 AND outcome = 'rate_limited'
        GROUP BY 1, 2, 3, 4
        "#,
        &projects,
        since,
    )
    .fetch_all(db)
    .await
}

/// What a project sent over some hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// The project.
    pub project_id: ProjectId,
    /// Its events.
    pub quantity: i64,
    /// The first hour that had any.
    pub first_hour: Timestamp,
}

/// The events that every project sent in `from..until`.
pub async fn list_rates(
    db: &mut PgConnection,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<RateRow>> {
    query_as!(
        RateRow,
        r#"
        SELECT project_id AS "project_id: ProjectId",
            least(sum(quantity), 9007199254740991)::bigint AS "quantity!",
            min(hour) AS "first_hour!"
        FROM outcomes
        WHERE hour >= $1 AND hour < $2 AND category = 'error' AND outcome IN ('accepted', 'filtered')
        GROUP BY 1
        "#,
        from,
        until,
    )
    .fetch_all(db)
    .await
}
