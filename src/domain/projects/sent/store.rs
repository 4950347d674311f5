//! The SQL of what projects were sent.

use std::collections::HashMap;

use sqlx::{PgConnection, query};

use super::Sent;
use crate::base::ProjectId;

/// What each of these projects was sent.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut PgConnection,
    projects: &[ProjectId],
) -> sqlx::Result<HashMap<ProjectId, Sent>> {
    let ids: Vec<i64> = projects.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"
        SELECT id AS "id!: ProjectId",
               EXISTS (SELECT FROM session_buckets WHERE project_id = id) AS "has_sessions!",
               EXISTS (SELECT FROM feedback WHERE project_id = id) AS "has_feedback!"
        FROM unnest($1::bigint[]) AS id
        "#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let sent = |has_sessions, has_feedback| Sent { has_sessions, has_feedback };
    Ok(rows.into_iter().map(|row| (row.id, sent(row.has_sessions, row.has_feedback))).collect())
}
