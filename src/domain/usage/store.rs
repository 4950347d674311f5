//! SQL of the outcome counters.

use sqlx::PgConnection;

use super::Counts;
use crate::base::{ProjectId, Timestamp};

/// Adds `counts` to the stored counters.
pub async fn add(db: &mut PgConnection, counts: &Counts) -> sqlx::Result<()> {
    let rows = counts.sorted();
    let projects: Vec<i64> = rows.iter().map(|(counter, _)| counter.project_id.0).collect();
    let hours: Vec<Timestamp> = rows.iter().map(|(counter, _)| counter.hour).collect();
    let categories: Vec<&str> = rows.iter().map(|(counter, _)| counter.category).collect();
    let outcomes: Vec<&str> = rows.iter().map(|(counter, _)| counter.outcome.as_str()).collect();
    let reasons: Vec<&str> = rows.iter().map(|(counter, _)| counter.reason).collect();
    let keys: Vec<&str> = rows.iter().map(|(counter, _)| counter.public_key.as_str()).collect();
    let quantities: Vec<i64> = rows.iter().map(|(_, quantity)| *quantity).collect();
    sqlx::query!(
        r#"
        INSERT INTO outcomes (project_id, hour, category, outcome, reason, public_key, quantity)
        SELECT * FROM unnest(
            $1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[]
        )
        ON CONFLICT (project_id, hour, category, outcome, reason, public_key)
        DO UPDATE SET quantity = outcomes.quantity + excluded.quantity
        "#,
        &projects,
        &hours,
        &categories as &[&str],
        &outcomes as &[&str],
        &reasons as &[&str],
        &keys as &[&str],
        &quantities,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The sum of a project's items of one outcome since `since`, all categories together.
pub async fn total(
    db: &mut PgConnection,
    project: ProjectId,
    outcome: &str,
    since: Timestamp,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"
        SELECT coalesce(sum(quantity), 0)::bigint AS "total!"
        FROM outcomes
        WHERE project_id = $1 AND outcome = $2 AND hour >= $3
        "#,
        project.0,
        outcome,
        since,
    )
    .fetch_one(db)
    .await
}

/// What a project stored on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// The project.
    pub project_id: ProjectId,
    /// Midnight UTC, when it begins.
    pub day: Timestamp,
    /// How many events.
    pub quantity: i64,
}

/// The events that were stored for each project on each day since `start`; days without any are missing.
pub async fn events_by_day(
    db: &mut PgConnection,
    projects: &[ProjectId],
    start: Timestamp,
) -> sqlx::Result<Vec<DayRow>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        DayRow,
        r#"
        SELECT project_id AS "project_id: ProjectId",
            date_trunc('day', hour, 'UTC') AS "day!",
            sum(quantity)::bigint AS "quantity!"
        FROM outcomes
        WHERE project_id = ANY($1) AND hour >= $2 AND category = 'error' AND outcome = 'accepted'
        GROUP BY 1, 2
        "#,
        &projects,
        start,
    )
    .fetch_all(db)
    .await
}
