//! A project's limits, and its protection against spikes.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::key::KeyPath;
use super::keys::KeysPath;
use super::limit_fields::{LimitForm, LimitRow};
use super::settings::ProjectSettingsPath;
use crate::app::App;
use crate::base::Slug;
use crate::domain::limits::{self, ProjectLimits};
use crate::domain::projects::{self, Project, ProjectKey};
use crate::web::forms::Problem;
use crate::web::usage::UsagePath;
use crate::web::usage::notices::{self, NoticeView};
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/limits", rejection(Error))]
pub struct ProjectLimitsPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// What was typed. A switch that is off is not sent at all.
#[derive(Clone, Debug, Deserialize)]
pub struct ProjectLimitsForm {
    #[serde(default)]
    spike_protection: Option<String>,
    #[serde(flatten)]
    limits: LimitForm,
}

#[derive(Template)]
#[template(path = "projects/limits.html")]
struct ProjectLimitsView {
    shell: Shell,
    path: ProjectLimitsPath,
    settings_path: ProjectSettingsPath,
    keys_path: KeysPath,
    usage_path: UsagePath,
    heading: String,
    notices: Vec<NoticeView>,
    rows: Vec<LimitRow>,
    spike_protection: bool,
    /// Keys with limits of their own.
    keys: Vec<(KeyPath, String)>,
    problem: Problem,
}

/// Shows the limits.
pub async fn show_project_limits(
    path: ProjectLimitsPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &member, path, None, Problem::default()).await
}

/// Saves the limits.
pub async fn update_project_limits(
    path: ProjectLimitsPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<ProjectLimitsForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    let spike_protection = form.spike_protection.is_some();
    let problem = match form.limits.limits() {
        Ok(limits) => {
            let set = ProjectLimits { limits, spike_protection };
            match limits::set(&app, project.id, set).await {
                Ok(()) => {
                    let words = "Saved. The limits hold within seconds.";
                    return Ok(Redirect::to(path).with_flash(words).into_response());
                }
                Err(error) => Problem::from_error(error)?,
            }
        }
        Err(problem) => problem,
    };
    let page = show(&app, &member, path, Some(form), problem).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn show(
    app: &App,
    member: &Member,
    path: ProjectLimitsPath,
    typed: Option<ProjectLimitsForm>,
    problem: Problem,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let stored = limits::store::find_project(&mut db, project.id).await?;
    let keys = projects::store::list_keys(&mut db, project.id).await?;
    let mut notices = notices::find(&mut db, member, &[project.id], app.clock.now()).await?;
    drop(db);
    // Nobody needs the way to where they are.
    let here = path.to_string();
    notices.iter_mut().filter(|it| it.settings == here).for_each(|it| it.settings.clear());
    let mut view = view(member, path, project, (stored, &keys));
    view.notices = notices;
    if let Some(typed) = typed {
        view.spike_protection = typed.spike_protection.is_some();
        view.rows = typed.limits.rows(&problem);
    }
    view.problem = problem;
    Page::new(&view)
}

fn view(
    member: &Member,
    path: ProjectLimitsPath,
    project: &Project,
    (stored, keys): (ProjectLimits, &[ProjectKey]),
) -> ProjectLimitsView {
    let (organization, slug) = (path.organization.clone(), path.project.clone());
    let key = |key: &ProjectKey| {
        let (organization, project) = (path.organization.clone(), path.project.clone());
        (KeyPath { organization, project, key: key.public_key.clone() }, key.label.clone())
    };
    ProjectLimitsView {
        shell: member.shell("projects"),
        settings_path: ProjectSettingsPath {
            organization: organization.clone(),
            project: slug.clone(),
        },
        keys_path: KeysPath { organization: organization.clone(), project: slug },
        usage_path: UsagePath { organization },
        heading: project.name.clone(),
        notices: Vec::new(),
        rows: LimitForm::of(&stored.limits).rows(&Problem::default()),
        spike_protection: stored.spike_protection,
        keys: keys.iter().filter(|key| !key.limits.is_empty()).map(key).collect(),
        problem: Problem::default(),
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::limits::{Limits, Windows};
    use crate::web::projects::tests::{key, project};

    #[test]
    fn limits_are_filled_in_and_keys_with_their_own_are_named() {
        let project = project("checkout", None, true);
        let member = Member::sample(project.clone());
        let path = ProjectLimitsPath {
            organization: "default".parse().unwrap(),
            project: "checkout".parse().unwrap(),
        };
        let errors = Windows { month: Some(50_000), ..Windows::default() };
        let limits = Limits { errors, ..Limits::default() };
        let stored = ProjectLimits { limits, spike_protection: false };
        let keys = [key("Free"), ProjectKey { limits, ..key("Old app") }];
        let html = view(&member, path, &project, (stored, &keys)).render().unwrap();
        assert!(html.contains("name=\"errors_month\" value=\"50,000\""), "{html}");
        assert!(html.contains("name=\"errors_hour\" value=\"\""), "{html}");
        assert!(html.contains("Old app") && !html.contains("Free"), "{html}");
        assert!(!html.contains("name=\"spike_protection\" value=\"on\" checked"), "{html}");
    }
}
