//! Files: packed here, in parallel, and tied to an event that may be in the same envelope or not.

use crate::domain::attachments::{self, NewAttachment, Stated};
use crate::domain::usage::Outcome;
use crate::pipeline::Context;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::accepted::AcceptedEnvelope;
use crate::protocol::envelope::{EnvelopeHeader, Item};

/// Files whose bytes are not the file: a reference to an upload, or a frame of traces around it.
const WRAPPED: &str = "application/vnd.sentry.";

/// What became of the event of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFate {
    /// There was none: the files belong to an event of another envelope.
    Elsewhere,
    /// It goes on to the batch.
    Prepared,
    /// It was dropped, and its files with it.
    Dropped(Dropped),
}

/// Packs the file at `place` of an envelope.
pub fn process(
    context: &Context<'_>,
    accepted: &AcceptedEnvelope<'_>,
    header: &EnvelopeHeader,
    fate: EventFate,
    (place, item): (usize, Tracked<'_, &Item<'_>>),
) -> Result<NewAttachment, Ended> {
    let packed = item.try_map(|item| {
        let kind = kind(item, fate)?;
        let event_id = accepted.event_id.or(header.event_id);
        let event_id = event_id.ok_or(Dropped::invalid("invalid_event_id"))?;
        let stated = Stated {
            kind,
            name: item.header.filename.as_deref().unwrap_or_default(),
            content_type: item.header.content_type.as_deref().unwrap_or_default(),
        };
        let whence = (accepted.received_at, place);
        Ok(NewAttachment::pack(context.project_id, event_id, whence, stated, item.payload))
    })?;
    Ok(packed.hand_over())
}

/// What the file is for, if it is to be kept.
fn kind(item: &Item<'_>, fate: EventFate) -> Result<&'static str, Dropped> {
    let unsupported = |reason| Dropped { outcome: Outcome::Unsupported, reason };
    if let EventFate::Dropped(why) = fate {
        return Err(why);
    }
    let kind = attachments::known_kind(item.header.attachment_type.as_deref());
    let kind = kind.ok_or(unsupported("unknown_attachment_type"))?;
    let is_wrapped = item.header.content_type.as_deref().is_some_and(|ct| ct.starts_with(WRAPPED));
    if is_wrapped {
        return Err(unsupported("not_yet_supported"));
    }
    Ok(kind)
}
