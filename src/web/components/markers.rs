//! What came when, on charts: thin lines that lead to the release, and the same as a list.
//!
//! Where many came close together they share a line: it leads to the last of them and names the others.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::chart::iso;
use super::number;
use crate::base::Timestamp;
use crate::domain::releases::annotations::Annotation;
use crate::domain::releases::version::Name;
use crate::web::releases::paths::ReleaseUrls;

/// So many lines have room on a chart.
const SLOTS: i64 = 40;

/// So many are listed below it.
const MAX_ROWS: usize = 50;

/// So many are named by one line.
const MAX_NAMED: usize = 3;

/// The lines of a chart and their list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markers {
    /// The lines, from left to right.
    pub marks: Vec<Mark>,
    /// The list, the latest first.
    pub rows: Vec<MarkRow>,
    /// What they are together: `3 deploys and 1 new release`.
    pub heading: String,
    /// What is not listed; empty if everything is.
    pub more: String,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How far from the left: `37.50%`.
    pub x: String,
    /// `deploy` or `release`.
    pub kind: &'static str,
    /// What it stands for and when, in words.
    pub label: String,
    /// When the last of it came, for scripts.
    pub iso: String,
    /// The last of it, without its time.
    pub words: String,
    /// The page of the release.
    pub url: String,
    /// Whether it stands for several.
    pub is_several: bool,
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRow {
    /// `deploy` or `release`.
    pub kind: &'static str,
    /// The moment for programs.
    pub iso: String,
    /// And for people.
    pub exact: String,
    /// The release's name.
    pub version: String,
    /// Without its package.
    pub short: String,
    /// The page of the release.
    pub url: String,
    /// What happened: `deployed to production`.
    pub what: String,
}

impl Markers {
    /// The lines of what came between the ends of a chart, the earliest first.
    pub fn new(
        annotations: &[Annotation],
        (from, until): (Timestamp, Timestamp),
        urls: &ReleaseUrls,
    ) -> Self {
        let width = (until - from).num_milliseconds().max(1);
        let inside: Vec<&Annotation> =
            annotations.iter().filter(|it| it.at >= from && it.at < until).collect();
        let mut slots: BTreeMap<i64, Vec<&Annotation>> = BTreeMap::new();
        for annotation in &inside {
            let offset = (annotation.at - from).num_milliseconds();
            slots.entry(offset * SLOTS / width).or_default().push(annotation);
        }
        let marks = slots.values().filter_map(|shared| {
            let last = shared.last()?;
            let ten_thousandths = (last.at - from).num_milliseconds() * 10_000 / width;
            Some(Mark {
                x: format!("{}.{:02}%", ten_thousandths / 100, ten_thousandths % 100),
                kind: kind(last),
                label: label(shared),
                iso: iso(last.at),
                words: words(last),
                url: urls.of(&last.version),
                is_several: shared.len() > 1,
            })
        });
        let hidden = inside.len().saturating_sub(MAX_ROWS);
        Self {
            marks: marks.collect(),
            rows: inside.iter().rev().take(MAX_ROWS).map(|it| MarkRow::new(it, urls)).collect(),
            heading: heading(&inside),
            more: if hidden == 0 {
                String::new()
            } else {
                format!(
                    "{} are not listed.",
                    number::counted_len(hidden, "earlier one", "earlier ones")
                )
            },
        }
    }
}

impl MarkRow {
    fn new(annotation: &Annotation, urls: &ReleaseUrls) -> Self {
        Self {
            kind: kind(annotation),
            iso: iso(annotation.at),
            exact: exact(annotation.at),
            short: Name::parse(&annotation.version).short().to_owned(),
            url: urls.of(&annotation.version),
            what: what(annotation),
            version: annotation.version.clone(),
        }
    }
}

fn kind(annotation: &Annotation) -> &'static str {
    if annotation.environment.is_some() { "deploy" } else { "release" }
}

fn exact(at: Timestamp) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

fn what(annotation: &Annotation) -> String {
    match &annotation.environment {
        Some(environment) => format!("deployed to {environment}"),
        None => "first seen".to_owned(),
    }
}

fn words(annotation: &Annotation) -> String {
    format!("{} {}", Name::parse(&annotation.version).short(), what(annotation))
}

fn label(shared: &[&Annotation]) -> String {
    let named = shared
        .iter()
        .rev()
        .take(MAX_NAMED)
        .map(|annotation| format!("{}, {}", words(annotation), exact(annotation.at)));
    let mut label = named.collect::<Vec<_>>().join("; ");
    let hidden = shared.len().saturating_sub(MAX_NAMED);
    if hidden > 0 {
        let _ = write!(label, "; and {hidden} more");
    }
    label
}

fn heading(inside: &[&Annotation]) -> String {
    let deploys = inside.iter().filter(|annotation| annotation.environment.is_some()).count();
    let releases = inside.len() - deploys;
    let deploys_words = number::counted_len(deploys, "deploy", "deploys");
    let releases_words = number::counted_len(releases, "new release", "new releases");
    match (deploys, releases) {
        (_, 0) => deploys_words,
        (0, _) => releases_words,
        _ => format!("{deploys_words} and {releases_words}"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn came(version: &str, hour: i64, environment: Option<&str>) -> Annotation {
        Annotation {
            at: from() + TimeDelta::hours(hour),
            version: version.to_owned(),
            environment: environment.map(ToOwned::to_owned),
        }
    }

    fn from() -> Timestamp {
        "2026-11-21T00:00:00Z".parse().unwrap()
    }

    fn markers(annotations: &[Annotation]) -> Markers {
        let urls = ReleaseUrls::new("default", Some("shop"));
        Markers::new(annotations, (from(), from() + TimeDelta::days(4)), &urls)
    }

    #[test]
    fn a_line_says_what_came_when_and_leads_to_it() {
        let markers = markers(&[came("shop@1/2", 24, Some("live")), came("b", 90, None)]);
        assert_eq!(markers.marks[0].x, "25.00%");
        assert_eq!(markers.marks[0].label, "1/2 deployed to live, 22 Nov 2026, 00:00 UTC");
        assert_eq!(markers.marks[0].url, "/default/releases/shop@1%2F2?project=shop");
        assert_eq!((markers.marks[0].kind, markers.marks[1].kind), ("deploy", "release"));
        assert_eq!(markers.heading, "1 deploy and 1 new release");
        assert_eq!(markers.rows[0].what, "first seen");
    }

    #[test]
    fn where_many_come_at_once_they_share_a_line_and_all_are_counted() {
        let many: Vec<Annotation> =
            (0..60).map(|number| came(&format!("v{number}"), 50, Some("live"))).collect();
        let markers = markers(&many);
        assert_eq!(markers.marks.len(), 1);
        assert!(markers.marks[0].is_several);
        assert!(markers.marks[0].label.ends_with("; and 57 more"), "{}", markers.marks[0].label);
        assert!(markers.marks[0].url.contains("v59"));
        assert_eq!(markers.heading, "60 deploys");
        assert_eq!(
            (markers.rows.len(), markers.more.as_str()),
            (50, "10 earlier ones are not listed.")
        );
    }

    #[test]
    fn what_came_outside_the_chart_is_not_on_it() {
        let markers = markers(&[came("a", -1, None), came("b", 96, None)]);
        assert_eq!(markers, Markers { heading: "0 deploys".to_owned(), ..Markers::default() });
    }
}
