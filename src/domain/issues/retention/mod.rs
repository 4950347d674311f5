//! What is forgotten about issues, and when.
//!
//! Events go by whole days (`infra/db/partitions`). What was counted about them would stay for ever, so:
//!
//! - **Hours** go when they are older than events are kept, though never before [`CHART_DAYS`] days, so that
//!   no chart shows a zero where there was something.
//! - **An issue** goes with everything that hangs on it — hashes, tags, users, environments, hours, history —
//!   once its last event is gone and nobody has decided about it since. Should it happen again, it is a new issue.
//! - **Projects that keep events for fewer days** lose them row by row, with their files and what users wrote:
//!   a day's partition is everybody's.
//! - **An archived issue stays**: somebody said that they do not want to hear of it, and the next event must
//!   find that out.
//!
//! What is counted for an issue's whole life stays exact as long as the issue is there. The removal takes many
//! small transactions and never waits for a row: what a writer holds at the moment is left for the next turn,
//! so neither can make the other wait long, and they cannot deadlock. A writer that looked up an issue just
//! before it went notices and is tried again (`batch/record.rs`).

mod store;

use chrono::{Days, NaiveDate, NaiveTime};

use crate::app::Essentials;
use crate::base::{ProjectId, Timestamp};
use crate::domain::Result;

/// As far as the longest chart reaches back.
const CHART_DAYS: u32 = 31;

/// The most hours that one transaction removes.
const HOURS_AT_A_TIME: i64 = 5_000;

/// The most issues that one transaction removes.
const ISSUES_AT_A_TIME: i64 = 100;

/// The most rows of a table of events that one transaction removes.
const ROWS_AT_A_TIME: i64 = 2_000;

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Issues with everything that hung on them.
    pub issues: u64,
    /// Counters of hours of issues that stay.
    pub hours: u64,
    /// Events of projects that keep them for fewer days than the server.
    pub events: u64,
}

/// The first day whose events are kept.
pub fn first_kept_day(today: NaiveDate, events_days: u32) -> NaiveDate {
    today.checked_sub_days(Days::new(u64::from(events_days))).unwrap_or(today)
}

/// Removes what is past its time, until nothing is left to remove. Run it every hour, after the days of
/// events were dropped; stopping it in between loses nothing, the next run goes on.
///
/// # Errors
/// When the database fails; what was removed until then stays so.
pub async fn remove_old(app: &Essentials) -> Result<Removed> {
    let today = app.clock.now().date_naive();
    let events_days = app.config.retention.events_days;
    let first_day = first_kept_day(today, events_days);
    let first_hour = beginning(first_kept_day(today, events_days.max(CHART_DAYS)));
    let mut removed = Removed::default();
    for (project, days) in list_shorter(app).await? {
        let first_day = first_kept_day(today, days);
        removed.events += remove_events(app, project, beginning(first_day)).await?;
        removed.issues += remove_issues(app, first_day, Some(project)).await?;
    }
    Ok(Removed {
        issues: removed.issues + remove_issues(app, first_day, None).await?,
        events: removed.events,
        hours: remove_hours(app, first_hour).await?,
    })
}

/// The projects that keep events for fewer days than the server, and for how many.
async fn list_shorter(app: &Essentials) -> Result<Vec<(ProjectId, u32)>> {
    let most = i32::try_from(app.config.retention.events_days).unwrap_or(i32::MAX);
    let mut db = app.db.acquire().await?;
    let found = store::list_shorter(&mut db, most).await?;
    Ok(found.into_iter().map(|(id, days)| (id, days.max(1).cast_unsigned())).collect())
}

/// Removes a project's events before `first_moment`, and what came with them.
async fn remove_events(
    app: &Essentials,
    project: ProjectId,
    first_moment: Timestamp,
) -> Result<u64> {
    let mut db = app.db.acquire().await?;
    let most = ROWS_AT_A_TIME;
    let mut removed = 0;
    loop {
        // What an event leads to goes first: a run that is stopped leaves nothing without its event.
        let chunks = store::delete_chunks(&mut db, project, first_moment, most).await?;
        let files = store::delete_attachments(&mut db, project, first_moment, most).await?;
        let words = store::delete_feedback(&mut db, project, first_moment, most).await?;
        let events = store::delete_events(&mut db, project, first_moment, most).await?;
        removed += events;
        if chunks.max(files).max(words).max(events) < most.cast_unsigned() {
            return Ok(removed);
        }
    }
}

async fn remove_issues(
    app: &Essentials,
    first_day: NaiveDate,
    project: Option<ProjectId>,
) -> Result<u64> {
    let mut removed = 0;
    loop {
        let mut tx = app.db.begin().await?;
        let gone = store::lock_forgotten(
            &mut tx,
            (first_day, beginning(first_day)),
            project,
            ISSUES_AT_A_TIME,
        )
        .await?;
        store::subtract_project_tags(&mut tx, &gone).await?;
        store::delete_issues(&mut tx, &gone).await?;
        tx.commit().await?;
        let count = gone.len() as u64;
        removed += count;
        if count < ISSUES_AT_A_TIME.cast_unsigned() {
            return Ok(removed);
        }
    }
}

async fn remove_hours(app: &Essentials, first_hour: Timestamp) -> Result<u64> {
    let mut db = app.db.acquire().await?;
    let mut removed = 0;
    for project in store::list_projects(&mut db).await? {
        loop {
            let count = store::delete_hours(&mut db, project, first_hour, HOURS_AT_A_TIME).await?;
            removed += count;
            if count < HOURS_AT_A_TIME.cast_unsigned() {
                break;
            }
        }
    }
    Ok(removed)
}

fn beginning(day: NaiveDate) -> Timestamp {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_days_are_kept_as_the_setting_says_and_today() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(first_kept_day(day("2026-11-22"), 1), day("2026-11-21"));
        assert_eq!(first_kept_day(day("2026-11-22"), 90), day("2026-08-24"));
        assert_eq!(beginning(day("2026-08-24")).to_rfc3339(), "2026-08-24T00:00:00+00:00");
    }
}
