//! SQL about the labels of issues' events.

use sqlx::{PgConnection, query, query_as};

use super::{ProjectTag, TagValue};
use crate::base::{IssueId, OrganizationId, ProjectId, Timestamp};

/// A tag's value with facts about its key.
#[derive(Debug)]
pub(super) struct TagRow {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) event_count: i64,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) key_event_count: i64,
    pub(super) key_value_count: i64,
}

/// The tags of an issue by key, each with up to `top` of its most frequent values.
pub(super) async fn list_tags(
    db: &mut PgConnection,
    id: IssueId,
    top: i64,
) -> sqlx::Result<Vec<TagRow>> {
    query_as!(
        TagRow,
        r#"
        SELECT key, value, event_count AS "event_count!", first_seen AS "first_seen!",
               last_seen AS "last_seen!", key_event_count AS "key_event_count!",
               key_value_count AS "key_value_count!"
        FROM (
            SELECT key, value, event_count, first_seen, last_seen,
                   (sum(event_count) OVER whole)::bigint AS key_event_count,
                   count(*) OVER whole AS key_value_count,
                   row_number() OVER (PARTITION BY key ORDER BY event_count DESC, value) AS place
            FROM (
                SELECT key, value, sum(event_count)::bigint AS event_count,
                       min(first_seen) AS first_seen, max(last_seen) AS last_seen
                FROM issue_parts AS part
                JOIN issue_tags AS tag ON tag.project_id = part.project_id AND tag.part_id = part.id
                WHERE part.project_id = $1 AND part.issue_id = $2
                GROUP BY key, value
            ) AS tags
            WINDOW whole AS (PARTITION BY key)
        ) AS ranked
        WHERE place <= $3
        ORDER BY key, place
        "#,
        id.project().0,
        id.0,
        top,
    )
    .fetch_all(db)
    .await
}

/// The same for one key.
pub(super) async fn list_tag(
    db: &mut PgConnection,
    id: IssueId,
    key: &str,
    top: i64,
) -> sqlx::Result<Vec<TagRow>> {
    query_as!(
        TagRow,
        r#"
        SELECT key, value, sum(event_count)::bigint AS "event_count!",
               min(first_seen) AS "first_seen!", max(last_seen) AS "last_seen!",
               (sum(sum(event_count)) OVER ())::bigint AS "key_event_count!",
               count(*) OVER () AS "key_value_count!"
        FROM issue_parts AS part
        JOIN issue_tags AS tag ON tag.project_id = part.project_id AND tag.part_id = part.id
        WHERE part.project_id = $1 AND part.issue_id = $2 AND tag.key = $3
        GROUP BY key, value
        ORDER BY 3 DESC, value
        LIMIT $4
        "#,
        id.project().0,
        id.0,
        key,
        top,
    )
    .fetch_all(db)
    .await
}

/// The labels that events of these projects carry, alphabetically.
pub(super) async fn list_project_tags(
    db: &mut PgConnection,
    organization: OrganizationId,
    projects: &[i64],
) -> sqlx::Result<Vec<ProjectTag>> {
    query_as!(
        ProjectTag,
        r#"
        SELECT key, sum(event_count)::bigint AS "event_count!"
        FROM project_tags
        WHERE project_id = ANY(ARRAY(
            SELECT id FROM projects
            WHERE organization_id = $1 AND (cardinality($2::bigint[]) = 0 OR id = ANY($2))
        ))
        GROUP BY key
        ORDER BY key
        "#,
        organization.0,
        projects,
    )
    .fetch_all(db)
    .await
}

/// The values of one label in these projects that match `like`, the most frequent first.
pub(super) async fn list_project_tag_values(
    db: &mut PgConnection,
    organization: OrganizationId,
    projects: &[i64],
    key: &str,
    like: &str,
    limit: i64,
) -> sqlx::Result<Vec<TagValue>> {
    query_as!(
        TagValue,
        r#"
        SELECT value, sum(event_count)::bigint AS "event_count!",
               min(first_seen) AS "first_seen!", max(last_seen) AS "last_seen!"
        FROM issue_tags
        WHERE project_id = ANY(ARRAY(
            SELECT id FROM projects
            WHERE organization_id = $1 AND (cardinality($2::bigint[]) = 0 OR id = ANY($2))
        ))
          AND key = $3 AND value <> '' AND value ILIKE $4
        GROUP BY value
        ORDER BY 2 DESC, value
        LIMIT $5
        "#,
        organization.0,
        projects,
        key,
        like,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The environments that events of these projects named, alphabetically.
pub(super) async fn list_environments(
    db: &mut PgConnection,
    projects: &[i64],
) -> sqlx::Result<Vec<(ProjectId, String)>> {
    let rows = query!(
        r#"
        SELECT project_id AS "project_id: ProjectId", environment
        FROM issue_releases
        WHERE project_id = ANY($1) AND environment <> ''
        GROUP BY project_id, environment
        ORDER BY project_id, environment
        "#,
        projects,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.environment)).collect())
}
