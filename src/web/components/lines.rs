//! Shares over time as lines, with a table of their numbers.
//!
//! What is counted by step has no value in between: a line runs level through a step and jumps to the next. Where a step has
//! no value it has a gap.

use std::fmt::Write;

use askama::Template;
use chrono::TimeDelta;

use super::chart::{Tick, edges, step_words, ticks};
use super::markers::Markers;
use super::number;
use super::stacked::Series;
use crate::base::Timestamp;

/// The height of the field in units of its picture.
const FIELD_HEIGHT: f64 = 200.0;

/// Width of a step.
const STEP: usize = 10;

/// Where the axis may begin: the greatest that is below all values.
const FLOORS: [f64; 9] = [0.999, 0.99, 0.98, 0.95, 0.9, 0.8, 0.6, 0.5, 0.0];

/// Lines with axes, tooltips and a table.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "components/lines.html")]
pub struct Lines {
    /// The lines that have a value somewhere.
    pub lines: Vec<Line>,
    /// What one can point at.
    pub steps: Vec<Step>,
    /// The value at the top of the field.
    pub top: String,
    /// The value in its middle.
    pub middle: String,
    /// The value at the bottom.
    pub bottom: String,
    /// Moments under the field.
    pub ticks: Vec<Tick>,
    /// What the picture shows, in words.
    pub label: String,
    /// The picture's width.
    pub width: usize,
    /// What came meanwhile.
    pub markers: Markers,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its class, which gives it its colour.
    pub class: &'static str,
    /// Its name.
    pub label: String,
    /// Its path.
    pub path: String,
}

/// A step one can point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its left edge.
    pub x: usize,
    /// The time it stands for.
    pub when: String,
    /// Its beginning, for scripts; empty for whole days.
    pub from: String,
    /// Its end.
    pub until: String,
    /// Its values, in words.
    pub holds: String,
    /// The same for the table, in the order of [`Lines::lines`].
    pub cells: Vec<String>,
}

impl Lines {
    /// The lines of `points`, each `step` long; every point has a share, or none, for each of `series`.
    pub fn new<N: AsRef<[Option<f64>]>>(
        series: &[Series],
        points: &[(Timestamp, N)],
        step: TimeDelta,
        label: String,
    ) -> Self {
        let all = || points.iter().map(|(_, shares)| shares.as_ref());
        let values = || all().flat_map(|shares| shares.iter().flatten().copied());
        let floor = FLOORS.into_iter().find(|floor| values().all(|share| share >= *floor));
        let floor = floor.unwrap_or(0.0);
        let places: Vec<usize> = (0..series.len())
            .filter(|place| all().any(|shares| shares[*place].is_some()))
            .collect();
        let told = |share: Option<f64>| share.map_or_else(|| "none".to_owned(), number::rate);
        let step_of = |(index, (start, shares)): (usize, &(Timestamp, N))| {
            let shares = shares.as_ref();
            let (from, until) = edges(*start, step);
            Step {
                x: index * STEP,
                when: step_words(*start, step),
                from,
                until,
                holds: holds(series, shares),
                cells: places.iter().map(|place| told(shares[*place])).collect(),
            }
        };
        let line = |place: &usize| Line {
            class: series[*place].class,
            label: series[*place].label.to_string(),
            path: path(all().map(|shares| shares[*place]), floor),
        };
        Self {
            lines: places.iter().map(line).collect(),
            steps: points.iter().enumerate().map(step_of).collect(),
            top: "100%".to_owned(),
            middle: axis(f64::midpoint(floor, 1.0)),
            bottom: axis(floor),
            ticks: ticks(points, step),
            label,
            width: points.len() * STEP,
            markers: Markers::default(),
        }
    }

    /// The same chart with what came meanwhile.
    #[must_use]
    pub fn with_markers(self, markers: Markers) -> Self {
        Self { markers, ..self }
    }
}

fn path(shares: impl Iterator<Item = Option<f64>>, floor: f64) -> String {
    let mut path = String::new();
    let mut is_on = false;
    for (index, share) in shares.enumerate() {
        let Some(share) = share else {
            is_on = false;
            continue;
        };
        let (x, y) = (index * STEP, height(share, floor));
        let begin = if is_on { 'L' } else { 'M' };
        let _ = write!(path, "{begin}{x} {y:.1}h{STEP}");
        is_on = true;
    }
    path
}

/// How far below the top; a line on the edge would be cut in half.
fn height(share: f64, floor: f64) -> f64 {
    ((1.0 - share) / (1.0 - floor) * FIELD_HEIGHT).clamp(1.5, FIELD_HEIGHT - 1.5)
}

/// `99.5%`, `90%`.
fn axis(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

fn holds(series: &[Series], shares: &[Option<f64>]) -> String {
    let present = series.iter().zip(shares).filter_map(|(series, share)| {
        share.map(|share| format!("{} {}", number::rate(share), series.word))
    });
    let words: Vec<String> = present.collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [Series; 2] = [
        Series::of("sessions", "Sessions", "of sessions"),
        Series::of("users", "Users", "of users"),
    ];

    fn chart(shares: &[[Option<f64>; 2]]) -> Lines {
        let start = "2026-11-21T17:00:00Z".parse::<Timestamp>().unwrap();
        let hour = |index: usize| start + TimeDelta::hours(i64::try_from(index).unwrap());
        let points: Vec<_> = shares.iter().enumerate().map(|(i, n)| (hour(i), *n)).collect();
        Lines::new(&SERIES, &points, TimeDelta::hours(1), "crash-free".to_owned())
    }

    #[test]
    fn a_line_has_a_gap_where_there_is_nothing() {
        let chart =
            chart(&[[Some(1.0), None], [Some(0.95), None], [None, None], [Some(0.9), None]]);
        assert_eq!(chart.lines.len(), 1, "users are never told");
        assert_eq!(chart.lines[0].path, "M0 1.5h10L10 100.0h10M30 198.5h10");
        assert_eq!((chart.middle.as_str(), chart.bottom.as_str()), ("95%", "90%"));
        assert_eq!(chart.steps[1].holds, "95.00% of sessions");
        assert_eq!(chart.steps[2].holds, "none");
    }

    #[test]
    fn the_axis_begins_below_the_lowest_value() {
        let bottom = |share| chart(&[[Some(share), Some(1.0)]]).bottom;
        assert_eq!(bottom(0.999_5), "99.9%");
        assert_eq!(bottom(0.97), "95%");
        assert_eq!(bottom(0.0), "0%");
        let html = chart(&[[Some(0.5), Some(0.25)]]).render().unwrap();
        assert!(html.contains("<td class=\"number\">25.00%</td>"), "{html}");
    }
}
