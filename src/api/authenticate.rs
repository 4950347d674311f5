//! Who is asking: bearer tokens and what they may do (`web-api.md` §1.1, §1.3).

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, header};

use super::error::{Error, Result};
use super::limits::Limiter;
use crate::app::App;
use crate::base::{ApiTokenId, ProjectId};
use crate::domain::accounts::{self, ApiToken, Scope, User, tokens};
use crate::domain::organizations::{self, Organization};
use crate::domain::projects;
use crate::protocol::auth::PublicKey;
use crate::protocol::dsn::Dsn;

/// Whoever sent the token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token.
    pub token: ApiToken,
    /// The only organization it reaches.
    pub organization: Organization,
    /// For whom it acts; nobody if it belongs to the organization.
    pub user: Option<User>,
}

impl Caller {
    /// The scopes as texts.
    pub fn scopes(&self) -> Vec<String> {
        self.token.scopes.to_strings()
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get().cloned().ok_or(Error::Unauthenticated)
    }
}

/// The caller of a route that is open to everybody.
#[derive(Clone, Debug)]
pub struct Anybody(pub Option<Caller>);

impl<S: Sync> FromRequestParts<S> for Anybody {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().cloned()))
    }
}

/// What a route asks of the caller.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Nothing; a token that is sent must be one of ours.
    Anybody,
    /// Some token.
    Token,
    /// A token with one of these scopes.
    Scopes(&'static [Scope]),
    /// The same, or a DSN: for what programs in the hands of users send.
    ScopesOrDsn(&'static [Scope]),
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anybody => f.write_str("anybody"),
            Self::Token => f.write_str("any token"),
            Self::Scopes(scopes) | Self::ScopesOrDsn(scopes) => {
                let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
                f.write_str(&words.join(" or "))?;
                if matches!(self, Self::ScopesOrDsn(_)) { f.write_str(" or a DSN") } else { Ok(()) }
            }
        }
    }
}

/// What stands in front of every route.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    pub(super) app: App,
    pub(super) access: Access,
    pub(super) limiter: Limiter,
}

/// Finds the caller, checks the access, and counts the request.
pub(super) async fn check(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Response {
    if let (Access::ScopesOrDsn(_), Some(dsn)) = (guard.access, dsn(request.headers())) {
        return check_dsn(&guard, dsn, request, next).await;
    }
    let caller = match find_caller(&guard.app, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    if let Err(problem) = allow(guard.access, caller.as_ref()) {
        return problem.into_response();
    }
    let Some(caller) = caller else { return next.run(request).await };
    let token = caller.token.id;
    request.extensions_mut().insert(caller);
    guard.limiter.run(token, guard.app.clock.now(), || next.run(request)).await
}

/// Whoever knows a DSN: it stands in programs that anybody may take apart.
#[derive(Clone, Debug)]
pub(super) struct DsnCaller {
    /// The project.
    pub(super) project: ProjectId,
    /// The key.
    pub(super) public_key: String,
}

/// The DSN of `Authorization: DSN …`, as text.
fn dsn(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, dsn) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("dsn").then(|| dsn.trim().to_owned())
}

async fn check_dsn(guard: &Guard, dsn: String, mut request: Request, next: Next) -> Response {
    let caller = match find_dsn_caller(&guard.app, &dsn).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    // All who know the DSNs of a project are counted together. No token has a number below zero.
    let counted = ApiTokenId(-caller.project.0);
    request.extensions_mut().insert(caller);
    guard.limiter.run(counted, guard.app.clock.now(), || next.run(request)).await
}

async fn find_dsn_caller(app: &App, dsn: &str) -> Result<DsnCaller> {
    let dsn: Dsn = dsn.parse().map_err(|_| Error::InvalidToken)?;
    let key = PublicKey::parse(&dsn.public_key).ok_or(Error::InvalidToken)?;
    let mut db = app.db.acquire().await?;
    let found = projects::store::find_key(&mut db, key.as_str()).await?;
    let now = app.clock.now();
    let key = found.filter(|key| key.is_usable(now) && key.project_id == dsn.project_id);
    let key = key.ok_or(Error::InvalidToken)?;
    Ok(DsnCaller { project: key.project_id, public_key: key.public_key })
}

fn allow(access: Access, caller: Option<&Caller>) -> Result<()> {
    match (access, caller) {
        (Access::Anybody, _) | (Access::Token, Some(_)) => Ok(()),
        (_, None) => Err(Error::Unauthenticated),
        (Access::Scopes(scopes) | Access::ScopesOrDsn(scopes), Some(caller)) => {
            let is_allowed = scopes.iter().any(|scope| caller.token.scopes.allows(*scope));
            if is_allowed { Ok(()) } else { Err(Error::Forbidden) }
        }
    }
}

async fn find_caller(app: &App, headers: &HeaderMap) -> Result<Option<Caller>> {
    let Some(text) = bearer(headers)? else { return Ok(None) };
    let token = tokens::authenticate(app, text).await?.ok_or(Error::InvalidToken)?;
    let mut db = app.db.acquire().await?;
    let organization = organizations::store::find(&mut db, token.organization_id)
        .await?
        .ok_or(Error::InvalidToken)?;
    let user = match token.user_id {
        Some(id) => {
            Some(accounts::store::find_user(&mut db, id).await?.ok_or(Error::InvalidToken)?)
        }
        None => None,
    };
    Ok(Some(Caller { token, organization, user }))
}

/// The text of a bearer token; `None` without credentials. Other ways to prove who one is are not
/// known here.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Error::InvalidToken)?;
    let (scheme, token) = text.trim().split_once(' ').ok_or(Error::InvalidToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::InvalidToken);
    }
    Ok(Some(token.trim()).filter(|token| !token.is_empty()))
}
