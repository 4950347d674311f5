//! Whose request it is (`protocol.md` §2.2–2.6).

use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, ORIGIN, REFERER};
use axum::http::request::Parts;

use super::{Error, Ingest, limits};
use crate::base::ProjectId;
use crate::domain::filters::Source;
use crate::protocol::auth::{self, AuthError, Credentials, PublicKey};
use crate::protocol::dsn::Dsn;
use crate::protocol::envelope::{ClientSdk, EnvelopeHeader};

/// A client that may send.
#[derive(Clone, Debug)]
pub(super) struct Sender {
    /// The project it sends to.
    pub(super) project_id: ProjectId,
    /// The key of its DSN.
    pub(super) public_key: PublicKey,
    /// `name/version` of the client library, if it says so.
    pub(super) client: Option<String>,
}

/// The credentials of the request itself; `None` if there are none.
///
/// # Errors
/// When they cannot be read, or stand in more than one place.
pub(super) fn credentials(request: &Parts) -> Result<Option<Credentials>, Error> {
    let values = |name| request.headers.get_all(name).iter();
    let sentry = values("x-sentry-auth")
        .filter_map(|value| auth::from_sentry_header(&String::from_utf8_lossy(value.as_bytes())));
    let authorization = values(AUTHORIZATION.as_str())
        .filter_map(|value| auth::from_authorization(&String::from_utf8_lossy(value.as_bytes())));
    let query = request.uri.query().and_then(auth::from_query);
    let mut found = sentry.chain(authorization).chain(query);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => Ok(Some(only?)),
        (Some(_), Some(_)) => Err(Error::MultipleAuth),
    }
}

/// The credentials of a request whose path may name the key.
///
/// # Errors
/// When there are none, or they stand in more than one place.
pub(super) fn credentials_with_key(
    request: &Parts,
    key: Option<&str>,
) -> Result<Credentials, Error> {
    match (key, credentials(request)?) {
        (None, None) => Err(Error::MissingAuth),
        (Some(_), Some(_)) => Err(Error::MultipleAuth),
        (None, Some(credentials)) => Ok(credentials),
        (Some(key), None) => {
            let public_key = PublicKey::parse(key).ok_or(AuthError::InvalidKey)?;
            Ok(Credentials { public_key, client: None })
        }
    }
}

/// Checks credentials against the project in the path, if it names one, and the page that sends against
/// the project's list.
///
/// # Errors
/// When the key does not open that project, or not for that page.
pub(super) async fn authorize(
    ingest: &Ingest,
    request: &Parts,
    path: Option<ProjectId>,
    credentials: Credentials,
) -> Result<Sender, Error> {
    let Credentials { public_key, client } = credentials;
    let found = ingest.keys.find(&ingest.app, public_key).await;
    let Some(key) = found.map_err(|_| Error::KeysUnavailable)? else {
        return Err(Error::ProjectRejected);
    };
    let sender = Sender { project_id: key.project_id, public_key, client };
    if !key.is_usable(ingest.app.clock.now()) || path.is_some_and(|path| path != key.project_id) {
        return limits::noted(ingest, Some(&sender), Err(Error::ProjectRejected));
    }
    let header = |name| request.headers.get(name).map(|value: &HeaderValue| value.as_bytes());
    if !key.pages.allow(Source::of_page(header(ORIGIN), header(REFERER)).as_ref()) {
        return limits::noted(ingest, Some(&sender), Err(Error::PageRejected));
    }
    Ok(sender)
}

/// Brings the request's sender and the `dsn` of the envelope together: the latter must not contradict,
/// and stands in where the request says nothing.
///
/// # Errors
/// When nobody says who sends, or both do and differ.
pub(super) async fn with_envelope(
    ingest: &Ingest,
    request: &Parts,
    path: Option<ProjectId>,
    sender: Option<Sender>,
    header: &EnvelopeHeader,
) -> Result<Sender, Error> {
    let dsn = match &header.dsn {
        Some(text) => Some(text.parse::<Dsn>().map_err(|_| Error::BadDsn)?),
        None => None,
    };
    let client = header.sdk.as_ref().and_then(ClientSdk::client);
    let mut sender = match (sender, dsn) {
        (None, None) => return Err(Error::MissingAuth),
        (Some(sender), None) => sender,
        (Some(sender), Some(dsn)) => {
            let is_same_key = PublicKey::parse(&dsn.public_key) == Some(sender.public_key);
            if !is_same_key || dsn.project_id != sender.project_id {
                return Err(Error::DsnMismatch);
            }
            sender
        }
        (None, Some(dsn)) => {
            if path.is_some_and(|path| path != dsn.project_id) {
                return Err(Error::DsnMismatch);
            }
            let public_key = PublicKey::parse(&dsn.public_key).ok_or(AuthError::InvalidKey)?;
            let credentials = Credentials { public_key, client: None };
            authorize(ingest, request, Some(dsn.project_id), credentials).await?
        }
    };
    sender.client = sender.client.or(client);
    Ok(sender)
}
