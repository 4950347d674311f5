//! A project's general settings: its name, how long it keeps events, and where they are from.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::detail::ProjectPath;
use super::list::platform_name;
use super::teams::{TeamChoice, team_choices};
use crate::app::App;
use crate::base::{Slug, TeamId};
use crate::domain;
use crate::domain::projects::{self, Options, Project};
use crate::web::forms::Problem;
use crate::web::usage::notices::{self, NoticeView};
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

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct GeneralForm {
    name: String,
    #[serde(default)]
    retention_days: String,
    #[serde(default)]
    default_environment: String,
    #[serde(default)]
    team: Option<TeamId>,
}

#[derive(Template)]
#[template(path = "projects/settings.html")]
struct ProjectSettingsView {
    shell: Shell,
    path: ProjectSettingsPath,
    project: ProjectPath,
    heading: String,
    slug: Slug,
    id: i64,
    platform: String,
    form: GeneralForm,
    teams: Vec<TeamChoice>,
    notices: Vec<NoticeView>,
    /// As long as the server keeps events.
    most_days: u32,
    problem: Problem,
}

impl GeneralForm {
    fn of(project: &Project, options: Options) -> Self {
        Self {
            name: project.name.clone(),
            retention_days: options.retention_days.map(|days| days.to_string()).unwrap_or_default(),
            default_environment: options.default_environment.unwrap_or_default(),
            team: Some(project.team_id),
        }
    }

    fn options(&self) -> std::result::Result<Options, Problem> {
        let days = self.retention_days.trim();
        let retention_days = match (days.is_empty(), days.parse::<i32>()) {
            (true, _) => None,
            (false, Ok(days)) => Some(days),
            (false, Err(_)) => {
                let words =
                    "Write a number of days, or nothing to keep events as long as the server.";
                return Err(Problem::new("retention_days", words));
            }
        };
        let environment = self.default_environment.trim();
        let default_environment = Some(environment.to_owned()).filter(|it| !it.is_empty());
        Ok(Options { retention_days, default_environment })
    }
}

/// Shows the settings.
pub async fn show_project_settings(
    path: ProjectSettingsPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let project = member.project(&path.project)?;
    let mut db = app.db.acquire().await?;
    let options = projects::store::find_options(&mut db, project.id).await?;
    let teams = team_choices(&mut db, &member, Some(project.team_id)).await?;
    let notices = notices::find(&mut db, &member, &[project.id], app.clock.now()).await?;
    drop(db);
    let shown = (GeneralForm::of(project, options), Problem::default());
    let view = view(&member, project, shown, app.config.retention.events_days);
    Page::new(&ProjectSettingsView { teams, notices, ..view })
}

/// Saves the settings.
pub async fn update_project_settings(
    path: ProjectSettingsPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<GeneralForm>,
) -> Result<Response> {
    let project = member.project(&path.project)?;
    let problem = match form.options() {
        Ok(options) => match save(&app, project, &form, options).await {
            Ok(()) => return Ok(Redirect::to(path).with_flash("Saved.").into_response()),
            Err(error) => Problem::from_error(error)?,
        },
        Err(problem) => problem,
    };
    let most_days = app.config.retention.events_days;
    let mut db = app.db.acquire().await?;
    let teams = team_choices(&mut db, &member, form.team).await?;
    drop(db);
    let view = view(&member, project, (form, problem), most_days);
    let page = Page::new(&ProjectSettingsView { teams, ..view })?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn save(
    app: &App,
    project: &Project,
    form: &GeneralForm,
    options: Options,
) -> domain::Result<()> {
    if let Some(team) = form.team.filter(|team| *team != project.team_id) {
        projects::set_team(app, project, team).await?;
    }
    projects::update(app, project.id, &form.name, options).await
}

fn view(
    member: &Member,
    project: &Project,
    (form, problem): (GeneralForm, Problem),
    most_days: u32,
) -> ProjectSettingsView {
    let (organization, slug) = (member.organization.slug.clone(), project.slug.clone());
    ProjectSettingsView {
        shell: member.shell("projects"),
        path: ProjectSettingsPath { organization: organization.clone(), project: slug.clone() },
        project: ProjectPath { organization, project: slug.clone() },
        heading: project.name.clone(),
        id: project.id.0,
        platform: platform_name(project),
        slug,
        form,
        notices: Vec::new(),
        teams: Vec::new(),
        most_days,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::tests::project;

    #[test]
    fn what_was_typed_comes_back_with_what_is_wrong() {
        let project = project("checkout", Some("python"), true);
        let member = Member::sample(project.clone());
        let form = GeneralForm {
            name: "Typed name".to_owned(),
            retention_days: "200".to_owned(),
            default_environment: "live".to_owned(),
            team: None,
        };
        let problem = Problem::new("retention_days", "Not longer.");
        let html = view(&member, &project, (form, problem), 90).render().unwrap();
        assert!(html.contains("value=\"Typed name\"") && html.contains("value=\"200\""), "{html}");
        assert!(html.contains("Not longer.") && html.contains("90 days"), "{html}");
        assert!(html.contains("<code>7</code>") && html.contains("value=\"live\""), "{html}");
    }

    #[test]
    fn an_empty_field_is_nothing_set_and_words_are_no_days() {
        let form = GeneralForm { name: "A".to_owned(), ..GeneralForm::default() };
        assert_eq!(form.options(), Ok(Options::default()));
        let form = GeneralForm { retention_days: "a week".to_owned(), ..form };
        assert!(form.options().unwrap_err().of("retention_days").contains("number of days"));
    }
}
