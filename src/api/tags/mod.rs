//! Tags and environments of projects.

mod views;

pub(super) use views::{TagValueView, label, sort_values, user_query};

use axum::extract::State;
use axum::response::Response;
use sqlx::PgConnection;

use super::Result;
use super::json::Json;
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::{InOrganization, InProject, scope};
use crate::app::App;
use crate::base::ProjectId;
use crate::domain::issues::{self, Scope};
use crate::domain::projects;
use views::{EnvironmentView, ProjectEnvironmentView, TagKeyView};

/// The tags of an organization's events.
pub(super) async fn list_tags_of_organization(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<Vec<TagKeyView>>> {
    let mut db = app.db.acquire().await?;
    let scope = scope(&mut db, place.organization().id, &parameters).await?;
    tags_in(&mut db, &scope).await
}

/// The tags of a project's events.
pub(super) async fn list_tags_of_project(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<Vec<TagKeyView>>> {
    let mut db = app.db.acquire().await?;
    tags_in(&mut db, &place.scope()).await
}

async fn tags_in(db: &mut PgConnection, scope: &Scope) -> Result<Json<Vec<TagKeyView>>> {
    let tags = issues::project_tags(db, scope).await?;
    Ok(Json(tags.into_iter().map(TagKeyView::new).collect()))
}

/// The values of one tag in an organization.
pub(super) async fn list_tag_values_of_organization(
    State(app): State<App>,
    place: InOrganization,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let scope = scope(&mut db, place.organization().id, &parameters).await?;
    values_in(&mut db, &scope, place.path.get("key")?, &url, &parameters).await
}

/// The values of one tag in a project.
pub(super) async fn list_tag_values_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    values_in(&mut db, &place.scope(), place.path.get("key")?, &url, &parameters).await
}

async fn values_in(
    db: &mut PgConnection,
    scope: &Scope,
    key: &str,
    url: &ListUrl,
    parameters: &Parameters,
) -> Result<Response> {
    let sought = parameters.query().unwrap_or_default();
    let values = issues::project_tag_values(db, scope, key, sought).await?;
    let mut rows: Vec<TagValueView> =
        values.into_iter().map(|value| TagValueView::new(key, value)).collect();
    sort_values(&mut rows, parameters.get("sort"))?;
    Ok(url.slice(rows, &parameters.page()?))
}

/// The environments of an organization.
pub(super) async fn list_environments_of_organization(
    State(app): State<App>,
    place: InOrganization,
    parameters: Parameters,
) -> Result<Json<Vec<EnvironmentView>>> {
    let mut db = app.db.acquire().await?;
    let organization = place.organization().id;
    let mut projects = scope(&mut db, organization, &parameters).await?.projects;
    if projects.is_empty() {
        let all = projects::store::list(&mut db, organization).await?;
        projects = all.into_iter().map(|project| project.id).collect();
    }
    let names = environments_of(&mut db, &projects).await?;
    Ok(Json(names.into_iter().map(EnvironmentView::new).collect()))
}

/// The environments of a project.
pub(super) async fn list_environments_of_project(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<Vec<ProjectEnvironmentView>>> {
    let mut db = app.db.acquire().await?;
    let names = environments_of(&mut db, &[place.project.id]).await?;
    Ok(Json(names.into_iter().map(ProjectEnvironmentView::new).collect()))
}

/// The names of the projects' environments, each once, alphabetically.
async fn environments_of(db: &mut PgConnection, projects: &[ProjectId]) -> Result<Vec<String>> {
    let by_project = issues::environments_of_projects(db, projects).await?;
    let mut names: Vec<String> = by_project.into_values().flatten().collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
