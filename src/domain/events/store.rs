//! SQL about single events.

use chrono::DateTime;
use sqlx::{PgConnection, Postgres, QueryBuilder, query_as, query_scalar};
use uuid::Uuid;

use super::EventRow;
use super::filter::{Condition, EventFilter, Field};
use crate::base::{EventId, IssueId, PartId, ProjectId, Timestamp};
use crate::domain::query::{Pattern, TimeRange};

type Sql = QueryBuilder<Postgres>;

/// The event with this id in a project.
pub(super) async fn find(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
) -> sqlx::Result<Option<EventRow>> {
    query_as!(
        EventRow,
        r#"
        SELECT events.project_id, event_id, part.issue_id, received_at, occurred_at, level,
               primary_hash, environment, release, user_label, title, transaction,
               payload IS NOT NULL AS "has_payload!"
        FROM events
        JOIN issue_parts AS part ON part.project_id = events.project_id AND part.id = events.part_id
        WHERE events.project_id = $1 AND event_id = $2
        ORDER BY received_at DESC
        LIMIT 1
        "#,
        project.0,
        event_id.0,
    )
    .fetch_optional(db)
    .await
}

/// The event with this id in one of these projects.
pub(super) async fn find_anywhere(
    db: &mut PgConnection,
    projects: &[ProjectId],
    event_id: EventId,
) -> sqlx::Result<Option<EventRow>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    query_as!(
        EventRow,
        r#"
        SELECT events.project_id, event_id, part.issue_id, received_at, occurred_at, level,
               primary_hash, environment, release, user_label, title, transaction,
               payload IS NOT NULL AS "has_payload!"
        FROM events
        JOIN issue_parts AS part ON part.project_id = events.project_id AND part.id = events.part_id
        WHERE events.project_id = ANY($1) AND event_id = $2
        ORDER BY received_at DESC
        LIMIT 1
        "#,
        &projects,
        event_id.0,
    )
    .fetch_optional(db)
    .await
}

/// The event of an issue that happened last, of those with a payload if `must_be_kept`.
pub(super) async fn find_latest(
    db: &mut PgConnection,
    issue: IssueId,
    received_since: Timestamp,
    must_be_kept: bool,
) -> sqlx::Result<Option<EventRow>> {
    query_as!(
        EventRow,
        r#"
        SELECT event.project_id, event.event_id, part.issue_id, event.received_at, event.occurred_at,
               event.level, event.primary_hash, event.environment, event.release, event.user_label,
               event.title, event.transaction, event.has_payload AS "has_payload!"
        FROM issue_parts AS part
        CROSS JOIN LATERAL (
            SELECT project_id, event_id, received_at, occurred_at, level, primary_hash, environment,
                   release, user_label, title, transaction, payload IS NOT NULL AS has_payload
            FROM events
            WHERE events.project_id = part.project_id AND events.part_id = part.id
              AND received_at >= $3 AND (NOT $4 OR payload IS NOT NULL)
            ORDER BY occurred_at DESC, event_id DESC
            LIMIT 1
        ) AS event
        WHERE part.project_id = $1 AND part.issue_id = $2
        ORDER BY event.occurred_at DESC, event.event_id DESC
        LIMIT 1
        "#,
        issue.project().0,
        issue.0,
        received_since,
        must_be_kept,
    )
    .fetch_optional(db)
    .await
}

/// The event of an issue that happened last of those that `hash` decided, among the latest `depth`.
pub(super) async fn find_latest_of_hash(
    db: &mut PgConnection,
    issue: IssueId,
    received_since: Timestamp,
    hash: &str,
    depth: i64,
) -> sqlx::Result<Option<EventRow>> {
    query_as!(
        EventRow,
        r#"
        SELECT event.project_id, event.event_id, part.issue_id, event.received_at, event.occurred_at,
               event.level, event.primary_hash, event.environment, event.release, event.user_label,
               event.title, event.transaction, event.has_payload AS "has_payload!"
        FROM issue_parts AS part
        CROSS JOIN LATERAL (
            SELECT project_id, event_id, received_at, occurred_at, level, primary_hash, environment,
                   release, user_label, title, transaction, payload IS NOT NULL AS has_payload
            FROM events
            WHERE events.project_id = part.project_id AND events.part_id = part.id
              AND received_at >= $3
            ORDER BY occurred_at DESC, event_id DESC
            LIMIT $5
        ) AS event
        WHERE part.project_id = $1 AND part.issue_id = $2 AND event.primary_hash = $4
        ORDER BY event.occurred_at DESC, event.event_id DESC
        LIMIT 1
        "#,
        issue.project().0,
        issue.0,
        received_since,
        hash,
        depth,
    )
    .fetch_optional(db)
    .await
}

/// The event of an issue that happened first.
pub(super) async fn find_oldest(
    db: &mut PgConnection,
    issue: IssueId,
    received_since: Timestamp,
) -> sqlx::Result<Option<EventRow>> {
    query_as!(
        EventRow,
        r#"
        SELECT event.project_id, event.event_id, part.issue_id, event.received_at, event.occurred_at,
               event.level, event.primary_hash, event.environment, event.release, event.user_label,
               event.title, event.transaction, event.has_payload AS "has_payload!"
        FROM issue_parts AS part
        CROSS JOIN LATERAL (
            SELECT project_id, event_id, received_at, occurred_at, level, primary_hash, environment,
                   release, user_label, title, transaction, payload IS NOT NULL AS has_payload
            FROM events
            WHERE events.project_id = part.project_id AND events.part_id = part.id
              AND received_at >= $3
            ORDER BY occurred_at, event_id
            LIMIT 1
        ) AS event
        WHERE part.project_id = $1 AND part.issue_id = $2
        ORDER BY event.occurred_at, event.event_id
        LIMIT 1
        "#,
        issue.project().0,
        issue.0,
        received_since,
    )
    .fetch_optional(db)
    .await
}

/// The event of the same issue that happened just before.
pub(super) async fn find_before(
    db: &mut PgConnection,
    event: &EventRow,
    received_since: Timestamp,
) -> sqlx::Result<Option<EventId>> {
    query_scalar!(
        r#"
        SELECT event.event_id
        FROM issue_parts AS part
        CROSS JOIN LATERAL (
            SELECT event_id, occurred_at FROM events
            WHERE events.project_id = part.project_id AND events.part_id = part.id
              AND received_at >= $3 AND (occurred_at, event_id) < ($4, $5)
            ORDER BY occurred_at DESC, event_id DESC
            LIMIT 1
        ) AS event
        WHERE part.project_id = $1 AND part.issue_id = $2
        ORDER BY event.occurred_at DESC, event.event_id DESC
        LIMIT 1
        "#,
        event.project_id.0,
        event.issue_id.0,
        received_since,
        event.occurred_at,
        event.event_id.0,
    )
    .fetch_optional(db)
    .await
}

/// The event of the same issue that happened just after.
pub(super) async fn find_after(
    db: &mut PgConnection,
    event: &EventRow,
    received_since: Timestamp,
) -> sqlx::Result<Option<EventId>> {
    query_scalar!(
        r#"
        SELECT event.event_id
        FROM issue_parts AS part
        CROSS JOIN LATERAL (
            SELECT event_id, occurred_at FROM events
            WHERE events.project_id = part.project_id AND events.part_id = part.id
              AND received_at >= $3 AND (occurred_at, event_id) > ($4, $5)
            ORDER BY occurred_at, event_id
            LIMIT 1
        ) AS event
        WHERE part.project_id = $1 AND part.issue_id = $2
        ORDER BY event.occurred_at, event.event_id
        LIMIT 1
        "#,
        event.project_id.0,
        event.issue_id.0,
        received_since,
        event.occurred_at,
        event.event_id.0,
    )
    .fetch_optional(db)
    .await
}

/// The compressed payload of an event; `None` if it was sampled away.
pub(super) async fn find_payload(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    received_at: Timestamp,
) -> sqlx::Result<Option<Vec<u8>>> {
    let found = query_scalar!(
        "SELECT payload FROM events WHERE project_id = $1 AND event_id = $2 AND received_at = $3",
        project.0,
        event_id.0,
        received_at,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.flatten())
}

/// The compressed payloads of events, in their order.
pub(super) async fn find_payloads(
    db: &mut PgConnection,
    rows: &[EventRow],
) -> sqlx::Result<Vec<Option<Vec<u8>>>> {
    let projects: Vec<i64> = rows.iter().map(|row| row.project_id.0).collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.event_id.0).collect();
    let times: Vec<Timestamp> = rows.iter().map(|row| row.received_at).collect();
    // Looked up row by row: the time of each leads to its one day, where a join would open them all.
    query_scalar!(
        r#"
        SELECT (
            SELECT events.payload FROM events
            WHERE events.project_id = wanted.project_id AND events.event_id = wanted.event_id
              AND events.received_at = wanted.received_at
        ) AS payload
        FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[])
            WITH ORDINALITY AS wanted (project_id, event_id, received_at, place)
        ORDER BY wanted.place
        "#,
        &projects,
        &ids,
        &times,
    )
    .fetch_all(db)
    .await
}

/// The compressed payloads of a part's latest events that were kept, the last that happened first.
pub(super) async fn list_latest_payloads(
    db: &mut PgConnection,
    project: ProjectId,
    part: PartId,
    limit: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    query_scalar!(
        r#"
        SELECT payload AS "payload!" FROM events
        WHERE project_id = $1 AND part_id = $2 AND payload IS NOT NULL
        ORDER BY occurred_at DESC, event_id DESC
        LIMIT $3
        "#,
        project.0,
        part.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// What is read of an event besides its issue.
const COLUMNS: &str = "events.project_id, event_id, received_at, occurred_at, level, primary_hash, environment, \
     release, user_label, title, transaction, payload IS NOT NULL AS has_payload";

/// Events of the parts that the rest of the statement chooses, each part's own beginning of the page.
fn of_chosen_parts(received_since: Timestamp, filter: &EventFilter) -> Sql {
    let mut sql = Sql::new("SELECT found.* FROM issue_parts AS part CROSS JOIN LATERAL (SELECT ");
    sql.push(COLUMNS).push(", part.issue_id FROM events ");
    sql.push("WHERE events.project_id = part.project_id AND events.part_id = part.id");
    push_rest(&mut sql, received_since, filter);
    sql.push(") AS found WHERE ");
    sql
}

/// Events of an issue for a page, in the order of reading; none was received before `received_since`.
pub(super) async fn list_of_issue(
    db: &mut PgConnection,
    issue: IssueId,
    received_since: Timestamp,
    filter: &EventFilter,
) -> sqlx::Result<Vec<EventRow>> {
    let parts = query_scalar!(
        "SELECT id FROM issue_parts WHERE project_id = $1 AND issue_id = $2 LIMIT $3",
        issue.project().0,
        issue.0,
        MAX_PARTS_BY_NAME + 1,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut sql = if i64::try_from(parts.len()).is_ok_and(|count| count <= MAX_PARTS_BY_NAME) {
        let Some(sql) = of_named_parts(issue, &parts, received_since, filter) else {
            return Ok(Vec::new());
        };
        sql
    } else {
        let mut sql = of_chosen_parts(received_since, filter);
        sql.push("part.project_id = ").push_bind(issue.project().0);
        sql.push(" AND part.issue_id = ").push_bind(issue.0);
        sql
    };
    push_order(&mut sql, filter);
    sql.build_query_as().persistent(false).fetch_all(db).await
}

/// Issues of up to so many parts are read part by part, each by its id: Postgres then knows from its statistics how
/// many events a part has, and reads a busy one in the order of its index and not whole.
const MAX_PARTS_BY_NAME: i64 = 20;

/// The events of these parts, each part's in order and no more than a page needs; `None` if there are no parts.
fn of_named_parts(
    issue: IssueId,
    parts: &[PartId],
    received_since: Timestamp,
    filter: &EventFilter,
) -> Option<Sql> {
    let (first, others) = parts.split_first()?;
    let mut sql = Sql::new("SELECT found.* FROM (");
    for part in std::iter::once(first).chain(others) {
        sql.push(if part == first { "(" } else { " UNION ALL (" });
        sql.push("SELECT ").push(COLUMNS).push(", ").push_bind(issue.0);
        sql.push("::bigint AS issue_id FROM events WHERE events.project_id = ");
        sql.push_bind(issue.project().0).push(" AND events.part_id = ").push_bind(part.0);
        push_rest(&mut sql, received_since, filter);
        sql.push(")");
    }
    sql.push(") AS found");
    Some(sql)
}

/// Events of some parts of a project's issues for a page, in the order of reading.
pub(super) async fn list_of_parts(
    db: &mut PgConnection,
    project: ProjectId,
    parts: &[PartId],
    received_since: Timestamp,
    filter: &EventFilter,
) -> sqlx::Result<Vec<EventRow>> {
    let ids: Vec<i64> = parts.iter().map(|id| id.0).collect();
    let mut sql = of_chosen_parts(received_since, filter);
    sql.push("part.project_id = ").push_bind(project.0);
    sql.push(" AND part.id = ANY(").push_bind(ids).push(")");
    push_order(&mut sql, filter);
    sql.build_query_as().persistent(false).fetch_all(db).await
}

/// Everything behind the part: what events have to fulfil, their order, and how many there may be.
fn push_rest(sql: &mut Sql, received_since: Timestamp, filter: &EventFilter) {
    sql.push(" AND received_at >= ").push_bind(received_since);
    push_range(sql, filter.period);
    if !filter.environments.is_empty() {
        sql.push(" AND coalesce(environment, '') = ANY(").push_bind(filter.environments.clone());
        sql.push(")");
    }
    sql.push(" AND ");
    push_condition(sql, &filter.condition);
    push_place(sql, filter);
    push_order(sql, filter);
}

fn push_order(sql: &mut Sql, filter: &EventFilter) {
    let order = if filter.page.is_backward() { "ASC" } else { "DESC" };
    sql.push(format_args!(" ORDER BY occurred_at {order}, event_id {order} LIMIT "));
    sql.push_bind(filter.page.fetch_size());
}

fn push_range(sql: &mut Sql, range: TimeRange) {
    if let Some(from) = range.from {
        sql.push(" AND occurred_at >= ").push_bind(from);
    }
    if let Some(until) = range.until {
        sql.push(" AND occurred_at < ").push_bind(until);
    }
}

fn push_place(sql: &mut Sql, filter: &EventFilter) {
    let Some((micros, id)) = filter.page.place() else { return };
    let sign = if filter.page.is_backward() { ">" } else { "<" };
    sql.push(format_args!(" AND (occurred_at, event_id) {sign} ("));
    sql.push_bind(DateTime::from_timestamp_micros(micros).unwrap_or_default());
    sql.push(", ").push_bind(Uuid::from_u128(id)).push(")");
}

fn push_condition(sql: &mut Sql, condition: &Condition) {
    match condition {
        Condition::All(parts) => push_joined(sql, parts, " AND ", "true"),
        Condition::Any(parts) => push_joined(sql, parts, " OR ", "false"),
        Condition::Not(part) => {
            sql.push("NOT (");
            push_condition(sql, part);
            sql.push(")");
        }
        Condition::Field(field, pattern) => {
            sql.push(match field {
                Field::Title => "title",
                Field::Transaction => "coalesce(transaction, '')",
                Field::Environment => "coalesce(environment, '')",
                Field::Release => "coalesce(release, '')",
                Field::User => "coalesce(user_label, '')",
            });
            match pattern {
                Pattern::Is(values) => sql.push(" = ANY(").push_bind(values.clone()).push(")"),
                Pattern::Like(like) => sql.push(" ILIKE ").push_bind(like.clone()),
            };
        }
        Condition::Level(level) => {
            sql.push("level = ").push_bind(level.number());
        }
        Condition::Occurred(range) => {
            sql.push("(true");
            push_range(sql, *range);
            sql.push(")");
        }
        Condition::Id(id) => {
            sql.push("event_id = ").push_bind(id.0);
        }
    }
}

fn push_joined(sql: &mut Sql, parts: &[Condition], join: &str, empty: &str) {
    if parts.is_empty() {
        sql.push(empty);
        return;
    }
    sql.push("(");
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            sql.push(join);
        }
        push_condition(sql, part);
    }
    sql.push(")");
}
