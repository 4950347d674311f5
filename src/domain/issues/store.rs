//! SQL about issues for those who look at them and decide about them.

use sqlx::{PgConnection, query, query_as, query_scalar};
use uuid::Uuid;

use super::activity::{Activity, ActivityKind};
use super::{Change, Hash, Issue, Scope, SeenIn, State, Status, StatusDetail, Substatus};
use crate::base::{IssueId, OrganizationId, ProjectId, Timestamp, UserId};

/// The issues of these ids, in their order; `projects` and `ids` go in pairs.
pub(super) async fn find_many(
    db: &mut PgConnection,
    projects: &[i64],
    ids: &[i64],
) -> sqlx::Result<Vec<Issue>> {
    query_as!(
        Issue,
        r#"
        SELECT issues.id, issues.project_id, projects.slug AS project_slug,
               projects.name AS project_name, projects.platform AS project_platform,
               projects.organization_id, issues.kind, issues.level, issues.platform, issues.logger,
               issues.title, issues.culprit, issues.exception_type, issues.exception_value,
               issues.filename, issues.function, issues.is_unhandled,
               issues.status AS "status: Status", issues.substatus AS "substatus: Substatus",
               issues.status_detail AS "status_detail: sqlx::types::Json<StatusDetail>",
               issues.status_changed_at, issues.first_seen, issues.last_seen,
               issues.first_release, issues.last_release,
               issues.event_count, issues.user_count, issues.kept_count,
               issues.regressed_at, issues.regressed_release,
               issues.part_count, issues.merged_into AS "merged_into: IssueId"
        FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (project_id, id, place)
        JOIN issues ON issues.project_id = wanted.project_id AND issues.id = wanted.id
        JOIN projects ON projects.id = issues.project_id
        ORDER BY wanted.place
        "#,
        projects,
        ids,
    )
    .fetch_all(db)
    .await
}

/// The organization's project with this slug.
pub(super) async fn find_project(
    db: &mut PgConnection,
    organization: OrganizationId,
    slug: &str,
) -> sqlx::Result<Option<ProjectId>> {
    query_scalar!(
        "SELECT id FROM projects WHERE organization_id = $1 AND slug = $2",
        organization.0,
        slug,
    )
    .fetch_optional(db)
    .await
}

/// The environments of an issue, the busiest first.
pub(super) async fn list_environments(
    db: &mut PgConnection,
    id: IssueId,
) -> sqlx::Result<Vec<SeenIn>> {
    query_as!(
        SeenIn,
        r#"
        SELECT seen.environment, sum(seen.event_count)::bigint AS "event_count!",
               min(seen.first_seen) AS "first_seen!", max(seen.last_seen) AS "last_seen!"
        FROM issue_parts AS part
        JOIN issue_releases AS seen ON seen.project_id = part.project_id AND seen.part_id = part.id
        WHERE part.project_id = $1 AND part.issue_id = $2
        GROUP BY seen.environment
        ORDER BY 2 DESC, seen.environment
        "#,
        id.project().0,
        id.0,
    )
    .fetch_all(db)
    .await
}

/// The hashes of an issue, the oldest first.
pub(super) async fn list_hashes(db: &mut PgConnection, id: IssueId) -> sqlx::Result<Vec<Hash>> {
    query_as!(
        Hash,
        r#"
        SELECT hash, origin, variant, config, created_at
        FROM issue_hashes
        WHERE project_id = $1 AND issue_id = $2
        ORDER BY created_at, hash
        "#,
        id.project().0,
        id.0,
    )
    .fetch_all(db)
    .await
}

/// A hash of a project.
pub(super) async fn find_hash(
    db: &mut PgConnection,
    project: ProjectId,
    hash: &str,
) -> sqlx::Result<Option<Hash>> {
    query_as!(
        Hash,
        r#"
        SELECT hash, origin, variant, config, created_at
        FROM issue_hashes
        WHERE project_id = $1 AND hash = $2
        "#,
        project.0,
        hash,
    )
    .fetch_optional(db)
    .await
}

/// The compressed explanation of a hash.
pub(super) async fn find_explanation(
    db: &mut PgConnection,
    project: ProjectId,
    hash: &str,
) -> sqlx::Result<Option<Vec<u8>>> {
    let found = query_scalar!(
        "SELECT explanation FROM issue_hashes WHERE project_id = $1 AND hash = $2",
        project.0,
        hash,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.flatten())
}

/// The newest lines of an issue's history.
pub(super) async fn list_activity(
    db: &mut PgConnection,
    id: IssueId,
    limit: i64,
) -> sqlx::Result<Vec<Activity>> {
    query_as!(
        Activity,
        r#"
        SELECT issue_activity.id, issue_activity.kind AS "kind: ActivityKind",
               issue_activity.actor_id, users.name AS "actor_name?", users.email AS "actor_email?",
               issue_activity.detail, issue_activity.created_at
        FROM issue_activity
        LEFT JOIN users ON users.id = issue_activity.actor_id
        WHERE issue_activity.project_id = $1 AND issue_activity.issue_id = $2
        ORDER BY issue_activity.created_at DESC, issue_activity.id DESC
        LIMIT $3
        "#,
        id.project().0,
        id.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Events of an issue in one step of a series, all environments together.
#[derive(Debug)]
pub(super) struct StepCount {
    pub(super) issue_id: IssueId,
    pub(super) start: Timestamp,
    pub(super) event_count: i64,
}

/// Events per issue and step from `since` on; no environments means all of them.
pub(super) async fn count_steps(
    db: &mut PgConnection,
    ids: &[IssueId],
    environments: &[String],
    since: Timestamp,
    step_seconds: i64,
) -> sqlx::Result<Vec<StepCount>> {
    let (projects, ids) = IssueId::columns(ids);
    query_as!(
        StepCount,
        r#"
        SELECT part.issue_id AS "issue_id: IssueId",
               date_bin($5::bigint * interval '1 second', issue_hours.hour, $3) AS "start!",
               sum(issue_hours.event_count)::bigint AS "event_count!"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, id)
        JOIN issue_parts AS part ON part.project_id = wanted.project_id AND part.issue_id = wanted.id
        JOIN issue_hours ON issue_hours.project_id = part.project_id AND issue_hours.part_id = part.id
        WHERE issue_hours.hour >= $3
          AND (cardinality($4::text[]) = 0 OR issue_hours.environment = ANY($4))
        GROUP BY 1, 2
        "#,
        &projects,
        &ids,
        since,
        environments,
        step_seconds,
    )
    .fetch_all(db)
    .await
}

/// Events of an issue in a window.
#[derive(Debug)]
pub(super) struct WindowCount {
    pub(super) issue_id: IssueId,
    pub(super) event_count: i64,
}

/// Events per issue in the hours from `since` to `until`; no environments means all of them.
pub(super) async fn count_window(
    db: &mut PgConnection,
    ids: &[IssueId],
    environments: &[String],
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> sqlx::Result<Vec<WindowCount>> {
    let (projects, ids) = IssueId::columns(ids);
    query_as!(
        WindowCount,
        r#"
        SELECT part.issue_id AS "issue_id: IssueId",
               sum(issue_hours.event_count)::bigint AS "event_count!"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, id)
        JOIN issue_parts AS part ON part.project_id = wanted.project_id AND part.issue_id = wanted.id
        JOIN issue_hours ON issue_hours.project_id = part.project_id AND issue_hours.part_id = part.id
        WHERE ($3::timestamptz IS NULL OR issue_hours.hour >= date_trunc('hour', $3, 'UTC'))
          AND ($4::timestamptz IS NULL OR issue_hours.hour < $4)
          AND (cardinality($5::text[]) = 0 OR issue_hours.environment = ANY($5))
        GROUP BY part.issue_id
        "#,
        &projects,
        &ids,
        since,
        until,
        environments,
    )
    .fetch_all(db)
    .await
}

/// The state of an issue while a verb holds it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: IssueId,
    pub(super) status: Status,
    pub(super) substatus: Option<Substatus>,
    pub(super) status_detail: StatusDetail,
}

impl Held {
    /// The state as a whole.
    pub(super) fn into_state(self) -> State {
        State { status: self.status, substatus: self.substatus, detail: self.status_detail }
    }
}

/// Locks those of `ids` that lie in `scope`, in the order in which all writers lock issues.
pub(super) async fn lock_states(
    db: &mut PgConnection,
    scope: &Scope,
    ids: &[IssueId],
) -> sqlx::Result<Vec<Held>> {
    let within: Vec<i64> = scope.projects.iter().map(|id| id.0).collect();
    let (projects, ids) = IssueId::columns(ids);
    query_as!(
        Held,
        r#"
        SELECT issues.id, issues.status AS "status: Status",
               issues.substatus AS "substatus: Substatus",
               issues.status_detail AS "status_detail: sqlx::types::Json<StatusDetail>"
        FROM issues
        WHERE (issues.project_id, issues.id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
          AND issues.merged_into IS NULL
          AND issues.project_id IN (
              SELECT id FROM projects
              WHERE organization_id = $3 AND (cardinality($4::bigint[]) = 0 OR id = ANY($4))
          )
        ORDER BY issues.project_id, issues.id
        FOR UPDATE OF issues
        "#,
        &projects,
        &ids,
        scope.organization.0,
        &within,
    )
    .fetch_all(db)
    .await
}

/// Sets states; the issues are locked. Counts of an archive begin at what the issue has now.
pub(super) async fn set_states(
    db: &mut PgConnection,
    changes: &[Change],
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids: Vec<IssueId> = changes.iter().map(|change| change.id).collect();
    let (projects, ids) = IssueId::columns(&ids);
    let statuses: Vec<&str> = changes.iter().map(|change| change.after.status.as_str()).collect();
    let substatuses: Vec<Option<&str>> =
        changes.iter().map(|change| change.after.substatus.map(Substatus::as_str)).collect();
    let details: Vec<serde_json::Value> =
        changes.iter().map(|c| c.after.detail.to_json()).collect();
    query!(
        r#"
        UPDATE issues
        SET status = wanted.status, substatus = wanted.substatus, status_detail = wanted.detail,
            status_changed_at = $6,
            archived_until = (wanted.detail->>'ignoreUntil')::timestamptz,
            archived_until_events = event_count + (wanted.detail->>'ignoreCount')::bigint,
            archived_until_users = user_count + (wanted.detail->>'ignoreUserCount')::bigint
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[])
            AS wanted (project_id, id, status, substatus, detail)
        WHERE issues.project_id = wanted.project_id AND issues.id = wanted.id
        "#,
        &projects,
        &ids,
        &statuses as &[&str],
        &substatuses as &[Option<&str>],
        &details,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Reopens issues whose archive has run out; returns them.
pub(super) async fn reopen_due(
    db: &mut PgConnection,
    now: Timestamp,
) -> sqlx::Result<Vec<IssueId>> {
    query_scalar!(
        r#"
        UPDATE issues
        SET status = 'unresolved', substatus = 'ongoing', status_detail = '{}',
            status_changed_at = $1
        FROM (
            SELECT project_id, id
            FROM issues
            WHERE substatus = 'archived_until_condition_met' AND merged_into IS NULL
              AND (archived_until <= $1 OR archived_until_events <= event_count
                   OR archived_until_users <= user_count)
            ORDER BY project_id, id
            FOR UPDATE
        ) AS due
        WHERE issues.project_id = due.project_id AND issues.id = due.id
        RETURNING issues.id
        "#,
        now,
    )
    .fetch_all(db)
    .await
}

/// Calls up to `limit` issues ongoing whose state was set at `before` or earlier; returns how many. Issues that
/// somebody else holds are left for the next time.
pub(super) async fn age(db: &mut PgConnection, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let done = query!(
        r#"
        UPDATE issues
        SET substatus = 'ongoing'
        FROM (
            SELECT project_id, id
            FROM issues
            WHERE status = 'unresolved' AND substatus IN ('new', 'regressed', 'escalating')
              AND merged_into IS NULL
              AND status_changed_at <= $1
            ORDER BY project_id, id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        ) AS due
        WHERE issues.project_id = due.project_id AND issues.id = due.id
        "#,
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A line to be added to an issue's history.
#[derive(Debug)]
pub(super) struct NewLine {
    pub(super) issue_id: IssueId,
    pub(super) kind: ActivityKind,
    pub(super) detail: serde_json::Value,
}

/// The release of the latest event of issues that named one.
pub(super) async fn list_last_releases(
    db: &mut PgConnection,
    ids: &[IssueId],
) -> sqlx::Result<Vec<(IssueId, Option<String>)>> {
    let (projects, ids) = IssueId::columns(ids);
    let rows = query!(
        r#"
        SELECT id AS "id: IssueId", last_release FROM issues
        WHERE (project_id, id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
        "#,
        &projects,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.last_release)).collect())
}

/// Adds lines to issues' histories.
pub(super) async fn append_activity(
    db: &mut PgConnection,
    lines: &[NewLine],
    actor: Option<UserId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let issues: Vec<IssueId> = lines.iter().map(|line| line.issue_id).collect();
    let (projects, issues) = IssueId::columns(&issues);
    let ids: Vec<Uuid> = lines.iter().map(|_| Uuid::now_v7()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line.kind.as_str()).collect();
    let details: Vec<serde_json::Value> = lines.iter().map(|line| line.detail.clone()).collect();
    query!(
        r#"
        INSERT INTO issue_activity (project_id, issue_id, id, kind, actor_id, detail, created_at)
        SELECT project_id, issue_id, id, kind, $6, detail, $7
        FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::jsonb[])
            AS lines (project_id, issue_id, id, kind, detail)
        "#,
        &projects,
        &issues,
        &ids,
        &kinds as &[&str],
        &details,
        actor.map(|actor| actor.0),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
