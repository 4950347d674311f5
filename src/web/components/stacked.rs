//! Bars over time in several parts, one upon the other, with a legend and a table of their numbers.

use std::borrow::Cow;

use askama::Template;
use chrono::TimeDelta;

use super::chart::{Tick, edges, rounded_up, step_words, ticks};
use super::markers::Markers;
use super::number;
use crate::base::Timestamp;

/// The height of the field in units of its picture.
const FIELD_HEIGHT: i64 = 200;

/// Width of a bar and the gap behind it.
const BAR_STEP: usize = 10;

/// A kind of thing that is counted: its place in every step's numbers is its place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The class of its parts, which gives them their colour.
    pub class: &'static str,
    /// Its name in the legend: `Accepted`.
    pub label: Cow<'static, str>,
    /// Its name in a sentence: `accepted`.
    pub word: Cow<'static, str>,
}

impl Series {
    /// One that is known before there are any numbers.
    pub const fn of(class: &'static str, label: &'static str, word: &'static str) -> Self {
        Self { class, label: Cow::Borrowed(label), word: Cow::Borrowed(word) }
    }

    /// One that is called by what came from outside.
    pub fn named(class: &'static str, name: &str) -> Self {
        Self { class, label: Cow::Owned(name.to_owned()), word: Cow::Owned(name.to_owned()) }
    }
}

/// Stacked bars with axes, tooltips and a table.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "components/stacked.html")]
pub struct Stacked {
    /// The kinds that occur.
    pub series: Vec<Series>,
    /// The bars, the oldest first.
    pub bars: Vec<StackedBar>,
    /// The value at the top of the field.
    pub top: String,
    /// The value in its middle; empty where a half would be meant.
    pub middle: String,
    /// Moments under the field, from left to right.
    pub ticks: Vec<Tick>,
    /// What the picture shows, in words.
    pub label: String,
    /// The picture's width.
    pub width: usize,
    /// What came meanwhile.
    pub markers: Markers,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackedBar {
    /// Its left edge.
    pub x: usize,
    /// Its parts, the lowest first.
    pub parts: Vec<Part>,
    /// The step it stands for.
    pub when: String,
    /// Its beginning, for scripts; empty for whole days.
    pub from: String,
    /// Its end.
    pub until: String,
    /// What it holds, in words.
    pub holds: String,
    /// The numbers of the table's cells, in the order of [`Stacked::series`].
    pub cells: Vec<String>,
}

/// A part of a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its top.
    pub y: i64,
    /// Its height.
    pub height: i64,
    /// The class of its series.
    pub class: &'static str,
}

impl Stacked {
    /// The bars of `points`, each `step` long; every point has a number for each of `series`.
    pub fn new<N: AsRef<[i64]>>(
        series: &[Series],
        points: &[(Timestamp, N)],
        step: TimeDelta,
        label: String,
    ) -> Self {
        let all = || points.iter().map(|(_, numbers)| numbers.as_ref());
        let sum = |numbers: &[i64]| numbers.iter().fold(0_i64, |sum, n| sum.saturating_add(*n));
        let top = rounded_up(all().map(sum).max().unwrap_or(0));
        let places: Vec<usize> =
            (0..series.len()).filter(|place| all().any(|numbers| numbers[*place] > 0)).collect();
        let bar = |(index, (start, numbers)): (usize, &(Timestamp, N))| {
            let numbers = numbers.as_ref();
            let (from, until) = edges(*start, step);
            StackedBar {
                x: index * BAR_STEP,
                parts: parts(series, numbers, top),
                when: step_words(*start, step),
                from,
                until,
                holds: holds(series, numbers),
                cells: places.iter().map(|place| number::grouped(numbers[*place])).collect(),
            }
        };
        Self {
            series: places.iter().map(|place| series[*place].clone()).collect(),
            bars: points.iter().enumerate().map(bar).collect(),
            top: number::short(top),
            middle: if top % 2 == 0 { number::short(top / 2) } else { String::new() },
            ticks: ticks(points, step),
            label,
            width: points.len() * BAR_STEP,
            markers: Markers::default(),
        }
    }

    /// The same chart with what came meanwhile.
    #[must_use]
    pub fn with_markers(self, markers: Markers) -> Self {
        Self { markers, ..self }
    }
}

/// The parts of a bar. Every part that is anything is seen: one unit of height at least, which the ones
/// above it make room for.
fn parts(series: &[Series], numbers: &[i64], top: i64) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut below = 0_i64;
    let mut floor = FIELD_HEIGHT;
    for (series, number) in series.iter().zip(numbers).filter(|(_, number)| **number > 0) {
        below = below.saturating_add(*number);
        let edge = i128::from(below) * i128::from(FIELD_HEIGHT) / i128::from(top.max(1));
        let edge = FIELD_HEIGHT - i64::try_from(edge).unwrap_or(FIELD_HEIGHT);
        let y = edge.min(floor - 1).max(0);
        if floor > y {
            parts.push(Part { y, height: floor - y, class: series.class });
        }
        floor = y;
    }
    parts
}

fn holds(series: &[Series], numbers: &[i64]) -> String {
    let present = series.iter().zip(numbers).filter(|(_, number)| **number > 0);
    let words: Vec<String> = present
        .map(|(series, number)| format!("{} {}", number::grouped(*number), series.word))
        .collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [Series; 2] =
        [Series::of("good", "Kept", "kept"), Series::of("bad", "Lost", "lost")];

    fn chart(numbers: &[[i64; 2]]) -> Stacked {
        let start = "2026-11-21T17:00:00Z".parse::<Timestamp>().unwrap();
        let hour = |index: usize| start + TimeDelta::hours(i64::try_from(index).unwrap());
        let points: Vec<_> = numbers.iter().enumerate().map(|(i, n)| (hour(i), *n)).collect();
        Stacked::new(&SERIES, &points, TimeDelta::hours(1), "all of it".to_owned())
    }

    fn edges(bar: &StackedBar) -> Vec<(i64, i64)> {
        bar.parts.iter().map(|part| (part.y, part.height)).collect()
    }

    #[test]
    fn parts_stand_upon_each_other_and_fill_the_bar() {
        let chart = chart(&[[3, 1], [0, 0], [1, 0]]);
        assert_eq!(chart.top, "4");
        assert_eq!(edges(&chart.bars[0]), [(50, 150), (0, 50)]);
        assert_eq!(edges(&chart.bars[1]), []);
        assert_eq!(edges(&chart.bars[2]), [(150, 50)]);
        assert_eq!(chart.bars[0].holds, "3 kept, 1 lost");
        assert_eq!(chart.bars[1].holds, "nothing");
    }

    #[test]
    fn one_beside_a_storm_is_still_seen_and_nothing_leaves_the_field() {
        let storm = chart(&[[1_000_000, 1], [i64::MAX, i64::MAX]]);
        assert_eq!(edges(&chart(&[[999_999, 1]]).bars[0]), [(1, 199), (0, 1)]);
        for bar in &storm.bars {
            assert!(bar.parts.iter().all(|part| part.y >= 0 && part.y + part.height <= 200));
        }
        assert_eq!(edges(&chart(&[[900_000, 1]]).bars[0]), [(20, 180), (19, 1)]);
    }

    #[test]
    fn only_what_occurs_has_a_column_and_every_bar_a_row() {
        let html = chart(&[[3, 0], [0, 0]]).render().unwrap();
        assert!(html.contains("<th scope=\"col\">Kept</th>"), "{html}");
        assert!(!html.contains("Lost"), "{html}");
        assert!(html.contains("<title>21 Nov, 17:00 to 18:00 UTC: 3 kept</title>"), "{html}");
    }
}
