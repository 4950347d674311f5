//! All SQL about organizations and who belongs to them.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::{Organization, Person, Role};
use crate::base::{OrganizationId, Slug, Timestamp, UserId};

/// Inserts an organization with its first team, which is called like it; `None` if the slug is taken.
pub async fn insert(
    db: &mut PgConnection,
    slug: &Slug,
    name: &str,
    now: Timestamp,
) -> sqlx::Result<Option<Organization>> {
    query_as!(
        Organization,
        r#"
        WITH made AS (
            INSERT INTO organizations (slug, name, created_at)
            VALUES ($1, $2, $3)
            ON CONFLICT ON CONSTRAINT organizations_slug_unique DO NOTHING
            RETURNING id, slug, name, created_at
        ), team AS (
            INSERT INTO teams (organization_id, slug, name, created_at)
            SELECT id, slug, name, created_at FROM made
        )
        SELECT id AS "id: OrganizationId", slug AS "slug: Slug", name, created_at FROM made
        "#,
        slug.as_str(),
        name,
        now,
    )
    .fetch_optional(db)
    .await
}

/// The organization with this id.
pub async fn find(db: &mut PgConnection, id: OrganizationId) -> sqlx::Result<Option<Organization>> {
    query_as!(
        Organization,
        "SELECT id, slug, name, created_at FROM organizations WHERE id = $1",
        id.0,
    )
    .fetch_optional(db)
    .await
}

/// The organization with this slug.
pub async fn find_by_slug(
    db: &mut PgConnection,
    slug: &Slug,
) -> sqlx::Result<Option<Organization>> {
    query_as!(
        Organization,
        "SELECT id, slug, name, created_at FROM organizations WHERE slug = $1",
        slug.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// The organization that was created first.
pub async fn find_oldest(db: &mut PgConnection) -> sqlx::Result<Option<Organization>> {
    query_as!(
        Organization,
        "SELECT id, slug, name, created_at FROM organizations ORDER BY id LIMIT 1",
    )
    .fetch_optional(db)
    .await
}

/// Sets the name; `false` if there is no such organization.
pub async fn update_name(
    db: &mut PgConnection,
    id: OrganizationId,
    name: &str,
) -> sqlx::Result<bool> {
    let done =
        query!("UPDATE organizations SET name = $2 WHERE id = $1", id.0, name).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Who belongs to the organization, by name.
pub async fn list_people(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Vec<Person>> {
    query_as!(
        Person,
        r#"
        SELECT users.id, users.name, users.email, users.last_sign_in_at, memberships.role,
               memberships.created_at AS joined_at
        FROM memberships
        JOIN users ON users.id = memberships.user_id
        WHERE memberships.organization_id = $1
        ORDER BY lower(users.name), users.id
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await
}

/// The organizations a person belongs to, the oldest first.
pub async fn list_for_user(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Organization>> {
    query_as!(
        Organization,
        r#"
        SELECT organizations.id, organizations.slug, organizations.name, organizations.created_at
        FROM organizations
        JOIN memberships ON memberships.organization_id = organizations.id
        WHERE memberships.user_id = $1
        ORDER BY organizations.id
        "#,
        user.0,
    )
    .fetch_all(db)
    .await
}

/// What the person may do in the organization, as stored; `None` without a membership.
pub async fn find_role(
    db: &mut PgConnection,
    organization: OrganizationId,
    user: UserId,
) -> sqlx::Result<Option<String>> {
    query_scalar!(
        "SELECT role FROM memberships WHERE organization_id = $1 AND user_id = $2",
        organization.0,
        user.0,
    )
    .fetch_optional(db)
    .await
}

/// Whether anybody belongs to the organization.
pub async fn has_members(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (SELECT FROM memberships WHERE organization_id = $1) AS "exists!""#,
        organization.0,
    )
    .fetch_one(db)
    .await
}

/// Makes a person belong to the organization.
pub async fn insert_membership(
    db: &mut PgConnection,
    organization: OrganizationId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO memberships (organization_id, user_id, role, created_at)
        VALUES ($1, $2, $3, $4)
        "#,
        organization.0,
        user.0,
        role.as_str(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
