//! Teams. Picket has none: everybody in an organization sees all its projects. Clients expect at least one,
//! though, and hang projects on it, so every organization shows one team, which is itself: same id,
//! same slug, same name.

mod views;

pub(super) use views::{TeamSummaryView, TeamView};

use axum::extract::State;
use axum::response::Response;

use super::authenticate::Caller;
use super::json::Json;
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::{InOrganization, InProject};
use super::projects::list_views;
use super::{Error, Result};
use crate::app::App;

/// The teams of an organization: one.
pub(super) async fn list_teams(
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    Ok(url.slice(vec![TeamView::new(&place.caller)], &parameters.page()?))
}

/// The team.
pub(super) async fn get_team(place: InOrganization) -> Result<Json<TeamView>> {
    require_team(&place.caller, place.path.get("team")?)?;
    Ok(Json(TeamView::new(&place.caller)))
}

/// The projects of the team: all of the organization.
pub(super) async fn list_projects_of_team(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    require_team(&place.caller, place.path.get("team")?)?;
    let mut db = app.db.acquire().await?;
    Ok(url.slice(list_views(&mut db, &place.caller).await?, &parameters.page()?))
}

/// The teams of a project: one.
pub(super) async fn list_teams_of_project(
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    Ok(url.slice(vec![TeamView::new(&place.caller)], &parameters.page()?))
}

fn require_team(caller: &Caller, named: &str) -> Result<()> {
    let organization = &caller.organization;
    let is_it = named == organization.slug.as_str() || named == organization.id.to_string();
    if is_it { Ok(()) } else { Err(Error::NotFound) }
}
