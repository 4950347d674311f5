//! The tags of an issue's events, with their shares.

use askama::Template;
use axum::extract::State;

use super::issue::{ChartQuery, IssueFrame};
use super::paths::{self, IssueTagsPath};
use super::toast::Toast;
use crate::app::App;
use crate::domain::issues::batch::MAX_TAG_KEYS;
use crate::domain::issues::{self, TagKey};
use crate::protocol::event::Event;
use crate::web::components::time::Moment;
use crate::web::components::{link, number};
use crate::web::{Member, Page, Query, Result, Shell};

/// A tag of an event, and how common its value is among the issue's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagView {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// `83%`; empty if it is not known.
    pub share: String,
    /// The same as a number from 0 to 100.
    pub percent: u8,
    /// The list of issues with this tag.
    pub url: String,
}

/// The tags of an event, with the shares of their values.
pub fn event_tags(event: &Event, shares: &[TagKey], list_url: &str) -> Vec<TagView> {
    let view = |(key, value): &(String, String)| {
        let known = shares.iter().find(|tag| tag.key == *key);
        let count = known.and_then(|tag| tag.top.iter().find(|top| top.value == *value));
        let (part, whole) =
            count.zip(known).map_or((0, 0), |(value, tag)| (value.event_count, tag.event_count));
        TagView {
            share: if whole > 0 { number::percent(part, whole) } else { String::new() },
            percent: number::rounded_percent(part, whole),
            url: search_url(list_url, key, value),
            key: key.clone(),
            value: value.clone(),
        }
    };
    event.tags().iter().map(view).collect()
}

/// The list of all issues with this tag, whatever their state.
fn search_url(list_url: &str, key: &str, value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let key = if key.chars().all(is_plain) { key.to_owned() } else { format!("tags[{key}]") };
    let value = value.replace('"', "\\\"");
    format!("{list_url}?state=all&query={}", link::query_value(&format!("{key}:\"{value}\"")))
}

/// A tag of an issue with its values.
#[derive(Clone, Debug)]
struct TagKeyView {
    key: String,
    /// `1,204 events, 3 values`.
    summary: String,
    values: Vec<TagValueView>,
}

#[derive(Clone, Debug)]
struct TagValueView {
    value: String,
    is_other: bool,
    events: String,
    share: String,
    percent: u8,
    last_seen: Moment,
    url: String,
}

impl TagKeyView {
    fn new(tag: &TagKey, list_url: &str, now: crate::base::Timestamp) -> Self {
        let values = tag.top.iter().map(|value| TagValueView {
            is_other: value.value.is_empty(),
            events: number::counted(value.event_count, "event", "events"),
            share: number::percent(value.event_count, tag.event_count),
            percent: number::rounded_percent(value.event_count, tag.event_count),
            last_seen: Moment::new(value.last_seen, now),
            url: search_url(list_url, &tag.key, &value.value),
            value: value.value.clone(),
        });
        let events = number::counted(tag.event_count, "event", "events");
        let count = number::counted(tag.value_count, "value", "values");
        Self {
            key: tag.key.clone(),
            summary: format!("{events}, {count}"),
            values: values.collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "issues/tags.html")]
pub(super) struct TagsView {
    shell: Shell,
    issue: IssueFrame,
    toast: Option<Toast>,
    tags: Vec<TagKeyView>,
    /// How many tags are counted at most, if there are as many.
    bound: Option<usize>,
}

/// Shows all tags of an issue.
pub async fn show_issue_tags(
    path: IssueTagsPath,
    member: Member,
    Query(chart): Query<ChartQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let frame = IssueFrame::load(&mut db, &member, &issue, &chart, now).await?;
    let tags = issues::tag_keys(&mut db, issue.id).await?;
    Page::new(&TagsView {
        shell: member.shell("issues"),
        tags: tags.iter().map(|tag| TagKeyView::new(tag, &frame.list_url, now)).collect(),
        bound: (tags.len() >= MAX_TAG_KEYS).then_some(MAX_TAG_KEYS),
        issue: frame.on("tags"),
        toast: None,
    })
}

/// Tags with shares, for looking at pages.
#[cfg(test)]
pub(super) fn sample_tags() -> Vec<TagKey> {
    let tag = |key: &str, values: &[(&str, i64)]| {
        let seen = super::sample::now() - chrono::TimeDelta::minutes(90);
        let value = |(value, count): &(&str, i64)| issues::TagValue {
            value: (*value).to_owned(),
            event_count: *count,
            first_seen: seen,
            last_seen: seen,
        };
        TagKey {
            key: key.to_owned(),
            event_count: values.iter().map(|(_, count)| count).sum(),
            value_count: i64::try_from(values.len()).unwrap(),
            top: values.iter().map(value).collect(),
        }
    };
    vec![
        tag("browser.name", &[("Firefox", 996), ("Chrome", 180), ("Safari", 28)]),
        tag("environment", &[("production", 1_190), ("staging", 14)]),
        tag("level", &[("error", 1_204)]),
        tag(
            "url",
            &[("https://shop.example/cart", 611), ("<script>alert(1)</script>", 12), ("", 581)],
        ),
    ]
}

#[cfg(test)]
impl TagsView {
    /// The tags of an issue.
    pub(super) fn sample(issue: &issues::Issue) -> Self {
        use super::sample;
        let period = issues::StatsPeriod::Fortnight;
        let series = sample::series(4, 14, period.step());
        let frame = IssueFrame::new("default", issue, &series, period, sample::now());
        let views = sample_tags();
        Self {
            shell: Shell { flash: String::new(), ..Shell::sample() },
            tags: views
                .iter()
                .map(|tag| TagKeyView::new(tag, &frame.list_url, sample::now()))
                .collect(),
            bound: None,
            issue: frame.on("tags"),
            toast: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_leads_to_the_issues_that_have_it() {
        assert_eq!(
            search_url("/default/issues", "browser.name", "Firefox \"ESR\""),
            "/default/issues?state=all&query=browser%2Ename%3A%22Firefox%20%5C%22ESR%5C%22%22"
        );
        assert!(search_url("/a", "odd key", "x").contains("tags%5Bodd%20key%5D%3A"));
    }
}
