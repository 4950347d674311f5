//! Which items of an envelope are let through (`protocol.md` §1.6).
//!
//! What cannot stand without its event goes with it: files, profiles, spans and form fields. All else is
//! decided by itself. Client reports count as nothing and always pass: they are how we hear of what clients
//! hold back.

use super::state::{State, Whose};
use super::{RateLimits, Sender};
use crate::base::Timestamp;
use crate::domain::limits::SPIKE_REASON;
use crate::domain::limits::meter::{Charges, add, charges};
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
    let crash = crash(items);
    let mut reasons: Vec<Option<&'static str>> = vec![None; items.len()];
    let mut orphaned = None;
    let is_event = |place: usize| items[place].creates_event() && !belongs_to_event(&items[place]);
    let (events, others): (Vec<_>, Vec<_>) =
        (0..items.len()).partition(|place| is_event(*place) || crash == Some(*place));
    for place in events {
        reasons[place] = orphaned.or_else(|| state.take(whose, cost(items, place, crash)));
        orphaned = orphaned.or(reasons[place]);
    }
    for place in others {
        reasons[place] = match orphaned {
            Some(why) if belongs_to_event(&items[place]) => Some(why),
            _ => state.take(whose, cost(items, place, crash)),
        };
    }
    if reasons.iter().all(Option::is_none) {
        reasons.clear();
    }
    Verdict { reasons, limits: state.hits(whose) }
}

/// The place of the file of which an error is made: the first crash report, if there is no event beside it.
fn crash(items: &[Item<'_>]) -> Option<usize> {
    let is_file = |item: &Item<'_>| item.header.item_type == ItemType::Attachment;
    if items.iter().any(|item| item.creates_event() && !is_file(item)) {
        return None;
    }
    items.iter().position(Item::creates_event)
}

fn belongs_to_event(item: &Item<'_>) -> bool {
    matches!(
        item.header.item_type,
        ItemType::Attachment | ItemType::Profile | ItemType::Span | ItemType::FormData
    )
}

fn cost(items: &[Item<'_>], place: usize, crash: Option<usize>) -> Charges {
    let mut sum = Charges::default();
    for (category, quantity) in quantities(items, place, crash) {
        add(&mut sum, charges(category, quantity));
    }
    sum
}

/// What an item counts as; a crash report is an error besides.
fn quantities(
    items: &[Item<'_>],
    place: usize,
    crash: Option<usize>,
) -> impl Iterator<Item = (DataCategory, u64)> {
    let error = (crash == Some(place)).then_some((DataCategory::Error, 1));
    items[place].quantities().chain(error)
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
        let items = &envelope.items;
        let crash = crash(items);
        let dropped = self.reasons.iter().enumerate();
        let counted = dropped.filter_map(|(place, why)| Some((place, (*why)?))).flat_map(
            |(place, reason)| {
                quantities(items, place, crash).map(move |(category, quantity)| DroppedItem {
                    category,
                    reason: reason.into(),
                    quantity,
                })
            },
        );
        counted.collect()
    }
}
