//! SQL about commits that resolved issues.

use sqlx::{PgConnection, query_scalar};

use crate::base::{IssueId, Timestamp};

/// Those of the issues that this commit resolved before.
pub(super) async fn list_known(
    db: &mut PgConnection,
    ids: &[IssueId],
    sha: &str,
) -> sqlx::Result<Vec<IssueId>> {
    let (projects, ids) = IssueId::columns(ids);
    query_scalar!(
        r#"
        SELECT fix.issue_id AS "issue_id: IssueId"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, issue_id)
        JOIN issue_fixes AS fix USING (project_id, issue_id)
        WHERE fix.sha = $3
        "#,
        &projects,
        &ids,
        sha,
    )
    .fetch_all(db)
    .await
}

/// Remembers that a commit of a release resolved issues; returns those for which that is new.
pub(super) async fn insert(
    db: &mut PgConnection,
    ids: &[IssueId],
    (sha, release): (&str, &str),
    now: Timestamp,
) -> sqlx::Result<Vec<IssueId>> {
    let (projects, ids) = IssueId::columns(ids);
    query_scalar!(
        r#"
        INSERT INTO issue_fixes (project_id, issue_id, sha, release, created_at)
        SELECT project_id, issue_id, $3, $4, $5
        FROM unnest($1::bigint[], $2::bigint[]) AS resolved (project_id, issue_id)
        ON CONFLICT DO NOTHING
        RETURNING issue_id AS "issue_id: IssueId"
        "#,
        &projects,
        &ids,
        sha,
        release,
        now,
    )
    .fetch_all(db)
    .await
}
