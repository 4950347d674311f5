//! The journal: accepted envelopes on disk until their effects are in Postgres.
//!
//! ingest appends and answers 200 once the append returns; the pipeline reads, commits the effects
//! together with the [`Position`] it has reached, and releases what is behind it. Bursts and
//! outages of Postgres pile up here, on the path that every envelope takes anyway.
//!
//! A journal is one *lane*: a directory of segment files, a thread that writes them ([`writer`]:
//! everything that waits goes out in one write and one fdatasync), and readers that see durable
//! records only ([`reader`]). [`Journals`] is all lanes of a process under one size limit.
//!
//! What must stay true:
//! - A returned append is on disk. Nothing else is promised: a failed append may have left the
//!   record behind, and it may be read later.
//! - A position never comes twice. Where the state of a file is unknown (a failed fsync), writing
//!   goes on in a new segment at a higher position; gaps mean nothing.
//! - Nothing is dropped silently. A write that a crash cut short is cut off at the next open;
//!   damage anywhere else is copied to the quarantine, reported, and stepped over.
//!
//! The format is in [`segment`], the decision for a journal of our own in
//! `docs/decisions/0001-journal.md`.

mod lanes;
mod reader;
mod segment;
mod shared;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use crate::base::Clock;

pub use self::lanes::{Journals, Lane, node_id};
pub use self::reader::Reader;
pub use self::shared::{Budget, Stats};

use self::shared::Shared;
use self::writer::{Disk, Storage, Waiting, Writer};

/// The largest record. Above the largest envelope that clients may send, 200 MiB decoded
/// (`protocol.md` §1.5), with what ingest adds to it.
pub const MAX_RECORD_BYTES: usize = 256 << 20;

/// How many appends may wait in the queue; more wait in front of it.
const QUEUE_RECORDS: usize = 1024;

/// A place in a lane: a logical byte offset that only grows, over restarts and deletions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// What a reader gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The position behind the record: what to commit together with its effects.
    pub end: Position,
    /// What was appended.
    pub bytes: Vec<u8>,
}

/// Why a record was not kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The journals hold as many bytes as they may; the pipeline has to catch up first.
    #[error("the journal is full")]
    Full,
    /// The record is larger than [`MAX_RECORD_BYTES`].
    #[error("a record of {0} bytes is too large for the journal")]
    TooLarge(usize),
    /// The disk refused. Later appends may work again, for instance once there is space.
    #[error("could not write to the journal")]
    Io(#[source] Arc<io::Error>),
}

/// How to run a journal. Clones share the budget.
#[derive(Clone, Debug)]
pub struct Options {
    /// The limit of what may wait for the pipeline.
    pub budget: Budget,
    /// The size at which a new segment begins: disk space comes back in pieces of this size.
    pub segment_bytes: u64,
    /// Where damaged stretches are copied to.
    pub quarantine: PathBuf,
    /// Dates the records, for [`Stats::oldest_age`].
    pub clock: Clock,
}

impl Options {
    /// The usual options with a budget of `max_bytes`.
    pub fn new(max_bytes: u64, quarantine: PathBuf, clock: Clock) -> Self {
        // 32 MiB: a new file every second at the highest rates, and a lane never holds on to more
        // than that of what is already committed.
        Self { budget: Budget::new(max_bytes), segment_bytes: 32 << 20, quarantine, clock }
    }
}

/// One lane of the journal. Dropping it writes what waits and ends its thread.
#[derive(Debug)]
pub struct Journal {
    // Before the thread: it ends when the queue is closed.
    queue: mpsc::Sender<Waiting>,
    _writer: writer::Thread,
    shared: Arc<Shared>,
    durable: watch::Receiver<u64>,
}

impl Journal {
    /// Opens the journal in `directory`, which is made if need be, and repairs its end.
    pub fn open(directory: &Path, options: Options) -> io::Result<Self> {
        Self::open_on(Box::new(Disk), directory, options)
    }

    fn open_on(storage: Box<dyn Storage>, directory: &Path, options: Options) -> io::Result<Self> {
        let shared = Arc::new(Shared::open(directory, options)?);
        let (queue, waiting) = mpsc::channel(QUEUE_RECORDS);
        let (writer, durable) = Writer::open(shared.clone(), storage)?;
        Ok(Self { queue, _writer: writer.start(waiting)?, shared, durable })
    }

    /// Keeps a record; returns the position behind it once it is on disk.
    ///
    /// A caller that stops waiting does not take the record back.
    pub async fn append(&self, record: Vec<u8>) -> Result<Position, AppendError> {
        if record.len() > MAX_RECORD_BYTES {
            return Err(AppendError::TooLarge(record.len()));
        }
        let closed = || AppendError::Io(Arc::new(io::ErrorKind::BrokenPipe.into()));
        // The place in the queue comes first: from the reservation of bytes on, nothing may await,
        // or a caller that goes away would leave them reserved.
        let place = self.queue.reserve().await.map_err(|_| closed())?;
        if !self.shared.budget.reserve(segment::framed_bytes(&record)) {
            return Err(AppendError::Full);
        }
        let (answer, answered) = oneshot::channel();
        place.send(Waiting { record, answer });
        answered.await.map_err(|_| closed())?
    }

    /// Reads on behind `from`, the position that was committed last (0 if there is none), and releases
    /// what is before it.
    ///
    /// Made before the first append of a run: a `from` that the journal has not reached yet means
    /// that files are missing, and moves the journal there.
    pub fn reader(&self, from: Position) -> Reader {
        let from = self.shared.resume(from.0, *self.durable.borrow());
        Reader::new(self.shared.clone(), self.durable.clone(), from)
    }

    /// Gives up everything before `up_to`, whose effects are committed: segments that end there or
    /// earlier are deleted.
    pub fn release(&self, up_to: Position) {
        self.shared.release(up_to.0);
    }

    /// Whether records behind `position` are kept.
    pub fn reaches_beyond(&self, position: Position) -> bool {
        *self.durable.borrow() > position.0
    }

    /// How the lane is doing. Reads a few bytes from disk.
    pub fn stats(&self) -> Stats {
        self.shared.stats(*self.durable.borrow())
    }
}
