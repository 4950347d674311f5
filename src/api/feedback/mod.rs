//! What users wrote about events (`web-api.md` §3.10, `protocol.md` §1.9).

mod reporter;
mod views;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::StatusCode;
use serde::Deserialize;

use super::json::{Body, Json};
use super::pagination::ListUrl;
use super::parameters::Parameters;
use super::place::InProject;
use super::{Error, Result};
use crate::app::App;
use crate::base::{EventId, ProjectId, Timestamp};
use crate::domain::feedback::{self, NewFeedback, Words};
use crate::domain::usage::{self, Counter, Counts, Outcome, hour_of};
use crate::domain::{self, events, limits};
use crate::protocol::category::DataCategory;
use reporter::Reporter;
use views::ReportView;

/// How long after an event its user may still write.
const MAX_AGE: TimeDelta = TimeDelta::minutes(30);

/// How long what was written may be written anew.
const MAX_CHANGE: TimeDelta = TimeDelta::minutes(5);

/// The most characters of a name, an address and the words.
const MAX_NAME_CHARS: usize = 128;
const MAX_EMAIL_CHARS: usize = 75;
const MAX_COMMENTS_CHARS: usize = 4096;

/// What a user wrote.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReportBody {
    event_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    comments: Option<String>,
}

impl ReportBody {
    /// The event it is about, and the words.
    fn parse(self) -> Result<(EventId, Words)> {
        let id = self.event_id.as_deref().and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| {
            Error::invalid("event_id", "Name the event by its id, 32 hex digits.")
        })?;
        let words = Words {
            name: fitting("name", self.name, MAX_NAME_CHARS)?,
            email: fitting("email", self.email, MAX_EMAIL_CHARS)?,
            message: fitting("comments", self.comments, MAX_COMMENTS_CHARS)?,
            ..Words::default()
        };
        if words.message.is_empty() {
            return Err(Error::invalid("comments", "This field is required."));
        }
        if !words.email.is_empty() && !words.email.contains('@') {
            return Err(Error::invalid("email", "Enter a valid email address."));
        }
        Ok((id, words.storable()))
    }
}

fn fitting(field: &'static str, text: Option<String>, most: usize) -> Result<String> {
    let text = text.unwrap_or_default().trim().to_owned();
    if text.chars().count() > most {
        return Err(Error::invalid(field, format!("At most {most} characters fit here.")));
    }
    Ok(text)
}

/// Answers what users wrote to a project, the latest first.
pub(super) async fn list_reports(
    State(app): State<App>,
    place: InProject,
    url: ListUrl,
    parameters: Parameters,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let page = feedback::list(&mut db, &[place.project.id], &parameters.page()?).await?;
    Ok(url.page(page.map(ReportView::new)))
}

/// Takes what a user wrote: from a program with a token, or from whoever knows the DSN.
pub(super) async fn create_report(
    State(app): State<App>,
    reporter: Reporter,
    Body(body): Body<ReportBody>,
) -> Result<Response> {
    let (event_id, words) = body.parse()?;
    let report = NewFeedback {
        project_id: reporter.project,
        feedback_id: event_id,
        received_at: app.clock.now(),
        event_id: Some(event_id),
        words,
    };
    store(&app, &report, &reporter).await?;
    // A DSN lets write and not read.
    Ok(if reporter.may_read {
        Json(ReportView::of_new(&report)).into_response()
    } else {
        StatusCode::OK.into_response()
    })
}

/// Stores and counts a report, if it is not too late for it and not past a limit.
async fn store(app: &App, report: &NewFeedback, reporter: &Reporter) -> Result<()> {
    let mut tx = app.db.begin().await?;
    check_time(&mut tx, report).await?;
    let (project, now) = (report.project_id, report.received_at);
    let category = DataCategory::Feedback;
    let refused = limits::refusal(&mut tx, project, &reporter.public_key, category, now).await?;
    if refused.is_none() {
        feedback::store::put(&mut tx, &[report]).await?;
    }
    let counter = Counter {
        project_id: project,
        hour: hour_of(now),
        category: category.as_str(),
        outcome: if refused.is_some() { Outcome::RateLimited } else { Outcome::Accepted },
        reason: refused.map_or("", |limit| limit.reason).into(),
        public_key: reporter.public_key.clone(),
    };
    let mut counts = Counts::default();
    counts.add(counter, 1);
    usage::add(&mut tx, counts).await?;
    tx.commit().await?;
    match refused {
        Some(limit) => Err(Error::TooMany(limit.seconds)),
        None => Ok(()),
    }
}

async fn check_time(db: &mut sqlx::PgConnection, report: &NewFeedback) -> Result<()> {
    let too_late = |since: Timestamp, most| report.received_at - since > most;
    let (project, id): (ProjectId, EventId) = (report.project_id, report.feedback_id);
    let event = events::find(db, project, id).await?;
    if event.is_some_and(|event| too_late(event.received_at, MAX_AGE)) {
        let why = "The event happened too long ago to write about it.";
        return Err(domain::Error::Conflict(why.to_owned()).into());
    }
    let written = feedback::of_event(db, project, id, report.received_at - MAX_AGE).await?;
    let before = written.iter().find(|written| written.feedback_id == id);
    if before.is_some_and(|before| too_late(before.received_at, MAX_CHANGE)) {
        let why = "What was written about this event can no longer be changed.";
        return Err(domain::Error::Conflict(why.to_owned()).into());
    }
    Ok(())
}
