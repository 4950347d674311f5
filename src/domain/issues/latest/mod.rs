//! The latest events of a project, over all its issues.
//!
//! Events are stored by part, and an index of them by time would cost every event. `issue_hours` knows which
//! parts had events in which hour, so the list goes from hour to hour and reads the events of the parts
//! that it meets, until the page is full.

mod store;

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound, TimeDelta};
use sqlx::PgConnection;

use crate::base::{Page, PartId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::events::{self, EventFilter, EventRow};

/// How many hours of parts are looked up at first; eight times as many in each further round.
const FIRST_ROUND: i64 = 256;

/// A part of an issue that had events in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hour {
    part_id: PartId,
    hour: Timestamp,
}

/// A page of a project's events, the last that happened first.
///
/// # Errors
/// When the database fails.
pub async fn list_events(
    db: &mut PgConnection,
    project: ProjectId,
    filter: &EventFilter,
) -> Result<Page<EventRow>> {
    let is_backward = filter.page.is_backward();
    let (first, last) = hours_of(filter);
    let wanted = usize::try_from(filter.page.fetch_size()).unwrap_or(usize::MAX);
    let mut limit = FIRST_ROUND;
    loop {
        let hours = if is_backward {
            store::list_hours_upward(db, project, first, last, limit).await?
        } else {
            store::list_hours_downward(db, project, first, last, limit).await?
        };
        let is_all = i64::try_from(hours.len()).is_ok_and(|count| count < limit);
        let whole = if is_all { hours } else { without_last(hours) };
        let rows = read(db, project, &whole, filter).await?;
        if is_all || rows.len() == wanted {
            return Ok(events::page_of(rows, filter));
        }
        limit = limit.saturating_mul(8);
    }
}

/// The first and last hour that can have events of the page.
fn hours_of(filter: &EventFilter) -> (Timestamp, Timestamp) {
    let hour = |moment: Timestamp| moment.duration_trunc(TimeDelta::hours(1)).unwrap_or(moment);
    let place = filter.page.place().and_then(|(key, _)| DateTime::from_timestamp_micros(key));
    let (above, below) = if filter.page.is_backward() { (place, None) } else { (None, place) };
    let first = filter.period.from.into_iter().chain(above).max();
    let last = filter.period.until.into_iter().chain(below).min();
    (
        first.map_or(DateTime::UNIX_EPOCH, hour),
        // Events claim at most a minute of the future, far less than an hour past the end of time here.
        last.map_or(Timestamp::MAX_UTC, hour).min(END_OF_TIME),
    )
}

/// Past every event, and still a moment to Postgres: the year 9999.
const END_OF_TIME: Timestamp = DateTime::from_timestamp(253_402_300_799, 0).expect("a valid date");

/// The hours but for the last, of which there may be more parts than were read.
fn without_last(mut hours: Vec<Hour>) -> Vec<Hour> {
    if let Some(last) = hours.last().map(|last| last.hour) {
        hours.retain(|hour| hour.hour != last);
    }
    hours
}

/// The events in these hours, as far as the page needs them.
async fn read(
    db: &mut PgConnection,
    project: ProjectId,
    hours: &[Hour],
    filter: &EventFilter,
) -> Result<Vec<EventRow>> {
    let times = || hours.iter().map(|hour| hour.hour);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
    let behind = last + TimeDelta::hours(1);
    let parts: BTreeSet<PartId> = hours.iter().map(|hour| hour.part_id).collect();
    let mut filter = filter.clone();
    let period = &mut filter.period;
    period.from = Some(period.from.map_or(first, |from| from.max(first)));
    period.until = Some(period.until.map_or(behind, |until| until.min(behind)));
    let parts: Vec<PartId> = parts.into_iter().collect();
    events::read_of_parts(db, project, &parts, first, &filter).await
}
