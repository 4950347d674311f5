//! How sessions went, by release, environment, project and time: every figure about sessions comes from here.
//!
//! Whole days are read from the buckets of days and what hangs over at the edges from those of hours, so that a year costs
//! hardly more than a month. Where releases are told apart neither in the answer nor in the question, the buckets
//! that stand for all releases are read.

mod rates;
mod store;

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

pub use rates::{Health, UserCounts, rate};

use super::waiting::{SETS, Waiting};
use super::{SessionCounts, UserSketch};
use crate::base::{ProjectId, Timestamp, steps};
use crate::domain::{Error, Result};

/// The most points of a series.
pub const MAX_STEPS: i64 = 10_000;

/// Which sessions are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The projects.
    pub projects: Vec<ProjectId>,
    /// The releases; none: all of them.
    pub releases: Vec<String>,
    /// The environments, '' being none; none: all of them.
    pub environments: Vec<String>,
}

/// What is told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// Projects.
    pub projects: bool,
    /// Releases.
    pub releases: bool,
    /// Environments.
    pub environments: bool,
}

/// When the sessions began, and in which steps that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: Timestamp,
    until: Timestamp,
    step: TimeDelta,
}

impl Window {
    /// From the beginning of the hour of `from` up to `until`, as one step.
    pub fn whole(from: Timestamp, until: Timestamp) -> Self {
        let from = from.duration_trunc(TimeDelta::hours(1)).unwrap_or(from);
        Self { from, until, step: TimeDelta::MAX }
    }

    /// In steps of whole hours that divide a day, or of whole days; begins where a step begins.
    ///
    /// # Errors
    /// When there is no such step, or there would be too many.
    pub fn in_steps(from: Timestamp, until: Timestamp, step: TimeDelta) -> Result<Self> {
        if !steps::are_even(step) {
            return Err(Error::invalid("interval", steps::UNEVEN));
        }
        let unit = step.min(TimeDelta::days(1));
        let from = from.duration_trunc(unit).unwrap_or(from);
        let window = Self { from, until, step };
        if window.count_steps() > MAX_STEPS {
            let problem = format!("That makes more than {MAX_STEPS} steps; choose a longer one.");
            return Err(Error::invalid("interval", problem));
        }
        Ok(window)
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
    pub fn steps(&self) -> Vec<Timestamp> {
        steps::starts(self.from, self.until, self.step)
    }

    fn count_steps(&self) -> i64 {
        let seconds = (self.until - self.from).num_seconds();
        seconds.div_euclid(self.step.num_seconds().max(1)) + 1
    }

    fn place(&self, at: Timestamp) -> usize {
        let steps = (at - self.from).num_seconds() / self.step.num_seconds().max(1);
        usize::try_from(steps).unwrap_or_default()
    }

    /// Where whole days begin and end; the same moment twice if steps are shorter.
    fn days(&self) -> (Timestamp, Timestamp) {
        let day = TimeDelta::days(1);
        let down = |time: Timestamp| time.duration_trunc(day).unwrap_or(time);
        let first = down(self.from);
        let first = if first < self.from { first + day } else { first };
        // The day that goes on has no session that began behind `until`, if `until` is now; otherwise its hours tell.
        let last = down(self.until);
        if self.step < day || first >= last { (self.until, self.until) } else { (first, last) }
    }
}

/// What a group's sessions have in common; `None` where it is not told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// The project.
    pub project: Option<ProjectId>,
    /// The release.
    pub release: Option<String>,
    /// The environment; '' is none.
    pub environment: Option<String>,
}

/// Sessions that have something in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What that is.
    pub key: GroupKey,
    /// All of them.
    pub total: Health,
    /// By their beginning.
    pub steps: Vec<Health>,
}

/// Which users are counted, too: it costs reading their sketches. The more, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Users {
    /// None; they stay zero.
    Ignored,
    /// All of them, and those with a crash; the others stay zero.
    Crashes,
    /// Those of every trouble.
    Counted,
}

/// The groups of the wanted sessions, in the order of their keys; without sessions there is no group.
///
/// # Errors
/// When the database fails.
pub async fn groups(
    db: &mut PgConnection,
    wanted: &Wanted,
    apart: Apart,
    window: Window,
    users: Users,
) -> Result<Vec<Group>> {
    let steps = window.steps().len();
    let mut groups: BTreeMap<GroupKey, Group> = BTreeMap::new();
    for row in store::count(db, wanted, apart, &window).await? {
        let group = groups.entry(row.key.clone()).or_insert_with(|| Group {
            key: row.key.clone(),
            total: Health::default(),
            steps: vec![Health::default(); steps],
        });
        group.total.sessions += row.counts;
        if let Some(step) = group.steps.get_mut(window.place(row.started)) {
            step.sessions += row.counts;
        }
    }
    if users != Users::Ignored && !groups.is_empty() {
        count_users(db, wanted, (apart, users), window, &mut groups).await?;
    }
    Ok(groups.into_values().collect())
}

/// All wanted sessions together; users as in [`Users::Crashes`].
///
/// # Errors
/// When the database fails.
pub async fn total(db: &mut PgConnection, wanted: &Wanted, window: Window) -> Result<Health> {
    let groups = groups(db, wanted, Apart::default(), window, Users::Crashes).await?;
    Ok(groups.into_iter().next().map(|group| group.total).unwrap_or_default())
}

/// The sets of users that are counted, in the order of [`UserCounts`].
type Sets = [UserSketch; SETS];

async fn count_users(
    db: &mut PgConnection,
    wanted: &Wanted,
    (apart, users): (Apart, Users),
    window: Window,
    groups: &mut BTreeMap<GroupKey, Group>,
) -> Result<()> {
    let mut totals: BTreeMap<GroupKey, Sets> = BTreeMap::new();
    let mut steps: BTreeMap<(GroupKey, usize), Sets> = BTreeMap::new();
    let in_steps = window.steps().len() > 1;
    for row in store::list_sketches(db, wanted, (apart, users), &window).await? {
        if in_steps {
            let place = (row.key.clone(), window.place(row.started));
            row.add_to(steps.entry(place).or_default(), users)?;
        }
        row.add_to(totals.entry(row.key.clone()).or_default(), users)?;
    }
    for (key, sets) in totals {
        if let Some(group) = groups.get_mut(&key) {
            group.total.users = UserCounts::of(&sets);
            if let ([only], false) = (group.steps.as_mut_slice(), in_steps) {
                only.users = group.total.users;
            }
        }
    }
    for ((key, place), sets) in steps {
        let step = groups.get_mut(&key).and_then(|group| group.steps.get_mut(place));
        if let Some(step) = step {
            step.users = UserCounts::of(&sets);
        }
    }
    Ok(())
}

/// Sessions of a group in a step.
#[derive(Clone, Debug)]
struct CountRow {
    key: GroupKey,
    started: Timestamp,
    counts: SessionCounts,
}

/// A bucket's sets of users.
#[derive(Clone, Debug)]
struct SketchRow {
    key: GroupKey,
    started: Timestamp,
    sketches: [Option<Vec<u8>>; SETS],
    /// Those who are in no sketch yet.
    waiting: Option<Vec<u8>>,
}

impl SketchRow {
    /// Adds its users to sets, as far as these are asked for.
    fn add_to(&self, sets: &mut Sets, users: Users) -> Result<()> {
        let waiting = Waiting::read(self.waiting.as_deref().unwrap_or_default());
        let waiting = waiting.map_err(|why| Error::Other(why.into()))?;
        for (place, (set, stored)) in sets.iter_mut().zip(&self.sketches).enumerate() {
            if let Some(stored) = stored {
                set.unite(stored).map_err(|why| Error::Other(why.into()))?;
            }
            // The first is of all users, the last of those with a crash.
            if users == Users::Counted || place == 0 || place == SETS - 1 {
                waiting.fill(place, set);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn whole_days_are_read_as_days_and_the_rest_as_hours() {
        let until = at("2026-11-22T15:20:00Z");
        let days = (at("2026-11-10T00:00:00Z"), at("2026-11-22T00:00:00Z"));
        assert_eq!(Window::whole(at("2026-11-09T15:20:00Z"), until).days(), days);
        let short = Window::whole(at("2026-11-22T09:00:00Z"), until);
        assert_eq!(short.days(), (until, until));
        let hours = Window::in_steps(at("2026-11-09T15:20:00Z"), until, TimeDelta::hours(6));
        assert_eq!(hours.unwrap().days(), (until, until));
    }

    #[test]
    fn a_step_begins_where_its_hours_or_days_begin() {
        let until = at("2026-11-22T15:20:00Z");
        let steps = |from: &str, step| Window::in_steps(at(from), until, step).unwrap().steps();
        let hours = steps("2026-11-22T13:20:00Z", TimeDelta::hours(1));
        assert_eq!(hours.first(), Some(&at("2026-11-22T13:00:00Z")));
        assert_eq!(hours.len(), 3);
        let days = steps("2026-11-20T13:20:00Z", TimeDelta::days(1));
        assert_eq!(days[0], at("2026-11-20T00:00:00Z"));
        assert_eq!(days.len(), 3);
        for step in [TimeDelta::minutes(30), TimeDelta::hours(5), TimeDelta::hours(36)] {
            assert!(Window::in_steps(until, until, step).is_err(), "{step}");
        }
        let years = Window::in_steps(at("2020-01-01T00:00:00Z"), until, TimeDelta::hours(1));
        assert!(years.is_err());
    }
}
