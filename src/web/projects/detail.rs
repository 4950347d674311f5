//! How to send events to a project: its DSN and lines to paste. While nothing has arrived the page waits,
//! and moves on to the first issue by itself.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::first_event::{FirstEventPath, first_issue_url};
use super::guides::{self, FAMILIES, Family, FilledStep, Target};
use super::issues_of_project;
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::Slug;
use crate::config::ServerConfig;
use crate::domain::projects::{self, Project, ProjectKey};
use crate::web::{Error, Member, Page, Query, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}", rejection(Error))]
pub struct ProjectPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// How to show it.
#[derive(Debug, Default, Deserialize)]
pub struct ProjectQuery {
    /// Another platform than the project's own.
    #[serde(default)]
    platform: String,
    /// Present when the page reloads itself, without scripts, to see whether something arrived.
    waiting: Option<String>,
}

#[derive(Template)]
#[template(path = "projects/detail.html")]
struct ProjectView {
    shell: Shell,
    path: ProjectPath,
    first_event: FirstEventPath,
    settings: ProjectSettingsPath,
    issues: String,
    name: String,
    is_waiting: bool,
    dsn: String,
    families: &'static [Family],
    platform: &'static str,
    steps: Vec<FilledStep>,
    without_sdk: Vec<FilledStep>,
}

/// Shows how to send, or goes on if this is a page that waited.
pub async fn show_project(
    path: ProjectPath,
    member: Member,
    Query(query): Query<ProjectQuery>,
    State(app): State<App>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    if query.waiting.is_some() && project.first_event_at.is_some() {
        let url = first_issue_url(&mut db, &member.organization.slug, project).await?;
        return Ok(Redirect::to(url).with_flash("The first event arrived.").into_response());
    }
    let keys = projects::store::list_keys(&mut db, project.id).await?;
    drop(db);
    let now = app.clock.now();
    let usable: Vec<_> = keys.into_iter().filter(|key| key.is_usable(now)).collect();
    let view = view(&member, path, project, &usable, &query.platform, &app.config.server);
    Ok(Page::new(&view)?.into_response())
}

fn view(
    member: &Member,
    path: ProjectPath,
    project: &Project,
    keys: &[ProjectKey],
    platform: &str,
    server: &ServerConfig,
) -> ProjectView {
    let target = keys.first().map(|key| target(server, project, key));
    let own_platform = project.platform.as_deref().unwrap_or_default();
    let guide = guides::find(platform).or_else(|| guides::find(own_platform));
    let ProjectPath { organization, project: slug } = path.clone();
    ProjectView {
        shell: member.shell("projects"),
        first_event: FirstEventPath { organization: organization.clone(), project: slug.clone() },
        settings: ProjectSettingsPath { organization: organization.clone(), project: slug.clone() },
        issues: issues_of_project(&organization, &slug),
        path,
        name: project.name.clone(),
        is_waiting: project.first_event_at.is_none(),
        families: FAMILIES,
        platform: guide.map_or("", |guide| guide.platform),
        steps: match (guide, &target) {
            (Some(guide), Some(target)) => guide.fill(target),
            _ => Vec::new(),
        },
        without_sdk: target.as_ref().map(guides::without_sdk).unwrap_or_default(),
        dsn: target.map(|target| target.dsn).unwrap_or_default(),
    }
}

fn target(server: &ServerConfig, project: &Project, key: &ProjectKey) -> Target {
    Target {
        dsn: projects::dsn(server, &key.public_key, project.id),
        store_url: format!("{}/api/{}/store/", server.base_url(), project.id),
        public_key: key.public_key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::tests::{key as sample_key, project};

    fn sample(has_events: bool, has_key: bool, platform: &str) -> String {
        let project = project("checkout", Some("python-flask"), has_events);
        let key = sample_key("Default");
        let keys = if has_key { vec![key] } else { Vec::new() };
        let path = ProjectPath {
            organization: "default".parse().unwrap(),
            project: "checkout".parse().unwrap(),
        };
        let member = Member::sample(project.clone());
        let server = ServerConfig::default();
        view(&member, path, &project, &keys, platform, &server).render().unwrap()
    }

    #[test]
    fn a_project_without_events_waits_with_and_without_scripts() {
        let html = sample(false, true, "");
        assert!(html.contains("http://0123456789abcdef0123456789abcdef@127.0.0.1:8000/7"));
        assert!(html.contains("hx-get=\"/default/projects/checkout/first-event\""));
        assert!(html.contains("http-equiv=\"refresh\""));
        assert!(html.contains("from flask import Flask"));
    }

    #[test]
    fn once_events_arrive_nothing_reloads_itself() {
        let html = sample(true, true, "go");
        assert!(!html.contains("hx-get"));
        assert!(!html.contains("http-equiv=\"refresh\""));
        assert!(html.contains("package main"));
        assert!(html.contains("href=\"/default/issues?project=checkout\""));
    }

    #[test]
    fn without_an_active_key_the_page_says_where_to_get_one() {
        let html = sample(false, false, "");
        assert!(html.contains("/default/projects/checkout/settings/keys"));
        assert!(!html.contains("http://0123456789abcdef"));
    }
}
