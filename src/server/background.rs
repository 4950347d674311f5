//! The work that goes on beside requests: all of it, and how often, on one screen.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::app::App;
use crate::domain::{issues, usage};
use crate::infra::db::partitions::{self, Partitioned};
use crate::infra::lifecycle::Tasks;
use crate::infra::observe::metrics::Metrics;

/// Days of partitions that exist ahead of time: events must find their day even if this task is late.
const DAYS_AHEAD: u64 = 3;

/// Starts everything periodic.
pub fn start(tasks: &mut Tasks, app: &App, recorder: &std::sync::Arc<usage::Recorder>) {
    let refused = recorder.clone();
    every(tasks, app, "refused items", Duration::from_secs(5), move |app| {
        let recorder = refused.clone();
        async move { Ok(recorder.flush(&app.db).await?) }
    });
    every(tasks, app, "metrics", Duration::from_secs(5), |_| async {
        Metrics::install().fold();
        Ok(())
    });
    every(tasks, app, "days", Duration::from_hours(1), |app| async move { turn_days(&app).await });
    every(tasks, app, "archives", Duration::from_mins(1), |app| async move {
        issues::reopen_due(&app).await?;
        Ok(())
    });
}

/// Runs `work` now and then again and again until the process stops. A failure is logged and the next
/// turn tries again: periodic work reads from the database what there is to do.
fn every<F>(
    tasks: &mut Tasks,
    app: &App,
    name: &'static str,
    period: Duration,
    work: impl Fn(App) -> F + Send + 'static,
) where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let app = app.clone();
    tasks.spawn(name, move |stop: CancellationToken| async move {
        loop {
            if let Err(error) = work(app.clone()).await {
                warn!(task = name, "Periodic work failed and is tried again later: {error:#}");
            }
            if stop.run_until_cancelled(tokio::time::sleep(period)).await.is_none() {
                // Once more, so that nothing gathered is lost.
                return work(app).await;
            }
        }
    });
}

/// Makes the days to come and drops those past retention.
pub async fn turn_days(app: &App) -> anyhow::Result<()> {
    let today = app.clock.now().date_naive();
    let last = later(today, DAYS_AHEAD);
    let kept = Days::new(u64::from(app.config.retention.events_days));
    let first_kept = today.checked_sub_days(kept).unwrap_or(today);
    let mut db = app.db.acquire().await?;
    for table in [Partitioned::Events, Partitioned::Outcomes] {
        partitions::ensure(&mut db, table, today..=last).await?;
        partitions::drop_before(&mut db, table, first_kept).await?;
    }
    Ok(())
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}
