//! SQL of the outcome counters.

use sqlx::PgConnection;

use super::Counts;
use crate::base::{ProjectId, Timestamp};

/// [`Counts`] as the columns of `outcomes`, in order.
struct Columns<'a> {
    projects: Vec<i64>,
    hours: Vec<Timestamp>,
    categories: Vec<&'a str>,
    outcomes: Vec<&'a str>,
    reasons: Vec<&'a str>,
    keys: Vec<&'a str>,
    quantities: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn new(counts: &'a Counts) -> Self {
        let rows = counts.sorted();
        Self {
            projects: rows.iter().map(|(counter, _)| counter.project_id.0).collect(),
            hours: rows.iter().map(|(counter, _)| counter.hour).collect(),
            categories: rows.iter().map(|(counter, _)| counter.category).collect(),
            outcomes: rows.iter().map(|(counter, _)| counter.outcome.as_str()).collect(),
            reasons: rows.iter().map(|(counter, _)| &*counter.reason).collect(),
            keys: rows.iter().map(|(counter, _)| counter.public_key.as_str()).collect(),
            quantities: rows.iter().map(|(_, quantity)| *quantity).collect(),
        }
    }
}

/// Adds `counts` to the stored counters. None passes 2^53: what clients say of themselves may be any
/// number, and sums of counters must fit.
pub async fn add(db: &mut PgConnection, counts: &Counts) -> sqlx::Result<()> {
    let columns = Columns::new(counts);
    sqlx::query!(
        r#"
        INSERT INTO outcomes (project_id, hour, category, outcome, reason, public_key, quantity)
        SELECT project_id, hour, category, outcome, reason, public_key, least(quantity, 9007199254740991)
        FROM unnest(
            $1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[]
        ) AS added (project_id, hour, category, outcome, reason, public_key, quantity)
        ON CONFLICT (project_id, hour, category, outcome, reason, public_key)
        DO UPDATE SET quantity =
            least(outcomes.quantity::numeric + excluded.quantity, 9007199254740991)::bigint
        "#,
        &columns.projects,
        &columns.hours,
        &columns.categories as &[&str],
        &columns.outcomes as &[&str],
        &columns.reasons as &[&str],
        &columns.keys as &[&str],
        &columns.quantities,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes `counts` back, which were added before; counters that end at nothing are gone.
pub async fn take_back(db: &mut PgConnection, counts: &Counts) -> sqlx::Result<()> {
    let columns = Columns::new(counts);
    sqlx::query!(
        r#"
        UPDATE outcomes SET quantity = greatest(outcomes.quantity - taken.quantity, 0)
        FROM unnest(
            $1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[]
        ) AS taken (project_id, hour, category, outcome, reason, public_key, quantity)
        WHERE outcomes.project_id = taken.project_id AND outcomes.hour = taken.hour
            AND outcomes.category = taken.category AND outcomes.outcome = taken.outcome
            AND outcomes.reason = taken.reason AND outcomes.public_key = taken.public_key
        "#,
        &columns.projects,
        &columns.hours,
        &columns.categories as &[&str],
        &columns.outcomes as &[&str],
        &columns.reasons as &[&str],
        &columns.keys as &[&str],
        &columns.quantities,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "DELETE FROM outcomes WHERE project_id = ANY($1) AND hour = ANY($2) AND quantity = 0",
        &columns.projects,
        &columns.hours,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The reasons that a project's clients gave since `since`.
pub async fn list_client_reasons(
    db: &mut PgConnection,
    projects: &[i64],
    since: Timestamp,
) -> sqlx::Result<Vec<(ProjectId, String)>> {
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT project_id AS "project_id: ProjectId", reason
        FROM outcomes
        WHERE project_id = ANY($1) AND hour >= $2
            AND outcome IN ('client_discard', 'filtered', 'rate_limited')
        "#,
        projects,
        since,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.project_id, row.reason)).collect())
}

/// What became of items in a step of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    /// When the step begins.
    pub step: Timestamp,
    /// Their category.
    pub category: String,
    /// What became of them.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub quantity: i64,
}

/// The outcomes of `projects` in `from..until` by `unit`: `hour` or `day`.
pub async fn list_steps(
    db: &mut PgConnection,
    projects: &[ProjectId],
    (from, until): (Timestamp, Timestamp),
    unit: &str,
) -> sqlx::Result<Vec<StepRow>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        StepRow,
        r#"
        SELECT date_trunc($4, hour, 'UTC') AS "step!", category, outcome, reason,
            least(sum(quantity), 9007199254740991)::bigint AS "quantity!"
        FROM outcomes
        WHERE project_id = ANY($1) AND hour >= $2 AND hour < $3
        GROUP BY 1, 2, 3, 4
        "#,
        &projects,
        from,
        until,
        unit,
    )
    .fetch_all(db)
    .await
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
        SELECT least(coalesce(sum(quantity), 0), 9007199254740991)::bigint AS "total!"
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

/// What came with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The key.
    pub public_key: String,
    /// The last full hour in which something came with it, whatever became of it.
    pub last_hour: Timestamp,
    /// The events that were stored since the beginning of the day.
    pub today: i64,
}

/// What came with each of a project's keys; `today` begins the day.
pub async fn list_keys(
    db: &mut PgConnection,
    project: ProjectId,
    today: Timestamp,
) -> sqlx::Result<Vec<KeyRow>> {
    sqlx::query_as!(
        KeyRow,
        r#"
        SELECT public_key, max(hour) AS "last_hour!",
            coalesce(least(sum(quantity) FILTER (
                WHERE hour >= $2 AND category = 'error' AND outcome = 'accepted'
            ), 9007199254740991), 0)::bigint AS "today!"
        FROM outcomes
        WHERE project_id = $1
        GROUP BY 1
        "#,
        project.0,
        today,
    )
    .fetch_all(db)
    .await
}
