//! Client reports: what the client dropped itself becomes outcomes like everything else.

use std::borrow::Cow;

use chrono::TimeDelta;

use crate::base::Timestamp;
use crate::domain::usage::{Outcome, hour_of};
use crate::pipeline::Context;
use crate::pipeline::stages::Facts;
use crate::pipeline::tracked::{Ended, Ledger, Tracked};
use crate::protocol::client_report::{ClientReport, Discarded};
use crate::protocol::envelope::Item;

/// The longest reason, in bytes.
const MAX_REASON_BYTES: usize = 200;

/// More entries of one report are not counted: clients have some ten reasons and categories.
const MAX_ENTRIES: usize = 200;

/// The most that one entry may claim: no client drops more, and sums of such entries fit.
const MAX_QUANTITY: u64 = 1_000_000_000_000;

/// How far a client's clock may be ahead, in seconds.
const MAX_AHEAD_SECONDS: i64 = 60;

/// Counts what the report says. The report itself counts as nothing: a report that cannot be read, or
/// that speaks of another time, leaves no trace (`protocol.md` §4.10).
pub fn process(
    context: &Context<'_>,
    facts: &Facts,
    ledger: &Ledger,
    item: Tracked<'_, &Item<'_>>,
) -> Ended {
    let item = item.hand_over();
    if let Some(report) = ClientReport::read(item.payload)
        && let Some(hour) = hour(&report, facts.received_at, context.retention_days)
    {
        let lists = [
            (Outcome::ClientDiscard, &report.discarded),
            (Outcome::RateLimited, &report.rate_limited),
            (Outcome::Filtered, &report.filtered),
            (Outcome::Filtered, &report.sampled),
        ];
        let entries = lists
            .into_iter()
            .flat_map(|(outcome, list)| list.iter().flatten().map(move |entry| (outcome, entry)));
        for (outcome, entry) in entries.take(MAX_ENTRIES) {
            count(ledger, hour, outcome, entry);
        }
    }
    Ended(None)
}

/// The hour that the report speaks of, if it is one that may still be spoken of.
fn hour(report: &ClientReport, received_at: Timestamp, retention_days: u32) -> Option<Timestamp> {
    let time = report.timestamp.unwrap_or(received_at);
    let oldest = received_at - TimeDelta::days(i64::from(retention_days));
    let newest = received_at + TimeDelta::seconds(MAX_AHEAD_SECONDS);
    (oldest..=newest).contains(&time).then(|| hour_of(time))
}

fn count(ledger: &Ledger, hour: Timestamp, outcome: Outcome, entry: &Discarded) {
    let Some(quantity) = entry.quantity.filter(|quantity| *quantity > 0) else { return };
    let reason = entry.reason.as_deref().unwrap_or_default();
    if reason.len() > MAX_REASON_BYTES {
        return;
    }
    // Postgres has no U+0000, and nobody has a reason with control characters.
    let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
    let category = entry.category().as_str();
    ledger.count_in(hour, category, (outcome, Cow::Owned(reason)), quantity.min(MAX_QUANTITY));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_report_counts_in_its_own_hour_unless_that_is_too_old_or_still_to_come() {
        let now = at("2026-11-22T10:00:30Z");
        let hour_of = |timestamp: Option<&str>| {
            let timestamp = timestamp.map(at);
            hour(&ClientReport { timestamp, ..ClientReport::default() }, now, 30)
        };
        assert_eq!(hour_of(None), Some(at("2026-11-22T10:00:00Z")));
        assert_eq!(hour_of(Some("2026-11-20T07:59:59Z")), Some(at("2026-11-20T07:00:00Z")));
        assert_eq!(hour_of(Some("2026-11-22T10:01:30Z")), Some(at("2026-11-22T10:00:00Z")));
        assert_eq!(hour_of(Some("2026-11-22T10:01:31Z")), None);
        assert_eq!(hour_of(Some("2026-10-23T10:00:30Z")), Some(at("2026-10-23T10:00:00Z")));
        assert_eq!(hour_of(Some("2026-10-23T10:00:29Z")), None);
    }

    #[test]
    fn entries_without_sense_are_not_counted_and_no_reason_is_endless() {
        let ledger = Ledger::new(crate::base::ProjectId(1), "key", at("2026-11-22T10:00:00Z"));
        let entry = |reason: &str, quantity| Discarded {
            reason: Some(reason.to_owned()),
            category: Some("error".to_owned()),
            quantity,
            ..Discarded::default()
        };
        let long = "x".repeat(MAX_REASON_BYTES + 1);
        let entries = [
            entry("before_send", Some(3)),
            entry("before\0_send\n", Some(4)),
            entry("sample_rate", Some(0)),
            entry("queue_overflow", None),
            entry("backpressure", Some(u64::MAX)),
            entry(&long, Some(1)),
        ];
        let hour = at("2026-11-22T10:00:00Z");
        entries.iter().for_each(|entry| count(&ledger, hour, Outcome::ClientDiscard, entry));
        let counts = ledger.into_counts();
        let counted: Vec<_> =
            counts.sorted().into_iter().map(|(key, n)| (key.reason.to_string(), n)).collect();
        let most = i64::try_from(MAX_QUANTITY).unwrap();
        assert_eq!(counted, [("backpressure".to_owned(), most), ("before_send".to_owned(), 7)]);
    }
}
