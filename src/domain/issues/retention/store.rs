//! SQL that removes what is past its time. Nothing here waits for rows of issues or hours that others hold.

use chrono::NaiveDate;
use sqlx::{PgConnection, query, query_scalar};

use crate::base::{IssueId, ProjectId, Timestamp};

/// Locks up to `limit` issues that got their last event before `first_day` and about which nobody has decided
/// anything since `first_moment`, the beginning of that day; of one project or of all. Archived issues are none
/// of them.
pub(super) async fn lock_forgotten(
    db: &mut PgConnection,
    (first_day, first_moment): (NaiveDate, Timestamp),
    project: Option<ProjectId>,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    query_scalar!(
        r#"
        SELECT id AS "id: IssueId"
        FROM issues
        WHERE last_minute <= $2 AND last_seen < $2 AND sampled_day < $1 AND status_changed_at < $2 AND status <> 'ignored'
            AND merged_into IS NULL AND ($4::bigint IS NULL OR project_id = $4)
        ORDER BY last_minute, id
        LIMIT $3
        FOR UPDATE SKIP LOCKED
        "#,
        first_day,
        first_moment,
        limit,
        project.map(|id| id.0),
    )
    .fetch_all(db)
    .await
}

/// The projects that keep events for fewer than `most` days, and for how many.
pub(super) async fn list_shorter(
    db: &mut PgConnection,
    most: i32,
) -> sqlx::Result<Vec<(ProjectId, i32)>> {
    let rows = query!(
        r#"
        SELECT id AS "id: ProjectId", retention_days AS "retention_days!"
        FROM projects
        WHERE retention_days < $1
        ORDER BY id
        "#,
        most,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.retention_days)).collect())
}

/// Takes what these issues counted off the counts of their projects' tags. Tags that no issue has any more go.
pub(super) async fn subtract_project_tags(
    db: &mut PgConnection,
    issues: &[IssueId],
) -> sqlx::Result<()> {
    let (projects, ids) = IssueId::columns(issues);
    query!(
        r#"
        WITH gone AS (
            SELECT issue.project_id, key, sum(event_count)::bigint AS event_count
            FROM unnest($1::bigint[], $2::bigint[]) AS issue (project_id, issue_id)
            JOIN issue_parts AS part USING (project_id, issue_id)
            JOIN issue_tags AS tag ON tag.project_id = part.project_id AND tag.part_id = part.id
            GROUP BY issue.project_id, key
        ),
        -- In the order in which writers lock them.
        held AS (
            SELECT project_id, key FROM project_tags
            WHERE (project_id, key) IN (SELECT project_id, key FROM gone)
            ORDER BY project_id, key
            FOR UPDATE
        )
        UPDATE project_tags SET event_count = project_tags.event_count - gone.event_count
        FROM gone JOIN held USING (project_id, key)
        WHERE project_tags.project_id = gone.project_id AND project_tags.key = gone.key
        "#,
        &projects,
        &ids,
    )
    .execute(&mut *db)
    .await?;
    query!("DELETE FROM project_tags WHERE project_id = ANY($1) AND event_count <= 0", &projects)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes issues and everything that hangs on them. They are locked.
pub(super) async fn delete_issues(db: &mut PgConnection, issues: &[IssueId]) -> sqlx::Result<()> {
    delete_parts(db, issues).await?;
    let (projects, ids) = IssueId::columns(issues);
    query!(
        r#"
        WITH gone AS (
            SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS issue (project_id, issue_id)
            -- What was merged into them goes with them.
            UNION
            SELECT issues.project_id, issues.id
            FROM unnest($1::bigint[], $2::bigint[]) AS issue (project_id, issue_id)
            JOIN issues ON issues.project_id = issue.project_id
                AND issues.merged_into = issue.issue_id
        ),
        acts AS (
            DELETE FROM issue_acts AS act USING gone
            WHERE act.project_id = gone.project_id AND act.issue_id = gone.issue_id
        ),
        separations AS (
            DELETE FROM issue_separations AS apart USING gone
            WHERE apart.project_id = gone.project_id
              AND gone.issue_id IN (apart.issue_id, apart.other_id)
        ),
        history AS (
            DELETE FROM issue_activity AS line USING gone
            WHERE line.project_id = gone.project_id AND line.issue_id = gone.issue_id
        ),
        assignees AS (
            DELETE FROM issue_assignees AS assigned USING gone
            WHERE assigned.project_id = gone.project_id AND assigned.issue_id = gone.issue_id
        ),
        fixes AS (
            DELETE FROM issue_fixes AS fix USING gone
            WHERE fix.project_id = gone.project_id AND fix.issue_id = gone.issue_id
        )
        DELETE FROM issues USING gone
        WHERE issues.project_id = gone.project_id AND issues.id = gone.issue_id
        "#,
        &projects,
        &ids,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes the parts of issues with all that they counted.
async fn delete_parts(db: &mut PgConnection, issues: &[IssueId]) -> sqlx::Result<()> {
    let (projects, ids) = IssueId::columns(issues);
    query!(
        r#"
        WITH gone AS (
            SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS issue (project_id, issue_id)
        ),
        parts AS (
            DELETE FROM issue_parts AS part USING gone
            WHERE part.project_id = gone.project_id AND part.issue_id = gone.issue_id
            RETURNING part.project_id, part.id
        ),
        hours AS (
            DELETE FROM issue_hours USING parts
            WHERE issue_hours.project_id = parts.project_id AND issue_hours.part_id = parts.id
        ),
        releases AS (
            DELETE FROM issue_releases AS seen USING parts
            WHERE seen.project_id = parts.project_id AND seen.part_id = parts.id
        ),
        tags AS (
            DELETE FROM issue_tags USING parts
            WHERE issue_tags.project_id = parts.project_id AND issue_tags.part_id = parts.id
        ),
        users AS (
            DELETE FROM issue_users USING parts
            WHERE issue_users.project_id = parts.project_id AND issue_users.part_id = parts.id
        ),
        signatures AS (
            DELETE FROM issue_signatures AS signature USING parts
            WHERE signature.project_id = parts.project_id AND signature.part_id = parts.id
            RETURNING signature.project_id, signature.part_id, signature.keys
        ),
        signature_keys AS (
            DELETE FROM issue_signature_keys AS known USING signatures
            WHERE known.project_id = signatures.project_id AND known.part_id = signatures.part_id
              AND known.key = ANY(signatures.keys)
        ),
        moves AS (
            DELETE FROM issue_moves USING parts
            WHERE issue_moves.project_id = parts.project_id AND issue_moves.part_id = parts.id
        )
        DELETE FROM issue_hashes USING gone
        WHERE issue_hashes.project_id = gone.project_id AND issue_hashes.issue_id = gone.issue_id
        "#,
        &projects,
        &ids,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The projects that ever had an issue.
pub(super) async fn list_projects(db: &mut PgConnection) -> sqlx::Result<Vec<ProjectId>> {
    query_scalar!(
        r#"SELECT project_id AS "project_id: ProjectId" FROM issue_counters ORDER BY project_id"#
    )
    .fetch_all(db)
    .await
}

/// Deletes up to `limit` of a project's counters of hours before `first_hour`; returns how many.
pub(super) async fn delete_hours(
    db: &mut PgConnection,
    project: ProjectId,
    first_hour: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = query!(
        r#"
        DELETE FROM issue_hours
        USING (
            SELECT project_id, part_id, hour, environment
            FROM issue_hours
            WHERE project_id = $1 AND hour < $2
            ORDER BY hour
            LIMIT $3
            FOR UPDATE SKIP LOCKED
        ) AS old
        WHERE issue_hours.project_id = old.project_id AND issue_hours.part_id = old.part_id
          AND issue_hours.hour = old.hour AND issue_hours.environment = old.environment
        "#,
        project.0,
        first_hour,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` events of a project that arrived before `first_moment`; returns how many.
pub(super) async fn delete_events(
    db: &mut PgConnection,
    project: ProjectId,
    first_moment: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = query!(
        r#"
        DELETE FROM events
        WHERE project_id = $1 AND received_at < $2 AND (event_id) IN (
            SELECT event_id FROM events WHERE project_id = $1 AND received_at < $2 LIMIT $3
        )
        "#,
        project.0,
        first_moment,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` files of a project that arrived before `first_moment`; returns how many.
pub(super) async fn delete_attachments(
    db: &mut PgConnection,
    project: ProjectId,
    first_moment: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = query!(
        r#"
        DELETE FROM attachments
        WHERE project_id = $1 AND received_at < $2 AND (event_id, attachment_id) IN (
            SELECT event_id, attachment_id FROM attachments WHERE project_id = $1 AND received_at < $2 LIMIT $3
        )
        "#,
        project.0,
        first_moment,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` pieces of files of a project that arrived before `first_moment`; returns how many.
pub(super) async fn delete_chunks(
    db: &mut PgConnection,
    project: ProjectId,
    first_moment: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = query!(
        r#"
        DELETE FROM attachment_chunks
        WHERE project_id = $1 AND received_at < $2 AND (attachment_id, position) IN (
            SELECT attachment_id, position FROM attachment_chunks WHERE project_id = $1 AND received_at < $2 LIMIT $3
        )
        "#,
        project.0,
        first_moment,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes up to `limit` pieces of feedback of a project that arrived before `first_moment`; returns how many.
pub(super) async fn delete_feedback(
    db: &mut PgConnection,
    project: ProjectId,
    first_moment: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = query!(
        r#"
        DELETE FROM feedback
        WHERE project_id = $1 AND received_at < $2 AND (feedback_id) IN (
            SELECT feedback_id FROM feedback WHERE project_id = $1 AND received_at < $2 LIMIT $3
        )
        "#,
        project.0,
        first_moment,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
