//! How much may travel in one envelope (`protocol.md` §1.7). A limit is inclusive: a value exactly
//! at it passes. One item past one limit refuses the whole envelope: clients know that answer and do
//! not send it again.

use super::{Envelope, Item, ItemType};
use crate::protocol::container::SPAN_TYPE;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The most bytes of a decoded envelope.
pub const MAX_ENVELOPE_BYTES: usize = 200 * MIB;
/// The most bytes of one event, and of a decoded body on `/store/`.
pub const MAX_EVENT_BYTES: usize = MIB;

/// The most bytes of a container.
pub const MAX_CONTAINER_BYTES: usize = 12 * MIB;

/// Items that share a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Event,
    File,
    Session,
    ClientReport,
    CheckIn,
    Profile,
    Log,
    TraceMetric,
    SpanContainer,
    SingleSpan,
    MetricBuckets,
    ReplayRecording,
    ReplayVideo,
}

/// What the items of a group may be.
struct Limit {
    group: Group,
    /// The most items.
    count: usize,
    /// The most bytes of all of them together.
    bytes: usize,
    /// The most bytes of one entry, on average where an item says how many it holds.
    entry_bytes: usize,
}

const fn limit(group: Group, count: usize, bytes: usize) -> Limit {
    Limit { group, count, bytes, entry_bytes: bytes }
}

const fn entries(group: Group, count: usize, entry_bytes: usize) -> Limit {
    Limit { group, count, bytes: MAX_CONTAINER_BYTES, entry_bytes }
}

const LIMITS: [Limit; 13] = [
    limit(Group::Event, 1, MAX_EVENT_BYTES),
    limit(Group::File, 30, 200 * MIB),
    limit(Group::Session, 100, 10 * MIB),
    limit(Group::ClientReport, 100, 100 * KIB),
    limit(Group::CheckIn, 1, 100 * KIB),
    limit(Group::Profile, 1, 50 * MIB),
    entries(Group::Log, 1, 2 * MIB),
    entries(Group::TraceMetric, 1, MIB),
    entries(Group::SpanContainer, 1, 10 * MIB),
    entries(Group::SingleSpan, 25, 10 * MIB),
    limit(Group::MetricBuckets, 1, MIB),
    limit(Group::ReplayRecording, 1, 10 * MIB),
    limit(Group::ReplayVideo, 1, 10 * MIB),
];

/// Why a well-formed envelope is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Too many or too large items of one kind.
    #[error("envelope exceeded size limits for type '{}'", .0.as_str())]
    Exceeded(ItemType),
    /// An item that only servers of others send each other.
    #[error("invalid event envelope")]
    Internal,
}

/// Checks an envelope against every limit.
///
/// # Errors
/// With the type of the first item that is past a limit.
pub fn check(envelope: &Envelope<'_>) -> Result<(), LimitError> {
    if envelope.items.iter().any(|item| item.header.item_type == ItemType::Integration) {
        return Err(LimitError::Internal);
    }
    check_own(envelope)
}

/// Checks an envelope that was made here, of a request of another form.
///
/// # Errors
/// With the type of the first item that is past a limit.
pub fn check_own(envelope: &Envelope<'_>) -> Result<(), LimitError> {
    let mut used = [(0_usize, 0_usize); LIMITS.len()];
    for item in &envelope.items {
        let Some(at) = group(item).and_then(position) else { continue };
        let (count, bytes) = &mut used[at];
        *count += 1;
        *bytes += item.payload.len();
        let limit = &LIMITS[at];
        if *count > limit.count || *bytes > limit.bytes || is_entry_too_large(item, limit) {
            return Err(LimitError::Exceeded(item.header.item_type.clone()));
        }
    }
    Ok(())
}

fn position(group: Group) -> Option<usize> {
    LIMITS.iter().position(|limit| limit.group == group)
}

fn is_entry_too_large(item: &Item<'_>, limit: &Limit) -> bool {
    let entries = item.header.item_count.and_then(|count| usize::try_from(count).ok());
    item.payload.len() / entries.unwrap_or(1).max(1) > limit.entry_bytes
}

/// The group whose limit an item counts against; unknown items have none.
fn group(item: &Item<'_>) -> Option<Group> {
    Some(match item.header.item_type {
        ItemType::Event
        | ItemType::Transaction
        | ItemType::Security
        | ItemType::RawSecurity
        | ItemType::Feedback
        | ItemType::FormData
        | ItemType::ReplayEvent => Group::Event,
        ItemType::Attachment | ItemType::UnrealReport | ItemType::UserReport => Group::File,
        ItemType::Session | ItemType::Sessions => Group::Session,
        ItemType::ClientReport => Group::ClientReport,
        ItemType::CheckIn => Group::CheckIn,
        ItemType::Profile | ItemType::ProfileChunk => Group::Profile,
        ItemType::Log => Group::Log,
        ItemType::TraceMetric => Group::TraceMetric,
        ItemType::Span if item.header.content_type.as_deref() == Some(SPAN_TYPE) => {
            Group::SpanContainer
        }
        ItemType::Span => Group::SingleSpan,
        ItemType::MetricBuckets => Group::MetricBuckets,
        ItemType::ReplayRecording => Group::ReplayRecording,
        ItemType::ReplayVideo => Group::ReplayVideo,
        ItemType::Integration | ItemType::Other(_) => return None,
    })
}
