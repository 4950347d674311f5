//! When errors happen: the rhythm of days and weeks, and the story of each issue.
//!
//! Time is cut into hours. The weight of an hour is that of its place in the week times that of its
//! place in the story; events are dealt out to hours by weight and within an hour by chance.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use serde::Deserialize;

use crate::base::Timestamp;

use super::chance::Chance;

/// How many days the demo looks back.
pub(super) const DAYS: u32 = 14;

const HOURS: u32 = DAYS * 24;

/// Who causes the traffic.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rhythm {
    /// People at home: evenings, and weekends as well.
    Leisure,
    /// People at work.
    Office,
    /// Machines, which do not sleep.
    Machine,
}

/// The percentage of an hour of the day, UTC.
const LEISURE: [u32; 24] = [
    30, 20, 14, 10, 9, 12, 22, 38, 52, 60, 66, 72, 80, 78, 74, 72, 76, 84, 94, 100, 98, 86, 66, 46,
];
const OFFICE: [u32; 24] =
    [8, 6, 5, 5, 6, 10, 24, 56, 86, 100, 98, 90, 74, 88, 96, 92, 80, 56, 34, 24, 20, 17, 14, 10];

/// How an issue goes. Days count from the beginning.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Story {
    /// As the traffic goes.
    #[default]
    Steady,
    /// Begins on this day, with a release.
    New(f64),
    /// Becomes more from day to day.
    Growing,
    /// For some hours far more than usual.
    Spike { day: f64, hours: f64, times: f64 },
    /// In the first minutes of each hour: a job that runs on the hour.
    Hourly,
    /// Is repaired on this day and marked resolved.
    Resolved(f64),
    /// Is repaired and marked resolved, and comes back.
    Regressed { resolved: f64, back: f64 },
    /// Goes on, but somebody has archived it on this day.
    Archived(f64),
}

/// What somebody does about an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Resolve,
    Archive,
}

impl Story {
    /// What is decided, and on which day.
    pub(super) fn decision(self) -> Option<(f64, Decision)> {
        match self {
            // The last stragglers come in before somebody gets round to it.
            Self::Resolved(day) | Self::Regressed { resolved: day, .. } => {
                Some((day + 0.2, Decision::Resolve))
            }
            Self::Archived(day) => Some((day, Decision::Archive)),
            _ => None,
        }
    }

    /// On which day the errors of that day began, or began again: with the release of that day.
    pub(super) fn since(self, day: f64) -> f64 {
        match self {
            Self::New(first) => first,
            Self::Regressed { back, .. } if day >= back => back,
            _ => 0.0,
        }
    }

    /// How much happens on a day, against the usual.
    fn weight(self, day: f64) -> f64 {
        match self {
            Self::Steady | Self::Hourly | Self::Archived(_) => 1.0,
            // A new error is noisy at first, until a part of it is worked around.
            Self::New(first) if day < first => 0.0,
            Self::New(first) => 0.6 + 1.4 * (-(day - first)).exp(),
            Self::Growing => 0.1 + 0.1 * day,
            Self::Spike { day: first, hours, times } => {
                let is_on = (first..first + hours / 24.0).contains(&day);
                if is_on { times } else { 1.0 }
            }
            Self::Resolved(last) => f64::from(u8::from(day < last)),
            Self::Regressed { resolved, back } => {
                f64::from(u8::from(day < resolved || day >= back))
            }
        }
    }
}

impl Rhythm {
    /// How much happens in an hour, in percent of the busiest.
    pub(super) fn weight(self, hour: DateTime<Utc>) -> u32 {
        let index = hour.hour() as usize;
        let is_weekend = matches!(hour.weekday(), Weekday::Sat | Weekday::Sun);
        match self {
            Self::Leisure if is_weekend => LEISURE[index] * 5 / 4,
            Self::Leisure => LEISURE[index],
            Self::Office if is_weekend => OFFICE[index] / 4,
            Self::Office => OFFICE[index],
            Self::Machine => 60,
        }
    }
}

/// Draws `count` moments of the days before `end`, in no order.
pub(super) fn moments(
    rhythm: Rhythm,
    story: Story,
    end: Timestamp,
    count: u64,
    chance: &mut Chance,
) -> Vec<Timestamp> {
    let start = end - TimeDelta::days(DAYS.into());
    let weights: Vec<u64> = (0..HOURS)
        .map(|hour| {
            let weight = rhythm.weight(start + TimeDelta::hours(hour.into()));
            scaled(f64::from(weight) * story.weight(f64::from(hour) / 24.0))
        })
        .collect();
    let width = if matches!(story, Story::Hourly) { 180_000 } else { 3_600_000 };
    // An hour of the story begins at any minute of the clock; a job begins on the hour.
    let shift = if matches!(story, Story::Hourly) { into_hour(start) } else { TimeDelta::zero() };
    let mut sums: Vec<u64> = Vec::with_capacity(weights.len());
    for weight in weights {
        sums.push(sums.last().unwrap_or(&0) + weight);
    }
    let total = sums.last().copied().unwrap_or(0).max(1);
    let draw = |_| {
        let at = chance.below(total);
        let hour = i64::try_from(sums.partition_point(|sum| *sum <= at)).unwrap_or(0);
        let within = TimeDelta::milliseconds(chance.between(0, width - 1));
        (start + TimeDelta::hours(hour) - shift + within).max(start)
    };
    (0..count).map(draw).collect()
}

/// The moment of a day of the story.
pub(super) fn day(end: Timestamp, day: f64) -> Timestamp {
    let seconds = scaled(day * 86_400.0 / 1000.0);
    end - TimeDelta::days(DAYS.into()) + TimeDelta::seconds(seconds.cast_signed())
}

/// On which day of the story a moment is.
pub(super) fn day_of(end: Timestamp, at: Timestamp) -> f64 {
    let minutes = (at - (end - TimeDelta::days(DAYS.into()))).num_minutes();
    f64::from(u32::try_from(minutes).unwrap_or(0)) / 1440.0
}

fn into_hour(at: Timestamp) -> TimeDelta {
    TimeDelta::seconds((at.minute() * 60 + at.second()).into())
}

/// Three digits behind the point, as a whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn scaled(number: f64) -> u64 {
    (number.max(0.0) * 1000.0) as u64
}
