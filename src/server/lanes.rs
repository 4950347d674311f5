//! One worker for each lane of the journal.

use std::sync::Arc;

use crate::app::App;
use crate::base::Clock;
use crate::config::Config;
use crate::domain::issues::batch::Sampling;
use crate::domain::journal::LaneKey;
use crate::grouping;
use crate::infra::journal::{Journals, Options};
use crate::infra::lifecycle::Tasks;
use crate::pipeline::worker::Worker;
use crate::pipeline::{HotIssues, Quarantine};

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
    let worker = Arc::new(worker(app));
    let node = app.journals.node();
    for lane in app.journals.lanes() {
        let key = LaneKey { node, lane: lane.number };
        let journal = lane.journal.clone();
        let worker = worker.clone();
        tasks.spawn("journal lane", move |stop| worker.run(journal, key, stop));
    }
}

fn worker(app: &App) -> Worker {
    Worker {
        db: app.db.clone(),
        clock: app.clock.clone(),
        grouping: Arc::new(grouping::Config::default()),
        settings: Arc::default(),
        sampling: Sampling { full_per_day: app.config.ingest.payloads_per_issue_and_day },
        retention_days: app.config.retention.events_days,
        hot: Arc::new(HotIssues::default()),
        dictionaries: app.dictionaries.clone(),
        quarantine: Quarantine::of(&app.config.data_dir),
        threads: cores(),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
