//! SQL about issues that may escalate.

use chrono::TimeDelta;
use sqlx::postgres::types::PgInterval;
use sqlx::{PgConnection, query, query_scalar};

use super::History;
use crate::base::{IssueId, Timestamp};

/// The issues that may be called escalating and had so many events in the last 24 hours, with their events by
/// hour from `back` before then on.
pub(super) async fn list_candidates(
    db: &mut PgConnection,
    now: Timestamp,
    back: TimeDelta,
    least: i64,
) -> sqlx::Result<Vec<History>> {
    let back = PgInterval::try_from(back).expect("days and hours are an interval");
    let rows = query!(
        r#"
        SELECT candidate.id AS "id: IssueId", candidate.since AS "since!",
               counted.hours AS "hours!", counted.counts AS "counts!"
        FROM (
            SELECT project_id, id, greatest(status_changed_at, $1::timestamptz - interval '24 hours') AS since
            FROM issues
            WHERE last_minute >= $1::timestamptz - interval '24 hours 1 minute'
              AND last_seen >= $1::timestamptz - interval '24 hours' AND merged_into IS NULL
              AND substatus IN ('archived_until_escalating', 'ongoing')
              AND event_count >= $3
        ) AS candidate
        CROSS JOIN LATERAL (
            SELECT array_agg(hour) AS hours, array_agg(event_count) AS counts,
                   sum(event_count) FILTER (WHERE hour >= $1::timestamptz - interval '25 hours') AS latest
            FROM (
                SELECT counter.hour, sum(counter.event_count)::bigint AS event_count
                FROM issue_parts AS part
                JOIN issue_hours AS counter ON counter.project_id = part.project_id
                    AND counter.part_id = part.id
                WHERE part.project_id = candidate.project_id AND part.issue_id = candidate.id
                  AND counter.hour >= candidate.since - $2::interval AND counter.hour <= $1
                GROUP BY counter.hour
            ) AS by_hour
        ) AS counted
        WHERE counted.latest >= $3
        "#,
        now,
        back,
        least,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| History {
            id: row.id,
            since: row.since,
            hours: row.hours.into_iter().zip(row.counts).collect(),
        })
        .collect())
}

/// Calls issues escalating that may be called so still; returns them.
pub(super) async fn call_escalating(
    db: &mut PgConnection,
    ids: &[IssueId],
    now: Timestamp,
) -> sqlx::Result<Vec<IssueId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (projects, ids) = IssueId::columns(ids);
    query_scalar!(
        r#"
        UPDATE issues
        SET status = 'unresolved', substatus = 'escalating', status_detail = '{}',
            status_changed_at = $3
        FROM (
            SELECT project_id, id
            FROM issues
            WHERE (project_id, id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
              AND substatus IN ('archived_until_escalating', 'ongoing') AND merged_into IS NULL
            ORDER BY project_id, id
            FOR UPDATE
        ) AS due
        WHERE issues.project_id = due.project_id AND issues.id = due.id
        RETURNING issues.id
        "#,
        &projects,
        &ids,
        now,
    )
    .fetch_all(db)
    .await
}
