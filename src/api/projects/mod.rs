//! Projects.

mod detail;
pub(super) mod settings;
mod views;

pub(super) use views::ProjectView;

use std::collections::HashMap;

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
use crate::base::{ProjectId, Timestamp};
use crate::domain::issues;
use crate::domain::projects::{self, Project, sent};
use crate::domain::releases::wanted::{Names, Searcher, Wanted};
pub(super) use detail::ProjectDetailView;
use settings::Settings;
use views::Known;

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
    let mut rows = list_views(&mut db, caller, app.clock.now()).await?;
    let sought = parameters.query().unwrap_or_default().to_lowercase();
    rows.retain(|row| row.is_called(&sought));
    Ok(url.slice(rows, &parameters.page()?))
}

/// The caller's projects as list rows.
pub(super) async fn list_views(
    db: &mut PgConnection,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<ProjectView>> {
    let projects = projects::store::list(db, caller.organization.id).await?;
    let mut known = known(db, caller, &projects, now).await?;
    let directory = Directory::load(db, caller).await?;
    let view = |project: Project| {
        let known = known.remove(&project.id).unwrap_or_default();
        ProjectView::new(&project, caller, directory.summary(project.team_id), known)
    };
    Ok(projects.into_iter().map(view).collect())
}

/// What is known of projects besides their own rows.
async fn known(
    db: &mut PgConnection,
    caller: &Caller,
    projects: &[Project],
    now: Timestamp,
) -> Result<HashMap<ProjectId, Known>> {
    let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
    let mut environments = issues::environments_of_projects(db, &ids).await?;
    let sent = sent::list(db, &ids).await?;
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let place = (caller.organization.id, numbers.as_slice());
    let latest = Searcher::new(place, &[], now).find(db, &Wanted::Latest).await?;
    let mut latest: HashMap<ProjectId, Vec<String>> = match latest.names {
        Names::ByProject(names) => names.into_iter().collect(),
        Names::Anywhere(_) => HashMap::new(),
    };
    let known = |id: ProjectId| {
        let known = Known {
            environments: environments.remove(&id).unwrap_or_default(),
            sent: sent.get(&id).copied().unwrap_or_default(),
            latest_release: latest.remove(&id).and_then(|names| names.into_iter().next()),
        };
        (id, known)
    };
    Ok(ids.into_iter().map(known).collect())
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
    let now = app.clock.now();
    let known = known(&mut db, caller, std::slice::from_ref(project), now).await?.remove(&id);
    let team = Directory::load(&mut db, caller).await?.summary(project.team_id);
    let row = ProjectView::new(project, caller, team, known.unwrap_or_default());
    let organization = OrganizationView::new(&caller.organization, &app.config.server);
    let settings = Settings::load(&mut db, id).await?;
    Ok(ProjectDetailView::new(row, organization, settings))
}
