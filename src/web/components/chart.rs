//! Charts as SVG that the server draws: bars over time.
//!
//! No script and no inline style is needed: geometry is in attributes, colours in the style sheet.
//! Every chart has its numbers as text too: a sentence for the small ones, a table for the large one.

use std::fmt::Write;

use askama::Template;
use chrono::TimeDelta;

use super::markers::Markers;
use super::number;
use crate::base::Timestamp;

/// Events per step, the oldest first.
pub type Points = Vec<(Timestamp, i64)>;

/// The height of small bars in units of their picture.
const SPARK_HEIGHT: i64 = 20;

/// Bars so small that they stand in a row of a list. Each is a picket: a post with a gap beside it.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "components/spark.html")]
pub struct Spark {
    /// All bars as one path: a list of fifty issues would otherwise hold a thousand elements.
    pub path: String,
    /// The picture's width; each bar takes [`SPARK_STEP`].
    pub width: usize,
    /// What the picture shows, in words.
    pub label: String,
}

/// Width of a small bar and the gap behind it.
const SPARK_STEP: usize = 5;

impl Spark {
    /// The bars of `points`; `span` says what they cover: `24 hours`.
    pub fn new(points: &[(Timestamp, i64)], span: &str) -> Self {
        let peak = points.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let total: i64 = points.iter().map(|(_, count)| count).sum();
        let events = number::counted(total, "event", "events");
        let label = if total == 0 {
            format!("No events in {span}")
        } else {
            format!("{events} in {span}, at most {} at once", number::grouped(peak))
        };
        Self::labelled(points, peak, label)
    }

    /// The bars of something else; one of `top` is as high as the picture.
    pub fn labelled(points: &[(Timestamp, i64)], top: i64, label: String) -> Self {
        let mut path = String::new();
        for (index, (_, count)) in points.iter().enumerate() {
            if *count > 0 {
                let height = scaled(*count, top, SPARK_HEIGHT);
                let x = index * SPARK_STEP;
                let _ = write!(path, "M{x} {SPARK_HEIGHT}v-{height}h4v{height}z");
            }
        }
        Self { path, width: points.len() * SPARK_STEP, label }
    }
}

/// A bar's height: at least 1 for something, so that one event beside a storm is still seen.
fn scaled(count: i64, peak: i64, height: i64) -> i64 {
    if count <= 0 || peak <= 0 {
        return 0;
    }
    let exact = i128::from(count) * i128::from(height) / i128::from(peak);
    i64::try_from(exact).unwrap_or(height).max(1)
}

/// The height of the large chart's field in units of its picture.
const FIELD_HEIGHT: i64 = 100;

/// Bars with axes, tooltips and a table.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "components/bars.html")]
pub struct Bars {
    /// The bars, the oldest first.
    pub bars: Vec<Bar>,
    /// The value at the top of the field.
    pub top: String,
    /// The value in its middle; empty where a half would be meant.
    pub middle: String,
    /// Moments under the field, from left to right.
    pub ticks: Vec<Tick>,
    /// What the picture shows, in words.
    pub label: String,
    /// The picture's width; each bar takes [`BAR_STEP`].
    pub width: usize,
    /// What came meanwhile.
    pub markers: Markers,
}

/// A bar of the large chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its left edge.
    pub x: usize,
    /// Its top.
    pub y: i64,
    /// Its height.
    pub height: i64,
    /// The step it stands for: `22 Nov, 14:00 to 15:00 UTC`.
    pub when: String,
    /// Its beginning, for scripts to tell it in the reader's zone; empty for whole days.
    pub from: String,
    /// Its end.
    pub until: String,
    /// How many events, in words.
    pub events: String,
}

/// A moment under the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The text.
    pub text: String,
    /// The moment, for scripts to tell it in the reader's zone; empty for whole days, which are days in UTC.
    pub iso: String,
    /// Whether the day belongs to it.
    pub has_day: bool,
    /// Where, in twelfths of the width: a class name, because inline styles are forbidden.
    pub column: usize,
}

/// Width of a large bar and the gap behind it.
const BAR_STEP: usize = 10;

/// Columns that ticks can stand in.
const TICK_COLUMNS: usize = 12;

impl Bars {
    /// The bars of `points`, each `step` long.
    pub fn new(points: &[(Timestamp, i64)], step: TimeDelta, span: &str) -> Self {
        let peak = points.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let top = rounded_up(peak);
        let total: i64 = points.iter().map(|(_, count)| count).sum();
        let bars = points
            .iter()
            .enumerate()
            .map(|(index, (start, count))| {
                let height = scaled(*count, top, FIELD_HEIGHT);
                let (from, until) = edges(*start, step);
                Bar {
                    from,
                    until,
                    x: index * BAR_STEP,
                    y: FIELD_HEIGHT - height,
                    height,
                    when: step_words(*start, step),
                    events: number::counted(*count, "event", "events"),
                }
            })
            .collect();
        Self {
            bars,
            top: number::short(top),
            middle: if top % 2 == 0 { number::short(top / 2) } else { String::new() },
            ticks: ticks(points, step),
            label: format!("{} in {span}", number::counted(total, "event", "events")),
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

/// When a series begins and ends.
pub fn span(points: &[(Timestamp, i64)], step: TimeDelta) -> Option<(Timestamp, Timestamp)> {
    Some((points.first()?.0, points.last()?.0 + step))
}

/// The next round number: what stands at the top of an axis.
pub(super) fn rounded_up(peak: i64) -> i64 {
    let mut unit = 1_i64;
    loop {
        for factor in [1, 2, 4, 6, 8, 10] {
            match unit.checked_mul(factor) {
                Some(round) if round >= peak => return round,
                Some(_) => {}
                None => return peak,
            }
        }
        unit = unit.saturating_mul(10);
    }
}

pub(super) fn iso(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// When a step begins and ends, for scripts to tell it in the reader's zone; empty for whole days, which are days in UTC.
pub(super) fn edges(start: Timestamp, step: TimeDelta) -> (String, String) {
    if step < TimeDelta::days(1) { (iso(start), iso(start + step)) } else { Default::default() }
}

pub(super) fn step_words(start: Timestamp, step: TimeDelta) -> String {
    let end = start + step;
    if step >= TimeDelta::days(1) {
        start.format("%a %-d %b, UTC").to_string()
    } else {
        format!("{} to {} UTC", start.format("%-d %b, %H:%M"), end.format("%H:%M"))
    }
}

/// A word under every second to fourth column, never closer: dates for days, hours for hours, both where hours go over days.
pub(super) fn ticks<T>(points: &[(Timestamp, T)], step: TimeDelta) -> Vec<Tick> {
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let is_hour = step < TimeDelta::days(1);
    let has_day = !is_hour || *last - *first > TimeDelta::hours(30);
    let format = match (is_hour, has_day) {
        (false, _) => "%-d %b",
        (true, false) => "%H:%M",
        (true, true) => "%-d %b, %H:%M",
    };
    (0..TICK_COLUMNS)
        .step_by(3)
        .map(|column| {
            let start = points[column * points.len() / TICK_COLUMNS].0;
            let iso = if is_hour { iso(start) } else { String::new() };
            Tick { text: start.format(format).to_string(), iso, has_day, column }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(counts: &[i64]) -> Points {
        let start = "2026-11-21T17:00:00Z".parse::<Timestamp>().unwrap();
        let hour = |index: usize| start + TimeDelta::hours(i64::try_from(index).unwrap());
        counts.iter().enumerate().map(|(index, count)| (hour(index), *count)).collect()
    }

    #[test]
    fn one_event_beside_a_storm_is_still_seen() {
        assert_eq!(scaled(1, 1_000_000, 20), 1);
        assert_eq!(scaled(1_000_000, 1_000_000, 20), 20);
        assert_eq!(scaled(0, 5, 20), 0);
        assert_eq!(scaled(0, 0, 20), 0);
        assert_eq!(scaled(i64::MAX, i64::MAX, 100), 100);
    }

    #[test]
    fn small_bars_are_one_path_and_a_sentence() {
        let spark = Spark::new(&hours(&[0, 2, 4]), "3 hours");
        assert_eq!(spark.path, "M5 20v-10h4v10zM10 20v-20h4v20z");
        assert_eq!(spark.label, "6 events in 3 hours, at most 4 at once");
        assert_eq!(Spark::new(&hours(&[0, 0]), "2 hours").label, "No events in 2 hours");
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        let tops: Vec<i64> = [0, 1, 3, 7, 11, 99, 100, 101, 4_200].map(rounded_up).into();
        assert_eq!(tops, [1, 1, 4, 8, 20, 100, 100, 200, 6_000]);
        assert_eq!(rounded_up(i64::MAX), i64::MAX);
    }

    #[test]
    fn every_large_bar_says_its_step_and_number() {
        let chart = Bars::new(&hours(&[0, 1, 3]), TimeDelta::hours(1), "3 hours");
        assert_eq!(chart.bars[2].when, "21 Nov, 19:00 to 20:00 UTC");
        assert_eq!(chart.bars[1].events, "1 event");
        assert_eq!((chart.bars[2].y, chart.bars[2].height), (25, 75));
        assert_eq!((chart.top.as_str(), chart.middle.as_str()), ("4", "2"));
        let html = chart.render().unwrap();
        assert!(html.contains("<title>21 Nov, 19:00 to 20:00 UTC: 3 events</title>"), "{html}");
        assert!(html.contains("<td>3 events</td>"), "{html}");
    }

    #[test]
    fn hours_over_days_say_the_day_too() {
        let told = |count| -> Vec<String> {
            let ticks = ticks(&hours(&vec![1; count]), TimeDelta::hours(1));
            ticks.into_iter().map(|tick| tick.text).collect()
        };
        assert_eq!(told(24), ["17:00", "23:00", "05:00", "11:00"]);
        assert_eq!(told(48)[..2], ["21 Nov, 17:00", "22 Nov, 05:00"]);
    }

    #[test]
    fn a_chart_of_nothing_is_drawn_too() {
        let chart = Bars::new(&[], TimeDelta::hours(1), "24 hours");
        assert!(chart.render().unwrap().contains("0 events in 24 hours"));
    }
}
