//! One worker for each lane of the journal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::app::App;
use crate::base::Clock;
use crate::config::Config;
use crate::domain::issues::batch::Sampling;
use crate::domain::journal::LaneKey;
use crate::infra::journal::{Journals, Options};
use crate::infra::lifecycle::Tasks;
use crate::infra::supplied::{Refreshed, Renewed, Supplied, SuppliedFiles};
use crate::pipeline::worker::Worker;
use crate::pipeline::{HotIssues, Quarantine};

/// How often the database of places is looked at.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Opens the journals of the data directory.
pub fn open_journals(config: &Config, clock: Clock) -> std::io::Result<Journals> {
    let quarantine = Quarantine::directory(&config.data_dir);
    let options = Options::new(config.ingest.journal_max_bytes, quarantine, clock);
    let lanes = match config.ingest.lanes {
        0 => (cores() / 2).max(1),
        lanes => lanes,
    };
    Journals::open(&config.data_dir, lanes, &options)
}

/// Starts a worker for every lane, also for those that take nothing new.
pub fn start(tasks: &mut Tasks, app: &App) {
    let supplied = Arc::new(SuppliedFiles::of(&app.config.ingest));
    refresh_all(&supplied);
    let worker = Arc::new(worker(app, supplied.clone()));
    let node = app.journals.node();
    for lane in app.journals.lanes() {
        let key = LaneKey { node, lane: lane.number };
        let journal = lane.journal.clone();
        let worker = worker.clone();
        tasks.spawn("journal lane", move |stop| worker.run(journal, key, stop));
    }
    if supplied.places.path().is_some() || supplied.devices.path().is_some() {
        tasks.spawn("supplied files", move |stop| keep_fresh(supplied, stop));
    }
}

/// Looks at the operator's files every minute: they are replaced every few days.
async fn keep_fresh(files: Arc<SuppliedFiles>, stop: CancellationToken) -> anyhow::Result<()> {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_AGAIN)).await.is_some() {
        let files = files.clone();
        tokio::task::spawn_blocking(move || refresh_all(&files)).await?;
    }
    Ok(())
}

fn refresh_all(files: &SuppliedFiles) {
    refresh(&files.places, "The database of places", "PICKET__INGEST__GEO_DATABASE");
    refresh(&files.devices, "The list of devices", "PICKET__INGEST__DEVICE_NAMES");
}

/// Reads a file if it is new. Events go on without what it tells if it cannot be used.
fn refresh<T: Supplied>(file: &Renewed<T>, what: &str, setting: &str) {
    let path = file.path().unwrap_or(Path::new("")).display();
    match file.refresh() {
        Refreshed::Unchanged => {}
        Refreshed::Read(read) => info!("{what} `{path}` is read: {}", read.describe()),
        Refreshed::Unusable(why) => {
            let why = anyhow::Error::from(why);
            warn!("{what} `{path}` {why:#}; {setting} names it");
        }
    }
}

fn worker(app: &App, supplied: Arc<SuppliedFiles>) -> Worker {
    Worker {
        db: app.db.clone(),
        clock: app.clock.clone(),
        settings: Arc::default(),
        sampling: Sampling { full_per_day: app.config.ingest.payloads_per_issue_and_day },
        retention_days: app.config.retention.events_days,
        supplied,
        releases: Arc::default(),
        hot: Arc::new(HotIssues::default()),
        dictionaries: app.dictionaries.clone(),
        quarantine: Quarantine::of(&app.config.data_dir),
        threads: cores(),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
