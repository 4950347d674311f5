//! Making, changing and deleting teams, and what they own (`web-api.md` §2.6).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;

use super::find_team;
use super::views::{Directory, TeamView};
use crate::api::json::{Body, Json};
use crate::api::place::{InOrganization, InProject, find_project};
use crate::api::projects::{ProjectDetailView, detail_of};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{Slug, TeamId};
use crate::domain::organizations::teams;
use crate::domain::projects::{self, NewProject};

/// A team as a program wants it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api) struct TeamBody {
    name: Option<String>,
    slug: Option<String>,
}

/// A project as a program wants it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api) struct ProjectBody {
    name: String,
    slug: Option<String>,
    platform: Option<String>,
}

/// Slugs are made of names, once: one that is asked for and would not come about is refused.
fn check_slug(wanted: Option<&str>, made: &Slug) -> Result<()> {
    match wanted.filter(|slug| !slug.is_empty()) {
        Some(slug) if slug != made.as_str() => {
            let problem = format!("The slug follows from the name: it would be `{made}`.");
            Err(Error::invalid("slug", problem))
        }
        _ => Ok(()),
    }
}

/// Makes a team.
pub(in crate::api) async fn create_team(
    State(app): State<App>,
    place: InOrganization,
    Body(body): Body<TeamBody>,
) -> Result<Response> {
    // Some clients name the slug alone.
    let name = body.name.or_else(|| body.slug.clone()).unwrap_or_default();
    check_slug(body.slug.as_deref(), &Slug::from_name(&name, "team"))?;
    let team = teams::create(&app, place.organization().id, &name).await?;
    let view = view(&app, &place, team.id).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Gives a team another name.
pub(in crate::api) async fn update_team(
    State(app): State<App>,
    place: InOrganization,
    Body(body): Body<TeamBody>,
) -> Result<Json<TeamView>> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    drop(db);
    check_slug(body.slug.as_deref(), &team.slug)?;
    if let Some(name) = &body.name {
        teams::rename(&app, team.organization_id, team.id, name).await?;
    }
    Ok(Json(view(&app, &place, team.id).await?))
}

/// Deletes a team that owns nothing.
pub(in crate::api) async fn delete_team(
    State(app): State<App>,
    place: InOrganization,
) -> Result<StatusCode> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    drop(db);
    teams::delete(&app, team.organization_id, team.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a project that the team owns.
pub(in crate::api) async fn create_project(
    State(app): State<App>,
    place: InOrganization,
    Body(body): Body<ProjectBody>,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    drop(db);
    check_slug(body.slug.as_deref(), &Slug::from_name(&body.name, "project"))?;
    let new = NewProject {
        organization_id: team.organization_id,
        name: body.name,
        platform: body.platform.filter(|platform| !platform.is_empty()),
        team: Some(team.id),
    };
    let (project, _) = projects::create(&app, new).await?;
    let view = detail_of(&app, &place.caller, &project).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Has a team own a project; answers the project.
pub(in crate::api) async fn give_project(
    State(app): State<App>,
    place: InProject,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    drop(db);
    projects::set_team(&app, &place.project, team.id).await?;
    Ok((StatusCode::CREATED, Json(project_view(&app, &place).await?)).into_response())
}

/// Takes a project from a team that does not own it, which changes nothing; the one that owns it stays.
pub(in crate::api) async fn take_project(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<ProjectDetailView>> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    drop(db);
    if team.id == place.project.team_id {
        let problem = "A project always has a team. Give it to another one instead.";
        return Err(Error::BadRequest(problem.to_owned()));
    }
    Ok(Json(project_view(&app, &place).await?))
}

async fn project_view(app: &App, place: &InProject) -> Result<ProjectDetailView> {
    let mut db = app.db.acquire().await?;
    let organization = place.caller.organization.id;
    let named = place.project.slug.as_str();
    let project = find_project(&mut db, organization, named).await?.ok_or(Error::NotFound)?;
    drop(db);
    detail_of(app, &place.caller, &project).await
}

async fn view(app: &App, place: &InOrganization, team: TeamId) -> Result<TeamView> {
    let mut db = app.db.acquire().await?;
    Directory::load(&mut db, &place.caller).await?.view(team).ok_or(Error::NotFound)
}
