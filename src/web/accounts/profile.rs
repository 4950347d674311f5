//! Changing one's name, address and password.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use super::account::{self, AccountPath, Outcome};
use crate::app::App;
use crate::domain::accounts;
use crate::web::forms::Problem;
use crate::web::{Error, Form, Redirect, Result, SignedIn};

/// Takes name and address.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/account/profile", rejection(Error))]
pub struct ProfilePath;

/// Takes a new password.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/account/password", rejection(Error))]
pub struct PasswordPath;

/// Name and address.
#[derive(Debug, Deserialize)]
pub struct ProfileForm {
    name: String,
    email: String,
}

/// The present password and the new one.
#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    current_password: String,
    new_password: String,
}

/// Changes name and address.
pub async fn update_profile(
    _: ProfilePath,
    signed_in: SignedIn,
    State(app): State<App>,
    Form(form): Form<ProfileForm>,
) -> Result<Response> {
    match accounts::update_profile(&app, signed_in.user.id, &form.name, &form.email).await {
        Ok(()) => Ok(Redirect::to(AccountPath).with_flash("Saved.").into_response()),
        Err(error) => {
            let problem = Problem::from_error(error)?;
            let profile = Some((form.name, form.email));
            let outcome = Outcome { problem, profile, ..Outcome::default() };
            Ok(account::show(&app, &signed_in, outcome).await?.into_response())
        }
    }
}

/// Changes the password and signs out every other browser.
pub async fn change_password(
    _: PasswordPath,
    signed_in: SignedIn,
    State(app): State<App>,
    Form(form): Form<PasswordForm>,
) -> Result<Response> {
    let SignedIn { user, session, .. } = &signed_in;
    let changed = accounts::change_password(
        &app,
        user,
        session.id,
        &form.current_password,
        &form.new_password,
    );
    match changed.await {
        Ok(()) => {
            let words = "The password is changed. Other browsers are signed out.";
            Ok(Redirect::to(AccountPath).with_flash(words).into_response())
        }
        Err(error) => {
            let outcome = Outcome { problem: Problem::from_error(error)?, ..Outcome::default() };
            Ok(account::show(&app, &signed_in, outcome).await?.into_response())
        }
    }
}
