//! A project's settings: its name and its keys.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::detail::ProjectPath;
use super::keys::{KeyPath, KeysPath};
use super::list::platform_name;
use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::config::ServerConfig;
use crate::domain::projects::{self, Project, ProjectKey};
use crate::web::components::time::Moment;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings", rejection(Error))]
pub struct ProjectSettingsPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

/// The new name.
#[derive(Debug, Deserialize)]
pub struct NameForm {
    name: String,
}

/// What the page shows besides what is stored: the outcome of one of its forms.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) problem: Problem,
    /// What was typed as the project's name.
    pub(super) name: Option<String>,
    /// What was typed as a new key's label.
    pub(super) label: String,
}

#[derive(Template)]
#[template(path = "projects/settings.html")]
struct ProjectSettingsView {
    shell: Shell,
    path: ProjectSettingsPath,
    project: ProjectPath,
    keys_path: KeysPath,
    heading: String,
    name: String,
    slug: Slug,
    id: i64,
    platform: String,
    keys: Vec<KeyRow>,
    label: String,
    problem: Problem,
}

struct KeyRow {
    element_id: String,
    path: KeyPath,
    label: String,
    dsn: String,
    is_active: bool,
    created: Moment,
}

impl ProjectSettingsView {
    fn has_active_key(&self) -> bool {
        self.keys.iter().any(|key| key.is_active)
    }
}

/// Shows the settings.
pub async fn show_project_settings(
    path: ProjectSettingsPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &member, &path.project, Outcome::default()).await
}

/// Gives the project another name.
pub async fn rename_project(
    path: ProjectSettingsPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<NameForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    match projects::rename(&app, project.id, &form.name).await {
        Ok(()) => Ok(Redirect::to(path).with_flash("Saved.").into_response()),
        Err(error) => {
            let problem = Problem::from_error(error)?;
            let outcome = Outcome { problem, name: Some(form.name), ..Outcome::default() };
            Ok(show(&app, &member, &path.project, outcome).await?.into_response())
        }
    }
}

/// The page with the outcome of one of its forms.
pub(super) async fn show(
    app: &App,
    member: &Member,
    slug: &Slug,
    outcome: Outcome,
) -> Result<Page> {
    let project = member.project(slug)?;
    let mut db = app.db.acquire().await?;
    let keys = projects::store::list_keys(&mut db, project.id).await?;
    drop(db);
    let is_fine = outcome.problem == Problem::default();
    let view = view(member, project, &keys, outcome, (&app.config.server, app.clock.now()));
    let status = if is_fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(Page::new(&view)?.with_status(status))
}

fn view(
    member: &Member,
    project: &Project,
    keys: &[ProjectKey],
    outcome: Outcome,
    (server, now): (&ServerConfig, Timestamp),
) -> ProjectSettingsView {
    let organization = member.organization.slug.clone();
    let slug = project.slug.clone();
    ProjectSettingsView {
        shell: member.shell("projects"),
        path: ProjectSettingsPath { organization: organization.clone(), project: slug.clone() },
        project: ProjectPath { organization: organization.clone(), project: slug.clone() },
        keys_path: KeysPath { organization: organization.clone(), project: slug.clone() },
        heading: project.name.clone(),
        name: outcome.name.unwrap_or_else(|| project.name.clone()),
        id: project.id.0,
        platform: platform_name(project),
        keys: keys
            .iter()
            .map(|key| KeyRow {
                element_id: format!("dsn-{}", key.public_key),
                path: KeyPath {
                    organization: organization.clone(),
                    project: slug.clone(),
                    key: key.public_key.clone(),
                },
                label: key.label.clone(),
                dsn: projects::dsn(server, &key.public_key, project.id),
                is_active: key.is_active,
                created: Moment::new(key.created_at, now),
            })
            .collect(),
        slug,
        label: outcome.label,
        problem: outcome.problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::tests::project;

    fn sample(is_active: bool) -> String {
        let project = project("checkout", Some("python"), true);
        let key = ProjectKey {
            public_key: "0123456789abcdef0123456789abcdef".to_owned(),
            project_id: project.id,
            label: "Production".to_owned(),
            is_active,
            created_at: project.created_at,
        };
        let member = Member::sample(project.clone());
        let outcome = Outcome {
            problem: Problem::new("label", "Say what the key is for."),
            name: Some("Typed name".to_owned()),
            label: "Typed label".to_owned(),
        };
        let now = project.created_at;
        let server = ServerConfig::default();
        view(&member, &project, &[key], outcome, (&server, now)).render().unwrap()
    }

    #[test]
    fn a_key_shows_its_dsn_and_can_be_switched() {
        let html = sample(true);
        assert!(html.contains("http://0123456789abcdef0123456789abcdef@127.0.0.1:8000/7"));
        let action = "/default/projects/checkout/keys/0123456789abcdef0123456789abcdef";
        assert!(html.contains(&format!("action=\"{action}\"")));
        assert!(html.contains("Say what the key is for."));
        assert!(html.contains("value=\"Typed name\"") && html.contains("value=\"Typed label\""));
        assert!(html.contains("<code>7</code>"));
        assert!(!html.contains("nothing can be sent"));
    }

    #[test]
    fn a_project_without_an_active_key_is_warned_about() {
        assert!(sample(false).contains("nothing can be sent"));
    }
}
