//! Writing a lane: one thread, one write and one fdatasync for everything that waits.
//!
//! There is no timer. While a group is on its way to the disk the next one gathers in the queue, so
//! groups are as large as the disk is slow, and a lone append waits for nobody.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info};

use super::segment::{self, framed_bytes};
use super::shared::Shared;
use super::{AppendError, Position, QUEUE_RECORDS};

/// Groups larger than this go out in several writes, still with one fdatasync.
const WRITE_BYTES: usize = 1 << 20;

/// An append that waits for its fsync.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) record: Vec<u8>,
    pub(super) answer: oneshot::Sender<Result<Position, AppendError>>,
}

/// Where segments come from; tests put a disk here that fails.
pub(super) trait Storage: Send {
    /// Opens a segment file; a fresh one is empty and its name is durable.
    fn open(&self, path: &Path, is_fresh: bool) -> io::Result<Box<dyn SegmentFile>>;
}

/// A segment open for writing.
pub(super) trait SegmentFile: Send {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    fn sync_data(&self) -> io::Result<()>;
    fn set_len(&self, length: u64) -> io::Result<()>;
}

/// The file system.
pub(super) struct Disk;

impl Storage for Disk {
    fn open(&self, path: &Path, is_fresh: bool) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(segment::open_for_writing(path, is_fresh)?))
    }
}

impl SegmentFile for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        File::set_len(self, length)
    }
}

/// The writer's thread; dropping it waits for its end.
#[derive(Debug)]
pub(super) struct Thread(Option<thread::JoinHandle<()>>);

impl Drop for Thread {
    fn drop(&mut self) {
        if self.0.take().is_some_and(|thread| thread.join().is_err()) {
            error!("The journal's writer panicked");
        }
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    storage: Box<dyn Storage>,
    durable: watch::Sender<u64>,
    /// The segment being written and where it begins; none after a failure.
    active: Option<(u64, Box<dyn SegmentFile>)>,
    /// Where the next record goes.
    end: u64,
    buffer: Vec<u8>,
    /// Appends refused since the last one that worked.
    refused: u64,
}

/// Why a group is not durable.
struct Failure {
    error: io::Error,
    /// Nothing is known about the file any more: the kernel may have dropped what it did not write.
    is_sync: bool,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { error, is_sync: false }
    }
}

impl Writer {
    /// Goes on in the last segment.
    pub(super) fn open(
        shared: Arc<Shared>,
        storage: Box<dyn Storage>,
    ) -> io::Result<(Self, watch::Receiver<u64>)> {
        let last = shared.last_segment();
        let active = match last {
            None => None,
            Some((start, _)) => {
                let path = segment::path(&shared.directory, start);
                Some((start, storage.open(&path, false)?))
            }
        };
        let end = last.map_or(0, |(start, length)| start + length);
        let (durable, receiver) = watch::channel(end);
        let buffer = Vec::with_capacity(WRITE_BYTES);
        Ok((Self { shared, storage, durable, active, end, buffer, refused: 0 }, receiver))
    }

    pub(super) fn start(self, queue: mpsc::Receiver<Waiting>) -> io::Result<Thread> {
        let name = format!("journal {}", self.shared.lane_name());
        thread::Builder::new().name(name).spawn(move || self.run(queue)).map(Some).map(Thread)
    }

    fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
        let mut group = Vec::with_capacity(QUEUE_RECORDS);
        while queue.blocking_recv_many(&mut group, QUEUE_RECORDS) > 0 {
            let mut written = self.commit(&group).map_err(Arc::new);
            for Waiting { record, answer } in group.drain(..) {
                let result = match &mut written {
                    Ok(end) => {
                        *end += framed_bytes(&record);
                        Ok(Position(*end))
                    }
                    Err(error) => Err(AppendError::Io(error.clone())),
                };
                // Whoever stopped waiting has no use for the answer.
                let _ = answer.send(result);
            }
        }
    }

    /// Makes a group durable; returns where it begins.
    fn commit(&mut self, group: &[Waiting]) -> io::Result<u64> {
        let bytes = group.iter().map(|waiting| framed_bytes(&waiting.record)).sum();
        let written = self.prepare_segment().and_then(|()| self.write(group));
        if let Err(failure) = written {
            self.shared.budget.give_back(bytes);
            self.recover(&failure, bytes);
            self.report_failure(&failure.error, group.len() as u64);
            return Err(failure.error);
        }
        let start = self.end;
        self.end += bytes;
        self.publish(group.len() as u64);
        Ok(start)
    }

    /// Begins a new segment if there is none, or if the present one is full.
    fn prepare_segment(&mut self) -> Result<(), Failure> {
        let floor = self.shared.floor.load(Ordering::Relaxed);
        let is_full = |start: u64| self.end - start >= self.shared.segment_bytes;
        if self.end < floor {
            self.active = None;
            self.end = floor;
        } else if self.active.as_ref().is_some_and(|(start, _)| !is_full(*start)) {
            return Ok(());
        }
        let path = segment::path(&self.shared.directory, self.end);
        self.active = Some((self.end, self.storage.open(&path, true)?));
        Ok(())
    }

    fn write(&mut self, group: &[Waiting]) -> Result<(), Failure> {
        let (start, file) = self.active.as_ref().expect("a segment is prepared");
        let now = self.shared.clock.now().timestamp_micros();
        let (mut written, mut end) = (self.end, self.end);
        self.buffer.clear();
        for Waiting { record, .. } in group {
            segment::encode(end, now, record, &mut self.buffer);
            end += framed_bytes(record);
            if self.buffer.len() >= WRITE_BYTES {
                file.write_all_at(&self.buffer, written - start)?;
                written = end;
                self.buffer.clear();
                self.buffer.shrink_to(WRITE_BYTES);
            }
        }
        file.write_all_at(&self.buffer, written - start)?;
        file.sync_data().map_err(|error| Failure { error, is_sync: true })
    }

    /// Shows the group to readers, then counts what was refused before as over.
    fn publish(&mut self, records: u64) {
        let (start, _) = self.active.as_ref().expect("the group was written to it");
        self.shared.extend(*start, self.end);
        self.shared.appended_records.fetch_add(records, Ordering::Relaxed);
        self.shared.written_groups.fetch_add(1, Ordering::Relaxed);
        self.durable.send_replace(self.end);
        let refused = std::mem::take(&mut self.refused);
        if refused > 0 {
            info!(refused, "The journal takes records again, after {refused} were refused");
        }
    }

    /// Takes back what a failed group may have written, or leaves the segment behind.
    fn recover(&mut self, failure: &Failure, bytes: u64) {
        let Some((start, file)) = self.active.take() else { return };
        let is_cut = file.set_len(self.end - start).is_ok();
        if is_cut && !failure.is_sync {
            self.active = Some((start, file));
            return;
        }
        if self.end == start {
            // Holds nothing that was acknowledged. If it stays, the next open takes care of it.
            let _ = fs::remove_file(segment::path(&self.shared.directory, start));
        }
        // Not a byte of the doubtful stretch gets a second meaning.
        self.end += bytes;
    }

    /// One line per outage, not one per group.
    fn report_failure(&mut self, error: &io::Error, records: u64) {
        if self.refused == 0 {
            error!(
                %error, journal = %self.shared.directory.display(),
                "Could not write to the journal; envelopes are refused until it works again"
            );
        }
        self.refused += records;
    }
}
