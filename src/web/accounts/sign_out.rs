//! Signing out.

use axum::extract::State;
use axum_extra::routing::TypedPath;

use super::sign_in::SignInPath;
use crate::app::App;
use crate::domain::accounts::sessions;
use crate::web::{Error, Redirect, Result, Visit};

/// Takes the form in the account menu.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/sign-out", rejection(Error))]
pub struct SignOutPath;

/// Ends the session of this browser. Doing it twice is as good as once.
pub async fn sign_out(_: SignOutPath, visit: Visit, State(app): State<App>) -> Result<Redirect> {
    if let Some((user, session)) = visit.signed_in {
        match sessions::end(&app, user.id, session.id).await {
            Ok(()) | Err(crate::domain::Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Redirect::to(SignInPath).signing_out().with_flash("You are signed out."))
}
