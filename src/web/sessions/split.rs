//! The charts of the session explorer where sessions are told apart by what they have in common.

use chrono::TimeDelta;

use crate::base::Timestamp;
use crate::domain::sessions::health::{Group, Health};
use crate::web::components::lines::Lines;
use crate::web::components::markers::Markers;
use crate::web::components::stacked::{Series, Stacked};

/// The classes of the groups that have a colour of their own, the largest first.
const CLASSES: [&str; 5] = ["group-1", "group-2", "group-3", "group-4", "group-5"];

/// All groups but those.
const OTHERS: Series = Series::of("group-other", "All others", "others");

/// How many sessions each group had, and how they went.
#[derive(Debug)]
pub(super) struct Charts {
    /// The numbers.
    pub(super) sessions: Stacked,
    /// The shares without a crash, of the groups that have a colour.
    pub(super) crash_free: Lines,
}

/// What the charts are made of.
pub(super) struct Told<'a> {
    /// All sessions together, by step.
    pub(super) all: &'a [Health],
    /// When each step begins.
    pub(super) starts: &'a [Timestamp],
    /// How long one is.
    pub(super) step: TimeDelta,
    /// In a sentence: `the last 24 hours`.
    pub(super) span: &'static str,
}

impl Charts {
    /// The charts of groups with their names, the largest first.
    pub(super) fn new(told: &Told<'_>, groups: &[(String, &Group)], markers: &Markers) -> Self {
        let shown = &groups[..groups.len().min(CLASSES.len())];
        let mut series: Vec<Series> = CLASSES
            .iter()
            .zip(shown)
            .map(|(class, (name, _))| Series::named(class, name))
            .collect();
        let shares: Vec<_> = told.by_step(|place| {
            let share = |group: &Group| group.steps.get(place)?.sessions.crash_free();
            shown.iter().map(|(_, group)| share(group)).collect::<Vec<Option<f64>>>()
        });
        let label = format!("Share of sessions without a crash in {}", told.span);
        let crash_free = Lines::new(&series, &shares, told.step, label);
        let counts: Vec<_> = told.by_step(|place| {
            let count =
                |steps: &[Health]| steps.get(place).map_or(0, |health| health.sessions.total);
            let mut counts: Vec<i64> = shown.iter().map(|(_, group)| count(&group.steps)).collect();
            let others = count(told.all).saturating_sub(counts.iter().sum());
            counts.push(others.max(0));
            counts
        });
        series.push(OTHERS);
        let label = format!("Sessions in {}, by what they have in common", told.span);
        let sessions = Stacked::new(&series, &counts, told.step, label);
        Self {
            sessions: sessions.with_markers(markers.clone()),
            crash_free: crash_free.with_markers(markers.clone()),
        }
    }
}

impl Told<'_> {
    fn by_step<T>(&self, of: impl Fn(usize) -> T) -> Vec<(Timestamp, T)> {
        self.starts.iter().enumerate().map(|(place, start)| (*start, of(place))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sessions::SessionCounts;
    use crate::domain::sessions::health::GroupKey;

    fn health(total: i64, crashed: i64) -> Health {
        let sessions = SessionCounts { total, crashed, ..SessionCounts::default() };
        Health { sessions, ..Health::default() }
    }

    fn charts(all: &[Health], groups: &[(String, &Group)]) -> Charts {
        let start = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let starts = [start, start + TimeDelta::hours(1)];
        let step = TimeDelta::hours(1);
        let told = Told { all, starts: &starts, step, span: "the last 24 hours" };
        Charts::new(&told, groups, &Markers::default())
    }

    #[test]
    fn the_largest_groups_have_a_colour_and_the_rest_is_one_part() {
        let group = |steps: &[Health]| Group {
            key: GroupKey::default(),
            total: Health::default(),
            steps: steps.to_vec(),
        };
        let groups: Vec<Group> =
            (0..7).map(|index| group(&[health(10 - index, index), health(0, 0)])).collect();
        let named: Vec<(String, &Group)> =
            groups.iter().enumerate().map(|(index, group)| (format!("g{index}"), group)).collect();
        let charts = charts(&[health(49, 21), health(3, 0)], &named);
        let labels: Vec<&str> =
            charts.sessions.series.iter().map(|series| series.label.as_ref()).collect();
        assert_eq!(labels, ["g0", "g1", "g2", "g3", "g4", "All others"]);
        assert_eq!(charts.sessions.bars[0].cells, ["10", "9", "8", "7", "6", "9"]);
        assert_eq!(charts.sessions.bars[1].holds, "3 others");
        assert_eq!(charts.crash_free.steps[0].cells[..2], ["100%", "88.89%"]);
        assert_eq!(charts.crash_free.lines.len(), 5, "others have no line: they are no group");
    }

    #[test]
    fn without_others_there_is_no_such_part() {
        let group = Group {
            key: GroupKey::default(),
            total: Health::default(),
            steps: vec![health(3, 1), health(0, 0)],
        };
        let charts = charts(&[health(3, 1), health(0, 0)], &[("only".to_owned(), &group)]);
        assert_eq!(charts.sessions.series.len(), 1);
        assert_eq!(charts.crash_free.steps[1].holds, "none");
    }
}
