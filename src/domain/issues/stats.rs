//! Events over time, for a page of issues at once.

use std::collections::HashMap;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use super::{Period, store};
use crate::base::{IssueId, Timestamp};
use crate::domain::Result;

/// How far back a series goes, and in which steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatsPeriod {
    /// 24 hours.
    #[default]
    Day,
    /// 14 days.
    Fortnight,
    /// 30 days.
    Month,
}

impl StatsPeriod {
    /// What the API calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Fortnight => "14d",
            Self::Month => "30d",
        }
    }

    /// The length of a step.
    pub fn step(self) -> TimeDelta {
        match self {
            Self::Day => TimeDelta::hours(1),
            Self::Fortnight | Self::Month => TimeDelta::days(1),
        }
    }

    /// How many steps there are; the last one is going on.
    pub fn steps(self) -> i32 {
        match self {
            Self::Day => 24,
            Self::Fortnight => 14,
            Self::Month => 30,
        }
    }

    /// The beginning of the first step of the series that ends at `now`.
    pub fn start(self, now: Timestamp) -> Timestamp {
        now.duration_trunc(self.step()).unwrap_or(now) - self.step() * (self.steps() - 1)
    }
}

/// Events per step, the oldest step first.
pub type Series = Vec<(Timestamp, i64)>;

/// The series of each issue in the environments (none: all of them) up to `now`. Every id has one.
///
/// # Errors
/// When the database fails.
pub async fn series(
    db: &mut PgConnection,
    ids: &[IssueId],
    environments: &[String],
    period: StatsPeriod,
    now: Timestamp,
) -> Result<HashMap<IssueId, Series>> {
    let start = period.start(now);
    let empty: Series = (0..period.steps()).map(|step| (start + period.step() * step, 0)).collect();
    let mut series: HashMap<IssueId, Series> = ids.iter().map(|id| (*id, empty.clone())).collect();
    let step_seconds = period.step().num_seconds();
    for point in store::count_steps(db, ids, environments, start, step_seconds).await? {
        let step = (point.start - start).num_seconds() / step_seconds;
        let slot = series.get_mut(&point.issue_id).zip(usize::try_from(step).ok());
        if let Some(place) = slot.and_then(|(series, step)| series.get_mut(step)) {
            place.1 += point.event_count;
        }
    }
    Ok(series)
}

/// What an issue counts in a window: events by hours, so the edges are rounded outward to whole hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events in the window.
    pub event_count: i64,
}

/// What issues count in a period and environments (none: all of them). Every id has an entry.
///
/// # Errors
/// When the database fails.
pub async fn counts(
    db: &mut PgConnection,
    ids: &[IssueId],
    environments: &[String],
    period: Period,
) -> Result<HashMap<IssueId, Counts>> {
    let mut counts: HashMap<IssueId, Counts> =
        ids.iter().map(|id| (*id, Counts::default())).collect();
    for row in store::count_window(db, ids, environments, period.since, period.until).await? {
        counts.insert(row.issue_id, Counts { event_count: row.event_count });
    }
    Ok(counts)
}
