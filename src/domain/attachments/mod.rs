//! Files that came with events: screenshots, logs, crash dumps.
//!
//! They lie beside the events and not in them: what is known about a file in one row, its bytes in chunks
//! of a mebibyte, packed one by one, so that neither writing nor reading ever holds more than it must.
//! Both tables are partitioned by day like the events, and go with the same days. A file may come before
//! its event or after it; the client's event id is what ties them.

mod content;
pub mod store;

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use futures_util::stream::{self, Stream};
use sha1::{Digest, Sha1};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

pub use content::Content;

use crate::base::{EventId, ProjectId, Timestamp, secrets};
use crate::domain::Result;
use crate::infra::compression;

/// The bytes of a chunk, unpacked.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Longer names are cut: a screen shows less, a file system takes less.
const MAX_NAME_CHARS: usize = 1024;

/// Longer media types are none.
const MAX_TYPE_CHARS: usize = 255;

/// How long before its event a file may have come.
const MAX_AHEAD: TimeDelta = TimeDelta::days(7);

/// The kinds of files (`protocol.md` §4.5); what is of another kind is not kept.
const KINDS: [(&str, &str); 12] = [
    (PLAIN, "File"),
    ("event.minidump", "Minidump"),
    ("event.applecrashreport", "Apple crash report"),
    ("event.payload", "Event of a crash"),
    ("event.breadcrumbs", "Breadcrumbs of a crash"),
    (VIEW_HIERARCHY, "View hierarchy"),
    ("unreal.context", "Unreal context"),
    ("unreal.logs", "Unreal log"),
    ("playstation.prosperodump", "PlayStation dump"),
    ("nswitch.dying_message", "Nintendo Switch dump"),
    ("event.nv_gpudmp", "NVIDIA GPU dump"),
    ("event.nv_shader_debug", "NVIDIA shader debug information"),
];

/// The kind of a file that the client says nothing about.
pub const PLAIN: &str = "event.attachment";

/// The kind of a description of what was on the screen.
pub const VIEW_HIERARCHY: &str = "event.view_hierarchy";

/// The stored word of a kind; `None` if there is no such kind.
pub fn known_kind(kind: Option<&str>) -> Option<&'static str> {
    let kind = kind.unwrap_or(PLAIN);
    KINDS.iter().find(|(known, _)| *known == kind).map(|(known, _)| *known)
}

/// What a kind is called.
pub fn words_of_kind(kind: &str) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("File", |(_, words)| words)
}

/// A file's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct AttachmentId(pub Uuid);

impl AttachmentId {
    /// The id of the file at `place` of an envelope: the same envelope always gives the same ids, so
    /// storing it twice stores it once.
    pub fn of(event_id: EventId, received_at: Timestamp, place: usize) -> Self {
        let text = format!("{event_id}/{}/{place}", received_at.timestamp_micros());
        let digest = secrets::hash(&text);
        Self(Uuid::from_bytes(digest[..16].try_into().expect("a digest has 32 bytes")))
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl FromStr for AttachmentId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> std::result::Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A file, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attachment {
    /// The project.
    pub project_id: ProjectId,
    /// The event it came with.
    pub event_id: EventId,
    /// Its id.
    pub attachment_id: AttachmentId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// What it is for.
    pub kind: String,
    /// What the client calls it: for display, never a path.
    pub name: String,
    /// The media type that the client states; empty if it does not.
    pub content_type: String,
    /// What its first bytes are.
    #[sqlx(try_from = "String")]
    pub content: Content,
    /// Its bytes.
    pub size: i64,
    /// The SHA-1 of its bytes.
    pub sha1: Vec<u8>,
}

impl Attachment {
    /// What it is for, in words.
    pub fn kind_words(&self) -> &'static str {
        words_of_kind(&self.kind)
    }

    /// What it is called; some clients do not say.
    pub fn display_name(&self) -> &str {
        if self.name.trim().is_empty() { "unnamed" } else { &self.name }
    }

    /// The media type: the client's word, else what the bytes tell.
    pub fn media_type(&self) -> &str {
        if self.content_type.is_empty() { self.content.media_type() } else { &self.content_type }
    }

    /// How many chunks it has.
    pub fn chunk_count(&self) -> i32 {
        let chunk = i64::try_from(CHUNK_BYTES).expect("a mebibyte is a number");
        i32::try_from((self.size + chunk - 1) / chunk).unwrap_or(i32::MAX)
    }
}

/// A file on its way into the tables.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// The file.
    pub about: Attachment,
    /// Its bytes, packed.
    pub chunks: Vec<Vec<u8>>,
}

/// What a client says about a file.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    /// One of the known kinds.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a str,
    /// Its media type; may be empty.
    pub content_type: &'a str,
}

impl NewAttachment {
    /// Packs the file at `place` of an envelope.
    pub fn pack(
        project_id: ProjectId,
        event_id: EventId,
        (received_at, place): (Timestamp, usize),
        stated: Stated<'_>,
        bytes: &[u8],
    ) -> Self {
        let about = Attachment {
            project_id,
            event_id,
            attachment_id: AttachmentId::of(event_id, received_at, place),
            received_at,
            kind: stated.kind.to_owned(),
            name: storable(stated.name, MAX_NAME_CHARS),
            content_type: storable(stated.content_type, MAX_TYPE_CHARS),
            content: Content::of(bytes),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            sha1: Sha1::digest(bytes).to_vec(),
        };
        let pack = |chunk: &[u8]| compression::compress(chunk, None);
        Self { about, chunks: bytes.chunks(CHUNK_BYTES).map(pack).collect() }
    }
}

/// Without NUL, which no text column can hold, and no longer than `most`.
fn storable(text: &str, most: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(most).collect()
}

/// The files of an event that was received at `received_at`, in the order they came.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    received_at: Timestamp,
) -> Result<Vec<Attachment>> {
    let since = received_at.checked_sub_signed(MAX_AHEAD).unwrap_or(received_at);
    Ok(store::list(db, project, event_id, since).await?)
}

/// One file of an event.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    id: AttachmentId,
) -> Result<Option<Attachment>> {
    Ok(store::find(db, project, event_id, id).await?)
}

/// The bytes of one chunk.
///
/// # Errors
/// When the database fails, or what it holds is damaged.
pub async fn read_chunk(
    db: &mut PgConnection,
    attachment: &Attachment,
    position: i32,
) -> Result<Vec<u8>> {
    let packed = store::find_chunk(db, attachment, position).await?;
    let packed = packed.ok_or_else(|| anyhow::anyhow!("a chunk of an attachment is missing"))?;
    Ok(compression::decompress(&packed, None).map_err(anyhow::Error::from)?)
}

/// All bytes of a file, a chunk at a time. No connection is held while a slow reader takes one.
pub fn stream(db: PgPool, attachment: Attachment) -> impl Stream<Item = Result<Vec<u8>>> {
    stream::try_unfold((db, attachment, 0), async |(db, attachment, position)| {
        if position >= attachment.chunk_count() {
            return Ok(None);
        }
        let mut connection = db.acquire().await?;
        let bytes = read_chunk(&mut connection, &attachment, position).await?;
        drop(connection);
        Ok(Some((bytes, (db, attachment, position + 1))))
    })
}

/// Deletes a file. Whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &mut PgConnection, attachment: &Attachment) -> Result<bool> {
    store::delete_chunks(db, attachment).await?;
    Ok(store::delete(db, attachment).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(name: &str, bytes: &[u8]) -> NewAttachment {
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let stated = Stated { kind: PLAIN, name, content_type: "" };
        NewAttachment::pack(ProjectId(1), EventId::random(), (at, 0), stated, bytes)
    }

    #[test]
    fn bytes_are_cut_into_chunks_and_come_back() {
        for (size, chunks, count) in
            [(0, 0, 0), (1, 1, 1), (CHUNK_BYTES, 1, 1), (CHUNK_BYTES + 1, 2, 2)]
        {
            let bytes: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
            let new = packed("a", &bytes);
            assert_eq!((new.chunks.len(), new.about.chunk_count()), (chunks, count), "{size}");
            let unpack = |chunk: &Vec<u8>| compression::decompress(chunk, None).unwrap();
            assert_eq!(new.chunks.iter().flat_map(unpack).collect::<Vec<_>>(), bytes);
        }
    }

    #[test]
    fn names_are_kept_as_far_as_they_can_be_stored() {
        assert_eq!(packed("../../etc/passwd", b"").about.name, "../../etc/passwd");
        assert_eq!(packed("a\0b", b"").about.name, "ab");
        assert_eq!(packed(&"ä".repeat(4096), b"").about.name, "ä".repeat(MAX_NAME_CHARS));
        assert_eq!(packed(" ", b"").about.display_name(), "unnamed");
    }

    #[test]
    fn the_same_place_in_the_same_envelope_is_the_same_file() {
        let (event, at) = (EventId::random(), Timestamp::default());
        assert_eq!(AttachmentId::of(event, at, 3), AttachmentId::of(event, at, 3));
        assert_ne!(AttachmentId::of(event, at, 3), AttachmentId::of(event, at, 4));
        let id = AttachmentId::of(event, at, 3);
        assert_eq!(id.to_string().parse::<AttachmentId>().unwrap(), id);
    }

    #[test]
    fn kinds_are_those_of_the_protocol() {
        assert_eq!(known_kind(None), Some(PLAIN));
        assert_eq!(known_kind(Some("event.minidump")), Some("event.minidump"));
        assert_eq!(known_kind(Some("event.nonsense")), None);
    }
}
