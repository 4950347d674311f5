//! An organization's teams: who looks after what.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::settings::OrganizationSettingsPath;
use super::team::TeamPath;
use crate::app::App;
use crate::base::Slug;
use crate::domain::organizations::Role;
use crate::domain::organizations::teams::{self, Team};
use crate::web::components::number;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/settings/teams", rejection(Error))]
pub struct TeamsPath {
    /// Whose teams.
    pub organization: Slug,
}

/// What a new team is called.
#[derive(Debug, Default, Deserialize)]
pub struct NewTeamForm {
    name: String,
}

#[derive(Template)]
#[template(path = "organizations/teams.html")]
struct TeamsView {
    shell: Shell,
    path: TeamsPath,
    settings: OrganizationSettingsPath,
    is_owner: bool,
    teams: Vec<TeamRow>,
    name: String,
    problem: Problem,
}

struct TeamRow {
    path: TeamPath,
    name: String,
    slug: String,
    members: String,
    projects: String,
}

impl TeamRow {
    fn new(organization: &Slug, team: &Team) -> Self {
        Self {
            path: TeamPath { organization: organization.clone(), team: team.slug.clone() },
            name: team.name.clone(),
            slug: team.slug.to_string(),
            members: number::grouped(team.member_count),
            projects: number::grouped(team.project_count),
        }
    }
}

/// Shows the teams.
pub async fn show_teams(path: TeamsPath, member: Member, State(app): State<App>) -> Result<Page> {
    show(&app, &member, path, String::new(), Problem::default()).await
}

/// Makes a team and goes on to it.
pub async fn create_team(
    path: TeamsPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<NewTeamForm>,
) -> Result<Response> {
    member.require_owner()?;
    match teams::create(&app, member.organization.id, &form.name).await {
        Ok(team) => {
            let here = TeamPath { organization: path.organization, team: team.slug };
            Ok(Redirect::to(here).with_flash("The team is there. Now add people.").into_response())
        }
        Err(error) => {
            let problem = Problem::from_error(error)?;
            let page = show(&app, &member, path, form.name, problem).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn show(
    app: &App,
    member: &Member,
    path: TeamsPath,
    name: String,
    problem: Problem,
) -> Result<Page> {
    let mut db = app.db.acquire().await?;
    let teams = teams::store::list(&mut db, member.organization.id).await?;
    drop(db);
    Page::new(&view(member, path, &teams, (name, problem)))
}

fn view(
    member: &Member,
    path: TeamsPath,
    teams: &[Team],
    (name, problem): (String, Problem),
) -> TeamsView {
    let organization = path.organization.clone();
    TeamsView {
        shell: member.shell("settings"),
        is_owner: member.role == Role::Owner,
        teams: teams.iter().map(|team| TeamRow::new(&organization, team)).collect(),
        settings: OrganizationSettingsPath { organization },
        path,
        name,
        problem,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::{OrganizationId, TeamId, Timestamp};
    use crate::web::projects::sample_project;

    /// A team to render pages with.
    pub(in crate::web::organizations) fn team(slug: &str, name: &str) -> Team {
        Team {
            id: TeamId(3),
            organization_id: OrganizationId(1),
            slug: slug.parse().unwrap(),
            name: name.to_owned(),
            created_at: Timestamp::from_timestamp(1_799_900_000, 0).unwrap(),
            member_count: 2,
            project_count: 1,
        }
    }

    #[test]
    fn owners_make_teams_and_members_look() {
        let path = TeamsPath { organization: "default".parse().unwrap() };
        let mut member = Member::sample(sample_project("checkout", None, true));
        let teams = [team("payments", "Payments <EU>")];
        let shown = || ("A \"b\"".to_owned(), Problem::new("name", "Choose another one."));
        let html = view(&member, path.clone(), &teams, shown()).render().unwrap();
        assert!(html.contains("/default/settings/teams/payments"), "{html}");
        assert!(html.contains("Payments &#60;EU&#62;") && html.contains("#payments"), "{html}");
        assert!(html.contains("value=\"A &#34;b&#34;\"") && html.contains("Choose another one."));
        member.role = Role::Member;
        let html = view(&member, path, &teams, shown()).render().unwrap();
        assert!(
            !html.contains("<form method=\"post\" action=\"/default/settings/teams\""),
            "{html}"
        );
    }
}
