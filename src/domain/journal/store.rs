//! SQL of the journal positions.

use sqlx::PgConnection;

use super::LaneKey;
use crate::base::Timestamp;

/// The position up to which effects are stored; 0 for a lane that stored nothing yet.
pub async fn find_position(db: &mut PgConnection, lane: LaneKey) -> sqlx::Result<i64> {
    let position = sqlx::query_scalar!(
        "SELECT position FROM journal_positions WHERE node = $1 AND lane = $2",
        lane.node,
        lane.lane,
    )
    .fetch_optional(db)
    .await?;
    Ok(position.unwrap_or(0))
}

/// Moves the position from `from` to `to`; `false` if it is not at `from`.
pub async fn advance(
    db: &mut PgConnection,
    lane: LaneKey,
    from: i64,
    to: i64,
    now: Timestamp,
) -> sqlx::Result<bool> {
    if from == 0 {
        sqlx::query!(
            r#"
            INSERT INTO journal_positions (node, lane, position, updated_at)
            VALUES ($1, $2, 0, $3)
            ON CONFLICT DO NOTHING
            "#,
            lane.node,
            lane.lane,
            now,
        )
        .execute(&mut *db)
        .await?;
    }
    let moved = sqlx::query!(
        r#"
        UPDATE journal_positions SET position = $4, updated_at = $5
        WHERE node = $1 AND lane = $2 AND position = $3
        "#,
        lane.node,
        lane.lane,
        from,
        to,
        now,
    )
    .execute(db)
    .await?;
    Ok(moved.rows_affected() == 1)
}
