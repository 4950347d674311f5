//! Going on to another page after something was done.

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// `303 See Other`, so that reloading the next page does not send the form again.
#[derive(Debug)]
pub struct Redirect {
    to: String,
    flash: Option<String>,
    session: Option<SessionChange>,
}

/// What becomes of the session's cookie; `visit` sets it.
#[derive(Clone, Debug)]
pub(super) enum SessionChange {
    /// Somebody signed in: the cookie's new secret.
    Start(String),
    /// They signed out.
    End,
}

/// What the next page says; `visit` carries it over in a cookie.
#[derive(Clone, Debug)]
pub(super) struct Flash(pub(super) String);

impl Redirect {
    /// Goes to a path of ours, usually a typed one.
    pub fn to(path: impl Display) -> Self {
        Self { to: path.to_string(), flash: None, session: None }
    }

    /// Lets the next page say something once: "Saved."
    #[must_use]
    pub fn with_flash(mut self, text: impl Into<String>) -> Self {
        self.flash = Some(text.into());
        self
    }

    /// Signs the browser in with this secret.
    #[must_use]
    pub(super) fn signing_in(mut self, secret: String) -> Self {
        self.session = Some(SessionChange::Start(secret));
        self
    }

    /// Makes the browser forget its session.
    #[must_use]
    pub(super) fn signing_out(mut self) -> Self {
        self.session = Some(SessionChange::End);
        self
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        // Typed paths are percent-encoded; whatever is not falls back to the start page.
        let to = HeaderValue::try_from(self.to).unwrap_or(HeaderValue::from_static("/"));
        let mut response =
            (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::CACHE_CONTROL, no_store())])
                .into_response();
        if let Some(flash) = self.flash {
            response.extensions_mut().insert(Flash(flash));
        }
        if let Some(session) = self.session {
            response.extensions_mut().insert(session);
        }
        response
    }
}

fn no_store() -> HeaderValue {
    HeaderValue::from_static("no-store")
}
