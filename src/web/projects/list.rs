//! The organization's projects.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::detail::ProjectPath;
use super::new::NewProjectPath;
use super::settings::ProjectSettingsPath;
use super::{guides, issues_of_project};
use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::domain::projects::Project;
use crate::domain::usage::{self, Days};
use crate::web::components::chart::Spark;
use crate::web::components::number;
use crate::web::components::time::Moment;
use crate::web::{Error, Member, Page, Result, Shell};

/// How far back the bars go.
const DAYS: i32 = 14;

/// The same in words.
const SPAN: &str = "14 days";

/// The list.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects", rejection(Error))]
pub struct ProjectListPath {
    /// Whose projects.
    pub organization: Slug,
}

#[derive(Template)]
#[template(path = "projects/list.html")]
struct ProjectListView {
    shell: Shell,
    new_project: NewProjectPath,
    rows: Vec<ProjectRow>,
}

struct ProjectRow {
    name: String,
    slug: Slug,
    platform: String,
    has_events: bool,
    bars: Spark,
    events: String,
    created: Moment,
    issues: String,
    set_up: ProjectPath,
    settings: ProjectSettingsPath,
}

impl ProjectRow {
    fn new(project: &Project, days: &Days, organization: &Slug, now: Timestamp) -> Self {
        let slug = project.slug.clone();
        let organization = organization.clone();
        Self {
            name: project.name.clone(),
            platform: platform_name(project),
            has_events: project.first_event_at.is_some(),
            bars: Spark::new(days, SPAN),
            events: number::grouped(days.iter().map(|(_, quantity)| quantity).sum()),
            created: Moment::new(project.created_at, now),
            issues: issues_of_project(&organization, &slug),
            set_up: ProjectPath { organization: organization.clone(), project: slug.clone() },
            settings: ProjectSettingsPath { organization, project: slug.clone() },
            slug,
        }
    }
}

/// What the project is written in, as people call it; empty if nobody said.
pub(super) fn platform_name(project: &Project) -> String {
    let platform = project.platform.as_deref().unwrap_or_default();
    match guides::find(platform).filter(|guide| guide.platform == platform) {
        Some(guide) => guide.name.to_owned(),
        None => platform.to_owned(),
    }
}

/// Shows the list.
pub async fn show_project_list(
    _: ProjectListPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let organization = &member.organization.slug;
    let ids: Vec<_> = member.projects.iter().map(|project| project.id).collect();
    let mut db = app.db.acquire().await?;
    let days = usage::events_by_day(&mut db, &ids, DAYS, now).await?;
    drop(db);
    let rows = member
        .projects
        .iter()
        .zip(&days)
        .map(|(project, days)| ProjectRow::new(project, days, organization, now))
        .collect();
    let new_project = NewProjectPath { organization: organization.clone() };
    Page::new(&ProjectListView { shell: member.shell("projects"), new_project, rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::tests::project;

    fn sample(projects: &[Project]) -> String {
        let organization: Slug = "default".parse().unwrap();
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let days = vec![(now, 1204)];
        let rows = projects.iter().map(|p| ProjectRow::new(p, &days, &organization, now)).collect();
        let new_project = NewProjectPath { organization };
        ProjectListView { shell: Shell::sample(), new_project, rows }.render().unwrap()
    }

    #[test]
    fn a_project_without_events_leads_to_how_to_send_some() {
        let html = sample(&[project("checkout", Some("python-django"), false)]);
        assert!(html.contains("href=\"/default/projects/checkout\""));
        assert!(html.contains("Django"));
        assert!(html.contains("Waiting for its first event"));
    }

    #[test]
    fn a_project_with_events_leads_to_its_issues() {
        let html = sample(&[project("checkout", None, true)]);
        assert!(html.contains("href=\"/default/issues?project=checkout\""));
        assert!(html.contains("1,204 events in 14 days"));
        assert!(!html.contains("Waiting for its first event"));
    }

    #[test]
    fn an_empty_list_says_what_to_do() {
        assert!(sample(&[]).contains("href=\"/default/projects/new\""));
    }
}
