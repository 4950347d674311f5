//! Envelopes that Picket could not digest, set aside with the reason.
//!
//! An envelope that panics the pipeline, or that the database refuses three times when it is alone in
//! its batch, would stop its lane for ever. It goes to `<data_dir>/quarantine/` as it was accepted,
//! beside a file that says why, and the flow goes on. Damaged stretches of the journal are copied there, too,
//! and a few envelopes whose event is no JSON: they are counted as invalid and are only looked at.
//!
//! An owner sees on a page what is there ([`Quarantine::list`]), looks at it, deletes it, or hands it back to
//! the journal ([`Quarantine::record`]). A name from outside only ever picks one of what is listed.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::{EventId, ProjectId, Timestamp};
use crate::domain::journal::LaneKey;
use crate::domain::usage::hour_of;
use crate::protocol::accepted::AcceptedEnvelope;

/// The most bytes the quarantine may take; past it, only the reasons are kept.
const MAX_BYTES: u64 = 256 << 20;

/// The most envelopes that are kept because their event is no JSON. Anybody who has the DSN can make more.
const MAX_UNREADABLE: usize = 100;

/// How their names begin.
const UNREADABLE: &str = "unreadable";

/// What holds an envelope.
const ENVELOPE: &str = "envelope";

/// What says why it is here.
const REASON: &str = "json";

/// What holds a stretch of the journal that is not readable (`infra/journal`).
const DAMAGED: &str = "damaged";

/// The directory for what could not be digested.
#[derive(Clone, Debug)]
pub struct Quarantine {
    directory: PathBuf,
}

/// Something that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called: a file name without its ending.
    pub name: String,
    /// Whether it is an envelope; otherwise a damaged stretch of the journal.
    pub is_envelope: bool,
    /// What is known about it.
    pub about: About,
    /// How large it is; none if there was no room for more than the reason.
    pub bytes: Option<u64>,
}

/// What is known about something that was set aside, as the file beside it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Why it is here.
    pub reason: String,
    /// Since when.
    pub set_aside_at: Option<Timestamp>,
    /// The project it was sent to; none if it could not be read at all.
    pub project_id: Option<ProjectId>,
    /// When it was accepted.
    pub received_at: Option<Timestamp>,
    /// The id that its sender was answered.
    pub event_id: Option<EventId>,
    /// Whether it met its end as what it is, and is here only to be looked at.
    pub is_final: bool,
    /// What else was known when it was accepted, and is needed to try again.
    public_key: String,
    client_address: Option<IpAddr>,
    user_agent: Option<String>,
    client: Option<String>,
    origin: Option<String>,
}

impl Quarantine {
    /// The quarantine of a data directory. It is made when it is needed.
    pub fn of(data_dir: &Path) -> Self {
        Self { directory: Self::directory(data_dir) }
    }

    /// Where the quarantine of a data directory is.
    pub fn directory(data_dir: &Path) -> PathBuf {
        data_dir.join("quarantine")
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
        let name = format!("lane-{}-{position:020}", lane.lane);
        let accepted = AcceptedEnvelope::decode(record).ok();
        let about = About::new(accepted.as_ref(), reason, now);
        self.store(&name, accepted.as_ref(), record, &about)
    }

    /// Keeps a record whose event is no JSON, unless there are many already.
    pub fn keep_unreadable(
        &self,
        lane: LaneKey,
        position: u64,
        record: &[u8],
        now: Timestamp,
    ) -> io::Result<()> {
        if self.count_unreadable()? >= MAX_UNREADABLE {
            return Ok(());
        }
        let name = format!("{UNREADABLE}-{}-{position:020}", lane.lane);
        let accepted = AcceptedEnvelope::decode(record).ok();
        let about = About {
            is_final: true,
            ..About::new(
                accepted.as_ref(),
                "An event in it is not JSON. It was counted as invalid.",
                now,
            )
        };
        self.store(&name, accepted.as_ref(), record, &about)
    }

    fn count_unreadable(&self) -> io::Result<usize> {
        let names = match fs::read_dir(&self.directory) {
            Ok(files) => files.map(|file| Ok(file?.file_name())).collect::<io::Result<Vec<_>>>()?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let reasons = names.iter().filter_map(|name| name.to_str());
        Ok(reasons.filter(|name| name.starts_with(UNREADABLE) && name.ends_with(REASON)).count())
    }

    fn store(
        &self,
        name: &str,
        accepted: Option<&AcceptedEnvelope<'_>>,
        record: &[u8],
        about: &About,
    ) -> io::Result<()> {
        // Users' data: for nobody else, whoever may pass through the data directory.
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        if self.bytes()? + record.len() as u64 <= MAX_BYTES {
            let body = accepted.map_or(record, |envelope| &*envelope.body);
            self.write(name, ENVELOPE, body)?;
        }
        let about = serde_json::to_vec(about).expect("texts, numbers and moments are JSON");
        self.write(name, REASON, &about)?;
        self.sync()
    }

    /// What is there, the latest first.
    pub fn list(&self) -> io::Result<Vec<Entry>> {
        let files = match fs::read_dir(&self.directory) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut entries = Vec::new();
        for file in files {
            entries.extend(self.entry(&file?)?);
        }
        entries.sort_unstable_by(|one, other| {
            let key = |entry: &Entry| (entry.about.set_aside_at, entry.name.clone());
            key(other).cmp(&key(one))
        });
        Ok(entries)
    }

    /// The bytes of an entry, as it came; none if they were not kept.
    pub fn read(&self, entry: &Entry) -> io::Result<Option<Vec<u8>>> {
        let ending = if entry.is_envelope { ENVELOPE } else { DAMAGED };
        match fs::read(self.path(&entry.name, ending)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An entry as the record that the journal held, to go there once more; none if its bytes were not kept, or
    /// if it cannot go back.
    pub fn record(&self, entry: &Entry) -> io::Result<Option<(ProjectId, Vec<u8>)>> {
        if !entry.can_go_back() {
            return Ok(None);
        }
        let Some(bytes) = self.read(entry)? else { return Ok(None) };
        let about = &entry.about;
        let (Some(project_id), Some(received_at)) = (about.project_id, about.received_at) else {
            // It could not be read: the bytes are the record, and any lane will do.
            return Ok(Some((ProjectId(0), bytes)));
        };
        let envelope = AcceptedEnvelope {
            project_id,
            public_key: about.public_key.clone(),
            received_at,
            client_address: about.client_address,
            user_agent: about.user_agent.clone(),
            client: about.client.clone(),
            origin: about.origin.clone(),
            event_id: about.event_id,
            // Where `all_lost` counted it.
            set_aside_in: Some(hour_of(received_at)),
            // Counted when it was set aside.
            dropped: Vec::new(),
            body: Cow::Owned(bytes),
        };
        Ok(Some((project_id, envelope.encode())))
    }

    /// Deletes an entry. One that is gone already is no error.
    pub fn remove(&self, entry: &Entry) -> io::Result<()> {
        // What tells of the others goes last: half a removal is still listed.
        for ending in [DAMAGED, ENVELOPE, REASON] {
            match fs::remove_file(self.path(&entry.name, ending)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.sync()
    }

    /// The entry that a file of the directory stands for.
    fn entry(&self, file: &fs::DirEntry) -> io::Result<Option<Entry>> {
        let path = PathBuf::from(file.file_name());
        let part =
            |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
        let (Some(name), Some(ending)) = (part(path.file_stem()), part(path.extension())) else {
            return Ok(None);
        };
        let (is_envelope, about, bytes) = match ending.as_str() {
            REASON => (true, self.about(&name)?, self.size(&name)?),
            DAMAGED => (false, About::of_damage(&file.metadata()?)?, Some(file.metadata()?.len())),
            _ => return Ok(None),
        };
        Ok(Some(Entry { name, is_envelope, about, bytes }))
    }

    /// What the file beside an envelope says. A file that is no JSON says itself.
    fn about(&self, name: &str) -> io::Result<About> {
        let text = fs::read(self.path(name, REASON))?;
        Ok(serde_json::from_slice(&text).unwrap_or_else(|_| About {
            reason: String::from_utf8_lossy(&text).into_owned(),
            ..About::default()
        }))
    }

    fn size(&self, name: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.path(name, ENVELOPE)) {
            Ok(about) => Ok(Some(about.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.directory.join(format!("{name}.{ending}"))
    }

    fn write(&self, name: &str, ending: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.path(name, ending))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn bytes(&self) -> io::Result<u64> {
        let size = |entry: io::Result<fs::DirEntry>| entry?.metadata().map(|about| about.len());
        fs::read_dir(&self.directory)?.map(size).sum()
    }
}

impl Entry {
    /// Whether the pipeline may try again: a stretch of the journal is no record, and what is not JSON stays so.
    pub fn can_go_back(&self) -> bool {
        self.is_envelope && !self.about.is_final
    }
}

impl About {
    fn new(accepted: Option<&AcceptedEnvelope<'_>>, reason: &str, now: Timestamp) -> Self {
        let about = Self { reason: reason.to_owned(), set_aside_at: Some(now), ..Self::default() };
        let Some(envelope) = accepted else { return about };
        Self {
            project_id: Some(envelope.project_id),
            received_at: Some(envelope.received_at),
            event_id: envelope.event_id,
            public_key: envelope.public_key.clone(),
            client_address: envelope.client_address,
            user_agent: envelope.user_agent.clone(),
            client: envelope.client.clone(),
            origin: envelope.origin.clone(),
            ..about
        }
    }

    fn of_damage(file: &fs::Metadata) -> io::Result<Self> {
        Ok(Self {
            reason: "A stretch of the journal cannot be read; check the disk.".to_owned(),
            set_aside_at: Some(file.modified()?.into()),
            ..Self::default()
        })
    }
}
