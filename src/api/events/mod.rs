//! Events: lists, one by one, and the parts they are shown in.

pub(super) mod attachments;
pub(super) mod committers;
pub(super) mod detail;
mod entries;
pub(super) mod list;
mod summary;
mod views;

use anyhow::Context;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::PgConnection;

use super::{Result, releases};
use crate::app::App;
use crate::domain::events::payload::{self, Payload};
use crate::domain::events::{self, EventRow};
use crate::domain::issues::{self, Issue};
use views::{FullView, Surroundings};

/// An event in full, as JSON: the view borrows from the payload, which is not kept.
pub(super) type FullEvent = Box<RawValue>;

/// Everything about an event.
pub(super) async fn full(
    app: &App,
    db: &mut PgConnection,
    issue: &Issue,
    row: &EventRow,
) -> Result<FullEvent> {
    let payload = payload::read(db, &app.dictionaries, row).await?;
    full_of(db, issue, row, &payload).await
}

/// The same, of a payload that has been read.
pub(super) async fn full_of(
    db: &mut PgConnection,
    issue: &Issue,
    row: &EventRow,
    payload: &Payload,
) -> Result<FullEvent> {
    let [release, _] =
        releases::views_of(db, row.project_id, [row.release.as_deref(), None]).await?;
    let hash = issues::hash(db, row.project_id, &row.primary_hash).await?;
    let surroundings = Surroundings {
        neighbours: events::neighbours(db, &issue.span(), row).await?,
        release,
        grouping_config: hash.map(|hash| hash.config),
    };
    let view = FullView::new(row, payload, issue, surroundings);
    Ok(to_raw_value(&view).context("an event could not be written as JSON")?)
}

/// The latest event of an issue that a hash decided, in full.
pub(super) async fn latest_of_hash(
    app: &App,
    db: &mut PgConnection,
    issue: &Issue,
    hash: &str,
) -> Result<Option<FullEvent>> {
    match events::latest_of_hash(db, &issue.span(), hash).await? {
        Some(row) => full(app, db, issue, &row).await.map(Some),
        None => Ok(None),
    }
}
