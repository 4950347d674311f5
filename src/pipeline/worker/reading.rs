//! From the journal to prepared batches.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use metrics::{counter, histogram};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::super::commit::Stretch;
use super::super::project_settings::KnownSettings;
use super::super::{Context, Processed, all_lost, process};
use super::pause::Pause;
use super::{Batch, Kept, LaneWorker};
use crate::base::Timestamp;
use crate::infra::journal::{Position, Record};
use crate::protocol::accepted::AcceptedEnvelope;

/// The most records in a batch: more gains nothing and makes a lost batch dearer (`limits.md` §2).
const MAX_BATCH_RECORDS: usize = 500;

/// The most journal bytes in a batch, but for the last record, which may be a large one. Three batches
/// are in memory at a time: one being processed, one waiting, one being stored.
const MAX_BATCH_BYTES: usize = 8 << 20;

/// What the batches in memory may have together, in KiB; a larger one has it all.
const ROOM_KIB: u32 = 4 * BATCH_KIB;
const BATCH_KIB: u32 = 8 << 10;

/// Waits until `kib` of the room are free; `None` if asked to stop before.
async fn take_room(
    room: &Arc<Semaphore>,
    kib: u32,
    halt: &CancellationToken,
) -> Option<OwnedSemaphorePermit> {
    halt.run_until_cancelled(room.clone().acquire_many_owned(kib)).await?.ok()
}

/// The share of a batch of these records, once there is room for them.
async fn enlarge(
    mut share: OwnedSemaphorePermit,
    room: &Arc<Semaphore>,
    records: &[Record],
    halt: &CancellationToken,
) -> Option<OwnedSemaphorePermit> {
    let kib = records.iter().map(|record| record.bytes.len()).sum::<usize>() >> 10;
    let kib = u32::try_from(kib).unwrap_or(ROOM_KIB).min(ROOM_KIB);
    let more = take_room(room, kib.saturating_sub(BATCH_KIB), halt).await?;
    share.merge(more);
    Some(share)
}

/// A record after processing.
type Done = anyhow::Result<(Processed, Kept)>;

impl LaneWorker {
    /// Reads batches from `from` on until `halt` is cancelled or nobody takes them.
    pub(super) async fn read_all(
        &self,
        from: u64,
        batches: mpsc::Sender<Batch>,
        halt: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut reader = self.journal.reader(Position(from));
        let room = Arc::new(Semaphore::new(ROOM_KIB as usize));
        let mut from = from;
        loop {
            let Some(share) = take_room(&room, BATCH_KIB, halt).await else { return Ok(()) };
            let next = reader.next(MAX_BATCH_RECORDS, MAX_BATCH_BYTES);
            let records = match halt.run_until_cancelled(next).await {
                None => return Ok(()),
                Some(records) => records?,
            };
            let Some(to) = records.last().map(|record| record.end.0) else { continue };
            let Some(share) = enlarge(share, &room, &records, halt).await else { return Ok(()) };
            let Some(settings) = self.settings(halt).await else { return Ok(()) };
            let (processed, records) = self.process_all(records, &settings).await?;
            let batch =
                Batch { stretch: Stretch { from, to }, processed, records, _room: Some(share) };
            if batches.send(batch).await.is_err() {
                return Ok(());
            }
            from = to;
        }
    }

    /// What projects have set; `None` if asked to stop while nothing is known of it.
    async fn settings(&self, halt: &CancellationToken) -> Option<Arc<KnownSettings>> {
        let worker = &self.worker;
        let mut pause = Pause::default();
        loop {
            let asked = worker.settings.current(&worker.db, worker.clock.now());
            if let Some(known) = halt.run_until_cancelled(asked).await? {
                return Some(known);
            }
            if pause.wait(halt).await.is_stopped() {
                return None;
            }
        }
    }

    /// Processes records on the blocking threads; the order stays.
    async fn process_all(
        &self,
        mut records: Vec<Record>,
        settings: &Arc<KnownSettings>,
    ) -> anyhow::Result<(Vec<Processed>, Vec<Kept>)> {
        let started = Instant::now();
        let share = records.len().div_ceil(self.worker.threads.max(1)).max(1);
        let mut shares = Vec::new();
        while !records.is_empty() {
            let rest = records.split_off(share.min(records.len()));
            let share = std::mem::replace(&mut records, rest);
            let (lane, settings) = (self.clone(), settings.clone());
            shares.push(tokio::task::spawn_blocking(move || {
                let done = share.into_iter().map(|record| lane.process_one(record, &settings));
                done.collect::<Vec<Done>>()
            }));
        }
        let mut done = (Vec::new(), Vec::new());
        for share in shares {
            for record in share.await? {
                let (processed, kept) = record?;
                done.0.push(processed);
                done.1.push(kept);
            }
        }
        histogram!("picket_job_duration_seconds", "job" => "process").record(started.elapsed());
        Ok(done)
    }

    fn process_one(&self, record: Record, settings: &KnownSettings) -> Done {
        let end = record.end.0;
        let bytes = record.bytes;
        let (processed, received_at) =
            match catch_unwind(AssertUnwindSafe(|| self.digest(&bytes, settings))) {
                Ok(Ok((processed, received_at))) => {
                    if processed.is_unreadable {
                        self.keep_unreadable(end, &bytes);
                    }
                    (processed, received_at)
                }
                Ok(Err(unreadable)) => {
                    self.set_aside(end, &bytes, &unreadable.to_string())?;
                    (Processed::default(), None)
                }
                Err(_) => {
                    self.set_aside(end, &bytes, "the pipeline panicked; the log says where")?;
                    (
                        AcceptedEnvelope::decode(&bytes)
                            .map_or_else(|_| Processed::default(), |lost| all_lost(&lost)),
                        None,
                    )
                }
            };
        Ok((processed, Kept { end, bytes, received_at }))
    }

    fn digest(
        &self,
        record: &[u8],
        settings: &KnownSettings,
    ) -> anyhow::Result<(Processed, Option<Timestamp>)> {
        let accepted = AcceptedEnvelope::decode(record)?;
        let context = Context {
            project_id: accepted.project_id,
            grouping: settings.grouping(accepted.project_id),
            ownership: settings.ownership(accepted.project_id),
            filters: settings.filters(accepted.project_id),
            scrubbing: settings.scrubbing(accepted.project_id),
            default_environment: settings.default_environment(accepted.project_id),
            supplied: &self.worker.supplied,
            hot: &self.worker.hot,
            dictionaries: &self.worker.dictionaries,
            retention_days: self.worker.retention_days,
        };
        Ok((process(&context, &accepted), Some(accepted.received_at)))
    }

    /// Keeps an event that is no JSON to look at. It has its outcome: without room, nothing is lost.
    fn keep_unreadable(&self, end: u64, record: &[u8]) {
        let now = self.worker.clock.now();
        if let Err(error) = self.worker.quarantine.keep_unreadable(self.lane, end, record, now) {
            warn!(%error, "An event that is no JSON could not be kept to look at");
        }
    }

    /// Puts a record into the quarantine.
    pub(super) fn set_aside(&self, end: u64, record: &[u8], reason: &str) -> anyhow::Result<()> {
        error!(
            lane = self.lane.lane,
            position = end,
            "An envelope goes to the quarantine: {reason}"
        );
        counter!("picket_quarantined_envelopes_total").increment(1);
        let now = self.worker.clock.now();
        Ok(self.worker.quarantine.keep(self.lane, end, record, reason, now)?)
    }
}
