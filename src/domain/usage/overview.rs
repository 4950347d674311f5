//! What became of everything that was sent, over time, as people look at it.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use super::{Outcome, store};
use crate::base::{ProjectId, Timestamp};
use crate::domain::Result;

/// A stretch of time in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How long a step is: an hour or a day.
    pub step: TimeDelta,
    /// How many there are; the last one is still running.
    pub steps: i32,
}

/// Whose items, and from when.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The projects.
    pub projects: &'a [ProjectId],
    /// The category of the steps; of none that was sent, errors or whatever there is.
    pub category: &'a str,
    /// The stretch that ends now.
    pub span: Span,
}

/// Items of one category that met the same end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Their category.
    pub category: String,
    /// What became of them.
    pub outcome: Outcome,
    /// Why; empty when accepted.
    pub reason: String,
    /// How many.
    pub quantity: i64,
}

/// What became of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// The category of the steps; empty if nothing was sent at all.
    pub category: String,
    /// The steps, the oldest first, and how many items met each end, in the order of [`Outcome::ALL`].
    pub steps: Vec<(Timestamp, [i64; Outcome::ALL.len()])>,
    /// Everything of all categories, by category, outcome and number.
    pub rows: Vec<Row>,
}

impl Span {
    /// The last 24 hours.
    pub const DAY: Self = Self { step: TimeDelta::hours(1), steps: 24 };

    /// The last so many days, today included.
    pub const fn days(days: i32) -> Self {
        Self { step: TimeDelta::days(1), steps: days }
    }

    fn starts(self, now: Timestamp) -> Vec<Timestamp> {
        let last = now.duration_trunc(self.step).unwrap_or(now);
        (0..self.steps).rev().map(|back| last - self.step * back).collect()
    }

    fn unit(self) -> &'static str {
        if self.step < TimeDelta::days(1) { "hour" } else { "day" }
    }
}

/// What became of everything that was sent to `scope`.
///
/// # Errors
/// When the database fails.
pub async fn overview(db: &mut PgConnection, scope: Scope<'_>, now: Timestamp) -> Result<Overview> {
    let starts = scope.span.starts(now);
    let from = starts.first().copied().unwrap_or(now);
    let until = starts.last().map_or(now, |last| *last + scope.span.step);
    let found = store::list_steps(db, scope.projects, (from, until), scope.span.unit()).await?;
    Ok(gather(&starts, scope.category, found))
}

fn gather(starts: &[Timestamp], wanted: &str, found: Vec<store::StepRow>) -> Overview {
    let mut steps: BTreeMap<Timestamp, [i64; Outcome::ALL.len()]> =
        starts.iter().map(|start| (*start, [0; Outcome::ALL.len()])).collect();
    let mut rows: BTreeMap<(String, Outcome, String), i64> = BTreeMap::new();
    let category = chosen(wanted, &found);
    for row in found {
        let Some(outcome) = Outcome::from_word(&row.outcome) else { continue };
        if let Some(step) = steps.get_mut(&row.step).filter(|_| row.category == category) {
            let place = outcome as usize;
            step[place] = step[place].saturating_add(row.quantity);
        }
        let sum = rows.entry((row.category, outcome, row.reason)).or_default();
        *sum = sum.saturating_add(row.quantity);
    }
    let row = |((category, outcome, reason), quantity)| Row { category, outcome, reason, quantity };
    let mut rows: Vec<Row> = rows.into_iter().map(row).collect();
    rows.sort_by(|one, other| {
        let key = |row: &Row| (row.category.clone(), row.outcome, -row.quantity);
        key(one).cmp(&key(other))
    });
    Overview { category, steps: steps.into_iter().collect(), rows }
}

/// The wanted category if there is any of it, else errors, else the first one.
fn chosen(wanted: &str, found: &[store::StepRow]) -> String {
    let has = |category: &str| found.iter().any(|row| row.category == category);
    let first = || found.iter().map(|row| row.category.as_str()).min().unwrap_or_default();
    [wanted, "error"].into_iter().find(|category| has(category)).unwrap_or_else(first).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_step_is_the_running_one() {
        let now = at("2026-11-22T10:20:00Z");
        let hours = Span::DAY.starts(now);
        assert_eq!((hours.len(), hours[0]), (24, at("2026-11-21T11:00:00Z")));
        assert_eq!(hours[23], at("2026-11-22T10:00:00Z"));
        let days = Span::days(7).starts(now);
        assert_eq!((days.len(), days[0]), (7, at("2026-11-16T00:00:00Z")));
    }

    #[test]
    fn items_are_summed_by_step_and_by_reason() {
        let starts = Span::DAY.starts(at("2026-11-22T10:20:00Z"));
        let row =
            |step: &str, category: &str, outcome: &str, reason: &str, quantity| store::StepRow {
                step: at(step),
                category: category.to_owned(),
                outcome: outcome.to_owned(),
                reason: reason.to_owned(),
                quantity,
            };
        let found = vec![
            row("2026-11-22T10:00:00Z", "error", "accepted", "", 3),
            row("2026-11-22T09:00:00Z", "error", "accepted", "", 4),
            row("2026-11-22T09:00:00Z", "error", "invalid", "duplicate", 1),
            row("2026-11-22T09:00:00Z", "error", "invalid", "invalid_json", i64::MAX),
            row("2026-11-22T09:00:00Z", "session", "unsupported", "not_yet_supported", 9),
            row("2026-11-22T09:00:00Z", "session", "of another version", "", 9),
        ];
        let overview = gather(&starts, "cheese", found.clone());
        assert_eq!(overview.category, "error");
        assert_eq!(overview.steps[23].1, [3, 0, 0, 0, 0, 0]);
        assert_eq!(overview.steps[22].1, [4, 0, 0, i64::MAX, 0, 0]);
        let reasons: Vec<_> =
            overview.rows.iter().map(|row| (row.reason.as_str(), row.quantity)).collect();
        let expected =
            [("", 7), ("invalid_json", i64::MAX), ("duplicate", 1), ("not_yet_supported", 9)];
        assert_eq!(reasons, expected);
        assert_eq!(gather(&starts, "session", found.clone()).steps[22].1, [0, 0, 0, 0, 0, 9]);
        assert_eq!(gather(&starts, "", found[4..].to_vec()).category, "session");
        assert_eq!(gather(&starts, "", Vec::new()).category, "");
    }
}
