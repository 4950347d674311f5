//! Signing out browsers from the account page.

use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::account::AccountPath;
use super::sign_in::SignInPath;
use crate::app::App;
use crate::base::SessionId;
use crate::domain::accounts::sessions;
use crate::web::components::number;
use crate::web::{Error, Redirect, Result, SignedIn};

/// Signs out one browser.
#[derive(Clone, Copy, Debug, Deserialize, TypedPath)]
#[typed_path("/account/sessions/{session}/end", rejection(Error))]
pub struct EndSessionPath {
    /// Which one.
    pub session: SessionId,
}

/// Signs out all browsers but this one.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/account/sessions/end-others", rejection(Error))]
pub struct EndOtherSessionsPath;

/// Signs out one browser; if it is this one, that is signing out.
pub async fn end_session(
    EndSessionPath { session }: EndSessionPath,
    signed_in: SignedIn,
    State(app): State<App>,
) -> Result<Redirect> {
    sessions::end(&app, signed_in.user.id, session).await?;
    if session == signed_in.session.id {
        return Ok(Redirect::to(SignInPath).signing_out().with_flash("You are signed out."));
    }
    Ok(Redirect::to(AccountPath).with_flash("That browser is signed out."))
}

/// Signs out all browsers but this one.
pub async fn end_other_sessions(
    _: EndOtherSessionsPath,
    signed_in: SignedIn,
    State(app): State<App>,
) -> Result<Redirect> {
    let ended = sessions::end_others(&app, signed_in.user.id, signed_in.session.id).await?;
    let browsers = number::counted(i64::try_from(ended).unwrap_or(i64::MAX), "browser", "browsers");
    Ok(Redirect::to(AccountPath).with_flash(format!("Signed out {browsers}.")))
}
