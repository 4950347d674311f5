//! The first account of a fresh installation, for whoever has the link from the log.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use super::sign_in::SignInPath;
use crate::app::App;
use crate::domain::accounts::NewUser;
use crate::domain::accounts::sessions;
use crate::domain::organizations::first_run::{self, LinkState};
use crate::web::forms::Problem;
use crate::web::home::to_first_page;
use crate::web::{Error, Form, Page, Redirect, Result, Shell, Visit};

/// The link that Picket prints at its start.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/setup/{token}", rejection(Error))]
pub struct SetupPath {
    /// The secret of the link.
    pub token: String,
}

/// Who the first person is.
#[derive(Debug, Default, Deserialize)]
pub struct SetupForm {
    email: String,
    name: String,
    password: String,
}

#[derive(Template)]
#[template(path = "accounts/setup.html")]
struct SetupView {
    shell: Shell,
    path: SetupPath,
    is_open: bool,
    form: SetupForm,
    problem: Problem,
}

/// Shows the form, or why the link does not work.
pub async fn show_setup(path: SetupPath, visit: Visit, State(app): State<App>) -> Result<Response> {
    let form = SetupForm::default();
    show(path, &visit, &app, form, Problem::default()).await
}

/// Creates the account, signs its owner in and goes on to the first project.
pub async fn set_up(
    path: SetupPath,
    visit: Visit,
    State(app): State<App>,
    Form(form): Form<SetupForm>,
) -> Result<Response> {
    let new = match NewUser::parse(&form.email, &form.name, &form.password) {
        Ok(new) => new,
        Err(error) => return show(path, &visit, &app, form, Problem::from_error(error)?).await,
    };
    match first_run::complete(&app, &path.token, new).await {
        Ok((user, organization)) => {
            let secret = sessions::start(&app, user.id, &visit.browser()).await?;
            let mut db = app.db.acquire().await?;
            let next = to_first_page(&mut db, organization).await?;
            Ok(next.signing_in(secret).into_response())
        }
        // The link ended while the form was open; the page says which way.
        Err(crate::domain::Error::NotFound) => {
            show(path, &visit, &app, form, Problem::default()).await
        }
        Err(error) => {
            let problem = Problem::from_error(error)?;
            show(path, &visit, &app, form, problem).await
        }
    }
}

async fn show(
    path: SetupPath,
    visit: &Visit,
    app: &App,
    form: SetupForm,
    problem: Problem,
) -> Result<Response> {
    let state = first_run::check(app, &path.token).await?;
    if state == LinkState::Finished {
        let words = "Picket is set up already. Sign in with your account.";
        return Ok(Redirect::to(SignInPath).with_flash(words).into_response());
    }
    let status = match (state, problem == Problem::default()) {
        (LinkState::Expired, _) => StatusCode::GONE,
        (_, false) => StatusCode::UNPROCESSABLE_ENTITY,
        (_, true) => StatusCode::OK,
    };
    let is_open = state == LinkState::Open;
    let view = SetupView { shell: visit.shell(), path, is_open, form, problem };
    Ok(Page::new(&view)?.with_status(status).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl SetupView {
        fn sample(is_open: bool) -> Self {
            Self {
                shell: Shell::sample(),
                path: SetupPath { token: "abc".to_owned() },
                is_open,
                form: SetupForm { email: "ada@example.com".to_owned(), ..SetupForm::default() },
                problem: Problem::new("password", "Use at least 10 characters."),
            }
        }
    }

    #[test]
    fn the_form_comes_back_with_what_was_typed_but_not_the_password() {
        let html = SetupView::sample(true).render().unwrap();
        assert!(html.contains("action=\"/setup/abc\""));
        assert!(html.contains("value=\"ada@example.com\""));
        assert!(html.contains("Use at least 10 characters."));
    }

    #[test]
    fn an_old_link_shows_the_way_to_a_new_one() {
        let html = SetupView::sample(false).render().unwrap();
        assert!(!html.contains("<form"));
        assert!(html.contains("picket user create"));
    }
}
