//! The history of an issue.

use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::api::Result;
use crate::api::json::Json;
use crate::api::place::InIssue;
use crate::api::users::PersonView;
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::issues::{self, Activity, ActivityKind, Issue};

/// A line of the history.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ActivityView {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    user: Option<PersonView>,
    data: Value,
    date_created: Timestamp,
}

/// The history, the newest line first.
#[derive(Debug, Serialize)]
pub(in crate::api) struct ActivitiesView {
    activity: Vec<ActivityView>,
}

/// Answers the history of an issue.
pub(in crate::api) async fn list_activities(
    State(app): State<App>,
    place: InIssue,
) -> Result<Json<ActivitiesView>> {
    let mut db = app.db.acquire().await?;
    Ok(Json(ActivitiesView { activity: activity_views(&mut db, &place.issue).await? }))
}

pub(super) async fn activity_views(
    db: &mut PgConnection,
    issue: &Issue,
) -> Result<Vec<ActivityView>> {
    Ok(issues::activity(db, issue.id).await?.into_iter().map(ActivityView::new).collect())
}

impl ActivityView {
    fn new(line: Activity) -> Self {
        let (kind, data) = on_the_wire(line.kind, &line.detail);
        let person = line.actor_id.zip(line.actor_name).zip(line.actor_email);
        Self {
            id: line.id.to_string(),
            kind,
            user: person.map(|((id, name), email)| PersonView::new(id, name, email)),
            data,
            date_created: line.created_at,
        }
    }
}

/// Whom somebody or a rule gave it to.
fn assigned(detail: &Value) -> Value {
    let who = detail["assignee"].as_str().and_then(|who| who.split_once(':'));
    let (kind, id) = who.unwrap_or_default();
    json!({
        "assignee": id,
        "assigneeType": kind,
        "assigneeName": detail["to"],
        "rule": detail["rule"],
        "commit": detail["commit"],
    })
}

/// What happened in the words of `web-api.md` §3.1.
fn on_the_wire(kind: ActivityKind, detail: &Value) -> (&'static str, Value) {
    match kind {
        ActivityKind::Opened => ("first_seen", json!({})),
        ActivityKind::Resolved => {
            if detail["inNextRelease"] == true {
                // The release that it will be is not known yet.
                ("set_resolved_in_release", json!({ "version": "" }))
            } else if let Some(version) = detail["inRelease"].as_str() {
                ("set_resolved_in_release", json!({ "version": version }))
            } else if let Some(commit) = detail["inCommit"].as_str() {
                ("set_resolved_in_commit", json!({ "commit": commit }))
            } else {
                ("set_resolved", json!({}))
            }
        }
        ActivityKind::Reopened => ("set_unresolved", json!({})),
        ActivityKind::Archived => ("set_ignored", detail.clone()),
        ActivityKind::Regressed => match detail["release"].as_str() {
            Some(version) => ("set_regression", json!({ "version": version })),
            None => ("set_regression", json!({})),
        },
        ActivityKind::Assigned => ("assigned", assigned(detail)),
        ActivityKind::Unassigned => ("unassigned", json!({})),
        ActivityKind::FixedBy => ("referenced_in_commit", detail.clone()),
        ActivityKind::Escalated => ("set_escalating", detail.clone()),
        ActivityKind::Merged | ActivityKind::Received => {
            ("merge", json!({ "issues": detail["issues"] }))
        }
        ActivityKind::GaveBack => ("unmerge_source", json!({ "issues": detail["issues"] })),
        ActivityKind::TakenOut | ActivityKind::SplitOff => {
            ("unmerge_destination", json!({ "issues": detail["issues"] }))
        }
        // Clients know no such thing; they show an unknown type as it is.
        ActivityKind::MergedInto => ("merged_into", json!({ "issues": detail["issues"] })),
        ActivityKind::Regrouped => ("regrouped", json!({})),
        ActivityKind::Undone => ("undone", json!({ "issues": detail["issues"] })),
    }
}
