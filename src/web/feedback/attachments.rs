//! Files that came with feedback: screenshots, mostly.

use axum::extract::State;
use axum::response::Response;
use axum_extra::routing::TypedPath;
use serde::Deserialize;

use crate::app::App;
use crate::base::{EventId, Slug};
use crate::domain::attachments::{self, Attachment};
use crate::web::issues::attachments::{saved, shown};
use crate::web::{Error, Member, Result};

/// A file of feedback.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path(
    "/{organization}/feedback/{project}/{feedback}/attachments/{attachment}",
    rejection(Error)
)]
pub struct FeedbackAttachmentPath {
    /// Whose.
    pub organization: Slug,
    /// The project's slug.
    pub project: String,
    /// The feedback's id.
    pub feedback: String,
    /// The file's id.
    pub attachment: String,
}

/// The same as an image.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path(
    "/{organization}/feedback/{project}/{feedback}/attachments/{attachment}/image",
    rejection(Error)
)]
pub struct FeedbackImagePath {
    /// Whose.
    pub organization: Slug,
    /// The project's slug.
    pub project: String,
    /// The feedback's id.
    pub feedback: String,
    /// The file's id.
    pub attachment: String,
}

/// Sends a file to be saved.
pub async fn download_feedback_attachment(
    path: FeedbackAttachmentPath,
    member: Member,
    State(app): State<App>,
) -> Result<Response> {
    Ok(saved(&app, find(&app, &member, &path).await?))
}

/// Sends an image to be shown.
pub async fn show_feedback_image(
    path: FeedbackImagePath,
    member: Member,
    State(app): State<App>,
) -> Result<Response> {
    let FeedbackImagePath { organization, project, feedback, attachment } = path;
    let path = FeedbackAttachmentPath { organization, project, feedback, attachment };
    let file = find(&app, &member, &path).await?;
    shown(&app, file).await
}

async fn find(app: &App, member: &Member, path: &FeedbackAttachmentPath) -> Result<Attachment> {
    let project = member.projects.iter().find(|project| project.slug.as_str() == path.project);
    let project = project.ok_or(Error::NotFound)?;
    let feedback: EventId = path.feedback.parse().map_err(|_| Error::NotFound)?;
    let id = path.attachment.parse().map_err(|_| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    let file = attachments::find(&mut db, project.id, feedback, id).await?;
    file.ok_or(Error::NotFound)
}
