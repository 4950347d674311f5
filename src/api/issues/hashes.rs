//! The hashes that lead to an issue.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::api::Result;
use crate::api::events::{FullEvent, latest_of_hash};
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::InIssue;
use crate::app::App;
use crate::domain::issues;

/// A hash with the latest event that had it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HashView {
    id: String,
    latest_event: Option<FullEvent>,
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
