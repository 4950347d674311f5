//! All SQL about whose issues are.

use std::collections::HashMap;

use sqlx::{PgConnection, query};

use crate::base::{IssueId, OrganizationId, ReleaseId, TeamId, Timestamp, UserId};
use crate::domain::ownership::{Owner, OwnerName};

fn owner(user: Option<UserId>, team: Option<TeamId>) -> Option<Owner> {
    user.map(Owner::User).or(team.map(Owner::Team))
}

/// Whose these issues are.
pub(super) async fn list(
    db: &mut PgConnection,
    ids: &[IssueId],
) -> sqlx::Result<HashMap<IssueId, Owner>> {
    let (projects, ids) = IssueId::columns(ids);
    let rows = query!(
        r#"
        SELECT assigned.issue_id AS "issue_id: IssueId", assigned.user_id AS "user_id: UserId",
               assigned.team_id AS "team_id: TeamId"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, issue_id)
        JOIN issue_assignees AS assigned USING (project_id, issue_id)
        "#,
        &projects,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let rows = rows.into_iter();
    Ok(rows.filter_map(|row| Some((row.issue_id, owner(row.user_id, row.team_id)?))).collect())
}

/// Sets whose issues are; they are locked.
pub(super) async fn put(
    db: &mut PgConnection,
    rows: &[(IssueId, Option<Owner>)],
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids: Vec<IssueId> = rows.iter().map(|(id, _)| *id).collect();
    let (projects, ids) = IssueId::columns(&ids);
    query!(
        r#"
        DELETE FROM issue_assignees
        WHERE (project_id, issue_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
        "#,
        &projects,
        &ids,
    )
    .execute(&mut *db)
    .await?;
    let users: Vec<Option<i64>> = rows
        .iter()
        .map(|(_, owner)| match owner {
            Some(Owner::User(id)) => Some(id.0),
            _ => None,
        })
        .collect();
    let teams: Vec<Option<i64>> = rows
        .iter()
        .map(|(_, owner)| match owner {
            Some(Owner::Team(id)) => Some(id.0),
            _ => None,
        })
        .collect();
    query!(
        r#"
        INSERT INTO issue_assignees (project_id, issue_id, user_id, team_id, assigned_at)
        SELECT project_id, issue_id, user_id, team_id, $5
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
            AS wanted (project_id, issue_id, user_id, team_id)
        WHERE user_id IS NOT NULL OR team_id IS NOT NULL
        "#,
        &projects,
        &ids,
        &users as &[Option<i64>],
        &teams as &[Option<i64>],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A name as the columns in which it is looked up; one of the two is empty.
fn email_and_slug(name: &OwnerName) -> (String, String) {
    match name {
        OwnerName::Person(email) => (email.clone(), String::new()),
        OwnerName::Team(slug) => (String::new(), slug.clone()),
    }
}

/// An issue that was given to somebody.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) issue: IssueId,
    /// To whom.
    pub(super) owner: Owner,
    /// What they are called.
    pub(super) label: String,
    /// Which of those who were named that is.
    pub(super) place: i64,
}

/// Gives issues that nobody has to the first of their owners who belongs to the organization; returns what was
/// given.
pub(super) async fn insert_first_known(
    db: &mut PgConnection,
    wanted: &[(IssueId, Vec<&OwnerName>)],
    now: Timestamp,
) -> sqlx::Result<Vec<Given>> {
    let (mut issues, mut places, mut emails, mut slugs) = (vec![], vec![], vec![], vec![]);
    for (issue, owners) in wanted {
        for (place, name) in (0_i64..).zip(owners) {
            issues.push(*issue);
            places.push(place);
            let (email, slug) = email_and_slug(name);
            emails.push(email);
            slugs.push(slug);
        }
    }
    let (projects, issues) = IssueId::columns(&issues);
    let rows = query!(
        r#"
        WITH chosen AS (
            SELECT DISTINCT ON (wanted.project_id, wanted.issue_id)
                   wanted.project_id, wanted.issue_id, wanted.place, memberships.user_id,
                   teams.id AS team_id,
                   coalesce('#' || teams.slug, nullif(users.name, ''), users.email) AS label
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
                AS wanted (project_id, issue_id, place, email, slug)
            JOIN projects ON projects.id = wanted.project_id
            LEFT JOIN teams ON teams.organization_id = projects.organization_id
                AND teams.slug = wanted.slug
            LEFT JOIN users ON users.email = wanted.email
            LEFT JOIN memberships ON memberships.user_id = users.id
                AND memberships.organization_id = projects.organization_id
            WHERE teams.id IS NOT NULL OR memberships.user_id IS NOT NULL
            ORDER BY wanted.project_id, wanted.issue_id, wanted.place
        ), given AS (
            INSERT INTO issue_assignees (project_id, issue_id, user_id, team_id, assigned_at)
            SELECT project_id, issue_id, user_id, team_id, $6 FROM chosen
            ON CONFLICT DO NOTHING
            RETURNING project_id, issue_id
        )
        SELECT chosen.issue_id AS "issue_id!: IssueId", chosen.user_id AS "user_id?: UserId",
               chosen.team_id AS "team_id?: TeamId", chosen.label AS "label!",
               chosen.place AS "place!"
        FROM given JOIN chosen USING (project_id, issue_id)
        "#,
        &projects,
        &issues,
        &places,
        &emails,
        &slugs,
        now,
    )
    .fetch_all(db)
    .await?;
    let given = rows.into_iter().filter_map(|row| {
        let owner = owner(row.user_id, row.team_id)?;
        Some(Given { issue: row.issue_id, owner, label: row.label, place: row.place })
    });
    Ok(given.collect())
}

/// The latest open issues that nobody has or had, in projects of a release that give issues to the authors of suspected
/// commits: those that began with the release, or since it came.
pub(super) async fn list_never_assigned(
    db: &mut PgConnection,
    (organization, release): (OrganizationId, ReleaseId),
    (version, since): (&str, Timestamp),
    limit: i64,
) -> sqlx::Result<Vec<IssueId>> {
    sqlx::query_scalar!(
        r#"
        SELECT issues.id AS "id: IssueId"
        FROM release_projects AS of_project
        JOIN ownership ON ownership.project_id = of_project.project_id
            AND ownership.auto_assign = 'commits'
        JOIN issues ON issues.project_id = of_project.project_id
        WHERE of_project.organization_id = $1 AND of_project.release_id = $2
          AND issues.status = 'unresolved' AND issues.merged_into IS NULL
          AND issues.first_release IS NOT NULL
          AND (issues.first_release = $3 OR issues.first_seen >= $4)
          AND NOT EXISTS (
              SELECT FROM issue_activity AS line
              WHERE line.project_id = issues.project_id AND line.issue_id = issues.id
                AND line.kind IN ('assigned', 'unassigned'))
        ORDER BY issues.first_seen DESC, issues.id DESC
        LIMIT $5
        "#,
        organization.0,
        release.0,
        version,
        since,
        limit,
    )
    .fetch_all(db)
    .await
}
