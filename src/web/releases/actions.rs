//! What people do with a release: set it aside, take it back, say that it is out, delete it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::paths::{ReleasePath, ReleaseUrls};
use crate::app::App;
use crate::domain::releases::{self, Change, ReleaseStatus};
use crate::web::{Error, Form, Member, Redirect, Result};

/// The button that was pressed.
#[derive(Clone, Debug, Deserialize)]
pub struct ActionForm {
    verb: String,
}

/// Does it.
pub async fn change_release(
    path: ReleasePath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<ActionForm>,
) -> Result<Response> {
    let organization = member.organization.id;
    let urls = ReleaseUrls::new(member.organization.slug.as_str(), None);
    let (change, done) = match form.verb.as_str() {
        "archive" => (of_status(ReleaseStatus::Archived), "Archived: it is no longer listed."),
        "restore" => (of_status(ReleaseStatus::Open), "It is listed again."),
        "finalize" => {
            let released_at = Some(app.clock.now());
            (Change { released_at, ..Change::default() }, "Finalized: it was released now.")
        }
        "delete" => {
            releases::delete(&app, organization, &path.version).await?;
            let done = "Deleted. Its events and sessions stay.";
            return Ok(Redirect::to(urls.list()).with_flash(done).into_response());
        }
        other => return Err(Error::BadRequest(format!("There is no verb `{other}`."))),
    };
    releases::update(&app, organization, &path.version, &change).await?;
    Ok(Redirect::to(urls.base(&path.version)).with_flash(done).into_response())
}

fn of_status(status: ReleaseStatus) -> Change {
    Change { status: Some(status), ..Change::default() }
}
