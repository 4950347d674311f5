//! All SQL about how projects group.

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_scalar};

use super::{GroupingSettings, Revision};
use crate::base::{ProjectId, Timestamp, UserId};

/// The present settings of a project; `None` if it has set nothing.
pub(super) async fn find(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Option<GroupingSettings>> {
    let found = query_scalar!(
        r#"
        SELECT settings AS "settings: Json<GroupingSettings>" FROM grouping_revisions
        WHERE project_id = $1
        ORDER BY number DESC
        LIMIT 1
        "#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|stored| stored.0))
}

/// The number of the present revision; 0 if there is none.
pub(super) async fn find_latest_number(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<i64> {
    query_scalar!(
        r#"SELECT coalesce(max(number), 0) AS "number!" FROM grouping_revisions WHERE project_id = $1"#,
        project.0,
    )
    .fetch_one(db)
    .await
}

/// The settings of a revision.
pub(super) async fn find_revision(
    db: &mut PgConnection,
    project: ProjectId,
    number: i64,
) -> sqlx::Result<Option<GroupingSettings>> {
    let found = query_scalar!(
        r#"
        SELECT settings AS "settings: Json<GroupingSettings>" FROM grouping_revisions
        WHERE project_id = $1 AND number = $2
        "#,
        project.0,
        number,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|stored| stored.0))
}

/// The present settings of every project that has set something.
pub async fn list_set(db: &mut PgConnection) -> sqlx::Result<Vec<(ProjectId, GroupingSettings)>> {
    let rows = query!(
        r#"
        SELECT DISTINCT ON (project_id) project_id AS "project_id: ProjectId",
               settings AS "settings: Json<GroupingSettings>"
        FROM grouping_revisions
        ORDER BY project_id, number DESC
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.settings.0)).collect())
}

/// The latest revisions, the last one first.
pub(super) async fn list_revisions(
    db: &mut PgConnection,
    project: ProjectId,
    limit: i64,
) -> sqlx::Result<Vec<Revision>> {
    let rows = query!(
        r#"
        SELECT revision.number, revision.settings AS "settings: Json<GroupingSettings>",
               revision.kind, users.name AS "actor_name?", revision.created_at
        FROM grouping_revisions AS revision
        LEFT JOIN users ON users.id = revision.actor_id
        WHERE revision.project_id = $1
        ORDER BY revision.number DESC
        LIMIT $2
        "#,
        project.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Revision {
            number: row.number,
            settings: row.settings.0,
            is_restored: row.kind == "restored",
            actor_name: row.actor_name,
            created_at: row.created_at,
        })
        .collect())
}

/// Holds a project until the transaction ends, so that revisions come one after the other; `false` if there is
/// no such project.
pub(super) async fn lock_project(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<bool> {
    let found = query_scalar!("SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE", project.0)
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// Writes the next revision; the project is held.
pub(super) async fn insert(
    db: &mut PgConnection,
    project: ProjectId,
    settings: &GroupingSettings,
    (kind, actor): (&str, Option<UserId>),
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO grouping_revisions (project_id, number, settings, kind, actor_id, created_at)
        SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
        FROM grouping_revisions
        WHERE project_id = $1
        "#,
        project.0,
        Json(settings) as _,
        kind,
        actor.map(|actor| actor.0),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
