//! One event.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::{FullEvent, full};
use crate::api::json::{self, Json};
use crate::api::place::{InIssue, InOrganization, InProject};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{EventId, ProjectId};
use crate::domain::events::payload::{self, Payload};
use crate::domain::events::{self, EventRow, Which};
use crate::domain::issues;
use crate::domain::projects;

/// Answers an event of an issue: `latest`, `oldest`, `recommended`, or by id.
pub(in crate::api) async fn get_event_of_issue(
    State(app): State<App>,
    place: InIssue,
) -> Result<Json<FullEvent>> {
    let which: Which = place.path.get("event")?.parse().map_err(|()| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let row = events::find_in_issue(&mut db, &place.issue.span(), which).await?;
    let row = row.ok_or(Error::NotFound)?;
    Ok(Json(full(&app, &mut db, &place.issue, &row).await?))
}

/// Answers an event of a project.
pub(in crate::api) async fn get_event_of_project(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<FullEvent>> {
    let mut db = app.db.acquire().await?;
    let row = find_row(&app, &place).await?;
    let issue = issues::find(&mut db, row.issue_id).await?.ok_or(Error::NotFound)?;
    Ok(Json(full(&app, &mut db, &issue, &row).await?))
}

/// Answers an event as it is stored, in the SDKs' own words.
pub(in crate::api) async fn get_event_json(
    State(app): State<App>,
    place: InProject,
) -> Result<Response> {
    let row = find_row(&app, &place).await?;
    let mut db = app.db.acquire().await?;
    match payload::read(&mut db, &app.dictionaries, &row).await? {
        Payload::Kept(kept) => Ok(json::raw(kept.json)),
        Payload::SampledAway => Err(Error::Gone(
            "The event was counted but its content was not kept: its issue had more events that day than are kept in full.",
        )),
    }
}

pub(super) async fn find_row(app: &App, place: &InProject) -> Result<EventRow> {
    let id = event_id(place.path.get("event")?)?;
    let mut db = app.db.acquire().await?;
    events::find(&mut db, place.project.id, id).await?.ok_or(Error::NotFound)
}

pub(super) fn event_id(text: &str) -> Result<EventId> {
    text.parse().map_err(|_| Error::NotFound)
}

/// Where an event's id leads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct EventIdView {
    organization_slug: String,
    project_slug: String,
    group_id: String,
    event_id: String,
    event: FullEvent,
}

/// Looks an event's id up in all projects of an organization.
pub(in crate::api) async fn get_event_id(
    State(app): State<App>,
    place: InOrganization,
) -> Result<Json<EventIdView>> {
    let id = event_id(place.path.get("event")?)?;
    let organization = place.organization();
    let mut db = app.db.acquire().await?;
    let projects = projects::store::list(&mut db, organization.id).await?;
    let projects: Vec<ProjectId> = projects.into_iter().map(|project| project.id).collect();
    let row = events::find_anywhere(&mut db, &projects, id).await?.ok_or(Error::NotFound)?;
    let issue = issues::find(&mut db, row.issue_id).await?.ok_or(Error::NotFound)?;
    Ok(Json(EventIdView {
        organization_slug: organization.slug.to_string(),
        project_slug: issue.project_slug.to_string(),
        group_id: issue.id.to_string(),
        event_id: row.event_id.to_string(),
        event: full(&app, &mut db, &issue, &row).await?,
    }))
}
