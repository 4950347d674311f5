//! One issue.

use axum::extract::State;
use serde::Serialize;
use sqlx::PgConnection;

use super::activities::{ActivityView, activity_views};
use super::expand;
use super::tags::{TagSummaryView, tag_summaries};
use super::views::{self, ActorView, IssueView, Shown};
use crate::api::authenticate::Caller;
use crate::api::json::Json;
use crate::api::parameters::Parameters;
use crate::api::place::{InIssue, InOrganization};
use crate::api::releases::{self, ReleaseView};
use crate::api::{Error, Result};
use crate::app::App;
use crate::domain::issues::{self, Issue, StatsPeriod};
use crate::domain::ownership::Owners;

/// An issue on its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DetailView {
    #[serde(flatten)]
    issue: IssueView,
    activity: Vec<ActivityView>,
    seen_by: [&'static str; 0],
    participants: [&'static str; 0],
    user_report_count: i32,
    first_release: Option<ReleaseView>,
    last_release: Option<ReleaseView>,
    tags: Vec<TagSummaryView>,
    plugin_actions: [&'static str; 0],
    plugin_issues: [&'static str; 0],
    plugin_contexts: [&'static str; 0],
}

/// Answers an issue by its number or short id, with or without its organization in the path.
pub(in crate::api) async fn get_issue(
    State(app): State<App>,
    place: InIssue,
    parameters: Parameters,
) -> Result<Json<DetailView>> {
    let mut db = app.db.acquire().await?;
    Ok(Json(detail_of(&app, &mut db, &place.caller, &place.issue, &parameters).await?))
}

/// Everything about an issue, and what the parameters ask for on top.
pub(in crate::api) async fn detail_of(
    app: &App,
    db: &mut PgConnection,
    caller: &Caller,
    issue: &Issue,
    parameters: &Parameters,
) -> Result<DetailView> {
    let now = app.clock.now();
    let mut stats = Vec::new();
    for period in [StatsPeriod::Day, StatsPeriod::Month] {
        let series = issues::series(db, &[issue.id], &[], period, now).await?;
        stats.extend(series.into_values().map(|series| (period, series)));
    }
    let owners = Owners::find(db, issue.organization_id).await?;
    let assignee = issues::assignees(db, &[issue.id]).await?.remove(&issue.id);
    let assigned_to = assignee.and_then(|owner| ActorView::new(owner, &owners));
    let one = std::slice::from_ref(issue);
    let mut expanded = expand::expanded(app, db, (&owners, one), parameters).await?;
    let shown = Shown {
        assigned_to,
        stats: Some(views::stats(stats)),
        expanded: expanded.remove(&issue.id).unwrap_or_default(),
        ..Shown::default()
    };
    let versions = [issue.first_release.as_deref(), issue.last_release.as_deref()];
    let [first_release, last_release] = releases::views_of(db, issue.project_id, versions).await?;
    Ok(DetailView {
        issue: IssueView::new(issue, &caller.organization.slug, &app.config.server, shown),
        activity: activity_views(db, issue).await?,
        seen_by: [],
        participants: [],
        user_report_count: 0,
        first_release,
        last_release,
        tags: tag_summaries(db, issue.id).await?,
        plugin_actions: [],
        plugin_issues: [],
        plugin_contexts: [],
    })
}

/// Where a short id leads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ShortIdView {
    organization_slug: String,
    project_slug: String,
    group_id: String,
    group: DetailView,
    short_id: String,
}

/// Looks a short id up.
pub(in crate::api) async fn get_short_id(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<ShortIdView>> {
    let mut db = app.db.acquire().await?;
    let organization = place.organization();
    let short_id = place.path.get("issue")?;
    let issue = issues::find_by_short_id(&mut db, organization.id, short_id).await?;
    let issue = issue.ok_or(Error::NotFound)?;
    Ok(Json(ShortIdView {
        organization_slug: organization.slug.to_string(),
        project_slug: issue.project_slug.to_string(),
        group_id: issue.id.to_string(),
        short_id: issue.short_id(),
        group: detail_of(&app, &mut db, &place.caller, &issue, &parameters).await?,
    }))
}
