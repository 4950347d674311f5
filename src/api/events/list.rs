//! Lists of events.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use sqlx::PgConnection;

use super::full_of;
use super::views::SimpleView;
use crate::api::pagination::ListUrl;
use crate::api::parameters::Parameters;
use crate::api::place::{InIssue, InProject};
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::{IssueId, Page, Timestamp};
use crate::domain::events::payload;
use crate::domain::events::{self, EventFilter, EventRow};
use crate::domain::issues::{self, Issue};
use crate::domain::query::TimeRange;

/// The events of an issue, the latest first.
pub(in crate::api) async fn list_events_of_issue(
    State(app): State<App>,
    place: InIssue,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let filter = filter(&parameters, app.clock.now())?;
    let page = events::list_of_issue(&mut db, &place.issue.span(), &filter).await?;
    let issues = HashMap::from([(place.issue.id, place.issue)]);
    answer(&app, &mut db, page, &issues, &url, &parameters).await
}

/// The events of a project, the latest first.
pub(in crate::api) async fn list_events_of_project(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let filter = filter(&parameters, app.clock.now())?;
    let page = issues::list_events(&mut db, place.project.id, &filter).await?;
    let mut ids: Vec<IssueId> = page.items.iter().map(|row| row.issue_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let issues = issues::find_many(&mut db, &ids).await?;
    let issues = issues.into_iter().map(|issue| (issue.id, issue)).collect();
    answer(&app, &mut db, page, &issues, &url, &parameters).await
}

fn filter(parameters: &Parameters, now: Timestamp) -> Result<EventFilter> {
    match parameters.get("sort") {
        None | Some("" | "-timestamp" | "-dateCreated" | "date") => {}
        Some(_) => return Err(Error::invalid("sort", "Events are listed by `-timestamp` only.")),
    }
    let period = parameters.period(now)?.unwrap_or_default();
    Ok(EventFilter {
        condition: events::parse_query(parameters.query().unwrap_or_default(), now)?,
        environments: parameters.environments(),
        period: TimeRange { from: period.since, until: period.until },
        page: parameters.page()?,
    })
}

async fn answer(
    app: &App,
    db: &mut PgConnection,
    page: Page<EventRow>,
    issues: &HashMap<IssueId, Issue>,
    url: &ListUrl,
    parameters: &Parameters,
) -> Result<Response> {
    let payloads = payload::read_many(db, &app.dictionaries, &page.items).await?;
    let rows = page.items.iter().zip(&payloads);
    if !parameters.is_on("full") {
        let views: Vec<SimpleView<'_>> = rows
            .map(|(row, payload)| SimpleView::new(row, payload, issues.get(&row.issue_id)))
            .collect();
        return Ok(url.page(page.with_items(views)));
    }
    let mut views = Vec::with_capacity(payloads.len());
    for (row, payload) in rows {
        if let Some(issue) = issues.get(&row.issue_id) {
            views.push(full_of(db, issue, row, payload).await?);
        }
    }
    Ok(url.page(page.with_items(views)))
}
