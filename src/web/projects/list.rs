//! The organization's projects.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::detail::ProjectPath;
use super::guides;
use super::new::NewProjectPath;
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::domain::projects::Project;
use crate::web::components::time::Moment;
use crate::web::{Error, Member, Page, Result, Shell, issues_of_project};

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
    first_event: Option<Moment>,
    created: Moment,
    issues: String,
    set_up: ProjectPath,
    settings: ProjectSettingsPath,
}

impl ProjectRow {
    fn new(project: &Project, organization: &Slug, now: Timestamp) -> Self {
        let slug = project.slug.clone();
        let organization = organization.clone();
        Self {
            name: project.name.clone(),
            platform: platform_name(project),
            first_event: project.first_event_at.map(|at| Moment::new(at, now)),
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
    let rows = member.projects.iter().map(|p| ProjectRow::new(p, organization, now)).collect();
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
        let rows = projects.iter().map(|p| ProjectRow::new(p, &organization, now)).collect();
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
        assert!(!html.contains("Waiting for its first event"));
    }

    #[test]
    fn an_empty_list_says_what_to_do() {
        assert!(sample(&[]).contains("href=\"/default/projects/new\""));
    }
}
