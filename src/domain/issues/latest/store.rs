//! SQL about hours in which parts of issues had events.

use sqlx::{PgConnection, query_as};

use super::Hour;
use crate::base::{PartId, ProjectId, Timestamp};

/// The parts of a project's issues by hour from `last` down to `first`.
pub(super) async fn list_hours_downward(
    db: &mut PgConnection,
    project: ProjectId,
    first: Timestamp,
    last: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Hour>> {
    query_as!(
        Hour,
        r#"
        SELECT part_id AS "part_id: PartId", hour
        FROM issue_hours
        WHERE project_id = $1 AND hour BETWEEN $2 AND $3
        ORDER BY hour DESC
        LIMIT $4
        "#,
        project.0,
        first,
        last,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The parts of a project's issues by hour from `first` up to `last`.
pub(super) async fn list_hours_upward(
    db: &mut PgConnection,
    project: ProjectId,
    first: Timestamp,
    last: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Hour>> {
    query_as!(
        Hour,
        r#"
        SELECT part_id AS "part_id: PartId", hour
        FROM issue_hours
        WHERE project_id = $1 AND hour BETWEEN $2 AND $3
        ORDER BY hour
        LIMIT $4
        "#,
        project.0,
        first,
        last,
        limit,
    )
    .fetch_all(db)
    .await
}
