//! All SQL about projects and their keys.

use sqlx::{PgConnection, query, query_as};

use super::{Project, ProjectKey};
use crate::base::{OrganizationId, ProjectId, Slug, Timestamp};

/// A row to be inserted.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// Whose project it is.
    pub organization_id: OrganizationId,
    /// The slug, which may turn out to be taken.
    pub slug: &'a Slug,
    /// The name.
    pub name: &'a str,
    /// The platform, if known.
    pub platform: Option<&'a str>,
    /// Now.
    pub created_at: Timestamp,
}

/// Inserts a project; `None` if the organization has one with this slug.
pub async fn insert(db: &mut PgConnection, new: NewRow<'_>) -> sqlx::Result<Option<Project>> {
    query_as!(
        Project,
        r#"
        INSERT INTO projects (organization_id, slug, name, platform, created_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT ON CONSTRAINT projects_slug_unique DO NOTHING
        RETURNING id, organization_id, slug, name, platform, created_at, first_event_at
        "#,
        new.organization_id.0,
        new.slug.as_str(),
        new.name,
        new.platform,
        new.created_at,
    )
    .fetch_optional(db)
    .await
}

/// The project with this id.
pub async fn find(db: &mut PgConnection, id: ProjectId) -> sqlx::Result<Option<Project>> {
    query_as!(
        Project,
        r#"
        SELECT id, organization_id, slug, name, platform, created_at, first_event_at
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
        SELECT id, organization_id, slug, name, platform, created_at, first_event_at
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
        SELECT id, organization_id, slug, name, platform, created_at, first_event_at
        FROM projects
        WHERE organization_id = $1
        ORDER BY lower(name), id
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await
}

/// Sets the name; `false` if there is no such project.
pub async fn update_name(db: &mut PgConnection, id: ProjectId, name: &str) -> sqlx::Result<bool> {
    let done =
        query!("UPDATE projects SET name = $2 WHERE id = $1", id.0, name).execute(db).await?;
    Ok(done.rows_affected() == 1)
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

/// Adds a key.
pub async fn insert_key(db: &mut PgConnection, key: &ProjectKey) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO project_keys (public_key, project_id, label, is_active, created_at)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        key.public_key,
        key.project_id.0,
        key.label,
        key.is_active,
        key.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The key that an SDK sent, also if it is switched off.
pub async fn find_key(db: &mut PgConnection, public_key: &str) -> sqlx::Result<Option<ProjectKey>> {
    query_as!(
        ProjectKey,
        r#"
        SELECT public_key, project_id, label, is_active, created_at
        FROM project_keys
        WHERE public_key = $1
        "#,
        public_key,
    )
    .fetch_optional(db)
    .await
}

/// A project's keys, the oldest first.
pub async fn list_keys(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<ProjectKey>> {
    query_as!(
        ProjectKey,
        r#"
        SELECT public_key, project_id, label, is_active, created_at
        FROM project_keys
        WHERE project_id = $1
        ORDER BY created_at, public_key
        "#,
        project.0,
    )
    .fetch_all(db)
    .await
}

/// Switches a key of the project on or off; `false` if it has no such key.
pub async fn update_key_active(
    db: &mut PgConnection,
    project: ProjectId,
    public_key: &str,
    is_active: bool,
) -> sqlx::Result<bool> {
    let done = query!(
        "UPDATE project_keys SET is_active = $3 WHERE project_id = $1 AND public_key = $2",
        project.0,
        public_key,
        is_active,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
