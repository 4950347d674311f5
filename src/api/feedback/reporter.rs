//! Who writes about an event.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderValue, header};

use crate::api::authenticate::DsnCaller;
use crate::api::place::{InProject, PathTexts};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::ProjectId;
use crate::domain::filters::{self, Pages, Source};
use crate::domain::{organizations, projects};

/// A program with a token, or whoever knows a DSN of the project in the path and is on none of the pages
/// that may not send.
#[derive(Clone, Debug)]
pub(in crate::api) struct Reporter {
    /// The project.
    pub(super) project: ProjectId,
    /// The key of the DSN; empty with a token.
    pub(super) public_key: String,
    /// Whether it may see what is stored.
    pub(super) may_read: bool,
}

impl FromRequestParts<App> for Reporter {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Some(caller) = parts.extensions.get::<DsnCaller>().cloned() else {
            let place = InProject::from_request_parts(parts, app).await?;
            let project = place.project.id;
            return Ok(Self { project, public_key: String::new(), may_read: true });
        };
        let path = PathTexts::from_request_parts(parts, app).await?;
        let mut db = app.db.acquire().await?;
        let project = projects::store::find(&mut db, caller.project).await?;
        let project = project.ok_or(Error::InvalidToken)?;
        let organization = organizations::store::find(&mut db, project.organization_id).await?;
        let organization = organization.ok_or(Error::InvalidToken)?;
        let is = |named: &str, slug: &str, id: String| named == slug || named == id;
        let is_own = is(path.get("project")?, project.slug.as_str(), project.id.to_string())
            && is(
                path.get("organization")?,
                organization.slug.as_str(),
                organization.id.to_string(),
            );
        if !is_own {
            return Err(Error::InvalidToken);
        }
        let header = |name| parts.headers.get(name).map(|value: &HeaderValue| value.as_bytes());
        let page = Source::of_page(header(header::ORIGIN), header(header::REFERER));
        let filters = filters::store::find(&mut db, project.id).await?;
        if !Pages::new(&filters.allowed_domains).allow(page.as_ref()) {
            return Err(Error::Forbidden);
        }
        let DsnCaller { project, public_key } = caller;
        Ok(Self { project, public_key, may_read: false })
    }
}
