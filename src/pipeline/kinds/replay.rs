//! Replays (`protocol.md` §4.13): read as far as what they say about themselves; there is no store yet.

use super::unsupported::read_in_vain;
use crate::base::EventId;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::envelope::{Envelope, Item, ItemType};
use crate::protocol::replay::{Recording, ReplayEvent, ReplayVideo};
use crate::protocol::strict::readable;

/// Reads a part of a replay.
pub fn process(
    event_id: Option<EventId>,
    envelope: &Envelope<'_>,
    item: Tracked<'_, &Item<'_>>,
) -> Ended {
    read_in_vain(item.try_map(|item| {
        event_id.ok_or(Dropped::invalid("invalid_event_id"))?;
        check(envelope, item).map_err(Dropped::invalid)
    }))
}

fn check(envelope: &Envelope<'_>, item: &Item<'_>) -> Result<(), &'static str> {
    if item.payload.is_empty() {
        return Err("invalid_replay_no_payload");
    }
    let (is_right, reason) = match item.header.item_type {
        ItemType::ReplayRecording => {
            (Recording::read(item.payload).is_some(), "invalid_replay_recording")
        }
        ItemType::ReplayVideo => {
            (ReplayVideo::read(item.payload).is_some(), "invalid_replay_video")
        }
        _ if !has_recording(envelope) => (false, "invalid_replay_missing_recording"),
        _ => (ReplayEvent::read(&readable(item.payload)).is_some(), "invalid_replay"),
    };
    if is_right { Ok(()) } else { Err(reason) }
}

fn has_recording(envelope: &Envelope<'_>) -> bool {
    envelope.items.iter().any(|item| item.header.item_type == ItemType::ReplayRecording)
}
