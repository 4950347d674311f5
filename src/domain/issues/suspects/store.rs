//! SQL about commits that may have brought an issue.

use std::collections::BTreeSet;

use sqlx::{PgConnection, query, query_as};

use super::{Candidate, Touched};
use crate::base::{IssueId, OrganizationId, ProjectId, ReleaseId, Timestamp};
use crate::domain::releases::commits::Author;

/// As many of a project's latest releases are looked at.
const LOOKED_AT: i64 = 500;

/// As many files of commits are looked at in one release.
const MAX_TOUCHED: i64 = 2_000;

/// The latest releases of each of these projects.
pub(super) async fn list_candidates(
    db: &mut PgConnection,
    projects: &[i64],
) -> sqlx::Result<Vec<Candidate>> {
    query_as!(
        Candidate,
        r#"
        SELECT projects.id AS "project: ProjectId",
               latest.organization_id AS "organization_id: OrganizationId",
               latest.id AS "id: ReleaseId", latest.version, latest.at AS "at!",
               latest.has_run AS "has_run!"
        FROM projects
        CROSS JOIN LATERAL (
            SELECT releases.organization_id, releases.id, releases.version,
                   coalesce(releases.released_at, releases.created_at) AS at,
                   (of_project.first_event_at IS NOT NULL
                       OR of_project.first_session_at IS NOT NULL) AS has_run
            FROM release_projects AS of_project
            JOIN releases ON releases.organization_id = of_project.organization_id
                AND releases.id = of_project.release_id
            WHERE of_project.organization_id = projects.organization_id
                AND of_project.project_id = projects.id
            ORDER BY coalesce(releases.released_at, releases.created_at) DESC, releases.id DESC
            LIMIT $2
        ) AS latest
        WHERE projects.id = ANY($1)
        ORDER BY projects.id, latest.at DESC, latest.id DESC
        "#,
        projects,
        LOOKED_AT,
    )
    .fetch_all(db)
    .await
}

/// What commits of these releases touched of the files with these names; what they deleted is in no stack.
pub(super) async fn list_touched(
    db: &mut PgConnection,
    releases: &BTreeSet<(i64, i64)>,
    names: &[String],
) -> sqlx::Result<Vec<Touched>> {
    let (organizations, releases): (Vec<i64>, Vec<i64>) = releases.iter().copied().unzip();
    let rows = query!(
        r#"
        SELECT found.release_id AS "release_id: ReleaseId", found.position, found.path,
               found.sha, found.repository, found.message, found.author_name,
               found.author_email, found.committed_at
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (organization_id, release_id)
        CROSS JOIN LATERAL (
            SELECT files.release_id, files.position, files.path, commits.sha, commits.repository,
                   commits.message, commits.author_name, commits.author_email,
                   commits.committed_at
            FROM release_commit_files AS files
            JOIN release_commits AS commits USING (organization_id, release_id, position)
            WHERE files.organization_id = wanted.organization_id
              AND files.release_id = wanted.release_id AND files.change <> 'D'
              AND regexp_replace(files.path, '^.*/', '') = ANY($3)
            ORDER BY files.position, files.path
            LIMIT $4
        ) AS found
        ORDER BY found.release_id DESC, found.position, found.path
        "#,
        &organizations,
        &releases,
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

/// The payload of the latest event of each issue that was kept of those received since the time beside it.
pub(super) async fn list_latest_payloads(
    db: &mut PgConnection,
    wanted: &[(IssueId, Timestamp)],
) -> sqlx::Result<Vec<(IssueId, Vec<u8>)>> {
    let (ids, since): (Vec<IssueId>, Vec<Timestamp>) = wanted.iter().copied().unzip();
    let (projects, ids) = IssueId::columns(&ids);
    let rows = query!(
        r#"
        SELECT wanted.issue_id AS "issue_id!: IssueId", latest.payload AS "payload!"
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[])
            AS wanted (project_id, issue_id, since)
        CROSS JOIN LATERAL (
            SELECT event.payload
            FROM issue_parts AS part
            CROSS JOIN LATERAL (
                SELECT events.payload, events.occurred_at, events.event_id
                FROM events
                WHERE events.project_id = part.project_id AND events.part_id = part.id
                  AND events.received_at >= wanted.since AND events.payload IS NOT NULL
                ORDER BY events.occurred_at DESC, events.event_id DESC
                LIMIT 1
            ) AS event
            WHERE part.project_id = wanted.project_id AND part.issue_id = wanted.issue_id
            ORDER BY event.occurred_at DESC, event.event_id DESC
            LIMIT 1
        ) AS latest
        "#,
        &projects,
        &ids,
        &since,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.issue_id, row.payload)).collect())
}
