//! All SQL about projects and their keys.

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_as, query_scalar};

use super::{Options, Project, ProjectKey};
use crate::base::{OrganizationId, ProjectId, Slug, TeamId, Timestamp};
use crate::domain::limits::Limits;

/// A row to be inserted.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// Whose project it is.
    pub organization_id: OrganizationId,
    /// Who looks after it.
    pub team_id: TeamId,
    /// The slug, which may turn out to be taken.
    pub slug: &'a Slug,
    /// The name.
    pub name: &'a str,
    /// The platform, if known.
    pub platform: Option<&'a str>,
    /// Now.
    pub created_at: Timestamp,
    /// The id to take over; a new one if `None`.
    pub id: Option<ProjectId>,
    /// Whether it is the starter.
    pub is_starter: bool,
}

/// Inserts a project; `None` if the organization has one with this slug.
pub async fn insert(db: &mut PgConnection, new: NewRow<'_>) -> sqlx::Result<Option<Project>> {
    query_as!(
        Project,
        r#"
        INSERT INTO projects (id, organization_id, slug, name, platform, created_at, is_starter, team_id)
        VALUES (
            coalesce($6, nextval(pg_get_serial_sequence('projects', 'id'))), $1, $2, $3, $4, $5, $7, $8
        )
        ON CONFLICT ON CONSTRAINT projects_slug_unique DO NOTHING
        RETURNING id, organization_id, team_id, slug, name, platform, created_at, first_event_at
        "#,
        new.organization_id.0,
        new.slug.as_str(),
        new.name,
        new.platform,
        new.created_at,
        new.id.map(|id| id.0),
        new.is_starter,
        new.team_id.0,
    )
    .fetch_optional(db)
    .await
}

/// Removes the organization's starter if nothing has arrived for it; returns its id and its key.
pub async fn take_unused_starter(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Option<(ProjectId, String)>> {
    let taken = query!(
        r#"
        WITH starter AS (
            SELECT projects.id, project_keys.public_key
            FROM projects JOIN project_keys ON project_keys.project_id = projects.id
            WHERE projects.organization_id = $1 AND projects.is_starter
              AND projects.first_event_at IS NULL
            LIMIT 1
        ), removed AS (
            DELETE FROM projects USING starter WHERE projects.id = starter.id
        )
        SELECT id AS "id: ProjectId", public_key FROM starter
        "#,
        organization.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(taken.map(|row| (row.id, row.public_key)))
}

/// Whether there is any project, the starter included.
pub async fn has_any(db: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(r#"SELECT EXISTS (SELECT FROM projects) AS "exists!""#).fetch_one(db).await
}

/// The oldest project of the installation, the starter included, with an active key of it.
pub async fn find_oldest(
    db: &mut PgConnection,
) -> sqlx::Result<Option<(ProjectId, String, String)>> {
    let found = query!(
        r#"
        SELECT projects.id, projects.name, project_keys.public_key
        FROM projects JOIN project_keys ON project_keys.project_id = projects.id
        WHERE project_keys.is_active AND project_keys.expires_at IS NULL
        ORDER BY projects.id, project_keys.created_at
        LIMIT 1
        "#,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|row| (row.id, row.name, row.public_key)))
}

/// The project with this id.
pub async fn find(db: &mut PgConnection, id: ProjectId) -> sqlx::Result<Option<Project>> {
    query_as!(
        Project,
        r#"
        SELECT id, organization_id, team_id, slug, name, platform, created_at, first_event_at
        FROM projects
        WHERE id = $1
        "#,
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// The organization's project with this slug.
pub async fn find_by_slug(
    db: &mut PgConnection,
    organization: OrganizationId,
    slug: &Slug,
) -> sqlx::Result<Option<Project>> {
    query_as!(
        Project,
        r#"
        SELECT id, organization_id, team_id, slug, name, platform, created_at, first_event_at
        FROM projects
        WHERE organization_id = $1 AND slug = $2
        "#,
        organization.0,
        slug.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// The organization's projects by name.
pub async fn list(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Vec<Project>> {
    query_as!(
        Project,
        r#"
        SELECT id, organization_id, team_id, slug, name, platform, created_at, first_event_at
        FROM projects
        WHERE organization_id = $1 AND NOT (is_starter AND first_event_at IS NULL)
        ORDER BY lower(name), id
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await
}

/// Whether the organization has any project; an unused starter is none.
pub async fn exists(db: &mut PgConnection, organization: OrganizationId) -> sqlx::Result<bool> {
    query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM projects
            WHERE organization_id = $1 AND NOT (is_starter AND first_event_at IS NULL)
        ) AS "exists!"
        "#,
        organization.0,
    )
    .fetch_one(db)
    .await
}

/// Sets name and options; `false` if there is no such project.
pub async fn update(
    db: &mut PgConnection,
    id: ProjectId,
    name: &str,
    options: &Options,
) -> sqlx::Result<bool> {
    let done = query!(
        r#"
        UPDATE projects SET name = $2, retention_days = $3, default_environment = $4
        WHERE id = $1
        "#,
        id.0,
        name,
        options.retention_days,
        options.default_environment,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has another team look after a project.
pub(super) async fn update_team(
    db: &mut PgConnection,
    id: ProjectId,
    team: TeamId,
) -> sqlx::Result<()> {
    query!("UPDATE projects SET team_id = $2 WHERE id = $1", id.0, team.0).execute(db).await?;
    Ok(())
}

/// What a project has set.
pub async fn find_options(db: &mut PgConnection, id: ProjectId) -> sqlx::Result<Options> {
    let found = query_as!(
        Options,
        "SELECT retention_days, default_environment FROM projects WHERE id = $1",
        id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.unwrap_or_default())
}

/// The environments of all projects that have set one for events that say none.
pub async fn list_default_environments(
    db: &mut PgConnection,
) -> sqlx::Result<Vec<(ProjectId, String)>> {
    let rows = query!(
        r#"
        SELECT id AS "id: ProjectId", default_environment AS "environment!"
        FROM projects
        WHERE default_environment IS NOT NULL
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.environment)).collect())
}

/// Notes that events of these projects are stored, once per project.
pub async fn mark_first_event(
    db: &mut PgConnection,
    projects: &[ProjectId],
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids: Vec<i64> = projects.iter().map(|project| project.0).collect();
    query!(
        r#"
        UPDATE projects SET first_event_at = $2
        WHERE id = ANY($1) AND first_event_at IS NULL
        "#,
        &ids,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A key as it is stored.
struct KeyRow {
    public_key: String,
    project_id: ProjectId,
    label: String,
    is_active: bool,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    limits: Option<Json<Limits>>,
}

impl From<KeyRow> for ProjectKey {
    fn from(row: KeyRow) -> Self {
        Self {
            public_key: row.public_key,
            project_id: row.project_id,
            label: row.label,
            is_active: row.is_active,
            created_at: row.created_at,
            expires_at: row.expires_at,
            limits: row.limits.map(|Json(limits)| limits).unwrap_or_default(),
        }
    }
}

/// Adds a key.
pub async fn insert_key(db: &mut PgConnection, key: &ProjectKey) -> sqlx::Result<()> {
    let limits = (!key.limits.is_empty()).then_some(Json(key.limits));
    query!(
        r#"
        INSERT INTO project_keys
            (public_key, project_id, label, is_active, created_at, expires_at, limits)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        key.public_key,
        key.project_id.0,
        key.label,
        key.is_active,
        key.created_at,
        key.expires_at,
        limits as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The key that an SDK sent, also if it is switched off.
pub async fn find_key(db: &mut PgConnection, public_key: &str) -> sqlx::Result<Option<ProjectKey>> {
    let found = query_as!(
        KeyRow,
        r#"
        SELECT public_key, project_id, label, is_active, created_at, expires_at,
               limits AS "limits: Json<Limits>"
        FROM project_keys
        WHERE public_key = $1
        "#,
        public_key,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(ProjectKey::from))
}

/// The same, and nobody else changes it until the transaction ends.
pub async fn lock_key(db: &mut PgConnection, public_key: &str) -> sqlx::Result<Option<ProjectKey>> {
    let found = query_as!(
        KeyRow,
        r#"
        SELECT public_key, project_id, label, is_active, created_at, expires_at,
               limits AS "limits: Json<Limits>"
        FROM project_keys
        WHERE public_key = $1
        FOR UPDATE
        "#,
        public_key,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(ProjectKey::from))
}

/// Writes what can be changed of a key.
pub async fn update_key(db: &mut PgConnection, key: &ProjectKey) -> sqlx::Result<()> {
    let limits = (!key.limits.is_empty()).then_some(Json(key.limits));
    query!(
        r#"
        UPDATE project_keys SET label = $2, is_active = $3, expires_at = $4, limits = $5
        WHERE public_key = $1
        "#,
        key.public_key,
        key.label,
        key.is_active,
        key.expires_at,
        limits as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The keys of all projects of an organization, project by project, the oldest first.
pub async fn list_keys_of_organization(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Vec<ProjectKey>> {
    let found = query_as!(
        KeyRow,
        r#"
        SELECT project_keys.public_key, project_keys.project_id, project_keys.label,
               project_keys.is_active, project_keys.created_at, project_keys.expires_at,
               project_keys.limits AS "limits: Json<Limits>"
        FROM project_keys
        JOIN projects ON projects.id = project_keys.project_id
        WHERE projects.organization_id = $1
        ORDER BY project_keys.project_id, project_keys.created_at, project_keys.public_key
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(ProjectKey::from).collect())
}

/// A project's keys, the oldest first.
pub async fn list_keys(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<ProjectKey>> {
    let found = query_as!(
        KeyRow,
        r#"
        SELECT public_key, project_id, label, is_active, created_at, expires_at,
               limits AS "limits: Json<Limits>"
        FROM project_keys
        WHERE project_id = $1
        ORDER BY created_at, public_key
        "#,
        project.0,
    )
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(ProjectKey::from).collect())
}

/// Switches a key of the project on or off; `false` if it has no such key. What is switched on has no end.
pub async fn update_key_active(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
    is_active: bool,
) -> sqlx::Result<bool> {
    let done = query!(
        r#"
        UPDATE project_keys
        SET is_active = $3, expires_at = CASE WHEN $3 THEN NULL ELSE expires_at END
        WHERE project_id = $1 AND public_key = $2
        "#,
        project.0,
        public_key,
        is_active,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets what a key is for; `false` if the project has no such key.
pub async fn update_key_label(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
    label: &str,
) -> sqlx::Result<bool> {
    let done = query!(
        "UPDATE project_keys SET label = $3 WHERE project_id = $1 AND public_key = $2",
        project.0,
        public_key,
        label,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets when a key stops to be good.
pub async fn update_key_end(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
    end: Timestamp,
) -> sqlx::Result<()> {
    query!(
        "UPDATE project_keys SET expires_at = $3 WHERE project_id = $1 AND public_key = $2",
        project.0,
        public_key,
        end,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes a key.
pub async fn delete_key(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
) -> sqlx::Result<()> {
    query!(
        "DELETE FROM project_keys WHERE project_id = $1 AND public_key = $2",
        project.0,
        public_key,
    )
    .execute(db)
    .await?;
    Ok(())
}
