//! SQL about the parts of issues.

use std::collections::BTreeSet;

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_scalar};

use super::act::{Link, PartOf, Relink};
use super::carry::{Move, Part};
use crate::base::{IssueId, IssueNumber, PartId, ProjectId, Timestamp};
use crate::domain::issues::summary::Summary;
use crate::domain::issues::{Scope, State, Status, StatusDetail, Substatus};

/// Holds all parts of a project until the transaction ends, and tells writers that they move; returns the
/// last number of its issues.
pub(super) async fn lock_project(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Option<IssueNumber>> {
    query_scalar!(
        r#"
        UPDATE issue_counters SET moves = moves + 1 WHERE project_id = $1
        RETURNING last_number AS "last_number: IssueNumber"
        "#,
        project.0,
    )
    .fetch_optional(db)
    .await
}

/// Writes the last number given away; the project is locked.
pub(super) async fn save_last_number(
    db: &mut PgConnection,
    project: ProjectId,
    last: IssueNumber,
) -> sqlx::Result<()> {
    query!("UPDATE issue_counters SET last_number = $2 WHERE project_id = $1", project.0, last.0,)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether all these issues are there and in scope.
pub(super) async fn are_in_scope(
    db: &mut PgConnection,
    scope: &Scope,
    ids: &[IssueId],
) -> sqlx::Result<bool> {
    let within: Vec<i64> = scope.projects.iter().map(|id| id.0).collect();
    let (projects, ids) = IssueId::columns(ids);
    let found = query_scalar!(
        r#"
        SELECT count(*) AS "count!"
        FROM issues
        WHERE (project_id, id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
          AND project_id IN (
              SELECT id FROM projects
              WHERE organization_id = $3 AND (cardinality($4::bigint[]) = 0 OR id = ANY($4))
          )
        "#,
        &projects,
        &ids,
        scope.organization.0,
        &within,
    )
    .fetch_one(db)
    .await?;
    Ok(usize::try_from(found).is_ok_and(|found| found == ids.len()))
}

/// The parts of issues, to be moved.
pub(super) async fn list_moving(
    db: &mut PgConnection,
    project: ProjectId,
    issues: &[IssueId],
) -> sqlx::Result<Vec<Part>> {
    let issues: Vec<i64> = issues.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"
        SELECT id, issue_id, home_issue_id, summary AS "summary: Json<Summary>"
        FROM issue_parts
        WHERE project_id = $1 AND issue_id = ANY($2)
        "#,
        project.0,
        &issues,
    )
    .fetch_all(db)
    .await?;
    let part = |id, issue, home, summary: Option<Json<Summary>>| Part {
        id,
        issue,
        home,
        summary: summary.map(|stored| stored.0),
    };
    Ok(rows
        .into_iter()
        .map(|row| part(row.id, row.issue_id, row.home_issue_id, row.summary))
        .collect())
}

/// The parts of an issue, for people.
pub(super) async fn list_parts(db: &mut PgConnection, issue: IssueId) -> sqlx::Result<Vec<PartOf>> {
    let rows = query!(
        r#"
        SELECT id, home_issue_id, hash, summary AS "summary: Json<Summary>", created_at
        FROM issue_parts
        WHERE project_id = $1 AND issue_id = $2
        "#,
        issue.project().0,
        issue.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let summary = row.summary.map(|stored| stored.0);
            PartOf::new((row.id, row.home_issue_id, row.hash), summary, row.created_at)
        })
        .collect())
}

/// The parts of an issue that these hashes lead to.
pub(super) async fn list_parts_of_hashes(
    db: &mut PgConnection,
    issue: IssueId,
    hashes: &[&str],
) -> sqlx::Result<Vec<PartId>> {
    query_scalar!(
        r#"
        SELECT DISTINCT part_id FROM issue_hashes
        WHERE project_id = $1 AND issue_id = $2 AND hash = ANY($3)
        "#,
        issue.project().0,
        issue.0,
        hashes as &[&str],
    )
    .fetch_all(db)
    .await
}

/// The issues that have these parts.
pub(super) async fn list_issues_of_parts(
    db: &mut PgConnection,
    project: ProjectId,
    parts: &[PartId],
) -> sqlx::Result<BTreeSet<IssueId>> {
    let parts: Vec<i64> = parts.iter().map(|id| id.0).collect();
    let issues = query_scalar!(
        "SELECT DISTINCT issue_id FROM issue_parts WHERE project_id = $1 AND id = ANY($2)",
        project.0,
        &parts,
    )
    .fetch_all(db)
    .await?;
    Ok(issues.into_iter().collect())
}

/// Has hashes lead to parts of issues; returns those that led nowhere before.
pub(super) async fn insert_links(
    db: &mut PgConnection,
    project: ProjectId,
    links: &[(&Link, IssueId)],
    now: Timestamp,
) -> sqlx::Result<Vec<String>> {
    let hashes: Vec<&str> = links.iter().map(|(link, _)| link.hash.as_str()).collect();
    let issues: Vec<i64> = links.iter().map(|(_, issue)| issue.0).collect();
    let parts: Vec<i64> = links.iter().map(|(link, _)| link.part.0).collect();
    let variants: Vec<&str> = links.iter().map(|(link, _)| link.variant.as_str()).collect();
    let configs: Vec<&str> = links.iter().map(|(link, _)| link.config.as_str()).collect();
    let explanations: Vec<&[u8]> =
        links.iter().map(|(link, _)| link.explanation.as_slice()).collect();
    query_scalar!(
        r#"
        INSERT INTO issue_hashes
            (project_id, hash, issue_id, part_id, origin, variant, config, explanation, created_at)
        SELECT $1, hash, issue_id, part_id, 'rules', variant, config, explanation, $8
        FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])
            AS links (hash, issue_id, part_id, variant, config, explanation)
        ON CONFLICT DO NOTHING
        RETURNING hash
        "#,
        project.0,
        &hashes as &[&str],
        &issues,
        &parts,
        &variants as &[&str],
        &configs as &[&str],
        &explanations as &[&[u8]],
        now,
    )
    .fetch_all(db)
    .await
}

/// Has hashes that rules brought lead nowhere again.
pub(super) async fn delete_links(
    db: &mut PgConnection,
    project: ProjectId,
    hashes: &[String],
) -> sqlx::Result<()> {
    query!(
        r#"
        DELETE FROM issue_hashes WHERE project_id = $1 AND hash = ANY($2) AND origin = 'rules'
        "#,
        project.0,
        hashes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has hashes lead back to where they led, unless they lead elsewhere by now.
pub(super) async fn relink_back(
    db: &mut PgConnection,
    project: ProjectId,
    relinks: &[Relink],
) -> sqlx::Result<()> {
    let hashes: Vec<&str> = relinks.iter().map(|it| it.hash.as_str()).collect();
    query!(
        r#"
        UPDATE issue_hashes SET part_id = part.id, issue_id = part.issue_id
        FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS led (hash, from_part, to_part)
        JOIN issue_parts AS part ON part.project_id = $1 AND part.id = led.from_part
        WHERE issue_hashes.project_id = $1 AND issue_hashes.hash = led.hash
          AND issue_hashes.part_id = led.to_part
        "#,
        project.0,
        &hashes as &[&str],
        &relinks.iter().map(|it| it.from.0).collect::<Vec<i64>>(),
        &relinks.iter().map(|it| it.to.0).collect::<Vec<i64>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has hashes lead to other parts than they do; all parts are held. Returns those that did.
pub(super) async fn relink(
    db: &mut PgConnection,
    project: ProjectId,
    relinks: &[&(String, PartId)],
) -> sqlx::Result<Vec<Relink>> {
    let hashes: Vec<&str> = relinks.iter().map(|(hash, _)| hash.as_str()).collect();
    let parts: Vec<i64> = relinks.iter().map(|(_, part)| part.0).collect();
    sqlx::query_as!(
        Relink,
        r#"
        WITH wanted AS (
            SELECT owned.hash, owned.part_id AS "from", part.id AS "to", part.issue_id
            FROM unnest($2::text[], $3::bigint[]) AS wanted (hash, part_id)
            JOIN issue_hashes AS owned ON owned.project_id = $1 AND owned.hash = wanted.hash
            JOIN issue_parts AS part ON part.project_id = $1 AND part.id = wanted.part_id
            WHERE owned.part_id <> part.id
        )
        UPDATE issue_hashes SET part_id = wanted."to", issue_id = wanted.issue_id
        FROM wanted
        WHERE issue_hashes.project_id = $1 AND issue_hashes.hash = wanted.hash
        RETURNING wanted.hash AS "hash!", wanted."from" AS "from!: PartId", wanted."to" AS "to!: PartId"
        "#,
        project.0,
        &hashes as &[&str],
        &parts,
    )
    .fetch_all(db)
    .await
}

/// Has parts, and the hashes that lead to them, belong to other issues; all issues are locked.
pub(super) async fn move_parts(
    db: &mut PgConnection,
    project: ProjectId,
    moves: &[Move],
) -> sqlx::Result<()> {
    let parts: Vec<i64> = moves.iter().map(|it| it.part.0).collect();
    let issues: Vec<i64> = moves.iter().map(|it| it.to.0).collect();
    let homes: Vec<i64> = moves.iter().map(|it| it.home.0).collect();
    query!(
        r#"
        UPDATE issue_hashes SET issue_id = moved.issue_id
        FROM unnest($2::bigint[], $3::bigint[]) AS moved (id, issue_id)
        JOIN issue_parts AS part ON part.project_id = $1 AND part.id = moved.id
        WHERE issue_hashes.project_id = $1 AND issue_hashes.issue_id = part.issue_id
          AND issue_hashes.part_id = part.id
        "#,
        project.0,
        &parts,
        &issues,
    )
    .execute(&mut *db)
    .await?;
    query!(
        r#"
        UPDATE issue_parts SET issue_id = moved.issue_id, home_issue_id = moved.home_issue_id
        FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS moved (id, issue_id, home_issue_id)
        WHERE issue_parts.project_id = $1 AND issue_parts.id = moved.id
        "#,
        project.0,
        &parts,
        &issues,
        &homes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many users met one of these parts.
pub(super) async fn count_users(
    db: &mut PgConnection,
    project: ProjectId,
    parts: &[PartId],
) -> sqlx::Result<i64> {
    let parts: Vec<i64> = parts.iter().map(|id| id.0).collect();
    query_scalar!(
        r#"
        SELECT count(DISTINCT user_hash) AS "count!" FROM issue_users
        WHERE project_id = $1 AND part_id = ANY($2)
        "#,
        project.0,
        &parts,
    )
    .fetch_one(db)
    .await
}

/// Says of issues where their parts are; nothing for those that have parts.
pub(super) async fn save_merged_into(
    db: &mut PgConnection,
    leads: &[(IssueId, Option<IssueId>)],
) -> sqlx::Result<()> {
    let ids: Vec<IssueId> = leads.iter().map(|(id, _)| *id).collect();
    let (projects, ids) = IssueId::columns(&ids);
    let targets: Vec<Option<i64>> = leads.iter().map(|(_, to)| to.map(|id| id.0)).collect();
    query!(
        r#"
        UPDATE issues SET merged_into = lead.merged_into
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS lead (project_id, id, merged_into)
        WHERE issues.project_id = lead.project_id AND issues.id = lead.id
        "#,
        &projects,
        &ids,
        &targets as &[Option<i64>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The state of an issue, merged or not.
pub(super) async fn find_state(db: &mut PgConnection, id: IssueId) -> sqlx::Result<Option<State>> {
    let row = query!(
        r#"
        SELECT status AS "status: Status", substatus AS "substatus: Substatus",
               status_detail AS "status_detail: Json<StatusDetail>"
        FROM issues
        WHERE project_id = $1 AND id = $2
        "#,
        id.project().0,
        id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| State {
        status: row.status,
        substatus: row.substatus,
        detail: row.status_detail.0,
    }))
}

/// The state of an issue, if it was set at `moment`.
pub(super) async fn find_state_set_at(
    db: &mut PgConnection,
    id: IssueId,
    moment: Timestamp,
) -> sqlx::Result<Option<State>> {
    let is_set_then = query_scalar!(
        r#"
        SELECT status_changed_at = $3 AS "is_set_then!" FROM issues
        WHERE project_id = $1 AND id = $2
        "#,
        id.project().0,
        id.0,
        moment,
    )
    .fetch_optional(&mut *db)
    .await?;
    if is_set_then == Some(true) { find_state(db, id).await } else { Ok(None) }
}

/// The slug of a project.
pub(super) async fn find_slug(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<String> {
    query_scalar!(r#"SELECT slug AS "slug: String" FROM projects WHERE id = $1"#, project.0)
        .fetch_one(db)
        .await
}
