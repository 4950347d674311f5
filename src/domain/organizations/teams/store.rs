//! All SQL about teams and who is in them.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::{Holdings, Team};
use crate::base::{OrganizationId, Slug, TeamId, Timestamp, UserId};
use crate::domain::organizations::Person;

/// Inserts a team; `None` if the slug is taken.
pub(in crate::domain::organizations) async fn insert(
    db: &mut PgConnection,
    organization: OrganizationId,
    (slug, name): (&Slug, &str),
    now: Timestamp,
) -> sqlx::Result<Option<Team>> {
    query_as!(
        Team,
        r#"
        INSERT INTO teams (organization_id, slug, name, created_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT ON CONSTRAINT teams_slug_unique DO NOTHING
        RETURNING id, organization_id, slug, name, created_at,
                  0::bigint AS "member_count!", 0::bigint AS "project_count!"
        "#,
        organization.0,
        slug.as_str(),
        name,
        now,
    )
    .fetch_optional(db)
    .await
}

/// The organization's teams by name.
pub async fn list(db: &mut PgConnection, organization: OrganizationId) -> sqlx::Result<Vec<Team>> {
    query_as!(
        Team,
        r#"
        SELECT id, organization_id, slug, name, created_at,
               (SELECT count(*) FROM team_members WHERE team_id = teams.id) AS "member_count!",
               (SELECT count(*) FROM projects
                WHERE team_id = teams.id AND NOT (is_starter AND first_event_at IS NULL))
                   AS "project_count!"
        FROM teams
        WHERE organization_id = $1
        ORDER BY lower(name), id
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await
}

/// The organization's team with this id.
pub async fn find(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: TeamId,
) -> sqlx::Result<Option<Team>> {
    Ok(list(db, organization).await?.into_iter().find(|team| team.id == id))
}

/// The organization's team with this slug.
pub(super) async fn find_by_slug(
    db: &mut PgConnection,
    organization: OrganizationId,
    slug: &str,
) -> sqlx::Result<Option<Team>> {
    Ok(list(db, organization).await?.into_iter().find(|team| team.slug.as_str() == slug))
}

/// The team that was made first.
pub async fn find_first(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Option<Team>> {
    Ok(list(db, organization).await?.into_iter().min_by_key(|team| team.id))
}

/// How many teams there are.
pub(super) async fn count(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM teams WHERE organization_id = $1"#,
        organization.0,
    )
    .fetch_one(db)
    .await
}

/// The team, which nobody deletes or gives a project until the transaction ends. All teams of the organization
/// are held, so that of the last two both cannot go at once.
pub(super) async fn lock(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: TeamId,
) -> sqlx::Result<Option<Team>> {
    query!(
        "SELECT id FROM teams WHERE organization_id = $1 ORDER BY id FOR UPDATE",
        organization.0
    )
    .fetch_all(&mut *db)
    .await?;
    find(db, organization, id).await
}

/// Sets the name; `false` if there is no such team.
pub(super) async fn update_name(
    db: &mut PgConnection,
    organization: OrganizationId,
    id: TeamId,
    name: &str,
) -> sqlx::Result<bool> {
    let done = query!(
        "UPDATE teams SET name = $3 WHERE organization_id = $1 AND id = $2",
        organization.0,
        id.0,
        name,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a team owns.
pub(super) async fn find_holdings(db: &mut PgConnection, team: &Team) -> sqlx::Result<Holdings> {
    let projects = query_scalar!(
        "SELECT name FROM projects WHERE team_id = $1 ORDER BY lower(name)",
        team.id.0
    )
    .fetch_all(&mut *db)
    .await?;
    let ruled = query_scalar!(
        r#"
        SELECT projects.name
        FROM ownership JOIN projects ON projects.id = ownership.project_id
        WHERE projects.organization_id = $1 AND ownership.rules ~ ('\s#' || $2 || '(\s|$)')
        ORDER BY lower(projects.name)
        "#,
        team.organization_id.0,
        team.slug.as_str(),
    )
    .fetch_all(&mut *db)
    .await?;
    let issues = query_scalar!(
        r#"SELECT count(*) AS "count!" FROM issue_assignees WHERE team_id = $1"#,
        team.id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(Holdings { projects, ruled, issues })
}

/// Deletes a team.
pub(super) async fn delete(db: &mut PgConnection, id: TeamId) -> sqlx::Result<()> {
    query!("DELETE FROM teams WHERE id = $1", id.0).execute(db).await?;
    Ok(())
}

/// Puts somebody into a team.
pub(super) async fn insert_member(
    db: &mut PgConnection,
    team: TeamId,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO team_members (team_id, user_id, created_at) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        "#,
        team.0,
        user.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes somebody out of a team.
pub(super) async fn delete_member(
    db: &mut PgConnection,
    team: TeamId,
    user: UserId,
) -> sqlx::Result<()> {
    query!("DELETE FROM team_members WHERE team_id = $1 AND user_id = $2", team.0, user.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Who is in a team, by name.
pub async fn list_members(db: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Person>> {
    query_as!(
        Person,
        r#"
        SELECT users.id, users.name, users.email, users.last_sign_in_at, memberships.role,
               memberships.created_at AS joined_at
        FROM team_members
        JOIN teams ON teams.id = team_members.team_id
        JOIN users ON users.id = team_members.user_id
        JOIN memberships ON memberships.user_id = users.id
            AND memberships.organization_id = teams.organization_id
        WHERE team_members.team_id = $1
        ORDER BY lower(users.name), users.id
        "#,
        team.0,
    )
    .fetch_all(db)
    .await
}

/// Who is in which team of the organization.
pub async fn list_memberships(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<Vec<(TeamId, UserId)>> {
    let rows = query!(
        r#"
        SELECT team_members.team_id, team_members.user_id
        FROM team_members
        JOIN teams ON teams.id = team_members.team_id
        WHERE teams.organization_id = $1
        "#,
        organization.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.team_id, row.user_id)).collect())
}
