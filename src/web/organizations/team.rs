//! One team: its people, its projects, its name.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::settings::OrganizationSettingsPath;
use super::teams::TeamsPath;
use crate::app::App;
use crate::base::{Slug, UserId};
use crate::domain::organizations::teams::{self, Team};
use crate::domain::organizations::{self, Person, Role};
use crate::domain::{self};
use crate::web::forms::Problem;
use crate::web::projects::settings::ProjectSettingsPath;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/teams/{team}", rejection(Error))]
pub struct TeamPath {
    /// Whose team.
    pub organization: Slug,
    /// Which one.
    pub team: Slug,
}

/// What a button sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TeamForm {
    /// `rename`, `add`, `remove` or `delete`.
    verb: String,
    name: String,
    person: Option<UserId>,
}

#[derive(Template)]
#[template(path = "organizations/team.html")]
struct TeamView {
    shell: Shell,
    path: TeamPath,
    teams: TeamsPath,
    settings: OrganizationSettingsPath,
    is_owner: bool,
    slug: String,
    heading: String,
    name: String,
    people: Vec<PersonRow>,
    others: Vec<PersonRow>,
    projects: Vec<(String, ProjectSettingsPath)>,
    problem: Problem,
}

struct PersonRow {
    id: UserId,
    name: String,
    email: String,
}

impl From<&Person> for PersonRow {
    fn from(person: &Person) -> Self {
        Self { id: person.id, name: person.name.clone(), email: person.email.clone() }
    }
}

/// Shows a team.
pub async fn show_team(path: TeamPath, member: Member, State(app): State<App>) -> Result<Page> {
    show(&app, &member, path, None, Problem::default()).await
}

/// Does what a button says.
pub async fn change_team(
    path: TeamPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<TeamForm>,
) -> Result<Response> {
    member.require_owner()?;
    let mut db = app.db.acquire().await?;
    let team = find(&mut db, &member, &path).await?;
    drop(db);
    match change(&app, &team, &form).await {
        Ok(words) if form.verb == "delete" => {
            let teams = TeamsPath { organization: path.organization };
            Ok(Redirect::to(teams).with_flash(words).into_response())
        }
        Ok(words) => Ok(Redirect::to(path).with_flash(words).into_response()),
        Err(Error::Domain(error)) => {
            let name = (form.verb == "rename").then_some(form.name);
            let page = show(&app, &member, path, name, Problem::from_error(error)?).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn change(app: &App, team: &Team, form: &TeamForm) -> Result<&'static str> {
    let organization = team.organization_id;
    let person =
        || form.person.ok_or_else(|| domain::Error::invalid("person", "Choose somebody first."));
    match form.verb.as_str() {
        "rename" => teams::rename(app, organization, team.id, &form.name).await?,
        "add" => teams::add_member(app, organization, team.id, person()?).await?,
        "remove" => teams::remove_member(app, organization, team.id, person()?).await?,
        "delete" => {
            teams::delete(app, organization, team.id).await?;
            return Ok("The team is deleted.");
        }
        _ => return Err(crate::web::issues::actions::unknown_verb()),
    }
    Ok("Saved.")
}

async fn find(db: &mut sqlx::PgConnection, member: &Member, path: &TeamPath) -> Result<Team> {
    let found = teams::find_by_slug(db, member.organization.id, path.team.as_str()).await?;
    found.ok_or(Error::NotFound)
}

async fn show(
    app: &App,
    member: &Member,
    path: TeamPath,
    name: Option<String>,
    problem: Problem,
) -> Result<Page> {
    let mut db = app.db.acquire().await?;
    let team = find(&mut db, member, &path).await?;
    let people = teams::store::list_members(&mut db, team.id).await?;
    let all = organizations::store::list_people(&mut db, member.organization.id).await?;
    drop(db);
    Page::new(&view(member, path, &team, (&people, &all), (name, problem)))
}

fn view(
    member: &Member,
    path: TeamPath,
    team: &Team,
    (people, all): (&[Person], &[Person]),
    (name, problem): (Option<String>, Problem),
) -> TeamView {
    let organization = path.organization.clone();
    let is_in = |person: &&Person| people.iter().any(|other| other.id == person.id);
    let own = member.projects.iter().filter(|project| project.team_id == team.id);
    let project = |project: &domain::projects::Project| {
        let slug = project.slug.clone();
        let path = ProjectSettingsPath { organization: organization.clone(), project: slug };
        (project.name.clone(), path)
    };
    TeamView {
        shell: member.shell("settings"),
        teams: TeamsPath { organization: organization.clone() },
        settings: OrganizationSettingsPath { organization: organization.clone() },
        is_owner: member.role == Role::Owner,
        slug: team.slug.to_string(),
        heading: team.name.clone(),
        name: name.unwrap_or_else(|| team.name.clone()),
        people: people.iter().map(Into::into).collect(),
        others: all.iter().filter(|person| !is_in(person)).map(Into::into).collect(),
        projects: own.map(project).collect(),
        problem,
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TeamId;
    use crate::web::organizations::teams::tests::team;
    use crate::web::projects::sample_project;

    #[test]
    fn a_team_shows_its_people_and_projects_and_offers_the_others() {
        let person = |id: i64, name: &str| Person {
            id: UserId(id),
            name: name.to_owned(),
            email: format!("{}@example.com", name.to_lowercase()),
            role: Role::Member,
            joined_at: sample_project("a", None, true).created_at,
            last_sign_in_at: None,
        };
        let (ada, eve) = (person(1, "Ada"), person(2, "Eve"));
        let mut project = sample_project("checkout", None, true);
        project.team_id = TeamId(3);
        let mut member = Member::sample(project);
        let path = TeamPath {
            organization: "default".parse().unwrap(),
            team: "payments".parse().unwrap(),
        };
        let team = team("payments", "Payments");
        let render = |member: &Member| {
            let people = (&[ada.clone()][..], &[ada.clone(), eve.clone()][..]);
            view(member, path.clone(), &team, people, (None, Problem::default())).render().unwrap()
        };
        let html = render(&member);
        assert!(html.contains("<option value=\"2\">Eve (eve@example.com)</option>"), "{html}");
        assert!(!html.contains("<option value=\"1\">"), "{html}");
        assert!(html.contains("/default/projects/checkout/settings"), "{html}");
        assert!(html.contains("name=\"person\" value=\"1\""), "{html}");
        member.role = Role::Member;
        assert!(!render(&member).contains("<button class=\"button button-danger\""));
    }
}
