//! SQL about the ledger of moves.

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_scalar};
use uuid::Uuid;

use super::{Before, By, StoredAct, StoredMove};
use crate::base::{IssueId, ProjectId, Timestamp};
use crate::domain::issues::moves::act::{ActKind, LastMove};
use crate::domain::issues::moves::carry::{Move, Part};

/// Writes an act.
pub(in super::super) async fn insert_act(
    db: &mut PgConnection,
    (id, kind, issue): (Uuid, ActKind, IssueId),
    before: &Before,
    by: By,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        r#"
        INSERT INTO issue_acts (project_id, id, kind, issue_id, actor_id, before, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        issue.project().0,
        id,
        kind.as_str(),
        issue.0,
        by.map(|user| user.0),
        Json(before) as _,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes the moves of an act, each with what the part was before.
pub(in super::super) async fn insert_moves(
    db: &mut PgConnection,
    act: Uuid,
    moves: &[(Part, Move)],
) -> sqlx::Result<()> {
    let column = |get: fn(&(Part, Move)) -> i64| moves.iter().map(get).collect::<Vec<i64>>();
    query!(
        r#"
        INSERT INTO issue_moves
            (project_id, act_id, part_id, from_issue_id, to_issue_id, from_home_id, to_home_id)
        SELECT project_id, $1, part_id, from_issue_id, to_issue_id, from_home_id, to_home_id
        FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
            AS moves (project_id, part_id, from_issue_id, to_issue_id, from_home_id, to_home_id)
        "#,
        act,
        &column(|(part, _)| part.id.project().0),
        &column(|(part, _)| part.id.0),
        &column(|(part, _)| part.issue.0),
        &column(|(_, it)| it.to.0),
        &column(|(part, _)| part.home.0),
        &column(|(_, it)| it.home.0),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An act of a project.
pub(in super::super) async fn find_act(
    db: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> sqlx::Result<Option<StoredAct>> {
    let row = query!(
        r#"
        SELECT kind AS "kind: ActKind", issue_id, before AS "before: Json<Before>", created_at,
               undone_at IS NOT NULL AS "is_undone!"
        FROM issue_acts
        WHERE project_id = $1 AND id = $2
        "#,
        project.0,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| StoredAct {
        kind: row.kind,
        issue: row.issue_id,
        before: row.before.0,
        created_at: row.created_at,
        is_undone: row.is_undone,
    }))
}

/// The moves of an act.
pub(in super::super) async fn list_moves(
    db: &mut PgConnection,
    project: ProjectId,
    act: Uuid,
) -> sqlx::Result<Vec<StoredMove>> {
    let rows = query!(
        r#"
        SELECT part_id, from_issue_id, to_issue_id, from_home_id
        FROM issue_moves
        WHERE project_id = $1 AND act_id = $2
        "#,
        project.0,
        act,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StoredMove {
            part: row.part_id,
            from: row.from_issue_id,
            to: row.to_issue_id,
            from_home: row.from_home_id,
        })
        .collect())
}

/// Notes that an act was undone.
pub(in super::super) async fn mark_undone(
    db: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        "UPDATE issue_acts SET undone_at = $3 WHERE project_id = $1 AND id = $2",
        project.0,
        id,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The last act that brought the part of a hash into an issue, if it was not undone.
pub(in super::super) async fn find_last_move(
    db: &mut PgConnection,
    issue: IssueId,
    hash: &str,
) -> sqlx::Result<Option<LastMove>> {
    let row = query!(
        r#"
        SELECT act.kind AS "kind: ActKind", move.from_issue_id, users.name AS "actor_name?", act.created_at
        FROM issue_hashes AS owned
        JOIN issue_moves AS move ON move.project_id = owned.project_id AND move.part_id = owned.part_id
        JOIN issue_acts AS act ON act.project_id = move.project_id AND act.id = move.act_id
        LEFT JOIN users ON users.id = act.actor_id
        WHERE owned.project_id = $1 AND owned.hash = $3 AND owned.issue_id = $2
          AND move.to_issue_id = $2 AND act.undone_at IS NULL
        ORDER BY act.created_at DESC
        LIMIT 1
        "#,
        issue.project().0,
        issue.0,
        hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LastMove {
        kind: row.kind,
        from: row.from_issue_id,
        actor_name: row.actor_name,
        at: row.created_at,
    }))
}

/// When parts of `home` last came into `issue`.
pub(in super::super) async fn find_merged_at(
    db: &mut PgConnection,
    home: IssueId,
    issue: IssueId,
) -> sqlx::Result<Option<Timestamp>> {
    query_scalar!(
        r#"
        SELECT max(act.created_at)
        FROM issue_parts AS part
        JOIN issue_moves AS move ON move.project_id = part.project_id AND move.part_id = part.id
        JOIN issue_acts AS act ON act.project_id = move.project_id AND act.id = move.act_id
        WHERE part.project_id = $1 AND part.home_issue_id = $2 AND move.to_issue_id = $3
          AND act.undone_at IS NULL
        "#,
        home.project().0,
        home.0,
        issue.0,
    )
    .fetch_one(db)
    .await
}

/// Keeps pairs of issues apart, the lower id first.
pub(in super::super) async fn keep_apart(
    db: &mut PgConnection,
    apart: &[(IssueId, IssueId)],
    by: By,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (projects, ids) = IssueId::columns(&apart.iter().map(|(one, _)| *one).collect::<Vec<_>>());
    let others: Vec<i64> = apart.iter().map(|(_, other)| other.0).collect();
    query!(
        r#"
        INSERT INTO issue_separations (project_id, issue_id, other_id, actor_id, created_at)
        SELECT project_id, issue_id, other_id, $4, $5
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS apart (project_id, issue_id, other_id)
        ON CONFLICT DO NOTHING
        "#,
        &projects,
        &ids,
        &others,
        by.map(|user| user.0),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Stops keeping any of these issues apart from each other; returns the pairs.
pub(in super::super) async fn delete_separations(
    db: &mut PgConnection,
    project: ProjectId,
    issues: &[IssueId],
) -> sqlx::Result<Vec<(IssueId, IssueId)>> {
    let issues: Vec<i64> = issues.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"
        DELETE FROM issue_separations
        WHERE project_id = $1 AND issue_id = ANY($2) AND other_id = ANY($2)
        RETURNING issue_id AS "issue_id: IssueId", other_id AS "other_id: IssueId"
        "#,
        project.0,
        &issues,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.issue_id, row.other_id)).collect())
}

/// Stops keeping these pairs apart.
pub(in super::super) async fn delete_pairs(
    db: &mut PgConnection,
    project: ProjectId,
    apart: &[(IssueId, IssueId)],
) -> sqlx::Result<()> {
    let (ids, others): (Vec<i64>, Vec<i64>) = apart.iter().map(|(one, two)| (one.0, two.0)).unzip();
    query!(
        r#"
        DELETE FROM issue_separations
        WHERE project_id = $1
          AND (issue_id, other_id) IN (SELECT * FROM unnest($2::bigint[], $3::bigint[]))
        "#,
        project.0,
        &ids,
        &others,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a pair is kept apart; the lower id first.
pub(in super::super) async fn are_kept_apart(
    db: &mut PgConnection,
    one: IssueId,
    other: IssueId,
) -> sqlx::Result<bool> {
    query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM issue_separations WHERE project_id = $1 AND issue_id = $2 AND other_id = $3
        ) AS "exists!"
        "#,
        one.project().0,
        one.0,
        other.0,
    )
    .fetch_one(db)
    .await
}

/// The pairs of a project that are kept apart, the lower id first.
pub(in super::super) async fn list_separations(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Vec<(IssueId, IssueId)>> {
    let rows = query!(
        r#"
        SELECT issue_id AS "issue_id: IssueId", other_id AS "other_id: IssueId"
        FROM issue_separations
        WHERE project_id = $1
        "#,
        project.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.issue_id, row.other_id)).collect())
}
