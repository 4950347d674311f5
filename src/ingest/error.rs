//! Why a request is refused, and how clients are told (`protocol.md` §1.4, §1.5).

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::quota::RateLimits;
use crate::protocol::auth::AuthError;
use crate::protocol::bare_event::BareEventError;
use crate::protocol::envelope::EnvelopeError;
use crate::protocol::envelope::limits::LimitError;

/// Read by clients to hold back; see [`RATE_LIMITED_SECONDS`].
pub(super) const X_SENTRY_RATE_LIMITS: HeaderName = HeaderName::from_static("x-sentry-rate-limits");

/// Read by Ruby and very old clients.
const X_SENTRY_ERROR: HeaderName = HeaderName::from_static("x-sentry-error");

/// How long senders hold back while the journal is full: what other servers use for "everything".
const RATE_LIMITED_SECONDS: u32 = 60;

/// How long senders hold back from a trouble that is over soon.
const BUSY_SECONDS: u32 = 5;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No credentials anywhere.
    #[error("missing authorization information")]
    MissingAuth,
    /// Credentials in more than one place; which ones hold is not for us to guess.
    #[error("multiple authorization payloads detected")]
    MultipleAuth,
    /// Credentials that cannot be read.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The `dsn` of the envelope is no DSN.
    #[error("bad envelope authentication header")]
    BadDsn,
    /// The `dsn` of the envelope and the request name different keys or projects.
    #[error("the DSN of the envelope does not belong to the request")]
    DsnMismatch,
    /// The project in the path is no number.
    #[error("bad project path parameter")]
    BadProject,
    /// The key is unknown, switched off, or another project's.
    #[error("event submission rejected with_reason: ProjectId")]
    ProjectRejected,
    /// The page is not on the project's list of allowed domains.
    #[error("event submission rejected with_reason: Cors")]
    PageRejected,
    /// Nothing was sent.
    #[error("empty request body")]
    EmptyBody,
    /// The frame is broken.
    #[error("invalid event envelope")]
    Envelope(#[from] EnvelopeError),
    /// Too much of something in an envelope.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// An event without an envelope that is none.
    #[error(transparent)]
    BareEvent(#[from] BareEventError),
    /// The body, compressed or not, is larger than the route takes.
    #[error("request content exceeded size limits")]
    TooLarge,
    /// A content encoding that is not spoken here.
    #[error("unsupported content encoding")]
    UnknownEncoding,
    /// The body does not follow its content encoding.
    #[error("invalid compression of the request body")]
    InvalidCompression,
    /// The sender went away before the end of the body.
    #[error("the request body broke off")]
    BrokenOff,
    /// The sender took too long.
    #[error("the request body did not arrive in time")]
    Slow,
    /// The event in the path has no id of an event.
    #[error("bad event path parameter")]
    BadEvent,
    /// A form that is none, or with fields where only files belong.
    #[error("invalid multipart data")]
    InvalidMultipart,
    /// A sign of life of a job that is none.
    #[error("invalid monitor check-in")]
    InvalidCheckIn,
    /// A form without a dump.
    #[error("missing minidump")]
    MissingMinidump,
    /// A dump that does not begin like one.
    #[error("invalid minidump")]
    InvalidMinidump,
    /// Files past a size are sent in pieces to servers that can take them so.
    #[error("uploads in pieces are not supported")]
    UploadsOff,
    /// A body that does not say what it is.
    #[error("missing content-type header")]
    NoContentType,
    /// A body of a type that the route does not take.
    #[error("unsupported content type")]
    ContentType,
    /// Another method than the path understands; these are.
    #[error("method not allowed")]
    Method(&'static str),
    /// More bodies than there is memory for.
    #[error("too many requests at a time, send again later")]
    Busy,
    /// Something in the request is past a limit of its key, its project or the server.
    #[error("event submission rejected with_reason: RateLimited")]
    RateLimited(RateLimits),
    /// The journal holds as much as it may.
    #[error("event submission rejected with_reason: JournalFull")]
    JournalFull,
    /// The journal cannot be written.
    #[error("the event cannot be kept at the moment, send again later")]
    JournalFailed,
    /// It is not known whether the key is good.
    #[error("the key cannot be checked at the moment, send again later")]
    KeysUnavailable,
}

impl Error {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MissingAuth
            | Self::MultipleAuth
            | Self::BadDsn
            | Self::Auth(AuthError::Malformed) => StatusCode::UNAUTHORIZED,
            Self::ProjectRejected | Self::PageRejected => StatusCode::FORBIDDEN,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::UploadsOff => StatusCode::NOT_FOUND,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge
            | Self::BareEvent(BareEventError::TooLarge)
            | Self::Limit(LimitError::Exceeded(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Auth(_)
            | Self::DsnMismatch
            | Self::BadProject
            | Self::EmptyBody
            | Self::Envelope(_)
            | Self::Limit(LimitError::Internal)
            | Self::BareEvent(_)
            | Self::InvalidCompression
            | Self::NoContentType
            | Self::BadEvent
            | Self::InvalidMultipart
            | Self::InvalidCheckIn
            | Self::MissingMinidump
            | Self::InvalidMinidump
            | Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::UnknownEncoding | Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy | Self::JournalFull | Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::JournalFailed | Self::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A word for metrics and outcomes.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::MissingAuth => "missing_auth",
            Self::MultipleAuth => "multiple_auth",
            Self::Auth(AuthError::Malformed) | Self::BadDsn => "invalid_auth",
            Self::Auth(AuthError::UnsupportedVersion(_)) => "auth_version",
            Self::Auth(AuthError::InvalidKey) => "invalid_key",
            Self::DsnMismatch => "dsn_mismatch",
            Self::BadProject | Self::ProjectRejected => "project_id",
            Self::PageRejected => "cors",
            Self::EmptyBody => "empty_body",
            Self::Envelope(_) => "invalid_envelope",
            Self::Limit(LimitError::Internal) => "internal_envelope",
            Self::Limit(LimitError::Exceeded(item_type)) => item_type.too_large(),
            Self::BareEvent(BareEventError::InvalidJson | BareEventError::InvalidEventId) => {
                "invalid_json"
            }
            Self::TooLarge | Self::BareEvent(BareEventError::TooLarge) => "request_too_large",
            Self::UnknownEncoding => "unknown_encoding",
            Self::InvalidCompression | Self::BareEvent(BareEventError::InvalidCompression) => {
                "invalid_compression"
            }
            Self::BrokenOff => "broken_off",
            Self::Slow => "slow",
            Self::NoContentType | Self::ContentType => "content_type",
            Self::BadEvent => "invalid_event_id",
            Self::InvalidMultipart => "invalid_multipart",
            Self::InvalidCheckIn => "invalid_check_in",
            Self::MissingMinidump => "missing_minidump_upload",
            Self::InvalidMinidump => "invalid_minidump",
            Self::UploadsOff => "uploads_off",
            Self::Method(_) => "disallowed_method",
            Self::Busy => "busy",
            Self::RateLimited(_) => "rate_limited",
            Self::JournalFull => "journal_full",
            Self::JournalFailed => "journal_failed",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }

    /// What lies behind the message.
    fn cause(&self) -> Option<String> {
        match self {
            Self::Envelope(error) => Some(error.to_string()),
            Self::BareEvent(BareEventError::InvalidEventId) => Some("invalid event_id".to_owned()),
            Self::Limit(LimitError::Internal) => Some("invalid item header".to_owned()),
            Self::RateLimited(limits) => Some(format!("past the limit {limits}")),
            _ => None,
        }
    }

    /// How long the sender should wait, in seconds.
    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::JournalFull | Self::JournalFailed => Some(RATE_LIMITED_SECONDS),
            Self::Busy | Self::KeysUnavailable => Some(BUSY_SECONDS),
            Self::RateLimited(limits) => Some(limits.longest()),
            _ => None,
        }
    }
}

/// Left on the answer for [`super::routes`] to count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused(pub(super) &'static str);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let detail = self.to_string();
        let body = match self.cause() {
            Some(cause) => json!({ "detail": detail, "causes": [cause] }),
            None => json!({ "detail": detail }),
        };
        let body = body.to_string();
        let mut response =
            (self.status(), [(CONTENT_TYPE, "application/json")], body).into_response();
        response.extensions_mut().insert(Refused(self.reason()));
        let headers = response.headers_mut();
        if self.status().is_client_error()
            && let Ok(detail) = HeaderValue::from_str(&detail)
        {
            headers.insert(X_SENTRY_ERROR, detail);
        }
        if let Self::Method(allowed) = &self {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status() == StatusCode::TOO_MANY_REQUESTS {
            let limits = match &self {
                Self::RateLimited(limits) => limits.to_string(),
                // No category: everything. Scope and reason are for people.
                _ => format!("{}::key:{}", self.retry_after().unwrap_or(0), self.reason()),
            };
            let limits = HeaderValue::from_str(&limits).expect("digits and words");
            headers.insert(X_SENTRY_RATE_LIMITS, limits);
        }
        response
    }
}
