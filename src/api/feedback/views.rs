//! How a report looks on the wire (`web-api.md` §3.10).

use serde::Serialize;

use crate::base::Timestamp;
use crate::domain::feedback::{Feedback, NewFeedback};

/// What a user wrote.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportView {
    id: String,
    #[serde(rename = "eventID")]
    event_id: String,
    name: Option<String>,
    email: Option<String>,
    comments: String,
    date_created: Timestamp,
    user: Option<()>,
    event: EventView,
    issue: Option<IssueView>,
}

#[derive(Debug, Serialize)]
struct EventView {
    id: String,
    #[serde(rename = "eventID")]
    event_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct IssueView {
    id: String,
    short_id: String,
    title: String,
}

impl ReportView {
    pub(super) fn new(row: Feedback) -> Self {
        let short_id = row.issue_short_id();
        let issue = row.issue_id.zip(short_id).map(|(id, short_id)| IssueView {
            id: id.to_string(),
            short_id,
            title: row.issue_title.unwrap_or_default(),
        });
        Self {
            id: row.feedback_id.to_string(),
            event_id: row.event_id.unwrap_or(row.feedback_id).to_string(),
            name: some(&row.name),
            email: some(&row.email),
            comments: row.message,
            date_created: row.received_at,
            user: None,
            event: EventView::new(row.event_id.unwrap_or(row.feedback_id).to_string()),
            issue,
        }
    }

    pub(super) fn of_new(report: &NewFeedback) -> Self {
        let id = report.feedback_id.to_string();
        Self {
            id: id.clone(),
            event_id: id.clone(),
            name: some(&report.words.name),
            email: some(&report.words.email),
            comments: report.words.message.clone(),
            date_created: report.received_at,
            user: None,
            event: EventView::new(id),
            issue: None,
        }
    }
}

impl EventView {
    fn new(id: String) -> Self {
        Self { event_id: id.clone(), id }
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
