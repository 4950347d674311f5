//! From prepared batches to the database, whatever it takes.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use chrono::NaiveDate;
use metrics::{counter, histogram};
use sqlx::error::DatabaseError;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::super::all_lost;
use super::super::commit::{CommitError, Committed, Stretch, Target, commit};
use super::pause::Pause;
use super::{Batch, Kept, LaneWorker};
use crate::domain::issues::batch::{Counting, MAX_WAITING_BYTES};
use crate::infra::db::partitions::{self, Partitioned};
use crate::infra::journal::Position;
use crate::protocol::accepted::AcceptedEnvelope;

/// How often a batch is tried before it is taken apart, and an envelope alone before it is set aside.
const ATTEMPTS: u32 = 3;

/// How writing a batch ended.
enum Written {
    /// It is stored.
    Stored,
    /// The process is asked to stop; the journal still has it.
    Stopped,
    /// The database refuses it, for this reason.
    Refused(sqlx::Error),
}

impl LaneWorker {
    /// Stores batches until there are no more, or until asked to stop while Postgres is away.
    pub(super) async fn write_all(
        &self,
        mut batches: mpsc::Receiver<Batch>,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        while let Some(batch) = batches.recv().await {
            let to = batch.stretch.to;
            let written = match self.write(&batch, stop).await? {
                Written::Refused(error) => self.write_one_by_one(batch, &error, stop).await?,
                written => written,
            };
            match written {
                Written::Stopped => return Ok(()),
                Written::Stored | Written::Refused(_) => self.journal.release(Position(to)),
            }
        }
        Ok(())
    }

    /// Stores a batch, however long Postgres is away.
    async fn write(&self, batch: &Batch, stop: &CancellationToken) -> anyhow::Result<Written> {
        let mut pause = Pause::default();
        let mut refusals = 0;
        loop {
            let started = Instant::now();
            let error = match self.commit(batch).await {
                Ok(committed) => {
                    self.note(started, batch, committed);
                    return Ok(Written::Stored);
                }
                Err(CommitError::Database(error)) => error,
                Err(displaced @ CommitError::Displaced { .. }) => return Err(displaced.into()),
            };
            let envelopes = batch.records.len();
            warn!(error = ?error, envelopes, "A batch was not stored; trying again");
            counter!("picket_job_failures_total", "job" => "process").increment(1);
            refusals += u32::from(!is_passing(&error));
            if refusals >= ATTEMPTS {
                return Ok(Written::Refused(error));
            }
            if pause.wait(stop).await.is_stopped() {
                return Ok(Written::Stopped);
            }
        }
    }

    async fn commit(&self, batch: &Batch) -> Result<Committed, CommitError> {
        let worker = &self.worker;
        self.ensure_days(batch).await?;
        let target = Target {
            lane: self.lane,
            tags: self.counting(batch),
            sampling: worker.sampling,
            releases: &worker.releases,
            hot: &worker.hot,
            dictionaries: &worker.dictionaries,
        };
        let now = worker.clock.now();
        let committed = commit(&worker.db, target, batch.stretch, &batch.processed, now).await?;
        if committed.is_some() && target.tags == Counting::All {
            self.waiting_tag_bytes.store(0, Ordering::Relaxed);
        }
        // Stored by an attempt whose answer was lost: it may have put tags off.
        let put_off_bytes = committed.map_or(1, |committed| committed.put_off_bytes);
        self.waiting_tag_bytes.fetch_add(put_off_bytes, Ordering::Relaxed);
        Ok(committed.unwrap_or_default())
    }

    /// Tags wait while there is more to do, until too many wait.
    fn counting(&self, batch: &Batch) -> Counting {
        let is_behind = self.journal.reaches_beyond(Position(batch.stretch.to));
        match self.waiting_tag_bytes.load(Ordering::Relaxed) {
            waiting if is_behind && waiting < MAX_WAITING_BYTES => Counting::Later,
            0 => Counting::Now,
            _ => Counting::All,
        }
    }

    /// Makes the partitions for days that the batch brings and that are not there yet.
    async fn ensure_days(&self, batch: &Batch) -> sqlx::Result<()> {
        let received = batch.records.iter().filter_map(|record| record.received_at);
        // Sessions are stored by the day of their beginning.
        let sessions = batch.processed.iter().flat_map(|processed| &processed.sessions);
        let started = sessions.map(|arrived| arrived.started);
        let days: BTreeSet<NaiveDate> =
            received.chain(started).map(|time| time.date_naive()).collect();
        let known = || self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown: Vec<NaiveDate> = days.difference(&known()).copied().collect();
        for day in unknown {
            let mut db = self.worker.db.acquire().await?;
            for table in Partitioned::ALL {
                partitions::ensure(&mut db, table, day..=day).await?;
            }
            known().insert(day);
        }
        // Clients report what they dropped days ago, and events of those days there need not be.
        let counters = batch.processed.iter().flat_map(|processed| processed.counts.keys());
        let reported: BTreeSet<NaiveDate> = counters.map(|key| key.hour.date_naive()).collect();
        let unknown: Vec<NaiveDate> = reported.difference(&known()).copied().collect();
        for day in unknown {
            let mut db = self.worker.db.acquire().await?;
            partitions::ensure(&mut db, Partitioned::Outcomes, day..=day).await?;
        }
        Ok(())
    }

    /// Takes a batch apart to find the envelope that the database refuses, and sets that one aside.
    async fn write_one_by_one(
        &self,
        batch: Batch,
        why: &sqlx::Error,
        stop: &CancellationToken,
    ) -> anyhow::Result<Written> {
        info!("Storing {} envelopes one by one", batch.records.len());
        let mut from = batch.stretch.from;
        let is_alone = batch.records.len() == 1;
        for (processed, record) in batch.processed.into_iter().zip(batch.records) {
            let to = record.end;
            let mut single = Batch {
                stretch: Stretch { from, to },
                processed: vec![processed],
                records: vec![record],
                // The batch that is taken apart has it.
                _room: None,
            };
            let refused = if is_alone {
                Some(why.to_string())
            } else {
                match self.write(&single, stop).await? {
                    Written::Stored => None,
                    Written::Stopped => return Ok(Written::Stopped),
                    Written::Refused(error) => Some(error.to_string()),
                }
            };
            if let Some(reason) = refused {
                self.give_up(&mut single, &reason)?;
                if matches!(self.write(&single, stop).await?, Written::Stopped) {
                    return Ok(Written::Stopped);
                }
            }
            from = to;
        }
        Ok(Written::Stored)
    }

    /// Sets the only envelope of a batch aside; what is left to store is that it is lost.
    fn give_up(&self, single: &mut Batch, reason: &str) -> anyhow::Result<()> {
        for Kept { end, bytes, .. } in &single.records {
            self.set_aside(*end, bytes, &format!("the database refuses it: {reason}"))?;
            single.processed = AcceptedEnvelope::decode(bytes).iter().map(all_lost).collect();
        }
        Ok(())
    }

    fn note(&self, started: Instant, batch: &Batch, committed: Committed) {
        let now = self.worker.clock.now();
        let envelopes = u32::try_from(batch.records.len()).unwrap_or(u32::MAX);
        histogram!("picket_batch_envelopes").record(f64::from(envelopes));
        histogram!("picket_batch_duration_seconds").record(started.elapsed());
        counter!("picket_issues_created_total").increment(committed.opened);
        counter!("picket_issues_regressed_total").increment(committed.regressed);
        counter!("picket_ingest_items_total", "category" => "error", "outcome" => "accepted", "reason" => "")
            .increment(committed.stored);
        counter!("picket_ingest_items_total", "category" => "error", "outcome" => "invalid", "reason" => "duplicate")
            .increment(committed.duplicates);
        let lag = histogram!("picket_ingest_lag_seconds", "stage" => "stored");
        for received_at in batch.records.iter().filter_map(|record| record.received_at) {
            lag.record((now - received_at).to_std().unwrap_or_default());
        }
    }
}

/// Whether trying again may help by itself: Postgres is away, starting, out of room, or two
/// transactions met. Everything else is the batch's own fault.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => is_passing_state(error.as_ref()),
        sqlx::Error::Encode(_)
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        // An issue was removed at the same moment: the next attempt does not know it any more.
        | sqlx::Error::RowNotFound => false,
        _ => true,
    }
}

fn is_passing_state(error: &dyn DatabaseError) -> bool {
    // SQLSTATE classes: 08 connection, 40 transaction rolled back, 53 out of resources, 55 object in
    // use, 57 operator intervention, 58 system error; 23505 is an event that another process stored
    // at the same moment; 25006 a standby that was asked to write.
    let state = error.code().unwrap_or_default();
    ["08", "40", "53", "55", "57", "58"].iter().any(|class| state.starts_with(class))
        || state == "23505"
        || state == "25006"
}
