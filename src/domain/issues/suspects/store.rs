//! SQL about commits that may have brought an issue.

use sqlx::{PgConnection, query, query_as};

use super::{Candidate, Touched};
use crate::base::{OrganizationId, ProjectId, ReleaseId};
use crate::domain::releases::commits::Author;

/// As many of a project's latest releases are looked at.
const LOOKED_AT: i64 = 500;

/// As many files of commits are looked at.
const MAX_TOUCHED: i64 = 2_000;

/// The latest releases of a project.
pub(super) async fn list_candidates(
    db: &mut PgConnection,
    organization: OrganizationId,
    project: ProjectId,
) -> sqlx::Result<Vec<Candidate>> {
    query_as!(
        Candidate,
        r#"
        SELECT releases.id AS "id: ReleaseId", releases.version,
               coalesce(releases.released_at, releases.created_at) AS "at!",
               (of_project.first_event_at IS NOT NULL OR of_project.first_session_at IS NOT NULL)
                   AS "has_run!"
        FROM release_projects AS of_project
        JOIN releases ON releases.organization_id = of_project.organization_id
            AND releases.id = of_project.release_id
        WHERE of_project.organization_id = $1 AND of_project.project_id = $2
        ORDER BY coalesce(releases.released_at, releases.created_at) DESC, releases.id DESC
        LIMIT $3
        "#,
        organization.0,
        project.0,
        LOOKED_AT,
    )
    .fetch_all(db)
    .await
}

/// What commits of these releases touched of the files with these names; what they deleted is in no stack.
pub(super) async fn list_touched(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
    names: &[String],
) -> sqlx::Result<Vec<Touched>> {
    let rows = query!(
        r#"
        SELECT files.release_id AS "release_id: ReleaseId", files.position, files.path,
               commits.sha, commits.repository, commits.message, commits.author_name,
               commits.author_email, commits.committed_at
        FROM release_commit_files AS files
        JOIN release_commits AS commits USING (organization_id, release_id, position)
        WHERE files.organization_id = $1 AND files.release_id = ANY($2) AND files.change <> 'D'
          AND regexp_replace(files.path, '^.*/', '') = ANY($3)
        ORDER BY files.release_id DESC, files.position, files.path
        LIMIT $4
        "#,
        organization.0,
        releases,
        names,
        MAX_TOUCHED,
    )
    .fetch_all(db)
    .await?;
    let touched = rows.into_iter().map(|row| Touched {
        release_id: row.release_id,
        position: row.position,
        path: row.path,
        sha: row.sha,
        repository: row.repository,
        message: row.message,
        author: Author { name: row.author_name, email: row.author_email },
        committed_at: row.committed_at,
    });
    Ok(touched.collect())
}
