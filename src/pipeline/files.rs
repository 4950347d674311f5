//! Which files of a batch are kept: those whose event is, and those that came without one.

use super::Processed;
use super::prepared::PreparedEvent;
use crate::domain::attachments::NewAttachment;
use crate::domain::usage::{Counter, Counts, Outcome, hour_of};
use crate::protocol::category::DataCategory;

/// The events of a batch that are stored, and whether each keeps its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredEvents<'a> {
    /// The events.
    pub(super) fresh: &'a [&'a PreparedEvent],
    /// Whether each keeps its payload; of none if nothing was stored.
    pub(super) kept: &'a [bool],
}

impl StoredEvents<'_> {
    /// What becomes of the files of an envelope.
    fn outcome(&self, processed: &Processed) -> (Outcome, &'static str) {
        let Some(event) = processed.events.first() else { return (Outcome::Accepted, "") };
        // Of two envelopes with the same event in one batch, only one is stored.
        match self.fresh.iter().position(|fresh| std::ptr::eq(*fresh, event)) {
            None => (Outcome::Invalid, "duplicate"),
            Some(place) if self.kept.get(place) == Some(&true) => (Outcome::Accepted, ""),
            Some(_) => (Outcome::Filtered, "sampled"),
        }
    }
}

/// The files to store; all of them are counted.
pub(super) fn kept<'a>(
    batch: &[&'a Processed],
    stored: StoredEvents<'_>,
    counts: &mut Counts,
) -> Vec<&'a NewAttachment> {
    let mut kept = Vec::new();
    for processed in batch.iter().filter(|processed| !processed.attachments.is_empty()) {
        let (outcome, reason) = stored.outcome(processed);
        for attachment in &processed.attachments {
            let about = &attachment.about;
            let quantities =
                [(DataCategory::Attachment, about.size), (DataCategory::AttachmentItem, 1)];
            for (category, quantity) in quantities {
                let counter = Counter {
                    project_id: about.project_id,
                    hour: hour_of(about.received_at),
                    category: category.as_str(),
                    outcome,
                    reason: reason.into(),
                    public_key: processed.public_key.clone(),
                };
                counts.add(counter, quantity);
            }
            if outcome == Outcome::Accepted {
                kept.push(attachment);
            }
        }
    }
    kept
}
