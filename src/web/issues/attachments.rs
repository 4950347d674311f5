//! Files of events, to save or, if they are images, to look at.
//!
//! What is in a file is the sender's choice. So a file is always saved, never opened: as bytes of no type,
//! under a policy that lets it do nothing should a browser open it all the same. An image is shown as what
//! its bytes are, whatever its sender calls it.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::{HeaderValue, header};
use serde::Deserialize;

use super::event::attachments::MAX_IMAGE_BYTES;
use super::paths;
use crate::app::App;
use crate::base::Slug;
use crate::domain::attachments::{self, Attachment, Content};
use crate::domain::events::{self, Which};
use crate::infra::http::download;
use crate::web::{Error, Member, Result};

/// A file of an event.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path(
    "/{organization}/issues/{issue}/events/{event}/attachments/{attachment}",
    rejection(Error)
)]
pub struct AttachmentPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
    /// The event's id.
    pub event: String,
    /// The file's id.
    pub attachment: String,
}

/// The same as an image.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path(
    "/{organization}/issues/{issue}/events/{event}/attachments/{attachment}/image",
    rejection(Error)
)]
pub struct AttachmentImagePath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
    /// The event's id.
    pub event: String,
    /// The file's id.
    pub attachment: String,
}

/// Sends a file to be saved.
pub async fn download_attachment(
    path: AttachmentPath,
    member: Member,
    State(app): State<App>,
) -> Result<Response> {
    Ok(saved(&app, find(&app, &member, &path).await?))
}

/// Sends an image to be shown.
pub async fn show_attachment_image(
    path: AttachmentImagePath,
    member: Member,
    State(app): State<App>,
) -> Result<Response> {
    let AttachmentImagePath { organization, issue, event, attachment } = path;
    let path = AttachmentPath { organization, issue, event, attachment };
    let file = find(&app, &member, &path).await?;
    shown(&app, file).await
}

/// A file to be saved.
pub(in crate::web) fn saved(app: &App, file: Attachment) -> Response {
    let name = file.display_name().to_owned();
    let length = file.size.unsigned_abs();
    let body = Body::from_stream(attachments::stream(app.db.clone(), file));
    (download::headers(&name, length), body).into_response()
}

/// A file to be shown, if it is an image that may be.
pub(in crate::web) async fn shown(app: &App, file: Attachment) -> Result<Response> {
    if !file.content.is_image() || file.size > MAX_IMAGE_BYTES {
        return Err(Error::NotFound);
    }
    let mut db = app.db.acquire().await?;
    let first = attachments::read_chunk(&mut db, &file, 0).await?;
    drop(db);
    let content = Content::of(&first);
    if !content.is_image() {
        return Err(Error::NotFound);
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content.media_type())),
        (header::CONTENT_LENGTH, HeaderValue::from(file.size)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400, immutable")),
        (header::CONTENT_SECURITY_POLICY, download::SANDBOX),
    ];
    let body = Body::from_stream(attachments::stream(app.db.clone(), file));
    Ok((headers, body).into_response())
}

async fn find(app: &App, member: &Member, path: &AttachmentPath) -> Result<Attachment> {
    let id = path.attachment.parse().map_err(|_| Error::NotFound)?;
    let which: Which = path.event.parse().map_err(|()| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, member, &path.issue).await?;
    let row = events::find_in_issue(&mut db, &issue.span(), which).await?.ok_or(Error::NotFound)?;
    let file = attachments::find(&mut db, row.project_id, row.event_id, id).await?;
    file.ok_or(Error::NotFound)
}
