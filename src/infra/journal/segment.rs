//! The format on disk: what a record looks like, how a segment is walked, and what happens to bytes
//! that are not what was written.
//!
//! A segment file is named after the position of its first byte, so a record's place in the file
//! and its position in the journal say the same thing. A record is
//! `length u32 · appended_at i64 · header checksum u32 · body checksum u32 · body`, little-endian.
//! The header checksum covers the record's *position* too: a record left over from an earlier use
//! of the same place does not pass. The body checksum continues the header's. Two checksums,
//! because a broken body behind a sound header is stepped over exactly, and because finding the
//! next record behind a broken header then costs 16 checked bytes per offset and not a whole body.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::MAX_RECORD_BYTES;

/// What precedes each body.
pub(super) const HEADER_BYTES: usize = 20;

const EXTENSION: &str = "journal";

/// Large enough that a batch of usual records costs a handful of reads.
const READ_BYTES: usize = 128 * 1024;

/// How many bytes of the journal a body takes.
pub(super) fn framed_bytes(body: &[u8]) -> u64 {
    (HEADER_BYTES + body.len()) as u64
}

/// Appends the record at `position` to `buffer`.
pub(super) fn encode(position: u64, appended_at: i64, body: &[u8], buffer: &mut Vec<u8>) {
    let length = u32::try_from(body.len()).expect("append refuses what is too large");
    let sum = header_sum(position, length, appended_at);
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&appended_at.to_le_bytes());
    buffer.extend_from_slice(&sum.to_le_bytes());
    buffer.extend_from_slice(&body_sum(sum, body).to_le_bytes());
    buffer.extend_from_slice(body);
}

fn header_sum(position: u64, length: u32, appended_at: i64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&position.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(&appended_at.to_le_bytes());
    hasher.finalize()
}

fn body_sum(header_sum: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(header_sum);
    hasher.update(body);
    hasher.finalize()
}

/// The first bytes of a record, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) length: u64,
    /// Microseconds since 1970.
    pub(super) appended_at: i64,
    sum: u32,
    body_sum: u32,
}

impl Header {
    /// Reads a header that claims to be at `position`; `None` if it is not one.
    fn decode(position: u64, bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (appended_at, rest) = rest.split_first_chunk()?;
        let (sum, rest) = rest.split_first_chunk()?;
        let (body_sum, _) = rest.split_first_chunk()?;
        let (length, appended_at) = (u32::from_le_bytes(*length), i64::from_le_bytes(*appended_at));
        let (sum, body_sum) = (u32::from_le_bytes(*sum), u32::from_le_bytes(*body_sum));
        let is_sound =
            length as usize <= MAX_RECORD_BYTES && sum == header_sum(position, length, appended_at);
        is_sound.then_some(Self { length: length.into(), appended_at, sum, body_sum })
    }

    fn fits(&self, body: &[u8]) -> bool {
        self.body_sum == body_sum(self.sum, body)
    }
}

/// What a [`Scanner`] came across.
#[derive(Debug)]
pub(super) enum Found {
    /// A record as it was written.
    Record(Vec<u8>),
    /// Bytes that are no record, up to the next sound one or to the end of the stretch.
    Damage {
        /// The stretch ends before the record does, as after a write that a crash cut short.
        is_unfinished: bool,
    },
}

/// A part of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Where the segment begins.
    pub(super) segment: u64,
    /// The first position of interest.
    pub(super) from: u64,
    /// The position behind the last byte of interest.
    pub(super) end: u64,
}

/// Walks over the records of a stretch.
pub(super) struct Scanner {
    file: BufReader<File>,
    segment: u64,
    end: u64,
    /// Behind everything that was returned so far.
    pub(super) position: u64,
}

impl Scanner {
    pub(super) fn open(directory: &Path, stretch: Stretch) -> io::Result<Self> {
        let file = File::open(path(directory, stretch.segment))?;
        let file = BufReader::with_capacity(READ_BYTES, file);
        let Stretch { segment, end, from: position } = stretch;
        let mut scanner = Self { file, segment, end, position };
        scanner.seek(position)?;
        Ok(scanner)
    }

    /// The next record or damage; `None` at the end of the stretch.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        if self.position >= self.end {
            return Ok(None);
        }
        let mut header = [0; HEADER_BYTES];
        if self.position + HEADER_BYTES as u64 > self.end || !self.fill(&mut header)? {
            return self.damage(self.end, true).map(Some);
        }
        let Some(header) = Header::decode(self.position, &header) else {
            return self.damage(self.position + 1, false).map(Some);
        };
        let end = self.position + HEADER_BYTES as u64 + header.length;
        if end > self.end {
            return self.damage(self.position + 1, true).map(Some);
        }
        let mut body = vec![0; usize::try_from(header.length).map_err(io::Error::other)?];
        if !self.fill(&mut body)? || !header.fits(&body) {
            return self.damage(end, false).map(Some);
        }
        self.position = end;
        Ok(Some(Found::Record(body)))
    }

    /// The header at the present position, if it is sound.
    pub(super) fn peek(&mut self) -> io::Result<Option<Header>> {
        let mut header = [0; HEADER_BYTES];
        Ok(self.fill(&mut header)?.then(|| Header::decode(self.position, &header)).flatten())
    }

    /// Moves behind a damage, to the first sound record at or after `from`.
    fn damage(&mut self, from: u64, is_unfinished: bool) -> io::Result<Found> {
        self.seek(from)?;
        let mut rest = Vec::new();
        self.file.by_ref().take(self.end - from).read_to_end(&mut rest)?;
        let offset = (0..rest.len()).find(|&at| is_record(from + at as u64, &rest[at..]));
        self.position = offset.map_or(self.end, |offset| from + offset as u64);
        self.seek(self.position)?;
        Ok(Found::Damage { is_unfinished: is_unfinished && offset.is_none() })
    }

    /// Whether the file had enough bytes to fill the buffer.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        match self.file.read_exact(buffer) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn seek(&mut self, position: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(position - self.segment)).map(drop)
    }
}

/// Whether a whole, sound record begins these bytes.
fn is_record(position: u64, bytes: &[u8]) -> bool {
    Header::decode(position, bytes).is_some_and(|header| {
        let body = &bytes[HEADER_BYTES..];
        usize::try_from(header.length)
            .is_ok_and(|length| body.get(..length).is_some_and(|body| header.fits(body)))
    })
}

/// Copies a damaged stretch out of the way before it is deleted with its segment.
pub(super) fn set_aside(
    directory: &Path,
    quarantine: &Path,
    stretch: Stretch,
) -> io::Result<PathBuf> {
    let lane = directory.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("journal-{lane}-{:020}-{:020}.damaged", stretch.from, stretch.end);
    let target = quarantine.join(name);
    fs::create_dir_all(quarantine)?;
    let mut source = File::open(path(directory, stretch.segment))?;
    source.seek(SeekFrom::Start(stretch.from - stretch.segment))?;
    let mut copy = File::create(&target)?;
    io::copy(&mut source.take(stretch.end - stretch.from), &mut copy)?;
    copy.sync_all()?;
    sync_directory(quarantine)?;
    Ok(target)
}

/// The file of the segment that begins at `start`.
pub(super) fn path(directory: &Path, start: u64) -> PathBuf {
    directory.join(format!("{start:020}.{EXTENSION}"))
}

/// The segments of a directory: start and length, in order.
pub(super) fn list(directory: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        let stem = name.file_stem().and_then(|stem| stem.to_str());
        let is_segment = name.extension().is_some_and(|extension| extension == EXTENSION);
        if let Some(start) = stem.and_then(|stem| stem.parse().ok()).filter(|_| is_segment) {
            segments.push((start, entry.metadata()?.len()));
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Opens a segment for writing; a fresh one replaces whatever had its name, which can only be the
/// empty rest of a failed attempt: positions never come twice.
pub(super) fn open_for_writing(path: &Path, is_fresh: bool) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(is_fresh).truncate(is_fresh).open(path)?;
    if is_fresh && let Some(directory) = path.parent() {
        sync_directory(directory)?;
    }
    Ok(file)
}

/// Makes created, renamed and deleted names in a directory survive a power cut.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
