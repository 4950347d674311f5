//! Who may see a page: the checks behind [`Access`](super::Access), and what they hand to handlers.

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::request::Parts;

use super::error::{Error, Result};
use super::page::Shell;
use super::visit::{Visit, missing};
use crate::app::App;
use crate::base::Slug;
use crate::domain::accounts::{Session, User};
use crate::domain::organizations::{self, Organization, Role};
use crate::domain::projects::{self, Project};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// With which browser.
    pub session: Session,
    /// The rest of what is known about the request.
    pub visit: Visit,
}

impl SignedIn {
    /// The shell of a page outside of any organization; `active` marks a part of the navigation.
    pub fn shell(&self, active: &'static str) -> Shell {
        Shell { active, ..self.visit.shell() }
    }
}

/// Somebody who belongs to the organization in the path.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user: User,
    /// The organization.
    pub organization: Organization,
    /// What they may do in it.
    pub role: Role,
    /// All its projects, by name.
    pub projects: Vec<Project>,
    /// The rest of what is known about the request.
    pub visit: Visit,
}

impl Member {
    /// The shell of a page in the organization; `active` marks a part of the navigation.
    pub fn shell(&self, active: &'static str) -> Shell {
        Shell {
            organization: Some((&self.organization).into()),
            projects: self.projects.iter().map(Into::into).collect(),
            active,
            ..self.visit.shell()
        }
    }

    /// An owner who looks at one project, for rendering templates in tests.
    #[cfg(test)]
    pub(super) fn sample(project: Project) -> Self {
        let at = project.created_at;
        Self {
            user: User {
                id: crate::base::UserId(1),
                email: "ada@example.com".to_owned(),
                name: "Ada".to_owned(),
                created_at: at,
                last_sign_in_at: None,
            },
            organization: Organization {
                id: project.organization_id,
                slug: "default".parse().expect("a slug"),
                name: "Default".to_owned(),
                created_at: at,
            },
            role: Role::Owner,
            projects: vec![project],
            visit: Visit::sample(),
        }
    }

    /// The organization's project with this slug.
    pub fn project(&self, slug: &Slug) -> Result<&Project> {
        self.projects.iter().find(|project| project.slug == *slug).ok_or(Error::NotFound)
    }

    /// Refuses whoever does not own the organization.
    pub fn require_owner(&self) -> Result<()> {
        if self.role == Role::Owner { Ok(()) } else { Err(Error::Forbidden) }
    }
}

/// Lets only people pass who are signed in.
pub(super) async fn require_sign_in(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match signed_in(&parts) {
        Ok(signed_in) => {
            parts.extensions.insert(signed_in);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => error.into_response(),
    }
}

/// Lets only members of the organization in the path pass. For everybody else it does not exist.
pub(super) async fn require_membership(
    State(app): State<App>,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match member(&app, &params, &parts).await {
        Ok(member) => {
            parts.extensions.insert(member);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => error.into_response(),
    }
}

fn signed_in(parts: &Parts) -> Result<SignedIn> {
    let visit: &Visit = parts.extensions.get().ok_or_else(|| missing("visit"))?;
    let (user, session) =
        visit.signed_in.clone().ok_or_else(|| Error::SignInFirst(come_back_to(parts)))?;
    Ok(SignedIn { user, session, visit: visit.clone() })
}

/// The page to come back to after signing in. What a form would have changed cannot be repeated from a link,
/// and a part of a page is no place to go to.
fn come_back_to(parts: &Parts) -> String {
    let is_page = parts.method == Method::GET && !parts.headers.contains_key("hx-request");
    match parts.uri.path_and_query() {
        Some(path) if is_page => path.to_string(),
        _ => "/".to_owned(),
    }
}

async fn member(app: &App, params: &RawPathParams, parts: &Parts) -> Result<Member> {
    let SignedIn { user, visit, .. } = signed_in(parts)?;
    let (_, slug) = params
        .iter()
        .find(|(name, _)| *name == "organization")
        .ok_or_else(|| missing("organization in its path"))?;
    let slug: Slug = slug.parse().map_err(|_| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let (organization, role) =
        organizations::find_for_member(&mut db, &slug, user.id).await?.ok_or(Error::NotFound)?;
    let projects = projects::store::list(&mut db, organization.id).await?;
    Ok(Member { user, organization, role, projects, visit })
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.remove().ok_or_else(|| missing("signed-in user"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.remove().ok_or_else(|| missing("member"))
    }
}
