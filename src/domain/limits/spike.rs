//! Spikes: a project that suddenly sends ten times as much as usual. Pure, the caller brings the time.
//!
//! Usual is the mean of the project's own hours of the last week. A project that is younger than a day has
//! no usual rate and is never sampled; nor is one that stays below [`FLOOR`], however little it sends
//! otherwise. Within a minute everything is kept up to the threshold, then one event in ten, and past ten
//! thresholds one in a hundred: enough to see what a spike is made of, and the rest is counted.

use chrono::TimeDelta;

use super::window::Window;
use crate::base::Timestamp;

/// So many times the usual rate is a spike.
const FACTOR: u64 = 10;

/// Fewer events in a minute are no spike, whatever is usual.
pub const FLOOR: u64 = 1_000;

/// How far back the usual rate is looked up.
pub const HISTORY: TimeDelta = TimeDelta::days(7);

/// A project must have been sending for so long to have a usual rate.
const YOUNG: TimeDelta = TimeDelta::days(1);

/// What a project sent in the last week, the running hour left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Its events.
    pub events: u64,
    /// The first hour that had any.
    pub first_hour: Timestamp,
}

impl History {
    /// The events of a minute from which on they are a spike; `None` while nothing is usual.
    pub fn threshold(&self, now: Timestamp) -> Option<u64> {
        let sent_for = (Window::Hour.start(now) - self.first_hour).min(HISTORY);
        let minutes = u64::try_from(sent_for.num_minutes()).ok().filter(|_| sent_for >= YOUNG)?;
        Some((self.events.saturating_mul(FACTOR) / minutes).max(FLOOR))
    }
}

/// The events of the present minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    start: Timestamp,
    seen: u64,
}

impl Minute {
    /// Counts an event and says whether it is kept.
    pub fn keeps(&mut self, threshold: u64, now: Timestamp) -> bool {
        let start = Window::Minute.start(now);
        if start > self.start {
            *self = Self { start, seen: 0 };
        }
        self.seen += 1;
        let past = self.seen.saturating_sub(threshold);
        past == 0 || past.is_multiple_of(if past <= threshold * (FACTOR - 1) { 10 } else { 100 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ten_times_the_mean_of_a_week_is_a_spike_but_never_less_than_the_floor() {
        let now = at("2026-11-22T10:20:00Z");
        let threshold =
            |events, first_hour| History { events, first_hour: at(first_hour) }.threshold(now);
        // 200 a minute for a week.
        let week = 7 * 24 * 60;
        assert_eq!(threshold(200 * week, "2026-11-15T10:00:00Z"), Some(2_000));
        assert_eq!(threshold(99 * week, "2026-11-15T10:00:00Z"), Some(FLOOR));
        assert_eq!(threshold(200 * 24 * 60, "2026-11-21T10:00:00Z"), Some(2_000), "a day");
        assert_eq!(threshold(1_000_000, "2026-11-21T11:00:00Z"), None, "nothing is usual yet");
        assert_eq!(threshold(1_000_000, "2026-11-22T10:00:00Z"), None);
    }

    #[test]
    fn a_spike_is_sampled_and_the_next_minute_begins_anew() {
        let now = at("2026-11-22T10:20:00Z");
        let mut minute = Minute::default();
        let mut kept = |events: u64, now| (0..events).filter(|_| minute.keeps(1_000, now)).count();
        assert_eq!(kept(1_000, now), 1_000);
        assert_eq!(kept(9_000, now), 900, "one in ten up to ten thresholds");
        assert_eq!(kept(10_000, now), 100, "then one in a hundred");
        assert_eq!(kept(1_001, now + TimeDelta::minutes(1)), 1_000);
    }
}
