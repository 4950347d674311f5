//! SQL about deploys.

use sqlx::{PgConnection, query, query_as};

use super::{Deploy, NewDeploy};
use crate::base::{OrganizationId, ProjectId, ReleaseId, Timestamp};
use crate::domain::releases::Release;

/// Writes a deploy.
pub(super) async fn insert(
    db: &mut PgConnection,
    release: &Release,
    environment: &str,
    new: &NewDeploy,
    finished_at: Timestamp,
) -> sqlx::Result<Deploy> {
    let projects: Vec<i64> = new.projects.iter().map(|project| project.0).collect();
    query_as!(
        Deploy,
        r#"
        INSERT INTO deploys (organization_id, release_id, environment, name, url, started_at,
            finished_at, project_ids)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING id, release_id AS "release_id: ReleaseId", environment, name, url, started_at,
            finished_at, project_ids
        "#,
        release.organization_id.0,
        release.id.0,
        environment,
        new.name,
        new.url,
        new.started_at,
        finished_at,
        &projects,
    )
    .fetch_one(db)
    .await
}

/// The deploys of a release, the latest first.
pub(super) async fn list(
    db: &mut PgConnection,
    release: &Release,
    limit: i64,
) -> sqlx::Result<Vec<Deploy>> {
    query_as!(
        Deploy,
        r#"
        SELECT id, release_id AS "release_id: ReleaseId", environment, name, url, started_at,
               finished_at, project_ids
        FROM deploys
        WHERE organization_id = $1 AND release_id = $2
        ORDER BY finished_at DESC, id DESC
        LIMIT $3
        "#,
        release.organization_id.0,
        release.id.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The latest deploy of each release that has any, and how many it has.
pub(super) async fn list_last(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> sqlx::Result<Vec<(i64, Deploy)>> {
    let rows = query!(
        r#"
        SELECT DISTINCT ON (release_id) count(*) OVER (PARTITION BY release_id) AS "count!", id,
               release_id AS "release_id: ReleaseId", environment, name, url, started_at,
               finished_at, project_ids
        FROM deploys
        WHERE organization_id = $1 AND release_id = ANY($2)
        ORDER BY release_id, finished_at DESC, id DESC
        "#,
        organization.0,
        releases,
    )
    .fetch_all(db)
    .await?;
    let last = rows.into_iter().map(|row| {
        let deploy = Deploy {
            id: row.id,
            release_id: row.release_id,
            environment: row.environment,
            name: row.name,
            url: row.url,
            started_at: row.started_at,
            finished_at: row.finished_at,
            project_ids: row.project_ids,
        };
        (row.count, deploy)
    });
    Ok(last.collect())
}

/// The first deploy of a release to an environment (`None`: to any) that meant the project.
pub(in crate::domain::releases) async fn find_first(
    db: &mut PgConnection,
    release: &Release,
    project: ProjectId,
    environment: Option<&str>,
) -> sqlx::Result<Option<Deploy>> {
    query_as!(
        Deploy,
        r#"
        SELECT id, release_id AS "release_id: ReleaseId", environment, name, url, started_at,
               finished_at, project_ids
        FROM deploys
        WHERE organization_id = $1 AND release_id = $2
            AND (project_ids = '{}' OR $3 = ANY(project_ids))
            AND ($4::text IS NULL OR environment = $4)
        ORDER BY finished_at, id
        LIMIT 1
        "#,
        release.organization_id.0,
        release.id.0,
        project.0,
        environment,
    )
    .fetch_optional(db)
    .await
}

/// The last deploy of each release to each environment.
pub(super) async fn list_last_by_environment(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> sqlx::Result<Vec<Deploy>> {
    query_as!(
        Deploy,
        r#"
        SELECT DISTINCT ON (release_id, environment) id, release_id AS "release_id: ReleaseId",
               environment, name, url, started_at, finished_at, project_ids
        FROM deploys
        WHERE organization_id = $1 AND release_id = ANY($2)
        ORDER BY release_id, environment, finished_at DESC, id DESC
        "#,
        organization.0,
        releases,
    )
    .fetch_all(db)
    .await
}
