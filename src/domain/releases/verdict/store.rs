//! SQL of verdicts: what is tolerated, and which issues came with a release.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Question, Thresholds};
use crate::base::{ProjectId, Timestamp};

/// What is tolerated of a project's releases; `None`: what is usual.
pub async fn find_thresholds(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Option<Thresholds>> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT thresholds AS "thresholds: Json<Thresholds>" FROM verdict_thresholds
        WHERE project_id = $1
        "#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|Json(thresholds)| thresholds))
}

/// Sets what is tolerated.
pub(super) async fn put_thresholds(
    db: &mut PgConnection,
    project: ProjectId,
    thresholds: &Thresholds,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        INSERT INTO verdict_thresholds (project_id, thresholds) VALUES ($1, $2)
        ON CONFLICT (project_id) DO UPDATE SET thresholds = excluded.thresholds
        "#,
        project.0,
        Json(thresholds) as Json<&Thresholds>,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many resolved issues came back with a release in a time, and how many that nothing handled began with it.
pub(super) async fn count_issues(
    db: &mut PgConnection,
    question: &Question<'_>,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"
        SELECT
            count(*) FILTER (WHERE EXISTS (
                SELECT FROM issue_activity AS activity
                WHERE activity.project_id = issues.project_id AND activity.issue_id = issues.id
                    AND activity.kind = 'regressed' AND activity.detail->>'release' = $2
                    AND activity.created_at >= $4
                    AND activity.created_at < $5)) AS "regressed!",
            count(*) FILTER (WHERE issues.first_release = $2 AND issues.is_unhandled
                AND issues.first_seen >= $4 AND issues.first_seen < $5) AS "unhandled!"
        FROM issues
        WHERE issues.project_id = $1 AND issues.merged_into IS NULL AND issues.id IN (
            SELECT parts.issue_id
            FROM issue_releases AS seen
            JOIN issue_parts AS parts ON parts.project_id = seen.project_id
                AND parts.id = seen.part_id
            WHERE seen.project_id = $1 AND seen.release = $2
                AND ($3::text IS NULL OR seen.environment = $3))
        "#,
        question.project.0,
        question.version,
        question.environment,
        from,
        until,
    )
    .fetch_one(db)
    .await?;
    Ok((row.regressed, row.unhandled))
}
