//! What a page says when something is not as it should be, and the way out it offers.
//!
//! A handler returns an [`Error`]; the answer is made in [`visit`](super::visit), where the page's nonce and
//! the request are known. That is also the one place where the inner error is logged, under an id that the
//! page shows.

use std::fmt::Display;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use tracing::error;

use super::page::{Page, Shell};
use crate::base::secrets;
use crate::domain;

/// The result of a handler.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no page.
#[derive(Debug, Default, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or whoever asks may not know about it.
    #[default]
    #[error("not found")]
    NotFound,
    /// They are known and may not do this.
    #[error("not allowed")]
    Forbidden,
    /// A form that none of our pages sent, or one whose session is over.
    #[error("a form without its token")]
    Forged,
    /// The page needs somebody who is signed in; the path to come back to.
    #[error("not signed in")]
    SignInFirst(String),
    /// The page exists but does not take this method.
    #[error("wrong method")]
    WrongMethod,
    /// Too many attempts; seconds until the next.
    #[error("too many attempts")]
    TooMany(i64),
    /// What was sent does not fit; a sentence for the person who sent it.
    #[error("bad request: {0}")]
    BadRequest(String),
    /// A form past the limit.
    #[error("the form is too large")]
    TooLarge,
    /// A rule refused or the database failed.
    #[error(transparent)]
    Domain(domain::Error),
    /// A template that does not render, a bug.
    #[error("the page could not be rendered")]
    Render(#[from] askama::Error),
    /// Anything else that should not happen.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl From<domain::Error> for Error {
    fn from(error: domain::Error) -> Self {
        match error {
            domain::Error::NotFound => Self::NotFound,
            domain::Error::Forbidden => Self::Forbidden,
            other => Self::Domain(other),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Domain(error.into())
    }
}

/// A path part that is no slug or number names nothing.
impl From<PathRejection> for Error {
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}

impl IntoResponse for Error {
    /// The bare answer; `visit` puts the page on it.
    fn into_response(self) -> Response {
        let report = Report::new(&self);
        let mut response = report.status.into_response();
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Self::SignInFirst(next) = self {
            response.extensions_mut().insert(SignInFirst(next));
        }
        response.extensions_mut().insert(report);
        response
    }
}

/// The path to come back to after signing in; `visit` makes the redirect.
#[derive(Clone, Debug)]
pub(super) struct SignInFirst(pub(super) String);

/// What an error page says.
#[derive(Clone, Debug)]
pub(super) struct Report {
    status: StatusCode,
    heading: &'static str,
    text: String,
    /// The inner error with its sources, for the log; only for what an operator should look at.
    cause: Option<String>,
}

impl Report {
    fn new(error: &Error) -> Self {
        let (status, heading, text) = words(error);
        let cause = status.is_server_error().then(|| chain(error));
        Self { status, heading, text, cause }
    }

    /// For a handler that panicked.
    pub(super) fn panicked(message: String) -> Self {
        let (status, heading, text) = unexpected();
        Self { status, heading, text, cause: Some(message) }
    }

    /// Logs the cause, if there is one, and renders the page for the person.
    pub(super) fn into_page(
        self,
        shell: Shell,
        is_fragment: bool,
        request: &impl Display,
    ) -> Response {
        let id = self.cause.map(|cause| {
            let id = secrets::random_hex::<6>();
            error!(error.id = %id, %request, error = %cause, "Could not answer `{request}`: {cause}");
            id
        });
        let view =
            ErrorView { shell, heading: self.heading, text: self.text, id: id.unwrap_or_default() };
        let page = if is_fragment {
            Page::new(&ErrorFragment { text: &view.text, id: &view.id })
        } else {
            Page::new(&view)
        };
        page.map_or_else(
            |_| (self.status, view.text).into_response(),
            |page| page.with_status(self.status).into_response(),
        )
    }
}

/// Status, heading and text for each error. Texts say what to do next.
fn words(error: &Error) -> (StatusCode, &'static str, String) {
    let say = |status, heading, text: &str| (status, heading, text.to_owned());
    match error {
        Error::NotFound => say(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "The link may be old, or what it led to was deleted, or you are not a member of the \
             organization it belongs to.",
        ),
        Error::Forbidden => say(
            StatusCode::FORBIDDEN,
            "Only owners may do this",
            "Ask an owner of the organization to do it for you.",
        ),
        Error::Forged => say(
            StatusCode::FORBIDDEN,
            "This form is out of date",
            "You may have signed in or out in another tab since the form was opened. Reload the page it is \
             on, and send it again. Nothing was changed.",
        ),
        Error::SignInFirst(_) => say(
            StatusCode::UNAUTHORIZED,
            "Sign in first",
            "This page is for people with an account.",
        ),
        Error::WrongMethod => say(
            StatusCode::METHOD_NOT_ALLOWED,
            "This address is not a page",
            "It takes what a form sends. Go back to where you came from.",
        ),
        Error::TooMany(_) => say(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts",
            "Wait a few minutes and try again.",
        ),
        Error::BadRequest(text) => (StatusCode::BAD_REQUEST, "This does not fit", text.clone()),
        Error::TooLarge => say(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This is too much at once",
            "Send it in smaller parts.",
        ),
        Error::Domain(error) => domain_words(error),
        Error::Render(_) | Error::Other(_) => unexpected(),
    }
}

fn domain_words(error: &domain::Error) -> (StatusCode, &'static str, String) {
    match error {
        domain::Error::Invalid { problem, .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "This does not fit", problem.clone())
        }
        domain::Error::Conflict(text) => {
            (StatusCode::CONFLICT, "Somebody was faster", text.clone())
        }
        domain::Error::LimitReached(text) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "This is the limit", text.clone())
        }
        domain::Error::Database(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The database does not answer",
            "Events are still accepted and kept, and appear here once it is back. Reload this page in a \
             moment; if it stays like this, whoever runs this server finds the reason in its log."
                .to_owned(),
        ),
        domain::Error::NotFound | domain::Error::Forbidden | domain::Error::Other(_) => unexpected(),
    }
}

fn unexpected() -> (StatusCode, &'static str, String) {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong here",
        "This is a fault of Picket and not yours. Try again; if it happens again, whoever runs this server \
         finds the reason in its log."
            .to_owned(),
    )
}

/// The error and what caused it, outermost first.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[derive(Template)]
#[template(path = "errors/page.html")]
struct ErrorView {
    shell: Shell,
    heading: &'static str,
    text: String,
    id: String,
}

#[derive(Template)]
#[template(path = "errors/_fragment.html")]
struct ErrorFragment<'a> {
    text: &'a str,
    id: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_the_whole_chain_and_the_page_none_of_it() {
        let inner = anyhow::anyhow!("disk on fire").context("could not read the thing");
        let report = Report::new(&Error::Domain(domain::Error::Other(inner)));
        assert_eq!(report.cause.as_deref(), Some("could not read the thing: disk on fire"));
        assert!(!report.text.contains("fire"));
        assert_eq!(Report::new(&Error::NotFound).cause, None);
    }

    #[test]
    fn a_database_that_is_down_is_not_called_a_fault() {
        let report = Report::new(&sqlx::Error::PoolTimedOut.into());
        assert_eq!(report.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(report.cause.is_some_and(|cause| cause.contains("timed out")));
    }

    #[test]
    fn error_pages_render() {
        let view = ErrorView {
            shell: Shell::sample(),
            heading: "Something went wrong here",
            text: "Try again.".to_owned(),
            id: "f00d".to_owned(),
        };
        assert!(view.render().unwrap().contains("f00d"));
        assert!(ErrorFragment { text: "Try <again>.", id: "" }.render().unwrap().contains("&#60;"));
    }
}
