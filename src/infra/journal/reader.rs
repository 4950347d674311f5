//! Reading a lane: durable records in order, waiting for more.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::segment::{self, Found, Scanner, Stretch};
use super::shared::Shared;
use super::{Position, Record};

/// Reads a lane from a position on.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    durable: watch::Receiver<u64>,
    position: u64,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, durable: watch::Receiver<u64>, position: u64) -> Self {
        Self { shared, durable, position }
    }

    /// The next records, at least one; waits until there is one.
    ///
    /// Stops at `max_records`, and once `max_bytes` are reached: the last record may go past them.
    /// An empty answer means that the journal was closed and everything was read. After an error,
    /// and when the future is dropped, the next call begins at the same place.
    pub async fn next(&mut self, max_records: usize, max_bytes: usize) -> io::Result<Vec<Record>> {
        loop {
            if let Some(stretch) = self.shared.stretch_at(self.position) {
                let shared = self.shared.clone();
                let read = move || read(&shared, stretch, max_records, max_bytes);
                let (records, end) = spawn_blocking(read).await.map_err(io::Error::other)??;
                self.position = end;
                if !records.is_empty() {
                    return Ok(records);
                }
            } else if self.durable.changed().await.is_err() {
                return Ok(Vec::new());
            }
        }
    }
}

/// Reads records of one stretch; also returns where it stopped.
fn read(
    shared: &Shared,
    stretch: Stretch,
    max_records: usize,
    max_bytes: usize,
) -> io::Result<(Vec<Record>, u64)> {
    let unreadable = |error: io::Error| {
        let file = segment::path(&shared.directory, stretch.segment);
        let problem = format!("could not read the journal's file `{}`: {error}", file.display());
        io::Error::new(error.kind(), problem)
    };
    let mut scanner = Scanner::open(&shared.directory, stretch).map_err(unreadable)?;
    let (mut records, mut bytes) = (Vec::new(), 0);
    while records.len() < max_records.max(1) && (records.is_empty() || bytes < max_bytes) {
        let from = scanner.position;
        match scanner.next().map_err(unreadable)? {
            Some(Found::Record(body)) => {
                bytes += body.len();
                records.push(Record { end: Position(scanner.position), bytes: body });
            }
            Some(Found::Damage { .. }) => {
                shared.set_aside(Stretch { from, end: scanner.position, ..stretch })?;
            }
            None => break,
        }
    }
    Ok((records, scanner.position))
}
