//! All lanes of a process: which project goes where, and the identity of the whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use tracing::info;
use uuid::Uuid;

use crate::base::ProjectId;

use super::segment;
use super::{AppendError, Journal, Options, Position};

/// One lane of [`Journals`].
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its number: with the node's id, the key of its committed position.
    pub number: i32,
    /// Its journal.
    pub journal: Arc<Journal>,
}

/// The lanes of a process.
#[derive(Debug)]
pub struct Journals {
    node: Uuid,
    lanes: Vec<Lane>,
    /// How many of `lanes`, from the front, take appends.
    active: usize,
    _lock: File,
}

impl Journals {
    /// Opens `lanes` lanes in `<data_dir>/journal`, and those of earlier runs that had more: they
    /// take no appends but may still hold records.
    pub fn open(data_dir: &Path, lanes: usize, options: &Options) -> io::Result<Self> {
        let directory = data_dir.join("journal");
        fs::create_dir_all(&directory)?;
        let lock = lock(&directory)?;
        let node = node_id(data_dir)?;
        let active = lanes.max(1);
        let open = |number: i32| {
            let journal = Journal::open(&directory.join(lane_name(number)), options.clone())?;
            Ok(Lane { number, journal: Arc::new(journal) })
        };
        let numbers = numbers(&directory, active)?;
        let lanes: Vec<_> = numbers.into_iter().map(open).collect::<io::Result<_>>()?;
        segment::sync_directory(&directory)?;
        if lanes.len() > active {
            let old = lanes.len() - active;
            info!("{old} journal lanes of earlier runs take nothing new and are drained");
        }
        Ok(Self { node, lanes, active, _lock: lock })
    }

    /// The identity of this data directory, under which its positions are committed.
    pub fn node(&self) -> Uuid {
        self.node
    }

    /// Every lane that must be read, by number.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The lane that takes a project's envelopes; the same as long as the number of lanes is.
    pub fn lane_for(&self, project: ProjectId) -> &Lane {
        // Fibonacci hashing: the upper half is spread well also where ids have a common step.
        let spread = project.0.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let index = spread % self.active as u64;
        &self.lanes[usize::try_from(index).expect("less than the number of lanes")]
    }

    /// Keeps a project's record in its lane, see [`Journal::append`].
    pub async fn append(
        &self,
        project: ProjectId,
        record: Vec<u8>,
    ) -> Result<Position, AppendError> {
        self.lane_for(project).journal.append(record).await
    }
}

fn lane_name(number: i32) -> String {
    format!("lane-{number}")
}

/// The lanes to open: the active ones, then those that have left something behind.
fn numbers(directory: &Path, active: usize) -> io::Result<Vec<i32>> {
    let active = i32::try_from(active).map_err(io::Error::other)?;
    let mut left_behind = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("lane-")?.parse().ok());
        let Some(number) = number.filter(|number| *number >= active) else { continue };
        if segment::list(&directory.join(lane_name(number)))?.iter().any(|(_, bytes)| *bytes > 0) {
            left_behind.push(number);
        }
    }
    left_behind.sort_unstable();
    Ok((0..active).chain(left_behind).collect())
}

/// Keeps a second process out, for as long as the file is open.
fn lock(directory: &Path) -> io::Result<File> {
    let file = File::create(directory.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("another Picket is running on `{}`", directory.display()),
        )),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The identity of a data directory: read from its file `node-id`, which is made if there is none.
///
/// Two processes must not make it at the same time; [`Journals::open`] sees to that.
pub fn node_id(data_dir: &Path) -> io::Result<Uuid> {
    let path = data_dir.join("node-id");
    match fs::read_to_string(&path) {
        Ok(text) => Uuid::try_parse(text.trim()).map_err(|error| {
            let problem = format!("`{}` holds no node id: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, problem)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = Uuid::new_v4();
            let draft = data_dir.join("node-id.new");
            let mut file = File::create(&draft)?;
            writeln!(file, "{id}")?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            segment::sync_directory(data_dir)?;
            Ok(id)
        }
        Err(error) => Err(error),
    }
}
