//! SQL about when releases came.

use std::collections::HashMap;

use sqlx::{PgConnection, query};

use crate::base::{ProjectId, Timestamp};

/// When these releases came, as far as they are known.
pub(super) async fn find_dates(
    db: &mut PgConnection,
    wanted: &[(ProjectId, String)],
) -> sqlx::Result<HashMap<(ProjectId, String), Timestamp>> {
    let (projects, releases) = columns(wanted);
    let rows = query!(
        r#"
        SELECT wanted.project_id AS "project_id!: ProjectId", releases.version,
               coalesce(releases.released_at, releases.created_at) AS "at!"
        FROM unnest($1::bigint[], $2::text[]) AS wanted (project_id, version)
        JOIN projects ON projects.id = wanted.project_id
        JOIN releases ON releases.organization_id = projects.organization_id
            AND releases.version = wanted.version
        "#,
        &projects,
        &releases as &[&str],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.project_id, row.version), row.at)).collect())
}

/// Up to `limit` of each project's releases, those that came last.
pub(super) async fn list_latest(
    db: &mut PgConnection,
    projects: &[ProjectId],
    limit: i64,
) -> sqlx::Result<Vec<(ProjectId, String, Timestamp)>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"
        SELECT projects.id, latest.version, latest.at AS "at!"
        FROM projects
        CROSS JOIN LATERAL (
            SELECT releases.version, coalesce(releases.released_at, releases.created_at) AS at
            FROM release_projects AS of_project
            JOIN releases ON releases.organization_id = of_project.organization_id
                AND releases.id = of_project.release_id
            WHERE of_project.organization_id = projects.organization_id
                AND of_project.project_id = projects.id
            ORDER BY 2 DESC, releases.id DESC
            LIMIT $2
        ) AS latest
        WHERE projects.id = ANY($1)
        "#,
        &projects,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.version, row.at)).collect())
}

/// A commit as somebody asks for it in a project.
type Place = (ProjectId, String);

/// The releases of projects that have these commits.
pub(super) async fn find_with_commits(
    db: &mut PgConnection,
    wanted: &[Place],
) -> sqlx::Result<Vec<(Place, String, Timestamp)>> {
    let (projects, commits) = columns(wanted);
    let rows = query!(
        r#"
        SELECT wanted.project_id AS "project_id!: ProjectId", wanted.sha AS "sha!", releases.version,
               coalesce(releases.released_at, releases.created_at) AS "at!"
        FROM unnest($1::bigint[], $2::text[]) AS wanted (project_id, sha)
        JOIN projects ON projects.id = wanted.project_id
        JOIN release_commits AS brought ON brought.organization_id = projects.organization_id
            AND brought.sha = wanted.sha
        JOIN releases ON releases.organization_id = brought.organization_id
            AND releases.id = brought.release_id
        JOIN release_projects AS of_project ON of_project.organization_id = releases.organization_id
            AND of_project.release_id = releases.id AND of_project.project_id = projects.id
        "#,
        &projects,
        &commits as &[&str],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.project_id, row.sha), row.version, row.at)).collect())
}

fn columns(places: &[Place]) -> (Vec<i64>, Vec<&str>) {
    places.iter().map(|(project, name)| (project.0, name.as_str())).unzip()
}
