//! Releases: what builds tell of them, and what is known from their telemetry (`web-api.md` §2.1, §3.6).

pub(super) mod change;
pub(super) mod commits;
pub(super) mod deploys;
mod health;
pub(super) mod list;
pub(super) mod verdict;
mod views;

pub(super) use views::ReleaseView;

use serde::Deserialize;
use sqlx::PgConnection;

use super::place::{InProject, PathTexts, find_project};
use super::{Error, Result};
use crate::app::App;
use crate::base::{OrganizationId, ProjectId};
use crate::domain::releases::{self, Release};

/// How these versions look, in their order; one that is not registered is left out.
pub(super) async fn views_of(
    db: &mut PgConnection,
    project: ProjectId,
    versions: [Option<&str>; 2],
) -> Result<[Option<ReleaseView>; 2]> {
    let mut views = [None, None];
    for (view, version) in views.iter_mut().zip(versions) {
        let Some(version) = version else { continue };
        let found = releases::store::find_of_project(db, project, version).await?;
        let card = releases::cards(db, found.into_iter().collect()).await?.pop();
        *view = card.map(ReleaseView::new);
    }
    Ok(views)
}

/// A project as a program names it: by slug or number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Named {
    /// The slug, or the number as text.
    Text(String),
    /// The number.
    Number(i64),
}

/// The projects that a program names.
async fn resolve(
    app: &App,
    organization: OrganizationId,
    named: &[Named],
) -> Result<Vec<ProjectId>> {
    let mut db = app.db.acquire().await?;
    let mut projects = Vec::new();
    for name in named {
        let text = match name {
            Named::Text(text) => text.clone(),
            Named::Number(number) => number.to_string(),
        };
        let found = find_project(&mut db, organization, &text).await?;
        let unknown = || Error::invalid("projects", format!("There is no project `{text}`."));
        projects.push(found.ok_or_else(unknown)?.id);
    }
    Ok(projects)
}

/// The release in the path of an organization.
async fn require(app: &App, organization: OrganizationId, path: &PathTexts) -> Result<Release> {
    let mut db = app.db.acquire().await?;
    let found = releases::find(&mut db, organization, path.get("version")?).await?;
    found.ok_or(Error::NotFound)
}

/// The release in the path of a project, if it is one of its releases.
async fn require_of_project(app: &App, place: &InProject) -> Result<Release> {
    let mut db = app.db.acquire().await?;
    let version = place.path.get("version")?;
    let found = releases::store::find_of_project(&mut db, place.project.id, version).await?;
    found.ok_or(Error::NotFound)
}
