//! What the writer, the readers and the owner of a lane know together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{error, warn};

use crate::base::Clock;

use super::segment::{self, Scanner, Stretch};
use super::{Options, Position};

/// How many bytes may wait in all lanes together. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    max: u64,
    used: AtomicU64,
}

impl Budget {
    /// A budget of `max` bytes, none of them used.
    pub fn new(max: u64) -> Self {
        Self(Arc::new(Counted { max, used: AtomicU64::new(0) }))
    }

    /// Bytes that are written and not released, or about to be written.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// The most bytes that may be used.
    pub fn max(&self) -> u64 {
        self.0.max
    }

    pub(super) fn reserve(&self, bytes: u64) -> bool {
        let fits = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.0.max);
        self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// How a lane is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Bytes in segment files, released or not.
    pub disk_bytes: u64,
    /// Bytes that wait to be released.
    pub unreleased_bytes: u64,
    /// Records appended since the journal was opened.
    pub appended_records: u64,
    /// Writes of groups of records since the journal was opened, each with one fdatasync.
    pub written_groups: u64,
    /// Bytes that were set aside because they were no records, since the journal was opened.
    pub damaged_bytes: u64,
    /// The position behind the last durable record.
    pub durable_end: Position,
    /// How long ago the oldest unreleased record was appended; `None` if there is none.
    pub oldest_age: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) directory: PathBuf,
    pub(super) quarantine: PathBuf,
    pub(super) segment_bytes: u64,
    pub(super) clock: Clock,
    pub(super) budget: Budget,
    pub(super) appended_records: AtomicU64,
    pub(super) written_groups: AtomicU64,
    damaged_bytes: AtomicU64,
    /// Writing goes on here if it has not come as far.
    pub(super) floor: AtomicU64,
    /// The end of what earlier runs have left.
    found_end: u64,
    segments: Mutex<Segments>,
}

#[derive(Debug, Default)]
struct Segments {
    /// Start and durable length.
    lengths: BTreeMap<u64, u64>,
    released: u64,
}

impl Shared {
    /// Takes stock of the directory and cuts off what a crash left unfinished at its end.
    pub(super) fn open(directory: &Path, options: Options) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut shared = Self {
            directory: directory.to_owned(),
            quarantine: options.quarantine,
            segment_bytes: options.segment_bytes,
            clock: options.clock,
            budget: options.budget,
            appended_records: AtomicU64::new(0),
            written_groups: AtomicU64::new(0),
            damaged_bytes: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            found_end: 0,
            segments: Mutex::default(),
        };
        let mut found = segment::list(directory)?;
        if let Some((start, length)) = found.last_mut() {
            *length = shared.repair(*start, *length)?;
            shared.found_end = *start + *length;
        }
        let bytes = found.iter().map(|(_, length)| length).sum();
        // Over the limit is possible, if it was lowered: then nothing fits until enough is released.
        shared.budget.0.used.fetch_add(bytes, Ordering::Relaxed);
        shared.segments().lengths = found.into_iter().collect();
        Ok(shared)
    }

    /// Cuts everything behind the last sound record off the last segment; returns its new length.
    fn repair(&self, start: u64, length: u64) -> io::Result<u64> {
        let whole = Stretch { segment: start, from: start, end: start + length };
        let mut scanner = Scanner::open(&self.directory, whole)?;
        let (mut sound_end, mut was_unfinished) = (start, false);
        while let Some(found) = scanner.next()? {
            match found {
                segment::Found::Record(_) => sound_end = scanner.position,
                segment::Found::Damage { is_unfinished } => was_unfinished = is_unfinished,
            }
        }
        let file = segment::open_for_writing(&segment::path(&self.directory, start), false)?;
        let cut = whole.end - sound_end;
        if cut > 0 && was_unfinished {
            warn!(
                journal = %self.directory.display(), position = sound_end, size_bytes = cut,
                "Cut the last {cut} bytes off the journal: a write that never finished"
            );
        } else if cut > 0 {
            self.set_aside(Stretch { from: sound_end, ..whole })?;
        }
        file.set_len(sound_end - start)?;
        // Also what the process before this one has written and not synced counts as durable now.
        file.sync_all()?;
        Ok(sound_end - start)
    }

    /// Copies a damaged stretch to the quarantine and reports it.
    pub(super) fn set_aside(&self, stretch: Stretch) -> io::Result<()> {
        let copy = segment::set_aside(&self.directory, &self.quarantine, stretch)?;
        let bytes = stretch.end - stretch.from;
        self.damaged_bytes.fetch_add(bytes, Ordering::Relaxed);
        error!(
            journal = %self.directory.display(), position = stretch.from, size_bytes = bytes,
            "{bytes} bytes of the journal are damaged and were set aside in `{}`; \
             check the disk, envelopes may be lost", copy.display()
        );
        Ok(())
    }

    /// Records that the segment at `start` is durable up to `end`.
    pub(super) fn extend(&self, start: u64, end: u64) {
        self.segments().lengths.insert(start, end - start);
    }

    /// Start and length of the segment to go on in.
    pub(super) fn last_segment(&self) -> Option<(u64, u64)> {
        self.segments().lengths.last_key_value().map(|(&start, &length)| (start, length))
    }

    /// What the lane is called in a thread's name.
    pub(super) fn lane_name(&self) -> Cow<'_, str> {
        self.directory.file_name().unwrap_or_default().to_string_lossy()
    }

    /// What there is to read at `position`: in its segment, or else in the first one behind it.
    pub(super) fn stretch_at(&self, position: u64) -> Option<Stretch> {
        let segments = self.segments();
        let holding = segments.lengths.range(..=position).next_back();
        holding.into_iter().chain(segments.lengths.range(position + 1..)).find_map(
            |(&start, &length)| {
                let stretch =
                    Stretch { segment: start, from: position.max(start), end: start + length };
                (stretch.from < stretch.end).then_some(stretch)
            },
        )
    }

    /// Where to read on, given what was committed; that is released.
    pub(super) fn resume(&self, committed: u64, durable_end: u64) -> u64 {
        let from = self.check(committed, durable_end);
        self.release(from);
        from
    }

    /// Compares what was committed with what is there.
    fn check(&self, from: u64, durable_end: u64) -> u64 {
        let start = self.segments().lengths.keys().next().copied().unwrap_or(0);
        if from > durable_end {
            error!(
                journal = %self.directory.display(), position = from,
                "The database is ahead of the journal, which ends at {durable_end}: \
                 files are missing, or an older copy was put back"
            );
            self.floor.fetch_max(from, Ordering::Relaxed);
            // What was there before was committed; what came since was not.
            return self.found_end;
        }
        if from < start {
            warn!(
                journal = %self.directory.display(), position = from,
                "The journal begins at {start}, behind what the database has: it was released by \
                 a run whose database this is not, or files are missing"
            );
        }
        from
    }

    pub(super) fn release(&self, up_to: u64) {
        let mut segments = self.segments();
        if up_to <= segments.released {
            return;
        }
        self.budget.give_back(segments.bytes_between(segments.released, up_to));
        segments.released = up_to;
        for start in segments.take_released() {
            let path = segment::path(&self.directory, start);
            if let Err(error) = fs::remove_file(&path) {
                warn!(%error, "Could not delete `{}`", path.display());
            }
        }
    }

    pub(super) fn stats(&self, durable_end: u64) -> Stats {
        let (disk_bytes, unreleased_bytes, released) = {
            let segments = self.segments();
            let unreleased = segments.bytes_between(segments.released, u64::MAX);
            (segments.lengths.values().sum(), unreleased, segments.released)
        };
        Stats {
            disk_bytes,
            unreleased_bytes,
            appended_records: self.appended_records.load(Ordering::Relaxed),
            written_groups: self.written_groups.load(Ordering::Relaxed),
            damaged_bytes: self.damaged_bytes.load(Ordering::Relaxed),
            durable_end: Position(durable_end),
            oldest_age: self.age_at(released),
        }
    }

    fn age_at(&self, position: u64) -> Option<Duration> {
        let stretch = self.stretch_at(position)?;
        // Damaged or deleted meanwhile: then the reader is about to report or has passed it.
        let header = Scanner::open(&self.directory, stretch).ok()?.peek().ok()??;
        let age = self.clock.now().timestamp_micros() - header.appended_at;
        Some(Duration::from_micros(u64::try_from(age).unwrap_or(0)))
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        // Each change is a single insertion or removal: what a panicking holder leaves is sound.
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segments {
    /// Bytes that exist between two positions; gaps have none.
    fn bytes_between(&self, from: u64, to: u64) -> u64 {
        let overlap = |(&start, &length): (&u64, &u64)| {
            (start + length).min(to).saturating_sub(start.max(from))
        };
        self.lengths.iter().map(overlap).sum()
    }

    /// Removes segments that end at or before the released position. The last one stays: its name
    /// is how the next start knows where the journal has come to.
    fn take_released(&mut self) -> Vec<u64> {
        let mut gone = Vec::new();
        while self.lengths.len() > 1
            && let Some(first) = self.lengths.first_entry()
            && first.key() + first.get() <= self.released
        {
            gone.push(first.remove_entry().0);
        }
        gone
    }
}
