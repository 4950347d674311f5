//! SQL about what releases did to issues.

use sqlx::{PgConnection, query, query_scalar};

use crate::base::{IssueId, ProjectId};

/// How many issues began with each release.
pub(super) async fn count_new(
    db: &mut PgConnection,
    projects: &[i64],
    versions: &[String],
) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = query!(
        r#"
        SELECT first_release AS "version!", count(*) AS "count!"
        FROM issues
        WHERE project_id = ANY($1) AND first_release = ANY($2) AND merged_into IS NULL
        GROUP BY first_release
        "#,
        projects,
        versions,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.version, row.count)).collect())
}

/// How many issues came back with each release.
pub(super) async fn count_regressed(
    db: &mut PgConnection,
    projects: &[i64],
    versions: &[String],
) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = query!(
        r#"
        SELECT activity.detail ->> 'release' AS "version!",
               count(DISTINCT activity.issue_id) AS "count!"
        FROM issue_activity AS activity
        JOIN issues ON issues.project_id = activity.project_id AND issues.id = activity.issue_id
        WHERE activity.project_id = ANY($1) AND activity.kind = 'regressed'
            AND activity.detail ->> 'release' = ANY($2) AND issues.merged_into IS NULL
        GROUP BY 1
        "#,
        projects,
        versions,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.version, row.count)).collect())
}

/// The issues that began with a release.
pub(super) async fn list_new(
    db: &mut PgConnection,
    project: ProjectId,
    version: &str,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    query_scalar!(
        r#"
        SELECT id AS "id: IssueId" FROM issues
        WHERE project_id = $1 AND first_release = $2 AND merged_into IS NULL
        ORDER BY last_seen DESC, id DESC
        LIMIT $3
        "#,
        project.0,
        version,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The issues that came back with a release.
pub(super) async fn list_regressed(
    db: &mut PgConnection,
    project: ProjectId,
    version: &str,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    query_scalar!(
        r#"
        SELECT issues.id AS "id: IssueId"
        FROM issues
        WHERE issues.project_id = $1 AND issues.merged_into IS NULL AND issues.id IN (
            SELECT activity.issue_id
            FROM issue_activity AS activity
            WHERE activity.project_id = $1 AND activity.kind = 'regressed'
                AND activity.detail ->> 'release' = $2)
        ORDER BY issues.last_seen DESC, issues.id DESC
        LIMIT $3
        "#,
        project.0,
        version,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The issues that are said to be resolved in a release, or by one of its commits.
pub(super) async fn list_resolved(
    db: &mut PgConnection,
    project: ProjectId,
    version: &str,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    query_scalar!(
        r#"
        SELECT issues.id AS "id: IssueId"
        FROM issues
        JOIN projects ON projects.id = issues.project_id
        WHERE issues.project_id = $1 AND issues.status = 'resolved' AND issues.merged_into IS NULL
            AND (issues.status_detail ->> 'inRelease' = $2
                OR issues.status_detail ->> 'inCommit' IN (
                    SELECT commits.sha
                    FROM releases
                    JOIN release_commits AS commits
                        ON commits.organization_id = releases.organization_id
                        AND commits.release_id = releases.id
                    WHERE releases.organization_id = projects.organization_id
                        AND releases.version = $2))
        ORDER BY issues.last_seen DESC, issues.id DESC
        LIMIT $3
        "#,
        project.0,
        version,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The issues that were seen in one release and not in another.
pub(super) async fn list_only_in(
    db: &mut PgConnection,
    project: ProjectId,
    (version, other): (&str, &str),
    environment: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    query_scalar!(
        r#"
        SELECT parts.issue_id AS "id: IssueId"
        FROM issue_releases AS seen
        JOIN issue_parts AS parts ON parts.project_id = seen.project_id AND parts.id = seen.part_id
        WHERE seen.project_id = $1 AND seen.release = $2
            AND ($4::text IS NULL OR seen.environment = $4)
            AND NOT EXISTS (
                SELECT FROM issue_parts AS own
                JOIN issue_releases AS there ON there.project_id = own.project_id
                    AND there.part_id = own.id
                WHERE own.project_id = $1 AND own.issue_id = parts.issue_id AND there.release = $3
                    AND ($4 IS NULL OR there.environment = $4))
        GROUP BY parts.issue_id
        ORDER BY sum(seen.event_count) DESC, parts.issue_id DESC
        LIMIT $5
        "#,
        project.0,
        version,
        other,
        environment,
        limit,
    )
    .fetch_all(db)
    .await
}
