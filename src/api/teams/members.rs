//! Who belongs to an organization, and to which of its teams (`web-api.md` §3.5).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sqlx::PgConnection;

use super::views::{Directory, MemberView};
use super::{TeamView, find_team};
use crate::api::authenticate::Caller;
use crate::api::json::Json;
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::InOrganization;
use crate::api::{Error, Result};
use crate::app::App;
use crate::domain::organizations::{self, Person, teams};

/// The members of an organization.
pub(in crate::api) async fn list_members(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let mut people = organizations::store::list_people(&mut db, place.organization().id).await?;
    let sought = parameters.query().unwrap_or_default().to_lowercase();
    people.retain(|person| {
        person.email.contains(&sought) || person.name.to_lowercase().contains(&sought)
    });
    let directory = Directory::load(&mut db, &place.caller).await?;
    let views = people.into_iter().map(|person| directory.member(person)).collect();
    Ok(url.slice::<MemberView>(views, &parameters.page()?))
}

/// One of them.
pub(in crate::api) async fn get_member(
    State(app): State<App>,
    place: InOrganization,
) -> Result<Json<MemberView>> {
    let mut db = app.db.acquire().await?;
    let person = find_member(&mut db, &place.caller, place.path.get("member")?).await?;
    let directory = Directory::load(&mut db, &place.caller).await?;
    Ok(Json(directory.member(person)))
}

/// The members of a team.
pub(in crate::api) async fn list_members_of_team(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    let people = teams::store::list_members(&mut db, team.id).await?;
    let directory = Directory::load(&mut db, &place.caller).await?;
    let views = people.into_iter().map(|person| directory.member(person)).collect();
    Ok(url.slice::<MemberView>(views, &parameters.page()?))
}

/// Puts a member into a team; answers the team.
pub(in crate::api) async fn join_team(
    State(app): State<App>,
    place: InOrganization,
) -> Result<Response> {
    let view = change(&app, &place, true).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Takes a member out of a team; answers the team.
pub(in crate::api) async fn leave_team(
    State(app): State<App>,
    place: InOrganization,
) -> Result<Json<TeamView>> {
    Ok(Json(change(&app, &place, false).await?))
}

async fn change(app: &App, place: &InOrganization, joins: bool) -> Result<TeamView> {
    let mut db = app.db.acquire().await?;
    let person = find_member(&mut db, &place.caller, place.path.get("member")?).await?;
    let team = find_team(&mut db, &place.caller, place.path.get("team")?).await?;
    drop(db);
    if joins {
        teams::add_member(app, team.organization_id, team.id, person.id).await?;
    } else {
        teams::remove_member(app, team.organization_id, team.id, person.id).await?;
    }
    let mut db = app.db.acquire().await?;
    let directory = Directory::load(&mut db, &place.caller).await?;
    directory.view(team.id).ok_or(Error::NotFound)
}

/// A member by number, or `me`.
async fn find_member(db: &mut PgConnection, caller: &Caller, named: &str) -> Result<Person> {
    let wanted = match (named, &caller.user) {
        ("me", Some(user)) => user.id,
        _ => named.parse().map_err(|_| Error::NotFound)?,
    };
    let people = organizations::store::list_people(db, caller.organization.id).await?;
    people.into_iter().find(|person| person.id == wanted).ok_or(Error::NotFound)
}
