//! How much a project gets, day by day.

use std::collections::HashMap;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use super::store;
use crate::base::{ProjectId, Timestamp};
use crate::domain::Result;

/// Days of UTC and what was stored in each, the oldest first, today last.
pub type Days = Vec<(Timestamp, i64)>;

/// The stored events of each project in the last `days` days, today included; in the order of `projects`.
pub async fn events_by_day(
    db: &mut PgConnection,
    projects: &[ProjectId],
    days: i32,
    now: Timestamp,
) -> Result<Vec<Days>> {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let start = today - TimeDelta::days(1) * (days - 1);
    let dates: Vec<Timestamp> = (0..days).map(|day| start + TimeDelta::days(1) * day).collect();
    let stored = store::events_by_day(db, projects, start).await?;
    let stored: HashMap<_, _> =
        stored.into_iter().map(|row| ((row.project_id, row.day), row.quantity)).collect();
    let of_project = |id: &ProjectId| {
        let quantity = |day: Timestamp| stored.get(&(*id, day)).copied().unwrap_or(0);
        dates.iter().map(|day| (*day, quantity(*day))).collect()
    };
    Ok(projects.iter().map(of_project).collect())
}
