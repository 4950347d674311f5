//! The files of an event.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use super::detail::{event_id, find_row};
use crate::api::json::Json;
use crate::api::parameters::Parameters;
use crate::api::place::InProject;
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::Timestamp;
use crate::domain::attachments::{self, Attachment};
use crate::infra::http::download;

/// A file, as `web-api.md` §3.10 has it.
#[derive(Debug, Serialize)]
pub(in crate::api) struct AttachmentView {
    id: String,
    event_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    size: i64,
    mimetype: String,
    sha1: String,
    headers: BTreeMap<&'static str, String>,
    #[serde(rename = "dateCreated")]
    date_created: Timestamp,
}

impl AttachmentView {
    fn new(file: &Attachment) -> Self {
        let mimetype = file.media_type().to_owned();
        let sha1 = file.sha1.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self {
            id: file.attachment_id.to_string(),
            event_id: file.event_id.to_string(),
            name: file.display_name().to_owned(),
            kind: file.kind.clone(),
            size: file.size,
            headers: BTreeMap::from([("Content-Type", mimetype.clone())]),
            mimetype,
            sha1,
            date_created: file.received_at,
        }
    }
}

/// Answers the files of an event.
pub(in crate::api) async fn list_attachments(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<Vec<AttachmentView>>> {
    let row = find_row(&app, &place).await?;
    let mut db = app.db.acquire().await?;
    let files = attachments::list(&mut db, row.project_id, row.event_id, row.received_at).await?;
    Ok(Json(files.iter().map(AttachmentView::new).collect()))
}

/// Answers what is known about a file; with `?download` the file itself.
pub(in crate::api) async fn get_attachment(
    State(app): State<App>,
    place: InProject,
    parameters: Parameters,
) -> Result<Response> {
    let file = find(&app, &place).await?;
    if parameters.all("download").next().is_none() {
        return Ok(Json(AttachmentView::new(&file)).into_response());
    }
    let name = file.display_name().to_owned();
    let length = file.size.unsigned_abs();
    let body = Body::from_stream(attachments::stream(app.db.clone(), file));
    Ok((download::headers(&name, length), body).into_response())
}

/// Deletes a file.
pub(in crate::api) async fn delete_attachment(
    State(app): State<App>,
    place: InProject,
) -> Result<StatusCode> {
    let file = find(&app, &place).await?;
    let mut tx = app.db.begin().await?;
    let was_there = attachments::delete(&mut tx, &file).await?;
    tx.commit().await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Error::NotFound) }
}

async fn find(app: &App, place: &InProject) -> Result<Attachment> {
    let event = event_id(place.path.get("event")?)?;
    let id = place.path.get("attachment")?.parse().map_err(|_| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let file = attachments::find(&mut db, place.project.id, event, id).await?;
    file.ok_or(Error::NotFound)
}
