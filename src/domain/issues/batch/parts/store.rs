//! SQL about the parts of issues.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;
use sqlx::types::Json;

use super::Moves;
use crate::base::{IssueId, PartId, ProjectId, Timestamp};
use crate::domain::issues::batch::{NewPart, Owner};
use crate::domain::issues::summary::Summary;

/// How often events of these projects were moved between issues.
pub(in super::super) async fn find_moves(
    db: &mut PgConnection,
    projects: &[i64],
) -> sqlx::Result<Moves> {
    let rows = sqlx::query!(
        r#"
        SELECT project.id AS "id!: ProjectId", coalesce(issue_counters.moves, 0) AS "moves!"
        FROM unnest($1::bigint[]) AS project (id)
        LEFT JOIN issue_counters ON issue_counters.project_id = project.id
        "#,
        projects,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.moves)).collect())
}

/// How many parts each of these issues has.
pub(in super::super) async fn count_parts(
    db: &mut PgConnection,
    issues: &[IssueId],
) -> sqlx::Result<HashMap<IssueId, i64>> {
    if issues.is_empty() {
        return Ok(HashMap::new());
    }
    let (projects, ids) = IssueId::columns(issues);
    let rows = sqlx::query!(
        r#"
        SELECT id AS "id: IssueId", part_count
        FROM issues
        WHERE (project_id, id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
        "#,
        &projects,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.part_count.into())).collect())
}

/// Whose these parts are; parts that are gone are left out.
pub(in super::super) async fn find_part_owners(
    db: &mut PgConnection,
    parts: &BTreeSet<PartId>,
) -> sqlx::Result<HashMap<PartId, IssueId>> {
    let projects: Vec<i64> = parts.iter().map(|part| part.project().0).collect();
    let ids: Vec<i64> = parts.iter().map(|part| part.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT part.id AS "id: PartId", part.issue_id AS "issue_id: IssueId"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, id)
        JOIN issue_parts AS part USING (project_id, id)
        "#,
        &projects,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.issue_id)).collect())
}

/// The parts of these issues, with what each has a summary of.
pub(super) async fn list_summaries(
    db: &mut PgConnection,
    issues: &[IssueId],
) -> sqlx::Result<Vec<(Owner, Option<Summary>)>> {
    let (projects, ids) = IssueId::columns(issues);
    let rows = sqlx::query!(
        r#"
        SELECT part.id AS "id: PartId", part.issue_id AS "issue_id: IssueId",
               part.summary AS "summary: Json<Summary>"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, issue_id)
        JOIN issue_parts AS part USING (project_id, issue_id)
        "#,
        &projects,
        &ids,
    )
    .fetch_all(db)
    .await?;
    let owner = |issue, part| Owner { issue, part };
    Ok(rows
        .into_iter()
        .map(|row| (owner(row.issue_id, row.id), row.summary.map(|stored| stored.0)))
        .collect())
}

/// Writes the summaries of parts whose issues are locked.
pub(in crate::domain::issues) async fn save_summaries(
    db: &mut PgConnection,
    summaries: &BTreeMap<PartId, Summary>,
) -> sqlx::Result<()> {
    if summaries.is_empty() {
        return Ok(());
    }
    let projects: Vec<i64> = summaries.keys().map(|part| part.project().0).collect();
    let ids: Vec<i64> = summaries.keys().map(|part| part.0).collect();
    let texts: Vec<serde_json::Value> = summaries
        .values()
        .map(|summary| serde_json::to_value(summary).expect("texts and numbers are JSON"))
        .collect();
    sqlx::query!(
        r#"
        UPDATE issue_parts SET summary = fresh.summary
        FROM unnest($1::bigint[], $2::bigint[], $3::jsonb[]) AS fresh (project_id, id, summary)
        WHERE issue_parts.project_id = fresh.project_id AND issue_parts.id = fresh.id
        "#,
        &projects,
        &ids,
        &texts,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives issues their new parts.
pub async fn insert_parts(
    db: &mut PgConnection,
    parts: &[NewPart],
    now: Timestamp,
) -> sqlx::Result<()> {
    if parts.is_empty() {
        return Ok(());
    }
    let projects: Vec<i64> = parts.iter().map(|part| part.owner.part.project().0).collect();
    let ids: Vec<i64> = parts.iter().map(|part| part.owner.part.0).collect();
    let issues: Vec<i64> = parts.iter().map(|part| part.owner.issue.0).collect();
    let hashes: Vec<&str> = parts.iter().map(|part| part.hash.as_str()).collect();
    sqlx::query!(
        r#"
        INSERT INTO issue_parts (project_id, id, issue_id, home_issue_id, hash, created_at)
        SELECT project_id, id, issue_id, issue_id, hash, $5
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])
            AS fresh (project_id, id, issue_id, hash)
        "#,
        &projects,
        &ids,
        &issues,
        &hashes as &[&str],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
