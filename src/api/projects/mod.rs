//! Projects.

mod detail;
pub(super) mod settings;
mod views;

pub(super) use views::ProjectView;

use axum::extract::State;
use axum::response::Response;
use sqlx::PgConnection;

use super::Result;
use super::authenticate::Caller;
use super::json::Json;
use super::organizations::OrganizationView;
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::{InOrganization, InProject};
use super::teams::Directory;
use crate::app::App;
use crate::base::ProjectId;
use crate::domain::issues;
use crate::domain::projects::{self, Project};
pub(super) use detail::ProjectDetailView;
use settings::Settings;

/// Every project the token reaches.
pub(super) async fn list_projects(
    State(app): State<App>,
    caller: Caller,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    list(&app, &caller, &url, &parameters).await
}

/// The projects of an organization.
pub(super) async fn list_projects_of_organization(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    list(&app, &place.caller, &url, &parameters).await
}

async fn list(
    app: &App,
    caller: &Caller,
    url: &ListUrl,
    parameters: &Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let mut rows = list_views(&mut db, caller).await?;
    let sought = parameters.query().unwrap_or_default().to_lowercase();
    rows.retain(|row| row.is_called(&sought));
    Ok(url.slice(rows, &parameters.page()?))
}

/// The caller's projects as list rows.
pub(super) async fn list_views(db: &mut PgConnection, caller: &Caller) -> Result<Vec<ProjectView>> {
    let projects = projects::store::list(db, caller.organization.id).await?;
    let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
    let mut environments = issues::environments_of_projects(db, &ids).await?;
    let directory = Directory::load(db, caller).await?;
    let view = |project: Project| {
        let environments = environments.remove(&project.id).unwrap_or_default();
        let team = directory.summary(project.team_id);
        ProjectView::new(&project, caller, team, environments)
    };
    Ok(projects.into_iter().map(view).collect())
}

/// One project.
pub(super) async fn get_project(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<ProjectDetailView>> {
    Ok(Json(detail_of(&app, &place.caller, &place.project).await?))
}

/// Everything about a project.
pub(super) async fn detail_of(
    app: &App,
    caller: &Caller,
    project: &Project,
) -> Result<ProjectDetailView> {
    let mut db = app.db.acquire().await?;
    let id = project.id;
    let environments = issues::environments_of_projects(&mut db, &[id]).await?.remove(&id);
    let team = Directory::load(&mut db, caller).await?.summary(project.team_id);
    let row = ProjectView::new(project, caller, team, environments.unwrap_or_default());
    let organization = OrganizationView::new(&caller.organization, &app.config.server);
    let settings = Settings::load(&mut db, id).await?;
    Ok(ProjectDetailView::new(row, organization, settings))
}
