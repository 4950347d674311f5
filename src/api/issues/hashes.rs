//! The hashes that lead to an issue.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::api::events::{FullEvent, latest_of_hash};
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::InIssue;
use crate::api::{Error, Result};
use crate::app::App;
use crate::domain::issues::moves::{self, Actor};
use crate::domain::issues::{self, Scope};

/// A hash with the latest event that had it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HashView {
    id: String,
    latest_event: Option<FullEvent>,
}

/// Makes the hashes that `id` names an issue of their own, with all events of the parts that they lead to.
pub(in crate::api) async fn delete_hashes(
    State(app): State<App>,
    place: InIssue,
    parameters: Parameters,
) -> Result<Response> {
    let named: Vec<&str> = parameters.named("id").collect();
    if named.is_empty() {
        return Err(Error::invalid("id", "Name the hashes to take out."));
    }
    let mut db = app.db.acquire().await?;
    let parts = moves::parts_of_hashes(&mut db, place.issue.id, &named).await?;
    drop(db);
    if parts.is_empty() {
        return Err(Error::NotFound);
    }
    let scope = Scope::project(place.caller.organization.id, place.issue.project_id);
    let user = place.caller.user.as_ref().map(|user| user.id);
    moves::split(&app, Actor { scope: &scope, user }, place.issue.id, &parts).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Answers the hashes of an issue, the oldest first.
pub(in crate::api) async fn list_hashes(
    State(app): State<App>,
    place: InIssue,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let mut rows = Vec::new();
    for hash in issues::hashes(&mut db, place.issue.id).await? {
        let latest_event = latest_of_hash(&app, &mut db, &place.issue, &hash.hash).await?;
        rows.push(HashView { id: hash.hash, latest_event });
    }
    Ok(url.slice(rows, &parameters.page()?))
}
