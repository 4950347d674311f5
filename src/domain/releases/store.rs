//! SQL about releases.

use sqlx::{PgConnection, query, query_as};

use super::{CardProject, Filter, Refs, Release, ReleaseStatus};
use crate::base::{OrganizationId, PageRequest, ProjectId, ReleaseId, Timestamp};

/// Makes a release unless there is one of this name; whether it did.
pub async fn insert(
    db: &mut PgConnection,
    organization: OrganizationId,
    version: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = query!(
        r#"
        INSERT INTO releases (organization_id, version, created_at) VALUES ($1, $2, $3)
        ON CONFLICT (organization_id, version) DO NOTHING
        "#,
        organization.0,
        version,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The release of this name.
pub async fn find(
    db: &mut PgConnection,
    organization: OrganizationId,
    version: &str,
) -> sqlx::Result<Option<Release>> {
    query_as!(
        Release,
        r#"
        SELECT id, organization_id, version, status AS "status: ReleaseStatus", reference, url,
               refs AS "refs: Refs", started_at, released_at, created_at
        FROM releases
        WHERE organization_id = $1 AND version = $2
        "#,
        organization.0,
        version,
    )
    .fetch_optional(db)
    .await
}

/// Those of these names that are releases.
pub(super) async fn list_known(
    db: &mut PgConnection,
    organization: OrganizationId,
    versions: &[String],
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT version FROM releases WHERE organization_id = $1 AND version = ANY($2)",
        organization.0,
        versions,
    )
    .fetch_all(db)
    .await
}

/// A project's release of this name.
pub async fn find_of_project(
    db: &mut PgConnection,
    project: ProjectId,
    version: &str,
) -> sqlx::Result<Option<Release>> {
    query_as!(
        Release,
        r#"
        SELECT releases.id, releases.organization_id, releases.version,
               releases.status AS "status: ReleaseStatus", releases.reference, releases.url,
               releases.refs AS "refs: Refs", releases.started_at, releases.released_at,
               releases.created_at
        FROM projects
        JOIN releases ON releases.organization_id = projects.organization_id
        JOIN release_projects AS of_project
            ON of_project.organization_id = releases.organization_id
            AND of_project.release_id = releases.id AND of_project.project_id = projects.id
        WHERE projects.id = $1 AND releases.version = $2
        "#,
        project.0,
        version,
    )
    .fetch_optional(db)
    .await
}

/// The same, while a verb changes it.
pub(super) async fn lock(
    db: &mut PgConnection,
    organization: OrganizationId,
    version: &str,
) -> sqlx::Result<Option<Release>> {
    query_as!(
        Release,
        r#"
        SELECT id, organization_id, version, status AS "status: ReleaseStatus", reference, url,
               refs AS "refs: Refs", started_at, released_at, created_at
        FROM releases
        WHERE organization_id = $1 AND version = $2
        FOR UPDATE
        "#,
        organization.0,
        version,
    )
    .fetch_optional(db)
    .await
}

/// Writes what is said about a release.
pub(super) async fn update(db: &mut PgConnection, release: &Release) -> sqlx::Result<()> {
    query!(
        r#"
        UPDATE releases
        SET status = $3, reference = $4, url = $5, refs = $6, started_at = $7, released_at = $8
        WHERE organization_id = $1 AND id = $2
        "#,
        release.organization_id.0,
        release.id.0,
        release.status as ReleaseStatus,
        release.reference,
        release.url,
        &release.refs as &Refs,
        release.started_at,
        release.released_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets a release belong to these projects, too. Those of other organizations are left out.
pub(super) async fn add_projects(
    db: &mut PgConnection,
    release: &Release,
    projects: &[ProjectId],
    now: Timestamp,
) -> sqlx::Result<()> {
    let projects: Vec<i64> = projects.iter().map(|project| project.0).collect();
    query!(
        r#"
        INSERT INTO release_projects (organization_id, release_id, project_id, created_at)
        SELECT organization_id, $2, id, $4 FROM projects
        WHERE organization_id = $1 AND id = ANY($3)
        ORDER BY id
        ON CONFLICT (organization_id, release_id, project_id) DO NOTHING
        "#,
        release.organization_id.0,
        release.id.0,
        &projects,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes a release and everything that hangs on it.
pub(super) async fn delete(db: &mut PgConnection, release: &Release) -> sqlx::Result<()> {
    let (organization, id) = (release.organization_id.0, release.id.0);
    query!(
        r#"
        WITH files AS (
            DELETE FROM release_commit_files WHERE organization_id = $1 AND release_id = $2
        ), commits AS (
            DELETE FROM release_commits WHERE organization_id = $1 AND release_id = $2
        ), deployed AS (
            DELETE FROM deploys WHERE organization_id = $1 AND release_id = $2
        ), environments AS (
            DELETE FROM release_environments WHERE organization_id = $1 AND release_id = $2
        ), projects AS (
            DELETE FROM release_projects WHERE organization_id = $1 AND release_id = $2
        )
        DELETE FROM releases WHERE organization_id = $1 AND id = $2
        "#,
        organization,
        id,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A page's releases, in the order of reading.
pub(super) async fn list(
    db: &mut PgConnection,
    organization: OrganizationId,
    filter: &Filter,
    likes: &[String],
    request: &PageRequest,
) -> sqlx::Result<Vec<Release>> {
    let projects: Vec<i64> = filter.projects.iter().map(|project| project.0).collect();
    let place = request.place().map(|(micros, tie)| {
        let at = Timestamp::from_timestamp_micros(micros).unwrap_or_default();
        (at, i64::try_from(tie).unwrap_or(i64::MAX))
    });
    let (at, id) = place.unzip();
    query_as!(
        Release,
        r#"
        SELECT id, organization_id, version, status AS "status: ReleaseStatus", reference, url,
               refs AS "refs: Refs", started_at, released_at, created_at
        FROM releases
        WHERE organization_id = $1
            AND ($2::text IS NULL OR status = $2)
            AND version ILIKE ALL($3::text[])
            AND ($10::text[] IS NULL OR version = ANY($10))
            AND ($4::timestamptz IS NULL OR CASE WHEN $6
                THEN (coalesce(released_at, created_at), id) > ($4, $5::bigint)
                ELSE (coalesce(released_at, created_at), id) < ($4, $5) END)
            AND (cardinality($7::bigint[]) = 0 OR EXISTS (
                SELECT FROM release_projects AS of_project
                WHERE of_project.organization_id = $1 AND of_project.release_id = releases.id
                    AND of_project.project_id = ANY($7)))
            AND (cardinality($8::text[]) = 0 OR EXISTS (
                SELECT FROM release_environments AS seen
                WHERE seen.organization_id = $1 AND seen.release_id = releases.id
                    AND seen.environment = ANY($8)
                    AND (cardinality($7) = 0 OR seen.project_id = ANY($7))))
        ORDER BY CASE WHEN $6 THEN coalesce(released_at, created_at) END,
                 CASE WHEN $6 THEN id END,
                 coalesce(released_at, created_at) DESC, id DESC
        LIMIT $9
        "#,
        organization.0,
        filter.status as Option<ReleaseStatus>,
        likes,
        at,
        id,
        request.is_backward(),
        &projects,
        &filter.environments,
        request.fetch_size(),
        filter.versions.as_deref(),
    )
    .fetch_all(db)
    .await
}

/// The latest releases of a project that were seen in an environment; `None`: anywhere, or nowhere yet.
pub(super) async fn list_of_project(
    db: &mut PgConnection,
    organization: OrganizationId,
    project: ProjectId,
    environment: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Release>> {
    query_as!(
        Release,
        r#"
        SELECT releases.id, releases.organization_id, releases.version,
               releases.status AS "status: ReleaseStatus", releases.reference, releases.url,
               releases.refs AS "refs: Refs", releases.started_at, releases.released_at,
               releases.created_at
        FROM release_projects AS of_project
        JOIN releases ON releases.organization_id = of_project.organization_id
            AND releases.id = of_project.release_id
        WHERE of_project.organization_id = $1 AND of_project.project_id = $2
            AND ($3::text IS NULL OR EXISTS (
                SELECT FROM release_environments AS seen
                WHERE seen.organization_id = $1 AND seen.release_id = releases.id
                    AND seen.project_id = $2 AND seen.environment = $3))
        ORDER BY coalesce(releases.released_at, releases.created_at) DESC, releases.id DESC
        LIMIT $4
        "#,
        organization.0,
        project.0,
        environment,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The projects of these releases, by their slugs.
pub(super) async fn list_projects(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> sqlx::Result<Vec<CardProject>> {
    query_as!(
        CardProject,
        r#"
        SELECT of_project.release_id AS "release_id: ReleaseId", projects.id AS project_id,
               projects.slug, projects.name, projects.platform, of_project.first_event_at,
               of_project.last_event_at, of_project.first_session_at,
               (SELECT count(*) FROM issues
                WHERE issues.project_id = of_project.project_id
                    AND issues.first_release = releases.version
                    AND issues.merged_into IS NULL) AS "new_issues!"
        FROM release_projects AS of_project
        JOIN releases ON releases.organization_id = of_project.organization_id
            AND releases.id = of_project.release_id
        JOIN projects ON projects.id = of_project.project_id
        WHERE of_project.organization_id = $1 AND of_project.release_id = ANY($2)
        ORDER BY projects.slug
        "#,
        organization.0,
        releases,
    )
    .fetch_all(db)
    .await
}

/// Where a release was seen, by its projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenIn {
    /// The project.
    pub project_id: ProjectId,
    /// The environment; empty for none.
    pub environment: String,
    /// The first time, by reception.
    pub first_seen_at: Timestamp,
    /// The last time, to the minute.
    pub last_seen_at: Timestamp,
}

/// Where a release was seen, alphabetically.
pub async fn list_environments(
    db: &mut PgConnection,
    release: &Release,
) -> sqlx::Result<Vec<SeenIn>> {
    query_as!(
        SeenIn,
        r#"
        SELECT project_id AS "project_id: ProjectId", environment, first_seen_at, last_seen_at
        FROM release_environments
        WHERE organization_id = $1 AND release_id = $2
        ORDER BY environment, project_id
        "#,
        release.organization_id.0,
        release.id.0,
    )
    .fetch_all(db)
    .await
}
