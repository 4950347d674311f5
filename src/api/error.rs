//! What a program is told when something is not as it should be (`web-api.md` §1.5).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tracing::error;

use super::json::Json;
use crate::base::page::InvalidCursor;
use crate::base::secrets;
use crate::domain;
use crate::domain::query::QueryError;

/// The result of a handler.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the token does not reach it.
    #[error("not found")]
    NotFound,
    /// It was there once; what became of it.
    #[error("{0}")]
    Gone(&'static str),
    /// The path exists but does not take this method.
    #[error("wrong method")]
    WrongMethod,
    /// No token was sent.
    #[error("no token")]
    Unauthenticated,
    /// The token is none of ours.
    #[error("unknown token")]
    InvalidToken,
    /// The token may not do this.
    #[error("missing scope")]
    Forbidden,
    /// A field or parameter that cannot be used, and what to do about it.
    #[error("{field}: {problem}")]
    Invalid {
        /// What it is called on the wire.
        field: &'static str,
        /// A sentence.
        problem: String,
    },
    /// A body with a field that is not what is asked for, by whatever name it came with.
    #[error("{field}: {problem}")]
    Unreadable {
        /// The field.
        field: String,
        /// A sentence.
        problem: String,
    },
    /// The request as a whole cannot be used.
    #[error("{0}")]
    BadRequest(String),
    /// The search cannot be read.
    #[error("Error parsing search query: {0}")]
    Query(#[from] QueryError),
    /// A body past the limit.
    #[error("the body is too large")]
    TooLarge,
    /// Too many requests; seconds until the next.
    #[error("too many requests")]
    TooMany(u32),
    /// A rule refused or the database failed.
    #[error(transparent)]
    Domain(domain::Error),
    /// Anything else that should not happen.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

impl Error {
    /// Shorthand for [`Error::Invalid`].
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid { field, problem: problem.into() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::Gone(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthenticated | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Invalid { .. }
            | Self::Unreadable { .. }
            | Self::BadRequest(_)
            | Self::Query(_)
            | Self::Domain(domain::Error::LimitReached(_)) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Domain(domain::Error::Conflict(_)) => StatusCode::CONFLICT,
            Self::Domain(_) | Self::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn body(&self) -> Value {
        let detail = match self {
            Self::Invalid { field, problem } => return json!({ *field: [problem] }),
            Self::Unreadable { field, problem } => return json!({ field: [problem] }),
            Self::NotFound => "The requested resource does not exist".to_owned(),
            Self::WrongMethod => "Method not allowed for this resource.".to_owned(),
            Self::Unauthenticated => "Authentication credentials were not provided.".to_owned(),
            Self::InvalidToken => "Invalid token".to_owned(),
            Self::Forbidden => {
                "You do not have permission to perform this action.".to_owned()
            }
            Self::TooMany(_) => {
                "You are attempting to use this endpoint too frequently. Wait as long as the header `Retry-After` says.".to_owned()
            }
            Self::TooLarge => "The request body is too large.".to_owned(),
            other => other.to_string(),
        };
        json!({ "detail": detail })
    }
}

impl From<domain::Error> for Error {
    fn from(error: domain::Error) -> Self {
        match error {
            domain::Error::NotFound => Self::NotFound,
            domain::Error::Forbidden => Self::Forbidden,
            domain::Error::Invalid { field, problem } => Self::Invalid { field, problem },
            other => Self::Domain(other),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Domain(error.into())
    }
}

impl From<InvalidCursor> for Error {
    fn from(error: InvalidCursor) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            return internal(&self);
        }
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Forbidden => {
                let problem = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
                headers.insert(header::WWW_AUTHENTICATE, problem);
            }
            Self::TooMany(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            _ => {}
        }
        response
    }
}

/// The answer to a failure of ours: an id for whoever asks, the words for the log.
pub(super) fn internal(problem: &dyn std::error::Error) -> Response {
    let id = secrets::random_hex::<16>();
    let mut reason = problem.to_string();
    let mut source = problem.source();
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    error!(error.id = id, error.reason = reason, "An API request failed: {reason}");
    let body = json!({ "detail": "Internal Error", "errorId": id });
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
