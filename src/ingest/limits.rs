//! How much may be sent, and the count of what was refused.
//!
//! The limits here are those of an envelope ([`crate::protocol::envelope::limits`]); what a project may
//! send is decided in [`super::quota`]. What is refused is counted as soon as it is known whose it was, so that the owner of a key can see what became of its events.

use metrics::counter;

use super::authenticate::Sender;
use super::{Error, Ingest};
use crate::domain::limits::known_reason;
use crate::domain::usage::Outcome;
use crate::protocol::accepted::DroppedItem;
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::{Envelope, Item, limits};

/// Checks an envelope against every limit on what may travel together.
///
/// # Errors
/// When it is past one.
pub(super) fn check(envelope: &Envelope<'_>) -> Result<(), Error> {
    limits::check(envelope).map_err(Error::from)
}

/// The same for an envelope that was made here.
///
/// # Errors
/// When it is past a limit.
pub(super) fn check_own(envelope: &Envelope<'_>) -> Result<(), Error> {
    limits::check_own(envelope).map_err(Error::from)
}

/// What an envelope counts as; outlives its bytes, which go on to the journal.
#[derive(Debug)]
pub(super) struct Counts {
    quantities: Vec<(DataCategory, u64)>,
    /// The bytes of payloads, each under its item's first category.
    bytes: Vec<(&'static str, u64)>,
}

impl Counts {
    /// Counts the items of an envelope.
    pub(super) fn of(envelope: &Envelope<'_>) -> Self {
        let items = || envelope.items.iter();
        let first = |item: &Item<'_>| item.quantities().next();
        let name = |item| first(item).map_or("none", |(category, _)| category.as_str());
        let bytes = items().map(|item| (name(item), item.payload.len() as u64)).collect();
        Self { quantities: items().flat_map(Item::quantities).collect(), bytes }
    }

    /// Counts the envelope as accepted; its items are counted when they are stored.
    pub(super) fn accepted(&self) {
        for (category, bytes) in &self.bytes {
            counter!("picket_ingest_bytes_total", "category" => *category).increment(*bytes);
        }
    }

    /// Passes `result` on; if it is a refusal, counts every item as refused.
    pub(super) fn checked<T>(
        &self,
        ingest: &Ingest,
        sender: &Sender,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        if let Err(why) = &result {
            for (category, quantity) in &self.quantities {
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

/// Counts what is past a limit, of a request of which nothing is kept.
pub(super) fn refused(ingest: &Ingest, sender: &Sender, dropped: &[DroppedItem]) {
    for item in dropped {
        ingest.usage.refused(
            sender.project_id,
            sender.public_key.as_str(),
            ingest.app.clock.now(),
            (item.category.as_str(), item.quantity),
            (Outcome::RateLimited, known_reason(&item.reason)),
        );
    }
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
