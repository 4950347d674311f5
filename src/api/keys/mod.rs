//! Keys: what DSNs are made of.

pub(super) mod change;
mod views;

use axum::extract::State;
use axum::response::Response;

use super::json::Json;
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::{InOrganization, InProject};
use super::{Error, Result};
use crate::app::App;
use crate::domain::projects::{self, ProjectKey};
use views::KeyView;

/// The keys of a project.
pub(super) async fn list_keys_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let keys = projects::store::list_keys(&mut db, place.project.id).await?;
    Ok(url.slice(chosen(keys, &parameters, &app)?, &parameters.page()?))
}

/// The keys of all projects of an organization; clients match them by `projectId`.
pub(super) async fn list_keys_of_organization(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let keys = projects::store::list_keys_of_organization(&mut db, place.organization().id).await?;
    Ok(url.slice(chosen(keys, &parameters, &app)?, &parameters.page()?))
}

/// One key.
pub(super) async fn get_key(State(app): State<App>, place: InProject) -> Result<Json<KeyView>> {
    let mut db = app.db.acquire().await?;
    let key = projects::store::find_key(&mut db, place.path.get("key")?).await?;
    let key = key.filter(|key| key.project_id == place.project.id).ok_or(Error::NotFound)?;
    Ok(Json(KeyView::new(key, &app)))
}

/// The keys as they look; `status=active` or `status=inactive` leaves out the others.
fn chosen(mut keys: Vec<ProjectKey>, parameters: &Parameters, app: &App) -> Result<Vec<KeyView>> {
    let now = app.clock.now();
    match parameters.get("status") {
        None | Some("") => {}
        Some("active") => keys.retain(|key| key.is_usable(now)),
        Some("inactive") => keys.retain(|key| !key.is_usable(now)),
        Some(_) => return Err(Error::invalid("status", "Choose active or inactive.")),
    }
    Ok(keys.into_iter().map(|key| KeyView::new(key, app)).collect())
}
