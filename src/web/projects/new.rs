//! A new project: a name and what it is written in.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::detail::ProjectPath;
use super::guides::{FAMILIES, Family};
use super::teams::{TeamChoice, own_team, team_choices};
use crate::app::App;
use crate::base::{Slug, TeamId};
use crate::domain::projects::{self, NewProject};
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The form.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/new", rejection(Error))]
pub struct NewProjectPath {
    /// Whose project it will be.
    pub organization: Slug,
}

/// What was typed.
#[derive(Debug, Default, Deserialize)]
pub struct NewProjectForm {
    name: String,
    #[serde(default)]
    platform: String,
    #[serde(default)]
    team: Option<TeamId>,
}

#[derive(Template)]
#[template(path = "projects/new.html")]
struct NewProjectView {
    shell: Shell,
    path: NewProjectPath,
    is_first: bool,
    families: &'static [Family],
    teams: Vec<TeamChoice>,
    form: NewProjectForm,
    problem: Problem,
}

/// Shows the form.
pub async fn show_new_project(
    path: NewProjectPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, path, &member, NewProjectForm::default(), Problem::default()).await
}

/// Creates the project and goes on to how to send to it.
pub async fn create_project(
    path: NewProjectPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<NewProjectForm>,
) -> Result<Response> {
    let new = NewProject {
        organization_id: member.organization.id,
        name: form.name.clone(),
        platform: Some(form.platform.clone()).filter(|platform| !platform.is_empty()),
        team: form.team,
    };
    match projects::create(&app, new).await {
        Ok((project, _)) => {
            let organization = member.organization.slug;
            Ok(Redirect::to(ProjectPath { organization, project: project.slug }).into_response())
        }
        Err(error) => {
            let page = show(&app, path, &member, form, Problem::from_error(error)?).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn show(
    app: &App,
    path: NewProjectPath,
    member: &Member,
    form: NewProjectForm,
    problem: Problem,
) -> Result<Page> {
    let mut db = app.db.acquire().await?;
    let chosen = match form.team {
        Some(team) => Some(team),
        None => own_team(&mut db, member).await?,
    };
    let teams = team_choices(&mut db, member, chosen).await?;
    drop(db);
    Page::new(&NewProjectView {
        shell: member.shell("projects"),
        path,
        is_first: member.projects.is_empty(),
        families: FAMILIES,
        teams,
        form,
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_comes_back_as_it_was_sent() {
        let view = NewProjectView {
            shell: Shell::sample(),
            path: NewProjectPath { organization: "default".parse().unwrap() },
            is_first: true,
            families: FAMILIES,
            teams: vec![TeamChoice { id: 3, label: "Payments".to_owned(), is_chosen: true }],
            form: NewProjectForm {
                name: "A & B".to_owned(),
                platform: "go".to_owned(),
                team: None,
            },
            problem: Problem::new("name", "Choose another one."),
        };
        let html = view.render().unwrap();
        assert!(html.contains("value=\"A &#38; B\""));
        assert!(html.contains("value=\"go\" checked"));
        assert_eq!(html.matches("checked").count(), 1);
        assert!(html.contains("Choose another one."));
        assert!(html.contains("<option value=\"3\" selected>Payments</option>"), "{html}");
    }
}
