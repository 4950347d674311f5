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
use crate::infra::places::{Places, Refreshed};
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
    let places = Arc::new(Places::at(app.config.ingest.geo_database.as_deref()));
    refresh(&places);
    let worker = Arc::new(worker(app, places.clone()));
    let node = app.journals.node();
    for lane in app.journals.lanes() {
        let key = LaneKey { node, lane: lane.number };
        let journal = lane.journal.clone();
        let worker = worker.clone();
        tasks.spawn("journal lane", move |stop| worker.run(journal, key, stop));
    }
    if places.path().is_some() {
        tasks.spawn("places", move |stop| keep_fresh(places, stop));
    }
}

/// Looks at the database of places every minute: its file is replaced every few days.
async fn keep_fresh(places: Arc<Places>, stop: CancellationToken) -> anyhow::Result<()> {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_AGAIN)).await.is_some() {
        let places = places.clone();
        tokio::task::spawn_blocking(move || refresh(&places)).await?;
    }
    Ok(())
}

/// Reads the database of places if it is new. Events go on without their places if it cannot be used.
fn refresh(places: &Places) {
    let path = places.path().unwrap_or(Path::new("")).display();
    match places.refresh() {
        Refreshed::Unchanged => {}
        Refreshed::Read(database) => {
            info!("Addresses get their places from `{path}`: {}", database.describe());
        }
        Refreshed::Unusable(why) => {
            let why = anyhow::Error::from(why);
            warn!("The database of places `{path}` {why:#}; PICKET__INGEST__GEO_DATABASE names it");
        }
    }
}

fn worker(app: &App, places: Arc<Places>) -> Worker {
    Worker {
        db: app.db.clone(),
        clock: app.clock.clone(),
        settings: Arc::default(),
        sampling: Sampling { full_per_day: app.config.ingest.payloads_per_issue_and_day },
        retention_days: app.config.retention.events_days,
        places,
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
