//! What a path names. Organizations and projects are named by slug or by number, issues by number or short
//! id; whatever the token does not reach does not exist.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use sqlx::PgConnection;

use super::authenticate::Caller;
use super::error::{Error, Result};
use super::parameters::Parameters;
use crate::app::App;
use crate::base::{OrganizationId, ProjectId, Slug};
use crate::domain::issues::{self, Issue, Scope};
use crate::domain::organizations::Organization;
use crate::domain::projects::{self, Project};

/// The organization in the path.
#[derive(Clone, Debug)]
pub(super) struct InOrganization {
    /// Who asks.
    pub(super) caller: Caller,
    /// What else stands in the path, by name.
    pub(super) path: PathTexts,
}

impl InOrganization {
    /// The organization.
    pub(super) fn organization(&self) -> &Organization {
        &self.caller.organization
    }
}

impl FromRequestParts<App> for InOrganization {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let path = PathTexts::from_request_parts(parts, app).await?;
        require_own(&caller.organization, path.get("organization")?)?;
        Ok(Self { caller, path })
    }
}

fn require_own(organization: &Organization, named: &str) -> Result<()> {
    let is_own = named == organization.slug.as_str() || named == organization.id.to_string();
    if is_own { Ok(()) } else { Err(Error::NotFound) }
}

/// The project in the path, and its organization.
#[derive(Clone, Debug)]
pub(super) struct InProject {
    /// Who asks.
    pub(super) caller: Caller,
    /// The project.
    pub(super) project: Project,
    /// What else stands in the path, by name.
    pub(super) path: PathTexts,
}

impl FromRequestParts<App> for InProject {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let InOrganization { caller, path } =
            InOrganization::from_request_parts(parts, app).await?;
        let mut db = app.db.acquire().await?;
        let named = path.get("project")?;
        let project = find_project(&mut db, caller.organization.id, named).await?;
        Ok(Self { caller, project: project.ok_or(Error::NotFound)?, path })
    }
}

impl InProject {
    /// The project, as where to look.
    pub(super) fn scope(&self) -> Scope {
        Scope::project(self.caller.organization.id, self.project.id)
    }
}

/// The issue in the path, by number or short id. Its organization may stand in the path, too.
#[derive(Clone, Debug)]
pub(super) struct InIssue {
    /// Who asks.
    pub(super) caller: Caller,
    /// The issue.
    pub(super) issue: Issue,
    /// What else stands in the path, by name.
    pub(super) path: PathTexts,
}

impl FromRequestParts<App> for InIssue {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let path = PathTexts::from_request_parts(parts, app).await?;
        if let Ok(named) = path.get("organization") {
            require_own(&caller.organization, named)?;
        }
        let mut db = app.db.acquire().await?;
        let organization = caller.organization.id;
        let named = path.get("issue")?;
        let issue = match named.parse() {
            Ok(id) => issues::find(&mut db, id).await?,
            Err(_) => issues::find_by_short_id(&mut db, organization, named).await?,
        };
        let own = issue.filter(|issue| issue.organization_id == organization);
        // Whoever kept the id of a merged issue finds the one that has its events.
        let issue = issues::follow(&mut db, own.ok_or(Error::NotFound)?).await?;
        Ok(Self { caller, issue, path })
    }
}

/// The parts of a path by their names.
#[derive(Clone, Debug)]
pub(super) struct PathTexts(Vec<(String, String)>);

impl FromRequestParts<App> for PathTexts {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        // A path that is no UTF-8 names nothing.
        let path =
            RawPathParams::from_request_parts(parts, app).await.map_err(|_| Error::NotFound)?;
        let texts = path.iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        Ok(Self(texts.collect()))
    }
}

impl PathTexts {
    /// The part of this name.
    pub(super) fn get(&self, name: &str) -> Result<&str> {
        let part = self.0.iter().find(|(known, _)| known == name);
        part.map(|(_, text)| text.as_str()).ok_or(Error::NotFound)
    }
}

/// An organization's project by slug or number.
pub(super) async fn find_project(
    db: &mut PgConnection,
    organization: OrganizationId,
    named: &str,
) -> Result<Option<Project>> {
    // A slug is never all digits, so it is clear which is meant.
    if let Ok(id) = named.parse::<ProjectId>() {
        let project = projects::store::find(db, id).await?;
        return Ok(project.filter(|project| project.organization_id == organization));
    }
    match named.parse::<Slug>() {
        Ok(slug) => Ok(projects::store::find_by_slug(db, organization, &slug).await?),
        Err(_) => Ok(None),
    }
}

/// Where to look for what an organization's list asks: `project`, repeated, by number or slug; `-1` and
/// nothing mean all.
pub(super) async fn scope(
    db: &mut PgConnection,
    organization: OrganizationId,
    parameters: &Parameters,
) -> Result<Scope> {
    let mut scope = Scope::organization(organization);
    for named in parameters.named("project").chain(parameters.named("projectSlug")) {
        if named == "-1" {
            return Ok(Scope::organization(organization));
        }
        let project = find_project(db, organization, named).await?;
        let unknown = || Error::BadRequest(format!("There is no project `{named}`."));
        scope.projects.push(project.ok_or_else(unknown)?.id);
    }
    Ok(scope)
}
