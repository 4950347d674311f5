//! What became of every item, counted by the hour (`protocol.md` §10).
//!
//! Two ways lead here. Items that were accepted into the journal are counted in the transaction that
//! stores their effects, so the counters equal what was acknowledged, to the unit, also after a crash.
//! Requests that were refused before the journal were never acknowledged; [`Recorder`] gathers them in
//! memory and writes them every few seconds, and a crash may lose those few.

mod client_reasons;
mod daily;
mod overview;
mod recorder;
mod series;
pub mod store;

pub use client_reasons::OTHER_REASON;
pub use daily::{Days, events_by_day};
pub use overview::{Overview, Row, Scope, Span, overview};
pub use recorder::Recorder;
pub use series::{Apart, Key, Series, Steps, Wanted, series};

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use crate::base::{ProjectId, Timestamp};

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is stored.
    Accepted,
    /// A rule of the project left it out.
    Filtered,
    /// A quota or a full journal turned it away.
    RateLimited,
    /// It cannot be understood, or was there before.
    Invalid,
    /// The client dropped it and said so.
    ClientDiscard,
    /// Picket does not keep this kind of item yet.
    Unsupported,
}

impl Outcome {
    /// Every outcome, in the order of pages.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Filtered,
        Self::RateLimited,
        Self::Invalid,
        Self::ClientDiscard,
        Self::Unsupported,
    ];

    /// The outcome of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Filtered => "filtered",
            Self::RateLimited => "rate_limited",
            Self::Invalid => "invalid",
            Self::ClientDiscard => "client_discard",
            Self::Unsupported => "unsupported",
        }
    }
}

/// Which counter an item belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter {
    /// The project.
    pub project_id: ProjectId,
    /// The full hour in which the item was received.
    pub hour: Timestamp,
    /// Sentry's data category: `error`, `session` …
    pub category: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// Why; empty when accepted. Owned where a client chose the word.
    pub reason: Cow<'static, str>,
    /// The key of the DSN.
    pub public_key: String,
}

/// Counters that are being gathered.
#[derive(Clone, Debug, Default)]
pub struct Counts(HashMap<Counter, i64>);

impl Counts {
    /// Adds to a counter.
    pub fn add(&mut self, counter: Counter, quantity: i64) {
        let sum = self.0.entry(counter).or_insert(0);
        *sum = sum.saturating_add(quantity);
    }

    /// Adds to a counter unless that would make it more than `most` of them; whether it was added.
    pub fn add_within(&mut self, most: usize, counter: Counter, quantity: i64) -> bool {
        let has_room = self.0.len() < most || self.0.contains_key(&counter);
        if has_room {
            self.add(counter, quantity);
        }
        has_room
    }

    /// Adds everything of `other`.
    pub fn merge(&mut self, other: Self) {
        for (counter, quantity) in other.0 {
            self.add(counter, quantity);
        }
    }

    /// The counters.
    pub fn keys(&self) -> impl Iterator<Item = &Counter> {
        self.0.keys()
    }

    /// How many counters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counters in the order of the table's key, in which every writer locks them.
    pub fn sorted(&self) -> Vec<(&Counter, i64)> {
        let mut rows: Vec<_> =
            self.0.iter().map(|(counter, quantity)| (counter, *quantity)).collect();
        rows.sort_unstable_by_key(|(counter, _)| *counter);
        rows
    }
}

/// Adds `counts` to what is stored, with the reasons that clients made up bounded.
///
/// # Errors
/// When the database does.
pub async fn add(db: &mut PgConnection, counts: Counts) -> sqlx::Result<()> {
    let counts = client_reasons::bounded(db, counts).await?;
    store::add(db, &counts).await
}

/// The full hour of a moment.
pub fn hour_of(time: Timestamp) -> Timestamp {
    time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time)
}
