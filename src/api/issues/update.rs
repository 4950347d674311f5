//! Changing one issue.

use axum::extract::State;

use super::change::ChangeBody;
use super::detail::{DetailView, detail_of};
use crate::api::json::{Body, Json};
use crate::api::parameters::Parameters;
use crate::api::place::InIssue;
use crate::api::{Error, Result};
use crate::app::App;
use crate::domain::issues::{self, Scope};

/// Changes an issue and answers all of it.
pub(in crate::api) async fn update_issue(
    State(app): State<App>,
    place: InIssue,
    parameters: Parameters,
    Body(body): Body<ChangeBody>,
) -> Result<Json<DetailView>> {
    let wish = body.wish(app.clock.now())?;
    let id = place.issue.id;
    let scope = Scope::project(place.caller.organization.id, place.issue.project_id);
    let actor = place.caller.user.as_ref().map(|user| user.id);
    let mut db = app.db.acquire().await?;
    let assignment = body.assignment(&mut db, &place.caller).await?;
    drop(db);
    if let Some(owner) = assignment {
        issues::assign(&app, &scope, &[(id, owner)], actor).await?;
    }
    wish.fulfil(&app, &scope, &[id], actor).await?;
    let mut db = app.db.acquire().await?;
    let issue = issues::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    Ok(Json(detail_of(&app, &mut db, &place.caller, &issue, &parameters).await?))
}
