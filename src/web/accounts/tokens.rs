//! Creating and revoking API tokens from the account page.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::account::{self, AccountPath, Outcome};
use crate::app::App;
use crate::base::{ApiTokenId, Slug};
use crate::domain::accounts::tokens::{self, NewToken};
use crate::domain::accounts::{Scope, Scopes};
use crate::domain::organizations;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Page, Redirect, Result, SignedIn};

/// Takes a new token.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/account/tokens", rejection(Error))]
pub struct TokensPath;

/// Ends a token.
#[derive(Clone, Copy, Debug, Deserialize, TypedPath)]
#[typed_path("/account/tokens/{token}/revoke", rejection(Error))]
pub struct RevokeTokenPath {
    /// Which one.
    pub token: ApiTokenId,
}

/// Where `sentry-cli login` sends people for a token, whatever organization it names.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/orgredirect/{*rest}", rejection(Error))]
pub struct TokenRedirectPath {
    /// The page it would be elsewhere.
    pub rest: String,
}

/// What the token is for and may do.
#[derive(Debug, Deserialize)]
pub struct TokenForm {
    token_name: String,
    organization: Slug,
    #[serde(default)]
    scopes: Vec<String>,
}

/// Creates a token and shows it this once: in the answer itself, so that it is never stored anywhere on
/// its way to the screen.
pub async fn create_token(
    _: TokensPath,
    signed_in: SignedIn,
    State(app): State<App>,
    Form(form): Form<TokenForm>,
) -> Result<Page> {
    let outcome = match create(&app, &signed_in, &form).await {
        Ok(text) => Outcome { new_token: Some(text), ..Outcome::default() },
        Err(error) => Outcome {
            problem: match error {
                crate::domain::Error::Invalid { field: "name", problem } => {
                    Problem::new("token_name", problem)
                }
                other => Problem::from_error(other)?,
            },
            token_name: form.token_name,
            token_scopes: Some(form.scopes),
            ..Outcome::default()
        },
    };
    account::show(&app, &signed_in, outcome).await
}

async fn create(
    app: &App,
    signed_in: &SignedIn,
    form: &TokenForm,
) -> crate::domain::Result<String> {
    let mut db = app.db.acquire().await?;
    let user = signed_in.user.id;
    let (organization, _) = organizations::find_for_member(&mut db, &form.organization, user)
        .await?
        .ok_or(crate::domain::Error::NotFound)?;
    drop(db);
    let scopes = form.scopes.iter().filter_map(|name| name.parse::<Scope>().ok());
    let new = NewToken {
        organization_id: organization.id,
        organization_slug: &organization.slug,
        user_id: Some(user),
        name: &form.token_name,
        scopes: scopes.collect::<Scopes>(),
    };
    tokens::create(app, new).await.map(|(_, text)| text)
}

/// Ends a token.
pub async fn revoke_token(
    RevokeTokenPath { token }: RevokeTokenPath,
    signed_in: SignedIn,
    State(app): State<App>,
) -> Result<Redirect> {
    tokens::revoke(&app, signed_in.user.id, token).await?;
    Ok(Redirect::to(AccountPath)
        .with_flash("The token is revoked. Programs that carry it are refused from now on."))
}

/// Leads to the tokens of whoever is signed in.
pub async fn redirect_to_tokens(_: TokenRedirectPath) -> Response {
    Redirect::to(format!("{AccountPath}#tokens")).into_response()
}
