//! A row of the list of issues.

use super::words::{self, Badge};
use crate::base::Timestamp;
use crate::domain::issues::Issue;
use crate::web::components::chart::Spark;
use crate::web::components::time::Moment;
use crate::web::components::tree::shortened;
use crate::web::components::{link, number};

/// Longer titles are cut before they reach the page; what is shown is cut again by its width.
const MAX_TITLE_CHARS: usize = 300;

/// An issue in the list.
#[derive(Clone, Debug)]
pub(super) struct IssueRow {
    /// What a selection sends.
    pub(super) id: String,
    /// Its page.
    pub(super) url: String,
    /// The level's word.
    pub(super) level: &'static str,
    /// What is said at a glance.
    pub(super) kind: String,
    /// The exception's message.
    pub(super) value: String,
    /// Where it happens.
    pub(super) culprit: String,
    /// The project's name.
    pub(super) project: String,
    /// What people call the issue.
    pub(super) short_id: String,
    /// Its state, where it asks for attention.
    pub(super) badge: Option<Badge>,
    /// Nothing caught it.
    pub(super) is_unhandled: bool,
    /// Who has it; empty for nobody.
    pub(super) assignee: String,
    /// Events over time.
    pub(super) bars: Spark,
    /// All events, short and exact.
    pub(super) events: (String, String),
    /// All users, short and exact.
    pub(super) users: (String, String),
    /// When it was first seen.
    pub(super) first_seen: Moment,
    /// When it was last seen.
    pub(super) last_seen: Moment,
}

impl IssueRow {
    /// The row of an issue.
    pub(super) fn new(
        issue: &Issue,
        series: &[(Timestamp, i64)],
        span: &str,
        list_url: &str,
        now: Timestamp,
    ) -> Self {
        let (kind, value) = words::title(issue);
        let short_id = issue.short_id();
        let count = |number, one, many| (number::short(number), number::counted(number, one, many));
        Self {
            id: issue.id.to_string(),
            url: format!("{list_url}/{}", link::path_part(&short_id)),
            level: issue.level.as_str(),
            kind: shortened(&kind, MAX_TITLE_CHARS).0,
            value: shortened(first_line(&value), MAX_TITLE_CHARS).0,
            culprit: issue.culprit.clone(),
            project: issue.project_name.clone(),
            short_id,
            badge: words::state_badge(issue, now),
            is_unhandled: issue.is_unhandled,
            assignee: String::new(),
            bars: Spark::new(series, span),
            events: count(issue.event_count, "event", "events"),
            users: count(issue.user_count, "user", "users"),
            first_seen: Moment::new(issue.first_seen, now),
            last_seen: Moment::new(issue.last_seen, now),
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}
