//! No item is lost from sight: each ends in exactly one outcome.

use std::borrow::Cow;
use std::cell::RefCell;

use crate::base::{ProjectId, Timestamp};
use crate::domain::usage::{Counter, Counts, Outcome, hour_of};

/// Where the outcomes of one envelope are written.
#[derive(Debug)]
pub struct Ledger {
    project_id: ProjectId,
    public_key: String,
    hour: Timestamp,
    counts: RefCell<Counts>,
}

/// Why an item goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, one of the words of `protocol.md` §10.
    pub reason: &'static str,
}

impl Dropped {
    /// An item that cannot be understood.
    pub fn invalid(reason: &'static str) -> Self {
        Self { outcome: Outcome::Invalid, reason }
    }
}

/// How some of an item ended: why, and how much in which categories.
pub type Part = (Dropped, Vec<(&'static str, u64)>);

/// The item has met its end, and the ledger knows. There is nothing left to do for it.
#[derive(Clone, Copy, Debug)]
pub struct Ended(
    /// What was written; nothing for what counts as nothing.
    pub Option<Dropped>,
);

impl Ledger {
    /// The ledger of an envelope that was received at `received_at`.
    pub fn new(project_id: ProjectId, public_key: &str, received_at: Timestamp) -> Self {
        Self {
            project_id,
            public_key: public_key.to_owned(),
            hour: hour_of(received_at),
            counts: RefCell::default(),
        }
    }

    /// Follows `item`, which counts as one of each of `categories`' quantities.
    pub fn track<T>(&self, item: T, quantities: Vec<(&'static str, u64)>) -> Tracked<'_, T> {
        Tracked { item: Some(item), quantities, ledger: self }
    }

    /// Counts `quantity` of a category.
    pub fn count(&self, category: &'static str, outcome: Dropped, quantity: u64) {
        let why = (outcome.outcome, Cow::Borrowed(outcome.reason));
        self.count_in(self.hour, category, why, quantity);
    }

    /// Counts `quantity` of a category in another hour, for a reason that need not be ours.
    pub fn count_in(
        &self,
        hour: Timestamp,
        category: &'static str,
        (outcome, reason): (Outcome, Cow<'static, str>),
        quantity: u64,
    ) {
        let counter = Counter {
            project_id: self.project_id,
            hour,
            category,
            outcome,
            reason,
            public_key: self.public_key.clone(),
        };
        self.counts.borrow_mut().add(counter, i64::try_from(quantity).unwrap_or(i64::MAX));
    }

    /// What was counted.
    pub fn into_counts(self) -> Counts {
        self.counts.into_inner()
    }
}

/// An item on its way. It must be handed over or ended; one that is simply dropped is a bug, is counted
/// as an internal loss, and stops a debug build.
#[derive(Debug)]
pub struct Tracked<'ledger, T> {
    /// `None` once its end is written.
    item: Option<T>,
    quantities: Vec<(&'static str, u64)>,
    ledger: &'ledger Ledger,
}

impl<'ledger, T> Tracked<'ledger, T> {
    /// The item, to look at.
    pub fn get(&self) -> Option<&T> {
        self.item.as_ref()
    }

    /// The next stage, which may end the item.
    pub fn try_map<U>(
        mut self,
        stage: impl FnOnce(T) -> Result<U, Dropped>,
    ) -> Result<Tracked<'ledger, U>, Ended> {
        let item = self.item.take().expect("an item is taken once");
        let quantities = std::mem::take(&mut self.quantities);
        match stage(item) {
            Ok(next) => Ok(Tracked { item: Some(next), quantities, ledger: self.ledger }),
            Err(dropped) => {
                self.quantities = quantities;
                self.write(dropped);
                Err(Ended(Some(dropped)))
            }
        }
    }

    /// Ends the item.
    pub fn end(mut self, dropped: Dropped) -> Ended {
        self.item = None;
        self.write(dropped);
        Ended(Some(dropped))
    }

    /// Ends the item, whose parts have ends of their own: how much of what ended how.
    pub fn end_in_parts(mut self, parts: impl FnOnce(T) -> Vec<Part>) -> Ended {
        let parts = parts(self.item.take().expect("an item is taken once"));
        for (dropped, quantities) in &parts {
            for (category, quantity) in quantities.iter().filter(|(_, quantity)| *quantity > 0) {
                self.ledger.count(category, *dropped, *quantity);
            }
        }
        Ended(parts.first().map(|(dropped, _)| *dropped))
    }

    /// Gives the item to the batch, which records whether it was stored or was there before.
    pub fn hand_over(mut self) -> T {
        self.item.take().expect("an item is taken once")
    }

    fn write(&self, dropped: Dropped) {
        for (category, quantity) in &self.quantities {
            self.ledger.count(category, dropped, *quantity);
        }
    }
}

impl<T> Drop for Tracked<'_, T> {
    fn drop(&mut self) {
        if self.item.is_some() {
            self.write(Dropped::invalid("internal"));
            debug_assert!(std::thread::panicking(), "an item was dropped without an outcome");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(ledger: Ledger) -> Vec<(&'static str, &'static str, i64)> {
        let counts = ledger.into_counts();
        let reason = |counter: &Counter| match counter.reason {
            Cow::Borrowed(reason) => reason,
            Cow::Owned(_) => "a client's",
        };
        counts.sorted().into_iter().map(|(c, n)| (c.category, reason(c), n)).collect()
    }

    fn ledger() -> Ledger {
        Ledger::new(ProjectId(1), "key", Timestamp::default())
    }

    #[test]
    fn an_item_that_a_stage_refuses_is_counted_with_the_reason() {
        let ledger = ledger();
        let item = ledger.track(1, vec![("attachment", 30), ("attachment_item", 1)]);
        let item = item.try_map(|n| Ok::<_, Dropped>(n + 1)).unwrap();
        assert!(item.try_map::<()>(|_| Err(Dropped::invalid("invalid_json"))).is_err());
        let expected = [("attachment", "invalid_json", 30), ("attachment_item", "invalid_json", 1)];
        assert_eq!(outcomes(ledger), expected);
    }

    #[test]
    fn the_parts_of_an_item_may_end_differently() {
        let ledger = ledger();
        let item = ledger.track(5, vec![("log_item", 5)]);
        let one = |reason, n| (Dropped::invalid(reason), vec![("log_item", n)]);
        let ended = item
            .end_in_parts(|n| vec![one("timestamp", n - 1), one("invalid_log", 1), one("x", 0)]);
        assert_eq!(ended.0, Some(Dropped::invalid("timestamp")));
        assert_eq!(
            outcomes(ledger),
            [("log_item", "invalid_log", 1), ("log_item", "timestamp", 4)]
        );
    }

    #[test]
    fn an_item_that_is_handed_over_is_left_to_the_batch() {
        let ledger = ledger();
        assert_eq!(ledger.track(7, vec![("error", 1)]).hand_over(), 7);
        assert_eq!(outcomes(ledger), []);
    }

    #[test]
    #[should_panic(expected = "without an outcome")]
    fn an_item_that_is_forgotten_is_a_bug() {
        drop(ledger().track(7, vec![("error", 1)]));
    }
}
