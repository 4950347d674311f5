//! Teams: which there are, what they own and who is in them. They own and do not hide: every token of an
//! organization sees all its projects.

pub(super) mod change;
pub(super) mod members;
mod views;

pub(super) use views::{Directory, TeamSummaryView, TeamView};

use axum::extract::State;
use axum::response::Response;
use sqlx::PgConnection;

use super::authenticate::Caller;
use super::json::Json;
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::{InOrganization, InProject};
use super::projects::list_views;
use super::{Error, Result};
use crate::app::App;
use crate::base::TeamId;
use crate::domain::organizations::teams::{self, Team};

/// The teams of an organization.
pub(super) async fn list_teams(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let mut teams = Directory::load(&mut db, &place.caller).await?.views();
    let sought = parameters.query().unwrap_or_default().to_lowercase();
    teams.retain(|team| team.is_called(&sought));
    Ok(url.slice(teams, &parameters.page()?))
}

/// The team.
pub(super) async fn get_team(
    State(app): State<App>,
    place: InOrganization,
) -> Result<Json<TeamView>> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    let directory = Directory::load(&mut db, &place.caller).await?;
    Ok(Json(directory.view(team.id).ok_or(Error::NotFound)?))
}

/// The projects that a team owns.
pub(super) async fn list_projects_of_team(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    let mut rows = list_views(&mut db, &place.caller, app.clock.now()).await?;
    rows.retain(|row| row.is_of(team.id));
    Ok(url.slice(rows, &parameters.page()?))
}

/// The teams of a project: the one that owns it.
pub(super) async fn list_teams_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let directory = Directory::load(&mut db, &place.caller).await?;
    let teams: Vec<TeamView> = directory.view(place.project.team_id).into_iter().collect();
    Ok(url.slice(teams, &parameters.page()?))
}

/// The caller's team by slug or number.
pub(super) async fn find_team(db: &mut PgConnection, caller: &Caller, named: &str) -> Result<Team> {
    let organization = caller.organization.id;
    let found = match named.parse::<TeamId>() {
        Ok(id) => teams::store::find(db, organization, id).await?,
        Err(_) => teams::find_by_slug(db, organization, named).await?,
    };
    found.ok_or(Error::NotFound)
}
