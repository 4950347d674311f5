//! Signing in.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::{StatusCode, header};
use serde::Deserialize;

use crate::app::App;
use crate::domain::accounts::sign_in::{self, Attempt, SignInError};
use crate::web::components::number;
use crate::web::next_url::sanitized;
use crate::web::{Error, Form, Page, Query, Redirect, Result, Shell, Visit};

/// The sign-in page.
#[derive(Clone, Copy, Debug, TypedPath)]
#[typed_path("/sign-in", rejection(Error))]
pub struct SignInPath;

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct NextQuery {
    #[serde(default)]
    next: String,
}

/// Who wants in.
#[derive(Debug, Deserialize)]
pub struct SignInForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
struct SignInView {
    shell: Shell,
    email: String,
    next: String,
    problem: String,
}

/// Shows the form; whoever is signed in goes straight on.
pub async fn show_sign_in(
    _: SignInPath,
    visit: Visit,
    Query(query): Query<NextQuery>,
) -> Result<Response> {
    if visit.signed_in.is_some() {
        return Ok(go_on(&query.next).into_response());
    }
    let view = SignInView {
        shell: visit.shell(),
        email: String::new(),
        next: sanitized(&query.next).unwrap_or_default().to_owned(),
        problem: String::new(),
    };
    Ok(Page::new(&view)?.into_response())
}

/// Checks who it is and goes on to the page they came for.
pub async fn sign_in(
    _: SignInPath,
    visit: Visit,
    State(app): State<App>,
    Form(form): Form<SignInForm>,
) -> Result<Response> {
    let attempt = Attempt {
        email: &form.email,
        password: &form.password,
        address: visit.client_address,
        user_agent: &visit.user_agent,
    };
    match sign_in::sign_in(&app, attempt).await {
        Ok((_, secret)) => Ok(go_on(&form.next).signing_in(secret).into_response()),
        Err(SignInError::Wrong) => {
            let words = "This address and password do not go together. Check both and try again.";
            refuse(&visit, form, StatusCode::UNPROCESSABLE_ENTITY, words.to_owned())
        }
        Err(SignInError::TooMany(wait)) => {
            let minutes = number::counted(wait.num_minutes() + 1, "minute", "minutes");
            let words = format!("There were too many attempts. Try again in {minutes}.");
            let mut response = refuse(&visit, form, StatusCode::TOO_MANY_REQUESTS, words)?;
            let seconds = wait.num_seconds() + 1;
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Ok(response)
        }
        Err(SignInError::Other(error)) => Err(error.into()),
    }
}

fn refuse(
    visit: &Visit,
    form: SignInForm,
    status: StatusCode,
    problem: String,
) -> Result<Response> {
    let next = sanitized(&form.next).unwrap_or_default().to_owned();
    let view = SignInView { shell: visit.shell(), email: form.email, next, problem };
    Ok(Page::new(&view)?.with_status(status).into_response())
}

fn go_on(next: &str) -> Redirect {
    Redirect::to(sanitized(next).unwrap_or("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl SignInView {
        fn sample() -> Self {
            Self {
                shell: Shell::sample(),
                email: "ada@example.com".to_owned(),
                next: "/default/issues?query=<x>".to_owned(),
                problem: "This address and password do not go together.".to_owned(),
            }
        }
    }

    #[test]
    fn the_form_keeps_the_address_and_where_to_go() {
        let html = SignInView::sample().render().unwrap();
        assert!(html.contains("value=\"ada@example.com\""));
        assert!(html.contains("value=\"/default/issues?query=&#60;x&#62;\""));
        assert!(html.contains("do not go together"));
    }
}
