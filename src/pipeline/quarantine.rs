//! Envelopes that Picket could not digest, set aside with the reason.
//!
//! An envelope that panics the pipeline, or that the database refuses three times when it is alone in
//! its batch, would stop its lane for ever. It goes to `<data_dir>/quarantine/` as it was accepted,
//! beside a file that says why, and the flow goes on. `picket doctor` counts these files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::base::Timestamp;
use crate::domain::journal::LaneKey;
use crate::protocol::accepted::AcceptedEnvelope;

/// The most bytes the quarantine may take; past it, only the reasons are kept.
const MAX_BYTES: u64 = 256 << 20;

/// The directory for what could not be digested.
#[derive(Clone, Debug)]
pub struct Quarantine {
    directory: PathBuf,
}

impl Quarantine {
    /// The quarantine in `directory`, which is made when it is needed.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Sets a record aside, on disk when this returns. The name comes from the record's position: a
    /// record that is replayed after a crash is set aside once.
    pub fn keep(
        &self,
        lane: LaneKey,
        position: u64,
        record: &[u8],
        reason: &str,
        now: Timestamp,
    ) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let name = format!("lane-{}-{position:020}", lane.lane);
        let accepted = AcceptedEnvelope::decode(record).ok();
        let about = json!({
            "reason": reason,
            "set_aside_at": now,
            "project_id": accepted.as_ref().map(|envelope| envelope.project_id),
            "received_at": accepted.as_ref().map(|envelope| envelope.received_at),
            "event_id": accepted.as_ref().and_then(|envelope| envelope.event_id),
        });
        if self.bytes()? + record.len() as u64 <= MAX_BYTES {
            let body = accepted.as_ref().map_or(record, |envelope| &*envelope.body);
            self.write(&format!("{name}.envelope"), body)?;
        }
        self.write(&format!("{name}.json"), about.to_string().as_bytes())?;
        File::open(&self.directory)?.sync_all()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.directory.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn bytes(&self) -> io::Result<u64> {
        let size = |entry: io::Result<fs::DirEntry>| entry?.metadata().map(|about| about.len());
        fs::read_dir(&self.directory)?.map(size).sum()
    }
}
