//! Which items of an envelope are let through (`protocol.md` §1.6).
//!
//! What cannot stand without its event goes with it: files, profiles, spans and form fields. All else is
//! decided by itself. Client reports count as nothing and always pass: they are how we hear of what clients
//! hold back.

use super::state::{State, Whose, add, charges};
use super::{RateLimits, Sender};
use crate::base::Timestamp;
use crate::domain::limits::SPIKE_REASON;
use crate::domain::limits::meter::Charges;
use crate::protocol::accepted::{DroppedItem, SPARE_BYTES};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::{Envelope, Item, ItemType, write_header, write_item};

/// What becomes of an envelope.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Verdict {
    /// For each item, in order, why it is not let through; empty if all are.
    reasons: Vec<Option<&'static str>>,
    /// What the client is told.
    pub(in crate::ingest) limits: RateLimits,
}

/// Decides about every item and counts those that are let through.
pub(super) fn judge(
    state: &mut State,
    sender: &Sender,
    envelope: &Envelope<'_>,
    now: Timestamp,
) -> Verdict {
    let whose = Whose { project: sender.project_id, key: sender.public_key, now };
    if !state.concerns(whose) {
        return Verdict::default();
    }
    let items = &envelope.items;
    let has_event = items.iter().any(|item| is_event(item, false));
    let mut reasons: Vec<Option<&'static str>> = vec![None; items.len()];
    let mut orphaned = None;
    for (reason, item) in reasons.iter_mut().zip(items).filter(|(_, it)| is_event(it, has_event)) {
        *reason = orphaned.or_else(|| state.take(whose, cost(item, has_event)));
        orphaned = orphaned.or(*reason);
    }
    for (reason, item) in reasons.iter_mut().zip(items).filter(|(_, it)| !is_event(it, has_event)) {
        *reason = match orphaned {
            Some(why) if belongs_to_event(item) => Some(why),
            _ => state.take(whose, cost(item, has_event)),
        };
    }
    if reasons.iter().all(Option::is_none) {
        reasons.clear();
    }
    Verdict { reasons, limits: state.hits(whose) }
}

/// Whether an event is made of this item; of a crash report only if there is no event beside it.
fn is_event(item: &Item<'_>, has_event: bool) -> bool {
    let is_file = item.header.item_type == ItemType::Attachment;
    item.creates_event() && !(is_file && has_event)
}

fn belongs_to_event(item: &Item<'_>) -> bool {
    matches!(
        item.header.item_type,
        ItemType::Attachment | ItemType::Profile | ItemType::Span | ItemType::FormData
    )
}

fn cost(item: &Item<'_>, has_event: bool) -> Charges {
    let mut sum = Charges::default();
    item.quantities().for_each(|(category, quantity)| add(&mut sum, charges(category, quantity)));
    if item.header.item_type == ItemType::Attachment && is_event(item, has_event) {
        add(&mut sum, charges(DataCategory::Error, 1));
    }
    sum
}

impl Verdict {
    /// Whether everything is let through.
    pub(in crate::ingest) fn keeps_all(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether nothing is.
    pub(in crate::ingest) fn keeps_none(&self) -> bool {
        !self.keeps_all() && self.reasons.iter().all(Option::is_some)
    }

    /// Whether the client must hear of it. A spike that is sampled is ours to bear: a client that held
    /// back would sample what we could not count.
    pub(in crate::ingest) fn is_refusal(&self) -> bool {
        self.reasons.iter().flatten().any(|reason| *reason != SPIKE_REASON)
    }

    /// The envelope without what is not let through.
    pub(in crate::ingest) fn rest(&self, envelope: &Envelope<'_>) -> Vec<u8> {
        let kept = || envelope.items.iter().zip(&self.reasons).filter(|(_, why)| why.is_none());
        let bytes: usize = kept().map(|(item, _)| item.payload.len()).sum();
        let mut rest = Vec::with_capacity(bytes + SPARE_BYTES);
        write_header(&mut rest, &envelope.header);
        kept().for_each(|(item, _)| write_item(&mut rest, &item.header, item.payload));
        rest
    }

    /// What is not let through, as it is counted.
    pub(in crate::ingest) fn dropped(&self, envelope: &Envelope<'_>) -> Vec<DroppedItem> {
        let dropped = envelope.items.iter().zip(&self.reasons);
        let dropped = dropped.filter_map(|(item, why)| Some((item, (*why)?)));
        let counted = dropped.flat_map(|(item, reason)| {
            item.quantities().map(move |(category, quantity)| DroppedItem {
                category,
                reason: reason.into(),
                quantity,
            })
        });
        counted.collect()
    }
}
