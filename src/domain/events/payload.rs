//! The whole event as it is stored: JSON, zstd, perhaps with a dictionary.

use anyhow::Context;
use sqlx::PgConnection;

use super::{EventRow, store};
use crate::base::{PartId, ProjectId};
use crate::domain::{Result, dictionaries};
use crate::infra::compression::{self, Dictionaries};
use crate::protocol::event::Event;

pub use crate::infra::compression::compress;

/// What became of an event's payload.
#[derive(Clone, Debug)]
pub enum Payload {
    /// It was kept.
    Kept(Box<Kept>),
    /// It was sampled away: its issue had more events that day than are kept in full.
    SampledAway,
}

/// A payload that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The event.
    pub event: Event,
    /// The same as JSON text.
    pub json: Vec<u8>,
    /// What it takes on disk.
    pub stored_bytes: usize,
}

impl Payload {
    /// What it takes on disk, if it was kept.
    pub fn stored_bytes(&self) -> Option<usize> {
        match self {
            Self::Kept(kept) => Some(kept.stored_bytes),
            Self::SampledAway => None,
        }
    }

    /// The event, if it was kept.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Kept(kept) => Some(&kept.event),
            Self::SampledAway => None,
        }
    }
}

/// Reads the payload of an event.
///
/// # Errors
/// When the database fails or what it holds is damaged.
pub async fn read(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    event: &EventRow,
) -> Result<Payload> {
    match store::find_payload(db, event.project_id, event.event_id, event.received_at).await? {
        Some(frame) => Ok(Payload::Kept(Box::new(unpack(db, dictionaries, &frame).await?))),
        None => Ok(Payload::SampledAway),
    }
}

/// Reads the payloads of events, in their order.
///
/// # Errors
/// When the database fails or what it holds is damaged.
pub async fn read_many(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    events: &[EventRow],
) -> Result<Vec<Payload>> {
    let mut payloads = Vec::with_capacity(events.len());
    for frame in store::find_payloads(db, events).await? {
        payloads.push(match frame {
            Some(frame) => Payload::Kept(Box::new(unpack(db, dictionaries, &frame).await?)),
            None => Payload::SampledAway,
        });
    }
    Ok(payloads)
}

/// The latest events of a part that were kept in full, the last that happened first.
///
/// # Errors
/// When the database fails or what it holds is damaged.
pub async fn latest_of_part(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    project: ProjectId,
    part: PartId,
    most: i64,
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for frame in store::list_latest_payloads(db, project, part, most).await? {
        events.push(unpack(db, dictionaries, &frame).await?.event);
    }
    Ok(events)
}

/// Unpacks a stored payload.
///
/// # Errors
/// When the database fails or the payload is damaged.
pub async fn open(db: &mut PgConnection, known: &Dictionaries, frame: &[u8]) -> Result<Event> {
    Ok(unpack(db, known, frame).await?.event)
}

async fn unpack(db: &mut PgConnection, known: &Dictionaries, frame: &[u8]) -> Result<Kept> {
    let dictionary = match compression::dictionary_id(frame) {
        Some(id) => Some(dictionaries::find(db, known, id).await?),
        None => None,
    };
    let json = compression::decompress(frame, dictionary.as_deref())
        .context("could not unpack a stored event")?;
    let event = Event::from_stored(&json).context("could not read a stored event")?;
    Ok(Kept { event, json, stored_bytes: frame.len() })
}
