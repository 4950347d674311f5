//! Issues that became much more frequent than they were.
//!
//! What is usual for an issue is what it had at most in the seven days before: in an hour, and in 24 hours. It
//! **escalates** when it now has
//!
//! - more than [`HOUR_FACTOR`] times its busiest hour in one hour, and [`LEAST_IN_HOUR`] events at least; or
//! - more than [`DAY_FACTOR`] times its busiest 24 hours in the last 24, and [`LEAST_IN_DAY`] events at least.
//!
//! "Now" begins when somebody last decided about the issue, 24 hours ago at the earliest: what was there
//! when it was archived is what is usual. Archived issues are brought back so, unless they are archived for good, and those
//! that are ongoing are called escalating. The two bounds leave chance out: an issue that has 20 events a day by
//! chance has 26 in its busiest day of seven, and would need 53 in a day.

mod store;

use chrono::{DurationRound, TimeDelta};
use serde_json::json;

use super::activity::ActivityKind;
use super::store::{NewLine, append_activity};
use crate::app::Essentials;
use crate::base::{IssueId, Timestamp};
use crate::domain::Result;

/// How many times the busiest hour is much more.
pub const HOUR_FACTOR: i64 = 5;

/// The fewest events in an hour that are worth a call.
pub const LEAST_IN_HOUR: i64 = 20;

/// How many times the busiest day is much more.
pub const DAY_FACTOR: i64 = 2;

/// The fewest events in a day that are worth a call.
pub const LEAST_IN_DAY: i64 = 40;

/// How far back is looked for what is usual.
const LOOKED_BACK: TimeDelta = TimeDelta::days(7);

/// The events of an issue by hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History {
    pub(super) id: IssueId,
    /// From when on they count as "now".
    pub(super) since: Timestamp,
    /// Hours that had events, in any order.
    pub(super) hours: Vec<(Timestamp, i64)>,
}

/// How much more frequent an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rise {
    events: i64,
    usual: i64,
    /// One or 24.
    hours: i64,
}

impl History {
    fn rise(&self) -> Option<Rise> {
        // The hour of the decision has events from before it and after it: it belongs to both.
        let turn = self.since.duration_trunc(TimeDelta::hours(1)).unwrap_or(self.since);
        let now = || self.hours.iter().filter(|(hour, _)| *hour >= turn);
        let before = || self.hours.iter().filter(|(hour, _)| *hour <= turn);
        let most = |counts: &mut dyn Iterator<Item = i64>| counts.max().unwrap_or(0);

        let in_hour = most(&mut now().map(|(_, count)| *count));
        let usual = most(&mut before().map(|(_, count)| *count));
        if in_hour >= LEAST_IN_HOUR && in_hour > usual.saturating_mul(HOUR_FACTOR) {
            return Some(Rise { events: in_hour, usual, hours: 1 });
        }
        let in_day = now().map(|(_, count)| count).sum();
        let mut days = [0_i64; 8];
        for (hour, count) in before() {
            let day = usize::try_from((turn - *hour).num_hours() / 24).unwrap_or(days.len());
            if let Some(day) = days.get_mut(day) {
                *day += count;
            }
        }
        let usual = most(&mut days.into_iter());
        let is_much = in_day >= LEAST_IN_DAY && in_day > usual.saturating_mul(DAY_FACTOR);
        is_much.then_some(Rise { events: in_day, usual, hours: 24 })
    }
}

/// Brings back archived issues that escalate, and calls ongoing ones that do escalating; returns how many. Run it every
/// few minutes: it takes no input, and running it twice does nothing.
///
/// # Errors
/// When the database fails; then nothing is changed.
pub async fn escalate(app: &Essentials) -> Result<usize> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let histories = store::list_candidates(&mut tx, now, LOOKED_BACK, LEAST_IN_HOUR).await?;
    let rises: Vec<(IssueId, Rise)> =
        histories.iter().filter_map(|history| Some((history.id, history.rise()?))).collect();
    let ids: Vec<IssueId> = rises.iter().map(|(id, _)| *id).collect();
    let changed = store::call_escalating(&mut tx, &ids, now).await?;
    let lines: Vec<NewLine> = rises
        .iter()
        .filter(|(id, _)| changed.contains(id))
        .map(|(id, rise)| NewLine {
            issue_id: *id,
            kind: ActivityKind::Escalated,
            detail: json!({ "events": rise.events, "usual": rise.usual, "hours": rise.hours }),
        })
        .collect();
    append_activity(&mut tx, &lines, None, now).await?;
    tx.commit().await?;
    Ok(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{IssueNumber, ProjectId};

    /// A history whose "now" began two hours ago; hours are counted back from then.
    fn history(hours: &[(i64, i64)]) -> History {
        let since: Timestamp = "2026-11-22T14:20:00Z".parse().unwrap();
        let turn = since.duration_trunc(TimeDelta::hours(1)).unwrap();
        let hours =
            hours.iter().map(|(back, count)| (turn - TimeDelta::hours(*back), *count)).collect();
        History { id: IssueId::new(ProjectId(1), IssueNumber(1)), since, hours }
    }

    #[test]
    fn five_times_the_busiest_hour_is_much_more() {
        let usual: Vec<(i64, i64)> = (1..24).map(|hour| (hour, 1 + hour % 8)).collect();
        let with = |now| history(&[usual.as_slice(), &[(-1, now)]].concat()).rise();
        assert_eq!(with(40), None);
        assert_eq!(with(41), Some(Rise { events: 41, usual: 8, hours: 1 }));
    }

    #[test]
    fn twice_the_busiest_day_is_much_more() {
        // Ten an hour for six hours of each day.
        let usual = (0..7).flat_map(|day| (0..6).map(move |hour| (day * 24 + hour + 1, 10)));
        let usual: Vec<(i64, i64)> = usual.collect();
        let with = |hours: i64, count| {
            let now: Vec<(i64, i64)> = (1..=hours).map(|hour| (-hour, count)).collect();
            history(&[usual.as_slice(), now.as_slice()].concat()).rise()
        };
        assert_eq!(with(12, 10), None);
        assert_eq!(with(12, 11), Some(Rise { events: 132, usual: 60, hours: 24 }));
    }

    #[test]
    fn a_handful_of_events_calls_nobody() {
        assert_eq!(history(&[(-1, LEAST_IN_HOUR - 1)]).rise(), None);
        assert!(history(&[(-1, LEAST_IN_HOUR)]).rise().is_some());
        assert_eq!(history(&[(-1, 19), (-2, 19), (-3, 1)]).rise(), None);
        assert!(history(&[(-1, 19), (-2, 19), (-3, 2)]).rise().is_some());
    }

    #[test]
    fn a_storm_that_was_there_when_it_was_archived_is_what_is_usual() {
        assert_eq!(history(&[(0, 5_000), (-1, 4_000)]).rise(), None);
    }
}
