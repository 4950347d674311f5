//! SQL about dictionaries and the events they are made of.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::DictionaryRow;
use crate::base::Timestamp;

/// The bytes of a dictionary.
pub(super) async fn find_bytes(db: &mut PgConnection, id: i32) -> sqlx::Result<Option<Vec<u8>>> {
    query_scalar!("SELECT bytes FROM dictionaries WHERE id = $1", id).fetch_optional(db).await
}

/// The dictionaries that new events are packed with.
pub(super) async fn list_current(db: &mut PgConnection) -> sqlx::Result<Vec<DictionaryRow>> {
    query_as!(
        DictionaryRow,
        "SELECT id, family, created_at FROM dictionaries WHERE retired_at IS NULL ORDER BY id"
    )
    .fetch_all(db)
    .await
}

/// The platforms that issues were seen on since `since`.
pub(super) async fn list_platforms(
    db: &mut PgConnection,
    since: Timestamp,
) -> sqlx::Result<Vec<String>> {
    query_scalar!("SELECT DISTINCT platform FROM issues WHERE last_minute >= $1", since)
        .fetch_all(db)
        .await
}

/// The id that no dictionary has yet, `first` at least.
pub(super) async fn next_id(db: &mut PgConnection, first: i32) -> sqlx::Result<i32> {
    query_scalar!(
        r#"SELECT greatest($1, coalesce(max(id), 0) + 1) AS "id!" FROM dictionaries"#,
        first
    )
    .fetch_one(db)
    .await
}

/// How many issues of these platforms were seen since `since`, counted up to `limit`.
pub(super) async fn count_issues(
    db: &mut PgConnection,
    platforms: &[String],
    since: Timestamp,
    limit: i64,
) -> sqlx::Result<i64> {
    query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM (
            SELECT FROM issues WHERE platform = ANY($1) AND last_minute >= $2 LIMIT $3
        ) AS found
        "#,
        platforms,
        since,
        limit,
    )
    .fetch_one(db)
    .await
}

/// Payloads of events of these platforms that were received since `since`, at most `per_part` of each
/// part of the `issues` issues seen last.
pub(super) async fn list_payloads(
    db: &mut PgConnection,
    platforms: &[String],
    since: Timestamp,
    issues: i64,
    per_part: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    query_scalar!(
        r#"
        SELECT latest.payload AS "payload!"
        FROM (
            SELECT project_id, id FROM issues
            WHERE platform = ANY($1) AND last_minute >= $2 AND merged_into IS NULL
            ORDER BY last_minute DESC
            LIMIT $3
        ) AS recent
        JOIN issue_parts AS part ON part.project_id = recent.project_id AND part.issue_id = recent.id
        CROSS JOIN LATERAL (
            SELECT payload FROM events
            WHERE events.project_id = part.project_id AND events.part_id = part.id
              AND received_at >= $2 AND payload IS NOT NULL
            ORDER BY occurred_at DESC, event_id DESC
            LIMIT $4
        ) AS latest
        "#,
        platforms,
        since,
        issues,
        per_part,
    )
    .fetch_all(db)
    .await
}

/// Writes a dictionary.
pub(super) async fn insert(
    db: &mut PgConnection,
    id: i32,
    family: &str,
    bytes: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        "INSERT INTO dictionaries (id, family, bytes, created_at) VALUES ($1, $2, $3, $4)",
        id,
        family,
        bytes,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Says that the family's dictionaries are no longer packed with.
pub(super) async fn retire(
    db: &mut PgConnection,
    family: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    query!(
        "UPDATE dictionaries SET retired_at = $2 WHERE family = $1 AND retired_at IS NULL",
        family,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes dictionaries that were retired before a moment; returns how many.
pub(super) async fn delete_retired(db: &mut PgConnection, before: Timestamp) -> sqlx::Result<u64> {
    Ok(query!("DELETE FROM dictionaries WHERE retired_at < $1", before)
        .execute(db)
        .await?
        .rows_affected())
}
