//! SQL for writing events in batches.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{NewEvent, copy};
use crate::base::{EventId, ProjectId, Timestamp};

/// Which of these events are stored already. Only days from `since` on are searched.
pub async fn find_stored(
    db: &mut PgConnection,
    projects: &[i64],
    events: &[Uuid],
    since: Timestamp,
) -> sqlx::Result<HashSet<(ProjectId, EventId)>> {
    let rows = sqlx::query!(
        r#"
        SELECT events.project_id AS "project_id: ProjectId", events.event_id AS "event_id: EventId"
        FROM unnest($1::bigint[], $2::uuid[]) AS sought (project_id, event_id)
        JOIN events USING (project_id, event_id)
        WHERE events.received_at >= $3
        "#,
        projects,
        events,
        since,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.event_id)).collect())
}

/// Writes new events. Fails with a unique violation if one of them is stored already.
pub async fn insert(db: &mut PgConnection, events: &[NewEvent<'_>]) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let mut stream = db
        .copy_in_raw(
            "COPY events (project_id, event_id, part_id, received_at, occurred_at, level, \
             primary_hash, environment, release, user_label, title, transaction, payload) \
             FROM STDIN (FORMAT BINARY)",
        )
        .await?;
    if let Err(error) = stream.send(copy::encode(events)).await {
        stream.abort("sending failed").await?;
        return Err(error);
    }
    stream.finish().await?;
    Ok(())
}
