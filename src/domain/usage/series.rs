//! What became of everything that was sent, over time and by whatever is asked.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use super::store::{self, StepRow};
use crate::base::{ProjectId, Timestamp, steps};
use crate::domain::{Error, Result};

/// The most steps of a question, a year by the hour being far beyond it.
const MAX_STEPS: i64 = 2_500;

/// The most numbers of an answer.
const MAX_POINTS: usize = 50_000;

/// Time in steps: whole hours that divide a day, or whole days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    from: Timestamp,
    until: Timestamp,
    step: TimeDelta,
}

impl Steps {
    /// The steps that have something of a period in them.
    ///
    /// # Errors
    /// With the word of the parameter that cannot be so.
    pub fn new(from: Timestamp, until: Timestamp, step: TimeDelta) -> Result<Self> {
        if !steps::are_even(step) {
            return Err(Error::invalid("interval", steps::UNEVEN));
        }
        let from = from.duration_trunc(step).unwrap_or(from);
        if (until - from).num_seconds() / step.num_seconds() > MAX_STEPS {
            let problem = format!("That makes more than {MAX_STEPS} steps: choose longer ones.");
            return Err(Error::invalid("interval", problem));
        }
        Ok(Self { from, until, step })
    }

    /// When it begins.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// When it ends.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// When each step begins.
    pub fn starts(&self) -> Vec<Timestamp> {
        steps::starts(self.from, self.until, self.step)
    }

    fn unit(&self) -> &'static str {
        if self.step < TimeDelta::days(1) { "hour" } else { "day" }
    }

    fn place(&self, at: Timestamp) -> Option<usize> {
        let steps = (at - self.from).num_seconds().div_euclid(self.step.num_seconds().max(1));
        usize::try_from(steps).ok()
    }
}

/// What is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// The projects.
    pub projects: bool,
    /// The kinds of items.
    pub categories: bool,
    /// What became of them.
    pub outcomes: bool,
    /// Why.
    pub reasons: bool,
}

/// Items that count; an empty list is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these projects; here an empty list is none.
    pub projects: Vec<ProjectId>,
    /// Of these kinds.
    pub categories: Vec<String>,
    /// That came to this.
    pub outcomes: Vec<String>,
    /// For these reasons.
    pub reasons: Vec<String>,
}

/// What the items of a series have in common; `None` where it is not told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The project.
    pub project: Option<ProjectId>,
    /// The kind.
    pub category: Option<String>,
    /// What became of them.
    pub outcome: Option<String>,
    /// Why; empty when accepted.
    pub reason: Option<String>,
}

/// Items that have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// What that is.
    pub key: Key,
    /// All of them.
    pub total: i64,
    /// By step.
    pub steps: Vec<i64>,
}

/// What became of the wanted items, by what is told apart.
///
/// # Errors
/// When that is more than one answer holds, or the database fails.
pub async fn series(
    db: &mut PgConnection,
    wanted: &Wanted,
    apart: Apart,
    steps: &Steps,
) -> Result<Vec<Series>> {
    let period = (steps.from, steps.until);
    let mut gathered =
        Gathered { apart, steps, count: steps.starts().len(), found: BTreeMap::new() };
    if apart.projects {
        for project in &wanted.projects {
            let rows = store::list_steps(db, &[*project], period, steps.unit()).await?;
            gathered.add(Some(*project), rows, wanted)?;
        }
    } else {
        let rows = store::list_steps(db, &wanted.projects, period, steps.unit()).await?;
        gathered.add(None, rows, wanted)?;
    }
    Ok(gathered.into_series())
}

struct Gathered<'a> {
    apart: Apart,
    steps: &'a Steps,
    count: usize,
    found: BTreeMap<Key, Vec<i64>>,
}

impl Gathered<'_> {
    fn add(
        &mut self,
        project: Option<ProjectId>,
        rows: Vec<StepRow>,
        wanted: &Wanted,
    ) -> Result<()> {
        for row in rows.into_iter().filter(|row| wanted.has(row)) {
            let Some(place) = self.steps.place(row.step).filter(|place| *place < self.count) else {
                continue;
            };
            let key = Key {
                project,
                category: self.apart.categories.then_some(row.category),
                outcome: self.apart.outcomes.then_some(row.outcome),
                reason: self.apart.reasons.then_some(row.reason),
            };
            if !self.found.contains_key(&key) && (self.found.len() + 1) * self.count > MAX_POINTS {
                let problem = "That is too much at once: choose a longer `interval`, a shorter \
                    period or fewer groups.";
                return Err(Error::invalid("groupBy", problem));
            }
            let count = self.count;
            let counts = self.found.entry(key).or_insert_with(|| vec![0; count]);
            counts[place] = counts[place].saturating_add(row.quantity);
        }
        Ok(())
    }

    fn into_series(self) -> Vec<Series> {
        let one = |(key, steps): (Key, Vec<i64>)| {
            let total = steps.iter().fold(0_i64, |sum, count| sum.saturating_add(*count));
            Series { key, total, steps }
        };
        self.found.into_iter().map(one).collect()
    }
}

impl Wanted {
    fn has(&self, row: &StepRow) -> bool {
        let among = |wanted: &[String], word: &String| wanted.is_empty() || wanted.contains(word);
        among(&self.categories, &row.category)
            && among(&self.outcomes, &row.outcome)
            && among(&self.reasons, &row.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn steps(hours: i64) -> Result<Steps> {
        let (from, until) = (at("2026-11-22T05:20:00Z"), at("2026-11-22T14:20:00Z"));
        Steps::new(from, until, TimeDelta::hours(hours))
    }

    #[test]
    fn steps_begin_where_hours_and_days_do() {
        let six = steps(6).unwrap();
        let expected = ["2026-11-22T00:00:00Z", "2026-11-22T06:00:00Z", "2026-11-22T12:00:00Z"];
        assert_eq!(six.starts(), expected.map(at));
        assert_eq!(six.place(at("2026-11-22T13:00:00Z")), Some(2));
        assert_eq!(steps(24).unwrap().starts(), [at("2026-11-22T00:00:00Z")]);
        assert!(steps(5).is_err() && steps(36).is_err() && steps(0).is_err());
        let long =
            Steps::new(at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"), TimeDelta::hours(1));
        assert!(long.is_err(), "six years by the hour are too many steps");
    }

    #[test]
    fn rows_are_summed_by_what_is_told_apart_and_only_what_is_wanted() {
        let row = |step: &str, category: &str, outcome: &str, quantity| StepRow {
            step: at(step),
            category: category.to_owned(),
            outcome: outcome.to_owned(),
            reason: String::new(),
            quantity,
        };
        let rows = vec![
            row("2026-11-22T05:00:00Z", "error", "accepted", 3),
            row("2026-11-22T07:00:00Z", "error", "accepted", i64::MAX),
            row("2026-11-22T08:00:00Z", "error", "filtered", 2),
            row("2026-11-22T08:00:00Z", "session", "accepted", 9),
            row("2026-11-22T23:00:00Z", "error", "accepted", 1),
        ];
        let steps = steps(6).unwrap();
        let apart = Apart { outcomes: true, ..Apart::default() };
        let wanted = Wanted { categories: vec!["error".to_owned()], ..Wanted::default() };
        let mut gathered = Gathered { apart, steps: &steps, count: 3, found: BTreeMap::new() };
        gathered.add(None, rows, &wanted).unwrap();
        let found = gathered.into_series();
        let told: Vec<_> = found
            .iter()
            .map(|series| (series.key.outcome.as_deref().unwrap(), series.steps.as_slice()))
            .collect();
        assert_eq!(told, [("accepted", &[3, i64::MAX, 0][..]), ("filtered", &[0, 2, 0])]);
        assert_eq!(found[0].total, i64::MAX);
        assert_eq!(found[0].key.category, None);
    }
}
