//! Works off one lane of the journal: reads, processes in parallel, commits, releases.
//!
//! Two loops with a queue of one batch between them, so that the next batch is processed while
//! Postgres stores this one: [`reading`] and [`writing`]. Batches form by themselves: whatever has
//! gathered while the last one was stored is the next. No event waits for others.
//!
//! An envelope that panics the pipeline, or that the database refuses three times when it is alone in
//! its batch, goes to the [`Quarantine`], and the flow goes on. A Postgres that is away is waited for.

mod pause;
mod reading;
mod writing;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::commit::Stretch;
use super::{HotIssues, Processed, ProjectSettings, Quarantine};
use crate::base::{Clock, Timestamp};
use crate::domain::issues;
use crate::domain::issues::batch::Sampling;
use crate::domain::journal::{self, LaneKey};
use crate::domain::releases::batch::KnownReleases;
use crate::infra::compression::Dictionaries;
use crate::infra::journal::Journal;
use crate::infra::supplied::SuppliedFiles;

use pause::Pause;

/// What is the same for all lanes of a process.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Postgres.
    pub db: PgPool,
    /// Time.
    pub clock: Clock,
    /// What projects have set.
    pub settings: Arc<ProjectSettings>,
    /// How many payloads are kept.
    pub sampling: Sampling,
    /// Days until an event is deleted.
    pub retention_days: u32,
    /// What the operator's files tell.
    pub supplied: Arc<SuppliedFiles>,
    /// Which releases need not be written.
    pub releases: Arc<KnownReleases>,
    /// Which issues are hot.
    pub hot: Arc<HotIssues>,
    /// What payloads are packed with.
    pub dictionaries: Dictionaries,
    /// For what cannot be digested.
    pub quarantine: Quarantine,
    /// How many threads may process a batch.
    pub threads: usize,
}

/// A lane of the journal in a worker's hands.
#[derive(Clone, Debug)]
struct LaneWorker {
    worker: Arc<Worker>,
    journal: Arc<Journal>,
    lane: LaneKey,
    /// Days whose partitions are there: events are stored by the day of their reception, and a
    /// journal that waited for Postgres brings days that nobody prepared.
    days: Arc<Mutex<BTreeSet<NaiveDate>>>,
    /// Bytes of tags that were put off and wait to be counted.
    waiting_tag_bytes: Arc<AtomicUsize>,
}

/// A stretch of the journal on its way to the database.
#[derive(Debug)]
struct Batch {
    stretch: Stretch,
    /// What became of each record.
    processed: Vec<Processed>,
    /// The records themselves, in the same order.
    records: Vec<Kept>,
    /// Its share of what may be in memory.
    _room: Option<OwnedSemaphorePermit>,
}

/// A record that is kept until its effects are stored, should the database refuse them.
#[derive(Debug)]
struct Kept {
    end: u64,
    bytes: Vec<u8>,
    /// `None` if it could not be read.
    received_at: Option<Timestamp>,
}

impl Worker {
    /// Works on a lane until `stop` is cancelled; then finishes the batches in hand.
    ///
    /// # Errors
    /// When going on would lose or double something: the journal cannot be read, the quarantine
    /// cannot be written, or another process uses the same journal.
    pub async fn run(
        self: Arc<Self>,
        journal: Arc<Journal>,
        lane: LaneKey,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let lane = LaneWorker {
            worker: self,
            journal,
            lane,
            days: Arc::default(),
            waiting_tag_bytes: Arc::default(),
        };
        let Some(from) = lane.resume(&stop).await else { return Ok(()) };
        let (sender, receiver) = mpsc::channel(1);
        let halt = stop.child_token();
        let reading = lane.read_all(from, sender, &halt);
        let writing = async {
            let result = lane.write_all(receiver, &stop).await;
            // Whatever ended it, nobody is left to take batches.
            halt.cancel();
            result
        };
        let (read, written) = tokio::join!(reading, writing);
        written.and(read)
    }
}

impl LaneWorker {
    /// Counts what waited when the lane ended last; returns its position.
    async fn begin(&self) -> sqlx::Result<i64> {
        let mut tx = self.worker.db.begin().await?;
        issues::batch::count_waiting(&mut tx, self.lane).await?;
        let position = journal::store::find_position(&mut tx, self.lane).await?;
        tx.commit().await?;
        Ok(position)
    }

    /// The position to go on from; `None` if asked to stop while Postgres is away.
    async fn resume(&self, stop: &CancellationToken) -> Option<u64> {
        let mut pause = Pause::default();
        loop {
            match self.begin().await {
                Ok(position) => return Some(position.cast_unsigned()),
                Err(error) => warn!(%error, "Postgres cannot be reached; trying again"),
            }
            if pause.wait(stop).await.is_stopped() {
                return None;
            }
        }
    }
}
