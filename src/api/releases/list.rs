//! Lists of releases, and single ones.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sqlx::PgConnection;

use super::views::ReleaseView;
use super::{health, require, require_of_project};
use crate::api::json::Json;
use crate::api::pagination::{ListUrl, with_notes};
use crate::api::parameters::Parameters;
use crate::api::place::{InOrganization, InProject, scope};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{OrganizationId, Page, ProjectId};
use crate::domain::projects;
use crate::domain::releases::wanted::Search;
use crate::domain::releases::{self, Filter, Release, ReleaseStatus, commits};

/// Lists an organization's releases.
pub(in crate::api) async fn list_releases(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let organization = place.organization().id;
    let mut db = app.db.acquire().await?;
    let projects = scope(&mut db, organization, &parameters).await?.projects;
    list(&app, &mut db, (organization, projects), &url, &parameters).await
}

/// Lists a project's releases.
pub(in crate::api) async fn list_releases_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let within = (place.caller.organization.id, vec![place.project.id]);
    list(&app, &mut db, within, &url, &parameters).await
}

async fn list(
    app: &App,
    db: &mut PgConnection,
    (organization, projects): (OrganizationId, Vec<ProjectId>),
    url: &ListUrl,
    parameters: &Parameters,
) -> Result<Response> {
    let status = match parameters.get("status") {
        None | Some("" | "open") => Some(ReleaseStatus::Open),
        Some("archived") => Some(ReleaseStatus::Archived),
        Some(_) => return Err(Error::invalid("status", "Choose `open` or `archived`.")),
    };
    if let Some(sort) = parameters.get("sort").filter(|sort| !["", "date"].contains(sort)) {
        let problem = format!("Releases are sorted by `date`, not by `{sort}`.");
        return Err(Error::invalid("sort", problem));
    }
    let (environments, now) = (parameters.environments(), app.clock.now());
    let search = Search::parse(parameters.query().unwrap_or_default())?;
    let everywhere = match projects.as_slice() {
        [] => projects_of(db, organization).await?,
        chosen => chosen.to_vec(),
    };
    let found = search.find(db, (organization, &everywhere), &environments, now).await?;
    let Search { words, .. } = search;
    let filter = Filter { projects, environments, words, versions: found.versions, status };
    let page = releases::list(db, organization, &filter, &parameters.page()?).await?;
    let Page { items, previous, next, total } = page;
    let cards = releases::cards(db, items).await?;
    let health = health::asked_for(db, &cards, parameters, now).await?;
    let views = cards.into_iter().zip(health);
    let items: Vec<ReleaseView> =
        views.map(|(card, health)| ReleaseView::with_health(card, health)).collect();
    Ok(with_notes(url.page(Page { items, previous, next, total }), &found.notes))
}

async fn projects_of(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> Result<Vec<ProjectId>> {
    let projects = projects::store::list(db, organization).await?;
    Ok(projects.into_iter().map(|project| project.id).collect())
}

/// Answers a release of an organization.
pub(in crate::api) async fn get_release(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<ReleaseView>> {
    let release = require(&app, place.organization().id, &place.path).await?;
    one(&app, release, &parameters).await
}

/// Answers a release of a project.
pub(in crate::api) async fn get_release_of_project(
    State(app): State<App>,
    place: InProject,
    parameters: Parameters,
) -> Result<Json<ReleaseView>> {
    let release = require_of_project(&app, &place).await?;
    one(&app, release, &parameters).await
}

pub(super) async fn one(
    app: &App,
    release: Release,
    parameters: &Parameters,
) -> Result<Json<ReleaseView>> {
    let mut db = app.db.acquire().await?;
    let cards = releases::cards(&mut db, vec![release]).await?;
    let health = health::asked_for(&mut db, &cards, parameters, app.clock.now()).await?;
    let mut views = cards.into_iter().zip(health);
    let (card, health) = views.next().ok_or(Error::NotFound)?;
    Ok(Json(ReleaseView::with_health(card, health)))
}

/// An answer with nothing in it, which clients tell from one that has something.
#[derive(Debug, Serialize)]
struct Nothing {}

/// Answers the release before this one that has commits; an empty object if there is none. The release itself need not
/// exist yet.
pub(in crate::api) async fn get_previous_with_commits(
    State(app): State<App>,
    place: InOrganization,
) -> Result<Response> {
    let organization = place.organization().id;
    let version = place.path.get("version")?;
    let mut db = app.db.acquire().await?;
    let found = commits::find_previous_with_commits(&mut db, organization, version).await?;
    let card = releases::cards(&mut db, found.into_iter().collect()).await?.pop();
    Ok(match card {
        Some(card) => Json(ReleaseView::new(card)).into_response(),
        None => Json(Nothing {}).into_response(),
    })
}
