//! How issues look on the wire (`web-api.md` §3.1).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::base::{Slug, Timestamp};
use crate::config::ServerConfig;
use crate::domain::issues::{Issue, Series, StatsPeriod, Status, Substatus};
use crate::domain::ownership::{Owner, Owners};
use crate::protocol::event::Level;

/// An issue in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
pub(in crate::api) struct IssueView {
    id: String,
    share_id: Option<&'static str>,
    short_id: String,
    title: String,
    culprit: String,
    permalink: String,
    logger: Option<String>,
    level: &'static str,
    status: &'static str,
    substatus: Option<&'static str>,
    status_details: Value,
    is_public: bool,
    platform: String,
    priority: &'static str,
    priority_locked_at: Option<Timestamp>,
    project: IssueProjectView,
    #[serde(rename = "type")]
    kind: String,
    issue_type: &'static str,
    issue_category: &'static str,
    metadata: MetadataView,
    num_comments: i32,
    assigned_to: Option<ActorView>,
    is_bookmarked: bool,
    is_subscribed: bool,
    subscription_details: Option<&'static str>,
    has_seen: bool,
    annotations: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    is_unhandled: Option<bool>,
    count: String,
    user_count: i64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<StatsView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime: Option<TotalsView>,
    /// Totals of what matches the search alone; not counted apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    filtered: Option<Value>,
    matching_event_id: Option<&'static str>,
    matching_event_environment: Option<&'static str>,
    #[serde(flatten)]
    expanded: BTreeMap<&'static str, Value>,
}

#[derive(Debug, Serialize)]
struct IssueProjectView {
    id: String,
    name: String,
    slug: Slug,
    platform: Option<String>,
}

/// Clients read texts here, so what is unknown is left out instead of being null.
#[derive(Debug, Default, Serialize)]
pub(in crate::api) struct MetadataView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) title: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(in crate::api) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) filename: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) function: Option<String>,
}

impl MetadataView {
    /// Of what has no exception.
    pub(in crate::api) fn titled(title: &str) -> Self {
        Self { title: Some(title.to_owned()), ..Self::default() }
    }
}

/// Events per step, by period: `{"24h": [[seconds, count], …]}`.
pub(super) type StatsView = BTreeMap<&'static str, Vec<(i64, i64)>>;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TotalsView {
    count: String,
    user_count: i64,
    first_seen: Timestamp,
    last_seen: Timestamp,
    stats: BTreeMap<&'static str, i64>,
}

/// Who has an issue.
#[derive(Clone, Debug, Serialize)]
pub(in crate::api) struct ActorView {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl ActorView {
    /// Somebody; `None` if they are gone.
    pub(in crate::api) fn new(owner: Owner, owners: &Owners) -> Option<Self> {
        match owner {
            Owner::User(id) => {
                let person = owners.people.iter().find(|person| person.id == id)?;
                let (name, email) = (person.name.clone(), Some(person.email.clone()));
                Some(Self { kind: "user", id: id.to_string(), name, email })
            }
            Owner::Team(id) => {
                let team = owners.teams.iter().find(|team| team.id == id)?;
                let name = team.slug.to_string();
                Some(Self { kind: "team", id: id.to_string(), name, email: None })
            }
        }
    }
}

/// What is shown of an issue beside what it is.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The small chart, if wanted.
    pub(super) stats: Option<StatsView>,
    /// Events in the window of the list; none counts all.
    pub(super) event_count: Option<i64>,
    /// Whose it is.
    pub(super) assigned_to: Option<ActorView>,
    /// Parts that the client does not want (`collapse`).
    pub(super) collapsed: Collapsed,
    /// Parts that it wants on top (`expand`).
    pub(super) expanded: BTreeMap<&'static str, Value>,
}

/// Parts that are left out.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent parts")]
pub(super) struct Collapsed {
    pub(super) stats: bool,
    pub(super) lifetime: bool,
    pub(super) filtered: bool,
    pub(super) unhandled: bool,
}

impl IssueView {
    pub(super) fn new(
        issue: &Issue,
        organization: &Slug,
        server: &ServerConfig,
        shown: Shown,
    ) -> Self {
        let collapsed = shown.collapsed;
        Self {
            id: issue.id.to_string(),
            share_id: None,
            short_id: issue.short_id(),
            title: issue.title.clone(),
            culprit: issue.culprit.clone(),
            permalink: format!("{}/{organization}/issues/{}/", server.base_url(), issue.id),
            logger: Some(issue.logger.clone()).filter(|logger| !logger.is_empty()),
            level: issue.level.as_str(),
            status: issue.status.as_str(),
            substatus: issue.substatus.map(Substatus::as_str),
            status_details: status_details(issue),
            is_public: false,
            platform: issue.platform.clone(),
            priority: priority(issue.level),
            priority_locked_at: None,
            project: IssueProjectView {
                id: issue.project_id.to_string(),
                name: issue.project_name.clone(),
                slug: issue.project_slug.clone(),
                platform: issue.project_platform.clone(),
            },
            kind: issue.kind.clone(),
            issue_type: "error",
            issue_category: "error",
            metadata: metadata(issue),
            num_comments: 0,
            assigned_to: shown.assigned_to,
            is_bookmarked: false,
            is_subscribed: false,
            subscription_details: None,
            has_seen: false,
            annotations: [],
            is_unhandled: (!collapsed.unhandled).then_some(issue.is_unhandled),
            count: shown.event_count.unwrap_or(issue.event_count).to_string(),
            user_count: issue.user_count,
            first_seen: issue.first_seen,
            last_seen: issue.last_seen,
            stats: shown.stats,
            lifetime: (!collapsed.lifetime).then(|| TotalsView::of(issue)),
            filtered: (!collapsed.filtered).then_some(Value::Null),
            matching_event_id: None,
            matching_event_environment: None,
            expanded: shown.expanded,
        }
    }
}

impl TotalsView {
    fn of(issue: &Issue) -> Self {
        Self {
            count: issue.event_count.to_string(),
            user_count: issue.user_count,
            first_seen: issue.first_seen,
            last_seen: issue.last_seen,
            stats: BTreeMap::new(),
        }
    }
}

/// What was said with the status, if the status still is that one.
fn status_details(issue: &Issue) -> Value {
    match issue.status {
        Status::Unresolved => Value::Object(serde_json::Map::new()),
        Status::Resolved | Status::Ignored => issue.status_detail.to_json(),
    }
}

/// How much an issue should matter, by how bad its latest event was. `issue.priority:` finds by the same rule.
fn priority(level: Level) -> &'static str {
    match level {
        Level::Fatal | Level::Error => "high",
        Level::Warning => "medium",
        Level::Info | Level::Debug => "low",
    }
}

/// What an issue's title was made of.
pub(in crate::api) fn metadata(issue: &Issue) -> MetadataView {
    if issue.kind != "error" {
        return MetadataView::titled(&issue.title);
    }
    MetadataView {
        title: None,
        kind: issue.exception_type.clone(),
        value: issue.exception_value.clone(),
        filename: issue.filename.clone(),
        function: issue.function.clone(),
    }
}

/// Series as the wire has them.
pub(super) fn stats(series: impl IntoIterator<Item = (StatsPeriod, Series)>) -> StatsView {
    series
        .into_iter()
        .map(|(period, series)| {
            let points = series.into_iter().map(|(at, count)| (at.timestamp(), count));
            (period.as_str(), points.collect())
        })
        .collect()
}
