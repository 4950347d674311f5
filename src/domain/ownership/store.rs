//! All SQL about ownership rules.

use sqlx::types::Json;
use sqlx::{PgConnection, query};

use super::codeowners::Mapping;
use super::{AutoAssign, Ownership};
use crate::base::{ProjectId, Timestamp};

/// What a project has set; `None` if it has set nothing.
pub(super) async fn find(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Option<Ownership>> {
    let row = query!(
        r#"
        SELECT rules, auto_assign AS "auto_assign: AutoAssign", mapping AS "mapping: Json<Mapping>", created_at, updated_at
        FROM ownership
        WHERE project_id = $1
        "#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Ownership {
        rules: row.rules,
        auto_assign: row.auto_assign,
        mapping: row.mapping.0,
        set_at: Some((row.created_at, row.updated_at)),
    }))
}

/// The rules of every project that assigns issues by itself, and whether suspected commits count.
pub async fn list_assigning(
    db: &mut PgConnection,
) -> sqlx::Result<Vec<(ProjectId, (String, bool))>> {
    let rows = query!(
        r#"
        SELECT project_id AS "project_id: ProjectId", rules,
               auto_assign = 'commits' AS "by_commits!"
        FROM ownership
        WHERE auto_assign = 'commits' OR (auto_assign = 'rules' AND rules <> '')
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.project_id, (row.rules, row.by_commits))).collect())
}

/// The rules of those of these projects that have any.
pub async fn list_rules(
    db: &mut PgConnection,
    projects: &[i64],
) -> sqlx::Result<Vec<(ProjectId, String)>> {
    let rows = query!(
        r#"
        SELECT project_id AS "project_id: ProjectId", rules
        FROM ownership
        WHERE project_id = ANY($1) AND rules <> ''
        "#,
        projects,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.rules)).collect())
}

/// Sets what a project has.
pub(super) async fn put(
    db: &mut PgConnection,
    project: ProjectId,
    wanted: &Ownership,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO ownership (project_id, rules, auto_assign, mapping, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (project_id) DO UPDATE
        SET rules = excluded.rules, auto_assign = excluded.auto_assign, mapping = excluded.mapping,
            updated_at = excluded.updated_at
        "#,
        project.0,
        wanted.rules,
        wanted.auto_assign as AutoAssign,
        Json(&wanted.mapping) as _,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
