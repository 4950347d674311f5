//! Organizations.

mod views;

pub(super) use views::OrganizationView;

use axum::extract::State;
use axum::response::Response;

use super::Result;
use super::authenticate::Caller;
use super::json::Json;
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::InOrganization;
use super::projects::list_views;
use super::teams::Directory;
use crate::app::App;
use views::OrganizationDetailView;

/// The organizations of the token: one.
pub(super) async fn list_organizations(
    State(app): State<App>,
    caller: Caller,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let organization = &caller.organization;
    let sought = parameters.query().unwrap_or_default().to_lowercase();
    let is_found = organization.slug.as_str().contains(&sought)
        || organization.name.to_lowercase().contains(&sought);
    let view = OrganizationView::new(organization, &app.config.server);
    let rows = if is_found { vec![view] } else { Vec::new() };
    Ok(url.slice(rows, &parameters.page()?))
}

/// One organization, with its projects and teams unless `detailed=0`.
pub(super) async fn get_organization(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<OrganizationDetailView>> {
    let organization = place.organization();
    let is_detailed = parameters.get("detailed") != Some("0");
    let (projects, teams) = if is_detailed {
        let mut db = app.db.acquire().await?;
        let projects = list_views(&mut db, &place.caller, app.clock.now()).await?;
        let teams = Directory::load(&mut db, &place.caller).await?.views();
        (Some(projects), Some(teams))
    } else {
        (None, None)
    };
    let summary = OrganizationView::new(organization, &app.config.server);
    Ok(Json(OrganizationDetailView::new(summary, &place.caller, projects, teams)))
}
