//! SQL that forgets counted sessions.

use sqlx::PgConnection;

use crate::base::Timestamp;

/// Deletes some of the days before a moment; how many.
pub(super) async fn delete_days(
    db: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        r#"
        DELETE FROM session_days AS days
        USING (
            SELECT project_id, started, release, environment FROM session_days
            WHERE started < $1
            LIMIT $2
        ) AS old
        WHERE days.project_id = old.project_id AND days.span_hours = 24
            AND days.started = old.started AND days.release = old.release
            AND days.environment = old.environment
        "#,
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
