//! The work that goes on beside requests: all of it, and how often, on one screen.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use metrics::counter;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::app::App;
use crate::domain::issues::retention;
use crate::domain::{dictionaries, issues, sessions, usage};
use crate::infra::db::partitions::{self, Partitioned};
use crate::infra::lifecycle::Tasks;
use crate::infra::observe::metrics::Metrics;
use crate::pipeline::regrouping;

/// Days of partitions that exist ahead of time: events must find their day even if this task is late.
const DAYS_AHEAD: u64 = 3;

/// Starts everything periodic.
pub fn start(tasks: &mut Tasks, app: &App, recorder: &std::sync::Arc<usage::Recorder>) {
    let refused = recorder.clone();
    every(tasks, app, "refused items", Duration::from_secs(5), AtTheEnd::OnceMore, move |app| {
        let recorder = refused.clone();
        async move { Ok(recorder.flush(&app.db).await?) }
    });
    every(tasks, app, "metrics", Duration::from_secs(5), AtTheEnd::Nothing, |_| async {
        Metrics::install().fold();
        Ok(())
    });
    let period = Duration::from_mins(10);
    every(tasks, app, "dictionaries", period, AtTheEnd::Nothing, |app| async move {
        renew_dictionaries(&app).await
    });
    every(tasks, app, "archives", Duration::from_mins(1), AtTheEnd::Nothing, |app| async move {
        issues::reopen_due(&app).await?;
        Ok(())
    });
    every(tasks, app, "escalation", Duration::from_mins(5), AtTheEnd::Nothing, |app| async move {
        issues::escalate(&app).await?;
        Ok(())
    });
    let period = Duration::from_secs(1);
    every(tasks, app, "regroupings", period, AtTheEnd::Nothing, |app| async move {
        Ok(regrouping::go_on(&app).await?)
    });
    every(tasks, app, "days", HOURLY, AtTheEnd::Nothing, |app| async move {
        turn_days(&app).await?;
        remove_old(&app).await?;
        issues::age(&app).await?;
        Ok(())
    });
}

/// For what depends on days.
const HOURLY: Duration = Duration::from_hours(1);

/// What periodic work does when the process stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtTheEnd {
    /// It runs once more, so that nothing gathered is lost.
    OnceMore,
    /// It is left where it is: what it had not committed, the next start does.
    Nothing,
}

/// Runs `work` now and then again and again until the process stops. A failure is logged and the next
/// turn tries again: periodic work reads from the database what there is to do.
fn every<F>(
    tasks: &mut Tasks,
    app: &App,
    name: &'static str,
    period: Duration,
    at_the_end: AtTheEnd,
    work: impl Fn(App) -> F + Send + 'static,
) where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let app = app.clone();
    tasks.spawn(name, move |stop: CancellationToken| async move {
        loop {
            let turn = work(app.clone());
            let done = match at_the_end {
                AtTheEnd::OnceMore => turn.await,
                AtTheEnd::Nothing => stop.run_until_cancelled(turn).await.unwrap_or(Ok(())),
            };
            if let Err(error) = done {
                warn!(task = name, "Periodic work failed and is tried again later: {error:#}");
            }
            if stop.run_until_cancelled(tokio::time::sleep(period)).await.is_none() {
                return if at_the_end == AtTheEnd::OnceMore { work(app).await } else { Ok(()) };
            }
        }
    });
}

/// Makes the days to come and drops those past retention.
pub async fn turn_days(app: &App) -> anyhow::Result<()> {
    let today = app.clock.now().date_naive();
    let last = later(today, DAYS_AHEAD);
    let first_kept = retention::first_kept_day(today, app.config.retention.events_days);
    let first_of_states = retention::first_kept_day(today, sessions::STATES_DAYS);
    let mut db = app.db.acquire().await?;
    for table in Partitioned::ALL {
        partitions::ensure(&mut db, table, today..=last).await?;
        let first_kept = match table {
            // Steps of sessions arrive for days, however few days events are kept.
            Partitioned::SessionStates => first_of_states,
            Partitioned::SessionHours => first_kept.min(first_of_states),
            _ => first_kept,
        };
        let dropped = partitions::drop_before(&mut db, table, first_kept).await?;
        counter!("picket_retention_removed_total", "what" => "days")
            .increment(dropped.len() as u64);
        if !dropped.is_empty() {
            let table = table.table();
            info!(table, first_kept = %first_kept, "Dropped {} days of `{table}`", dropped.len());
        }
    }
    sessions::remove_old(&mut db, first_kept.min(first_of_states)).await?;
    Ok(())
}

/// Removes what was counted about events that are gone, and counts what lanes left that are gone.
pub async fn remove_old(app: &App) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    issues::batch::count_abandoned(&mut tx, app.clock.now()).await?;
    tx.commit().await?;
    let removed = retention::remove_old(app).await?;
    counter!("picket_retention_removed_total", "what" => "issues").increment(removed.issues);
    counter!("picket_retention_removed_total", "what" => "hours").increment(removed.hours);
    counter!("picket_retention_removed_total", "what" => "events").increment(removed.events);
    if removed != retention::Removed::default() {
        info!(
            "Removed {} issues whose events are gone, {} hours of other issues, and {} events of projects that keep fewer days",
            removed.issues, removed.hours, removed.events
        );
    }
    Ok(())
}

/// Makes the dictionaries that are due and learns of those that other processes made.
async fn renew_dictionaries(app: &App) -> anyhow::Result<()> {
    for made in dictionaries::train_due(app).await? {
        info!(
            family = made.family,
            id = made.id,
            "A dictionary was made from stored events: {} bytes instead of {}",
            made.bytes_after,
            made.bytes_before,
        );
    }
    dictionaries::refresh(app).await?;
    dictionaries::delete_unneeded(app).await?;
    Ok(())
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}
