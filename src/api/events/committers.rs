//! Who may have brought an event's issue: the authors of suspected commits.

use axum::extract::State;
use serde::Serialize;

use super::detail::find_row;
use crate::api::json::Json;
use crate::api::place::InProject;
use crate::api::releases::commits::{AuthorView, CommitView};
use crate::api::{Error, Result};
use crate::app::App;
use crate::domain::events::payload;
use crate::domain::issues;
use crate::domain::issues::suspects::{self, Suspect};
use crate::domain::ownership::Subject;

/// The authors, the most suspected first.
#[derive(Debug, Serialize)]
pub(in crate::api) struct CommittersView {
    committers: Vec<CommitterView>,
}

/// An author with their suspected commits.
#[derive(Debug, Serialize)]
struct CommitterView {
    author: AuthorView,
    commits: Vec<CommitView>,
}

/// Answers the authors of commits that may have brought an event.
pub(in crate::api) async fn list_committers(
    State(app): State<App>,
    place: InProject,
) -> Result<Json<CommittersView>> {
    let row = find_row(&app, &place).await?;
    let mut db = app.db.acquire().await?;
    let issue = issues::find(&mut db, row.issue_id).await?.ok_or(Error::NotFound)?;
    let payload = payload::read(&mut db, &app.dictionaries, &row).await?;
    let found = match payload.event() {
        Some(event) => suspects::suspects(&mut db, &issue, &Subject::of(event)).await?,
        None => Vec::new(),
    };
    Ok(Json(CommittersView { committers: by_author(found) }))
}

fn by_author(found: Vec<Suspect>) -> Vec<CommitterView> {
    let mut committers: Vec<(crate::domain::releases::commits::Author, Vec<CommitView>)> =
        Vec::new();
    for suspect in found {
        let author = suspect.author.clone();
        let commit = CommitView::suspected(suspect);
        match committers.iter_mut().find(|(known, _)| *known == author) {
            Some((_, commits)) => commits.push(commit),
            None => committers.push((author, vec![commit])),
        }
    }
    let view = |(author, commits)| CommitterView { author: AuthorView::new(author), commits };
    committers.into_iter().map(view).collect()
}
