//! What happened to an issue: who decided what, and when it came back.

use askama::Template;
use axum::extract::State;

use serde_json::Value;

use super::issue::{ChartQuery, IssueFrame};
use super::paths::{self, IssueActivityPath};
use super::toast::Toast;
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::issues::{self, Activity, ActivityKind};
use crate::web::components::number;
use crate::web::components::time::Moment;
use crate::web::{Member, Page, Query, Result, Shell};

/// A line of an issue's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// The icon's name.
    icon: &'static str,
    /// Who did it.
    actor: String,
    /// What they did.
    text: String,
    /// When.
    moment: Moment,
}

impl LineView {
    fn new(line: &Activity, now: Timestamp) -> Self {
        let actor = line.actor_name.clone().or_else(|| line.actor_email.clone());
        let nobody = if line.actor_id.is_some() { "Somebody who is gone" } else { "Picket" };
        Self {
            icon: icon(line.kind),
            actor: actor.unwrap_or_else(|| nobody.to_owned()),
            text: text(line.kind, &line.detail),
            moment: Moment::new(line.created_at, now),
        }
    }
}

fn icon(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Opened => "plus",
        ActivityKind::Resolved => "check",
        ActivityKind::Reopened => "reopen",
        ActivityKind::Archived => "archive",
        ActivityKind::Regressed | ActivityKind::Escalated => "alert",
        ActivityKind::Assigned | ActivityKind::Unassigned => "user",
        ActivityKind::FixedBy => "link",
        ActivityKind::Merged | ActivityKind::MergedInto | ActivityKind::Received => "merge",
        ActivityKind::GaveBack | ActivityKind::TakenOut | ActivityKind::SplitOff => "split",
        ActivityKind::Regrouped => "settings",
        ActivityKind::Undone => "undo",
    }
}

fn text(kind: ActivityKind, detail: &Value) -> String {
    let said = |key: &str| detail.get(key).and_then(Value::as_str);
    match kind {
        ActivityKind::Opened => "opened it with the first event".to_owned(),
        ActivityKind::Regressed => match said("release") {
            Some(release) => {
                format!("reopened it: an event of {release} arrived after it was resolved")
            }
            None => "reopened it: an event arrived after it was resolved".to_owned(),
        },
        ActivityKind::Escalated => escalated(detail),
        ActivityKind::Assigned => assigned(detail),
        ActivityKind::Unassigned => "took it from whoever had it".to_owned(),
        ActivityKind::FixedBy => fixed(detail),
        ActivityKind::Reopened => "reopened it".to_owned(),
        ActivityKind::Merged => {
            let reopened = detail.get("isReopened").and_then(Value::as_bool) == Some(true);
            let tail =
                if reopened { "; one of them waits for somebody, so this one does" } else { "" };
            format!("merged {} into it{tail}", named(detail))
        }
        ActivityKind::MergedInto => format!("merged it into {}", named(detail)),
        ActivityKind::GaveBack => format!("moved events from it to {}", named(detail)),
        ActivityKind::TakenOut => format!("took it out of {}", named(detail)),
        ActivityKind::SplitOff => format!("made it of events of {}", named(detail)),
        ActivityKind::Received => format!("moved events from {} to it", named(detail)),
        ActivityKind::Regrouped => "had it follow the project's new rules for grouping".to_owned(),
        ActivityKind::Undone => {
            let what = match said("kind") {
                Some("merge") => "merging with",
                Some("take_out") => "the taking out, beside",
                Some("rules") => "following the new rules, with",
                Some("split") => "the splitting, beside",
                _ => "the moving of events, beside",
            };
            format!("undid {what} {}", named(detail))
        }
        ActivityKind::Archived => "archived it".to_owned(),
        ActivityKind::Resolved => {
            match (said("inRelease"), said("inCommit"), detail.get("inNextRelease")) {
                (Some(release), _, _) => format!("resolved it in {release}"),
                (_, Some(commit), _) => format!("resolved it by commit {commit}"),
                (_, _, Some(Value::Bool(true))) => match said("afterRelease") {
                    Some(release) => format!("resolved it in the release after {release}"),
                    None => "resolved it in the next release".to_owned(),
                },
                _ => "resolved it".to_owned(),
            }
        }
    }
}

/// `found it escalating: 120 events in an hour, at most 9 before`.
fn escalated(detail: &Value) -> String {
    let count = |key: &str| detail.get(key).and_then(Value::as_i64).unwrap_or_default();
    let events = number::counted(count("events"), "event", "events");
    let span = if count("hours") == 1 { "an hour" } else { "24 hours" };
    let usual = number::grouped(count("usual"));
    format!("found it escalating: {events} in {span}, at most {usual} in the week before")
}

/// `assigned it to #payments by rule …`, `assigned it to Eve, who wrote …`.
fn assigned(detail: &Value) -> String {
    let said = |key: &str| detail.get(key).and_then(Value::as_str);
    let to = said("to").unwrap_or("somebody");
    match (said("rule"), said("found"), said("commit"), said("file")) {
        (Some(rule), Some(found), ..) => {
            format!("assigned it to {to} by rule `{rule}`, which found `{found}`")
        }
        (.., Some(commit), Some(file)) => {
            let commit: String = commit.chars().take(12).collect();
            let release = said("release").unwrap_or_default();
            format!(
                "assigned it to {to}, who wrote commit `{commit}` of {release}, which changed `{file}`"
            )
        }
        _ => format!("assigned it to {to}"),
    }
}

/// `read in commit … of …, by …, that it repairs it: …`.
fn fixed(detail: &Value) -> String {
    let said = |key: &str| detail.get(key).and_then(Value::as_str).unwrap_or_default();
    let commit: String = said("commit").chars().take(12).collect();
    let author = if said("author").is_empty() { "somebody" } else { said("author") };
    format!(
        "resolved it in {} because of commit `{commit}` by {author}: “{}”",
        said("release"),
        said("message")
    )
}

/// The issues of a line, as people list them: `SHOP-1, SHOP-2 and SHOP-5`.
fn named(detail: &Value) -> String {
    let names = detail.get("issues").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    match names.as_slice() {
        [] => "another issue".to_owned(),
        [alone] => (*alone).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[derive(Template)]
#[template(path = "issues/activity.html")]
pub(super) struct ActivityView {
    shell: Shell,
    issue: IssueFrame,
    toast: Option<Toast>,
    lines: Vec<LineView>,
}

/// Shows the history of an issue.
pub async fn show_issue_activity(
    path: IssueActivityPath,
    member: Member,
    Query(chart): Query<ChartQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let frame = IssueFrame::load(&mut db, &member, &issue, &chart, now).await?;
    let lines = issues::activity(&mut db, issue.id).await?;
    Page::new(&ActivityView {
        shell: member.shell("issues"),
        issue: frame.on("activity"),
        toast: None,
        lines: lines.iter().map(|line| LineView::new(line, now)).collect(),
    })
}

#[cfg(test)]
impl ActivityView {
    /// The history of an issue.
    pub(super) fn sample(issue: &issues::Issue) -> Self {
        use super::sample;
        let period = issues::StatsPeriod::Fortnight;
        let series = sample::series(4, 14, period.step());
        let line = |kind, name: Option<&str>, detail: &str, days| {
            let line = Activity {
                id: uuid::Uuid::nil(),
                kind,
                actor_id: name.map(|_| crate::base::UserId(1)),
                actor_name: name.map(str::to_owned),
                actor_email: None,
                detail: serde_json::from_str(detail).unwrap(),
                created_at: sample::now() - chrono::TimeDelta::days(days),
            };
            LineView::new(&line, sample::now())
        };
        Self {
            shell: Shell { flash: String::new(), ..Shell::sample() },
            issue: IssueFrame::new("default", issue, &series, period, sample::now()).on("activity"),
            toast: None,
            lines: vec![
                line(ActivityKind::Regressed, None, r#"{"release": "checkout@4.2.0"}"#, 1),
                line(ActivityKind::Resolved, Some("Ada"), r#"{"inRelease": "checkout@4.1.3"}"#, 3),
                line(ActivityKind::Opened, None, "{}", 9),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_decided() {
        let said = |kind, detail: &str| text(kind, &serde_json::from_str(detail).unwrap());
        assert_eq!(said(ActivityKind::Resolved, "{}"), "resolved it");
        assert_eq!(
            said(ActivityKind::Resolved, r#"{"inRelease": "shop@2"}"#),
            "resolved it in shop@2"
        );
        assert_eq!(
            said(ActivityKind::Resolved, r#"{"inNextRelease": true}"#),
            "resolved it in the next release"
        );
        assert_eq!(
            said(ActivityKind::Resolved, r#"{"inNextRelease": true, "afterRelease": "shop@1"}"#),
            "resolved it in the release after shop@1"
        );
        assert_eq!(
            said(ActivityKind::Escalated, r#"{"events": 1200, "usual": 9, "hours": 1}"#),
            "found it escalating: 1,200 events in an hour, at most 9 in the week before"
        );
        assert_eq!(
            said(ActivityKind::Assigned, r##"{"to": "#pay", "rule": "path:a", "found": "b/a"}"##),
            "assigned it to #pay by rule `path:a`, which found `b/a`"
        );
        assert_eq!(said(ActivityKind::Assigned, r#"{"to": "Ada"}"#), "assigned it to Ada");
        assert_eq!(
            said(
                ActivityKind::Assigned,
                r#"{"to": "Eve", "commit": "3f2a9c1de07b44f1", "release": "shop@2", "file": "src/pay.py"}"#
            ),
            "assigned it to Eve, who wrote commit `3f2a9c1de07b` of shop@2, which changed `src/pay.py`"
        );
        assert_eq!(
            said(
                ActivityKind::FixedBy,
                r#"{"commit": "abc", "author": "Ada", "release": "shop@2", "message": "Fixes SHOP-1"}"#
            ),
            "resolved it in shop@2 because of commit `abc` by Ada: “Fixes SHOP-1”"
        );
        assert_eq!(
            said(ActivityKind::Regressed, "{}"),
            "reopened it: an event arrived after it was resolved"
        );
    }
}
