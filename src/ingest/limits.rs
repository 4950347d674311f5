//! How much may be sent, and the count of what was refused.
//!
//! Quotas will be decided here. Today the limits are those of an envelope
//! ([`crate::protocol::envelope::limits`]) and of the journal. What is refused is counted as soon as it
//! is known whose it was, so that the owner of a key can see what became of its events.

use super::authenticate::Sender;
use super::{Error, Ingest};
use crate::domain::usage::Outcome;
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::{Envelope, Item, limits};

/// Checks an envelope against every limit on what may travel together.
///
/// # Errors
/// When it is past one.
pub(super) fn check(envelope: &Envelope<'_>) -> Result<(), Error> {
    limits::check(envelope).map_err(Error::from)
}

/// What an envelope counts as.
#[derive(Debug)]
pub(super) struct Counts(Vec<(DataCategory, u64)>);

impl Counts {
    /// Counts the items of an envelope.
    pub(super) fn of(envelope: &Envelope<'_>) -> Self {
        Self(envelope.items.iter().flat_map(Item::quantities).collect())
    }

    /// Passes `result` on; if it is a refusal, counts every item as refused.
    pub(super) fn checked<T>(
        &self,
        ingest: &Ingest,
        sender: &Sender,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        if let Err(why) = &result {
            for (category, quantity) in &self.0 {
                record(ingest, sender, *category, *quantity, why);
            }
        }
        result
    }
}

/// Passes `result` on; if it is a refusal of a known sender, counts it. What was in the request is not
/// known then.
pub(super) fn noted<T>(
    ingest: &Ingest,
    sender: Option<&Sender>,
    result: Result<T, Error>,
) -> Result<T, Error> {
    if let (Some(sender), Err(why)) = (sender, &result) {
        record(ingest, sender, DataCategory::Unknown, 1, why);
    }
    result
}

fn record(ingest: &Ingest, sender: &Sender, category: DataCategory, quantity: u64, why: &Error) {
    let outcome = match why {
        Error::JournalFull | Error::Busy => Outcome::RateLimited,
        _ => Outcome::Invalid,
    };
    ingest.usage.refused(
        sender.project_id,
        sender.public_key.as_str(),
        ingest.app.clock.now(),
        (category.as_str(), quantity),
        (outcome, why.reason()),
    );
}
