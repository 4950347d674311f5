//! Transactions (`protocol.md` §4.4): read and checked with all their spans; there is no store yet.

use super::unsupported::NOT_YET;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::Item;
use crate::protocol::strict::readable;
use crate::protocol::transaction::Transaction;

/// Reads a transaction; it counts as one, and as a span with each of its steps.
pub fn process(item: Tracked<'_, &Item<'_>>) -> Ended {
    let read = item.try_map(|item| {
        let text = readable(item.payload);
        let transaction = Transaction::read(&text);
        let transaction = transaction.map_err(|error| Dropped::invalid(error.reason()))?;
        Ok(transaction.spans.len() as u64 + 1)
    });
    match read {
        Ok(transaction) => transaction.end_in_parts(|spans| {
            let counted = [
                (DataCategory::Transaction, 1),
                (DataCategory::TransactionIndexed, 1),
                (DataCategory::Span, spans),
            ];
            vec![(NOT_YET, counted.map(|(category, n)| (category.as_str(), n)).to_vec())]
        }),
        Err(ended) => ended,
    }
}
