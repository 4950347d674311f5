//! The tags of an issue.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use sqlx::PgConnection;

use crate::api::json::Json;
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::InIssue;
use crate::api::tags::{TagValueView, label, sort_values};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::IssueId;
use crate::domain::issues::{self, TagKey};

/// A tag in passing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct TagSummaryView {
    key: String,
    name: String,
    total_values: i64,
}

/// A tag with its most frequent values.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct TagView {
    #[serde(flatten)]
    summary: TagSummaryView,
    unique_values: i64,
    top_values: Vec<TagValueView>,
}

impl TagSummaryView {
    fn new(tag: &TagKey) -> Self {
        let name = label(&tag.key);
        Self { key: tag.key.clone(), name, total_values: tag.event_count }
    }
}

impl TagView {
    fn new(tag: TagKey) -> Self {
        let summary = TagSummaryView::new(&tag);
        let values = tag.top.into_iter().filter(|value| !value.value.is_empty());
        Self {
            summary,
            unique_values: tag.value_count,
            top_values: values.map(|value| TagValueView::new(&tag.key, value)).collect(),
        }
    }
}

pub(super) async fn tag_summaries(
    db: &mut PgConnection,
    issue: IssueId,
) -> Result<Vec<TagSummaryView>> {
    Ok(issues::tag_keys(db, issue).await?.iter().map(TagSummaryView::new).collect())
}

/// Answers the tags of an issue.
pub(in crate::api) async fn list_tags(
    State(app): State<App>,
    place: InIssue,
) -> Result<Json<Vec<TagView>>> {
    let mut db = app.db.acquire().await?;
    let tags = issues::tag_keys(&mut db, place.issue.id).await?;
    Ok(Json(tags.into_iter().map(TagView::new).collect()))
}

/// Answers one tag of an issue.
pub(in crate::api) async fn get_tag(
    State(app): State<App>,
    place: InIssue,
) -> Result<Json<TagView>> {
    let mut db = app.db.acquire().await?;
    let tag = issues::tag_key(&mut db, place.issue.id, place.path.get("key")?).await?;
    tag.map(|tag| Json(TagView::new(tag))).ok_or(Error::NotFound)
}

/// Answers the values of one tag of an issue.
pub(in crate::api) async fn list_tag_values(
    State(app): State<App>,
    place: InIssue,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let key = place.path.get("key")?;
    let sought = parameters.query().unwrap_or_default().to_lowercase();
    let mut values = issues::tag_values(&mut db, place.issue.id, key).await?;
    values.retain(|value| !value.value.is_empty() && value.value.to_lowercase().contains(&sought));
    let mut rows: Vec<TagValueView> =
        values.into_iter().map(|value| TagValueView::new(key, value)).collect();
    sort_values(&mut rows, parameters.get("sort"))?;
    Ok(url.slice(rows, &parameters.page()?))
}
