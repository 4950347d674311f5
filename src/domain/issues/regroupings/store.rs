//! SQL about issues that follow a change of grouping.

use std::collections::HashMap;

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::{Phase, Regrouping, Step};
use crate::base::{IssueId, OrganizationId, PartId, ProjectId, Timestamp, UserId};
use crate::domain::grouping_rules::GroupingSettings;
use crate::domain::issues::moves::Link;

/// A row as it is stored.
struct Row {
    project_id: ProjectId,
    organization_id: OrganizationId,
    id: Uuid,
    settings: Json<GroupingSettings>,
    revision: i64,
    phase: Phase,
    actor_id: Option<UserId>,
    part_count: i64,
    seen_count: i64,
    seen_part: PartId,
    step_count: i32,
    done_steps: i32,
    moved_count: i64,
    linked_count: i64,
    problem: Option<String>,
    created_at: Timestamp,
}

impl From<Row> for Regrouping {
    fn from(row: Row) -> Self {
        Self {
            project_id: row.project_id,
            organization_id: row.organization_id,
            id: row.id,
            settings: row.settings.0,
            revision: row.revision,
            phase: row.phase,
            actor: row.actor_id,
            part_count: row.part_count,
            seen_count: row.seen_count,
            seen_part: row.seen_part,
            step_count: row.step_count,
            done_steps: row.done_steps,
            moved_count: row.moved_count,
            linked_count: row.linked_count,
            problem: row.problem,
            created_at: row.created_at,
        }
    }
}

/// The latest of a project.
pub(super) async fn find_latest(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Option<Regrouping>> {
    let row = query_as!(
        Row,
        r#"
        SELECT it.project_id AS "project_id: _", projects.organization_id AS "organization_id: _", it.id,
               it.settings AS "settings: _", it.revision,
               it.phase AS "phase: _", users.id AS "actor_id?: _", it.part_count, it.seen_count,
               it.seen_part AS "seen_part: _", it.step_count, it.done_steps, it.moved_count, it.linked_count,
               it.problem, it.created_at
        FROM regroupings AS it
        JOIN projects ON projects.id = it.project_id
        LEFT JOIN users ON users.id = it.actor_id
        WHERE it.project_id = $1
        ORDER BY it.id DESC
        LIMIT 1
        "#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Regrouping::from))
}

/// The latest of a project, held until the transaction ends.
pub(super) async fn lock_latest(
    db: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<Option<Regrouping>> {
    query_scalar!(
        r#"
        SELECT id FROM regroupings WHERE project_id = $1
        ORDER BY id DESC
        LIMIT 1
        FOR UPDATE
        "#,
        project.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    find_latest(db, project).await
}

/// One that is under way and that nobody else goes on with, held until the transaction ends.
pub async fn claim(db: &mut PgConnection) -> sqlx::Result<Option<Regrouping>> {
    let project = query_scalar!(
        r#"
        SELECT project_id AS "project_id: ProjectId" FROM regroupings
        WHERE phase IN ('looking', 'moving', 'undoing')
        ORDER BY id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        "#,
    )
    .fetch_optional(&mut *db)
    .await?;
    match project {
        Some(project) => find_latest(db, project).await,
        None => Ok(None),
    }
}

/// Writes a new one; `false` if another one of the project is under way.
pub(super) async fn insert(
    db: &mut PgConnection,
    (project, id): (ProjectId, Uuid),
    settings: &GroupingSettings,
    (revision, actor): (i64, UserId),
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = query!(
        r#"
        INSERT INTO regroupings (project_id, id, settings, revision, phase, actor_id, part_count, created_at)
        SELECT $1, $2, $3, $4, 'looking', $5, count(*), $6 FROM issue_parts WHERE project_id = $1
        ON CONFLICT (project_id) WHERE phase IN ('looking', 'moving', 'undoing') DO NOTHING
        "#,
        project.0,
        id,
        Json(settings) as _,
        revision,
        actor.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets how former ones of a project were done; they cannot be undone any more.
pub(super) async fn forget_ended(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<()> {
    query!(
        r#"
        WITH ended AS (
            DELETE FROM regroupings
            WHERE project_id = $1 AND phase NOT IN ('looking', 'moving', 'undoing')
            RETURNING id
        )
        DELETE FROM regrouping_steps
        WHERE project_id = $1 AND regrouping_id IN (SELECT id FROM ended)
        "#,
        project.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes how far it is; it is held.
pub async fn save(db: &mut PgConnection, it: &Regrouping, now: Timestamp) -> sqlx::Result<()> {
    query!(
        r#"
        UPDATE regroupings
        SET phase = $3, seen_count = $4, seen_part = $5, step_count = $6, done_steps = $7, moved_count = $8,
            linked_count = $9, problem = $10,
            ended_at = CASE WHEN $3 IN ('looking', 'moving', 'undoing') THEN NULL ELSE $11::timestamptz END
        WHERE project_id = $1 AND id = $2
        "#,
        it.project_id.0,
        it.id,
        it.phase.as_str(),
        it.seen_count,
        it.seen_part.0,
        it.step_count,
        it.done_steps,
        it.moved_count,
        it.linked_count,
        it.problem,
        now,
    )
    .execute(&mut *db)
    .await?;
    if !matches!(it.phase, Phase::Looking | Phase::Moving) {
        query!(
            "DELETE FROM regrouping_hashes WHERE project_id = $1 AND regrouping_id = $2",
            it.project_id.0,
            it.id,
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

/// The next parts of a project behind `after`, in the order of ids.
pub async fn list_parts(
    db: &mut PgConnection,
    project: ProjectId,
    after: PartId,
    limit: i64,
) -> sqlx::Result<Vec<PartId>> {
    query_scalar!(
        r#"
        SELECT id AS "id: PartId" FROM issue_parts
        WHERE project_id = $1 AND id > $2
        ORDER BY id
        LIMIT $3
        "#,
        project.0,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A hash that events of a part would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHash {
    /// The part.
    pub part: PartId,
    /// 32 hex digits.
    pub hash: String,
    /// The hash that decides the issue of these events; may be the same.
    pub first_hash: String,
    /// How many of the events that were looked at.
    pub event_count: i64,
    /// The variant that makes the hash.
    pub variant: String,
    /// The version of grouping that makes it.
    pub config: String,
    /// The compressed tree that explains it; none if it leads somewhere already.
    pub explanation: Option<Vec<u8>>,
}

/// Notes the hashes that events would have.
pub async fn insert_hashes(
    db: &mut PgConnection,
    it: &Regrouping,
    hashes: &[NewHash],
) -> sqlx::Result<()> {
    let text = |get: fn(&NewHash) -> &str| hashes.iter().map(get).collect::<Vec<&str>>();
    query!(
        r#"
        INSERT INTO regrouping_hashes
            (project_id, regrouping_id, part_id, hash, first_hash, event_count, variant, config, explanation)
        SELECT $1, $2, *
        FROM unnest($3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bytea[])
        "#,
        it.project_id.0,
        it.id,
        &hashes.iter().map(|new| new.part.0).collect::<Vec<i64>>(),
        &text(|new| &new.hash) as &[&str],
        &text(|new| &new.first_hash) as &[&str],
        &hashes.iter().map(|new| new.event_count).collect::<Vec<i64>>(),
        &text(|new| &new.variant) as &[&str],
        &text(|new| &new.config) as &[&str],
        &hashes.iter().map(|new| new.explanation.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was found out about a hash and a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The part.
    pub part: PartId,
    /// The hash that events of the part would have.
    pub hash: String,
    /// The hash that would decide their issue.
    pub first_hash: String,
    /// How many such events were looked at.
    pub event_count: i64,
}

/// Everything that was found out.
pub async fn list_evidence(db: &mut PgConnection, it: &Regrouping) -> sqlx::Result<Vec<Evidence>> {
    query_as!(
        Evidence,
        r#"
        SELECT found.part_id AS "part: PartId", found.hash, found.first_hash, found.event_count
        FROM regrouping_hashes AS found
        JOIN issue_parts AS part ON part.project_id = found.project_id AND part.id = found.part_id
        WHERE found.project_id = $1 AND found.regrouping_id = $2
        ORDER BY found.part_id, found.hash
        "#,
        it.project_id.0,
        it.id,
    )
    .fetch_all(db)
    .await
}

/// Where those of the hashes lead that lead somewhere.
pub async fn list_owners(
    db: &mut PgConnection,
    it: &Regrouping,
) -> sqlx::Result<HashMap<String, PartId>> {
    let rows = query!(
        r#"
        SELECT DISTINCT owned.hash, owned.part_id AS "part_id: PartId"
        FROM regrouping_hashes AS found
        JOIN issue_hashes AS owned ON owned.project_id = found.project_id AND owned.hash = found.hash
        WHERE found.project_id = $1 AND found.regrouping_id = $2
        "#,
        it.project_id.0,
        it.id,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.hash, row.part_id)).collect())
}

/// The issue that has a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The issue.
    pub issue: IssueId,
    /// Its events.
    pub event_count: i64,
    /// Its parts.
    pub part_count: i32,
}

/// The issues of all parts that were looked at or that their hashes lead to.
pub async fn list_holders(
    db: &mut PgConnection,
    it: &Regrouping,
) -> sqlx::Result<HashMap<PartId, Holder>> {
    let rows = query!(
        r#"
        WITH wanted AS (
            SELECT part_id FROM regrouping_hashes WHERE project_id = $1 AND regrouping_id = $2
            UNION
            SELECT owned.part_id
            FROM regrouping_hashes AS found
            JOIN issue_hashes AS owned ON owned.project_id = found.project_id AND owned.hash = found.hash
            WHERE found.project_id = $1 AND found.regrouping_id = $2
        )
        SELECT part.id AS "id: PartId", issues.id AS "issue: IssueId", issues.event_count, issues.part_count
        FROM wanted
        JOIN issue_parts AS part ON part.project_id = $1 AND part.id = wanted.part_id
        JOIN issues ON issues.project_id = $1 AND issues.id = part.issue_id
        "#,
        it.project_id.0,
        it.id,
    )
    .fetch_all(db)
    .await?;
    let holder = |issue, event_count, part_count| Holder { issue, event_count, part_count };
    Ok(rows
        .into_iter()
        .map(|row| (row.id, holder(row.issue, row.event_count, row.part_count)))
        .collect())
}

/// Writes the steps, each to be an act of its own.
pub async fn insert_steps(
    db: &mut PgConnection,
    it: &Regrouping,
    steps: &[Step],
) -> sqlx::Result<()> {
    let acts: Vec<Uuid> = steps.iter().map(|_| Uuid::now_v7()).collect();
    let plans: Vec<serde_json::Value> = steps
        .iter()
        .map(|step| serde_json::to_value(step).expect("numbers and texts are JSON"))
        .collect();
    query!(
        r#"
        INSERT INTO regrouping_steps (project_id, regrouping_id, number, act_id, plan)
        SELECT $1, $2, number::int - 1, act_id, plan
        FROM unnest($3::uuid[], $4::jsonb[]) WITH ORDINALITY AS steps (act_id, plan, number)
        "#,
        it.project_id.0,
        it.id,
        &acts,
        &plans,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A step and the id of its act.
pub async fn find_step(
    db: &mut PgConnection,
    it: &Regrouping,
    number: i32,
) -> sqlx::Result<Option<(Uuid, Step)>> {
    let row = query!(
        r#"
        SELECT act_id, plan AS "plan: Json<Step>" FROM regrouping_steps
        WHERE project_id = $1 AND regrouping_id = $2 AND number = $3
        "#,
        it.project_id.0,
        it.id,
        number,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.act_id, row.plan.0)))
}

/// The links of a step, with the explanations that were noted.
pub async fn list_links(
    db: &mut PgConnection,
    it: &Regrouping,
    wanted: &[(String, PartId)],
) -> sqlx::Result<Vec<Link>> {
    let hashes: Vec<&str> = wanted.iter().map(|(hash, _)| hash.as_str()).collect();
    let parts: Vec<i64> = wanted.iter().map(|(_, part)| part.0).collect();
    query_as!(
        Link,
        r#"
        SELECT DISTINCT ON (wanted.hash) wanted.hash AS "hash!", found.variant, wanted.part_id AS "part!: PartId",
               found.config, found.explanation AS "explanation!"
        FROM unnest($3::text[], $4::bigint[]) AS wanted (hash, part_id)
        JOIN regrouping_hashes AS found
            ON found.project_id = $1 AND found.regrouping_id = $2 AND found.hash = wanted.hash
        WHERE found.explanation IS NOT NULL
        ORDER BY wanted.hash, found.part_id <> wanted.part_id, found.part_id
        "#,
        it.project_id.0,
        it.id,
        &hashes as &[&str],
        &parts,
    )
    .fetch_all(db)
    .await
}
