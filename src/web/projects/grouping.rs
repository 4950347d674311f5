//! How a project's events become issues, in words.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use super::issues_of_project;
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::{PageRequest, ProjectId, Slug};
use crate::domain::events::{Condition, EventFilter};
use crate::domain::issues;
use crate::domain::query::TimeRange;
use crate::grouping;
use crate::web::issues::paths::IssueGroupingPath;
use crate::web::{Error, Member, Page, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/grouping", rejection(Error))]
pub struct ProjectGroupingPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

#[derive(Template)]
#[template(path = "projects/grouping.html")]
struct ProjectGroupingView {
    shell: Shell,
    settings_path: ProjectSettingsPath,
    issues: String,
    heading: String,
    version: String,
    /// The latest issue: its short id and where it says why its events are one.
    example: Option<(String, IssueGroupingPath)>,
}

/// Shows the page.
pub async fn show_project_grouping(
    path: ProjectGroupingPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let example = latest_short_id(&mut db, project.id).await?;
    drop(db);
    let (organization, slug) = (path.organization, path.project);
    let grouping_of = |issue: String| {
        (issue.clone(), IssueGroupingPath { organization: organization.clone(), issue })
    };
    Page::new(&ProjectGroupingView {
        shell: member.shell("projects"),
        issues: issues_of_project(&organization, &slug),
        heading: project.name.clone(),
        version: grouping::Config::default().version().to_owned(),
        example: example.map(grouping_of),
        settings_path: ProjectSettingsPath { organization, project: slug },
    })
}

/// The issue of the project's latest event.
async fn latest_short_id(db: &mut PgConnection, project: ProjectId) -> Result<Option<String>> {
    let latest = EventFilter {
        condition: Condition::All(Vec::new()),
        environments: Vec::new(),
        period: TimeRange::default(),
        page: PageRequest::new(None, 1),
    };
    let events = issues::list_events(db, project, &latest).await?;
    let Some(event) = events.items.first() else { return Ok(None) };
    Ok(issues::find(db, event.issue_id).await?.map(|issue| issue.short_id()))
}
