//! What a client dropped before it was sent, as the client tells it (`protocol.md` §4.10).

use super::category::DataCategory;
use super::lenient::{self, Objects, Problems, Text, Time, Uint};
use crate::base::Timestamp;

crate::lenient! {
    /// A client report.
    pub struct ClientReport {
        /// When it was made; the report's reception if it does not say.
        timestamp: Timestamp as Time => "timestamp",
        /// What the client dropped.
        discarded: Vec<Discarded> as Objects<Discarded> => "discarded_events",
        /// What a relay turned away because of a rate limit.
        rate_limited: Vec<Discarded> as Objects<Discarded> => "rate_limited_events",
        /// What a relay's filters left out.
        filtered: Vec<Discarded> as Objects<Discarded> => "filtered_events",
        /// What a relay's sampling left out.
        sampled: Vec<Discarded> as Objects<Discarded> => "filtered_sampling_events",
    }
}

crate::lenient! {
    /// So many items of a category that were dropped for one reason.
    pub struct Discarded {
        /// Why, in a word that the client chose.
        reason: String as Text => "reason",
        /// The category's name.
        category: String as Text => "category",
        /// How many, or how many bytes.
        quantity: u64 as Uint => "quantity",
    }
}

impl ClientReport {
    /// Reads a report. `None` if it is no JSON object.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        lenient::from_slice::<Self>(bytes, &Problems::default()).ok().flatten()
    }
}

impl Discarded {
    /// The category; one that nobody knows counts as unknown.
    pub fn category(&self) -> DataCategory {
        let named = self.category.as_deref().and_then(DataCategory::from_name);
        named.unwrap_or(DataCategory::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(list: Option<&Vec<Discarded>>) -> Vec<(&str, &'static str, Option<u64>)> {
        let mut entries = Vec::new();
        for entry in list.into_iter().flatten() {
            let reason = entry.reason.as_deref().unwrap_or_default();
            entries.push((reason, entry.category().as_str(), entry.quantity));
        }
        entries
    }

    #[test]
    fn a_report_of_the_python_client_is_read() {
        let report = ClientReport::read(
            br#"{"timestamp":1795358220.494637,"discarded_events":[{"reason":"before_send","category":"error","quantity":3}]}"#,
        )
        .unwrap();
        assert_eq!(report.timestamp.unwrap().timestamp_micros(), 1_795_358_220_494_637);
        assert_eq!(entries(report.discarded.as_ref()), [("before_send", "error", Some(3))]);
        assert_eq!(report.filtered, None);
    }

    #[test]
    fn what_is_wrong_in_one_entry_leaves_the_others() {
        let report = ClientReport::read(
            br#"{"timestamp":"soon","discarded_events":[
                {"reason":"a","category":"error","quantity":-1},
                {"reason":"b","category":"cheese","quantity":2},
                7, null,
                {"category":"user_report_v2","quantity":"many"}]}"#,
        )
        .unwrap();
        assert_eq!(report.timestamp, None);
        let expected = [("a", "error", None), ("b", "unknown", Some(2)), ("", "feedback", None)];
        assert_eq!(entries(report.discarded.as_ref()), expected);
    }

    #[test]
    fn what_is_no_report_is_none() {
        assert!(ClientReport::read(b"not json").is_none());
        assert!(ClientReport::read(b"[1]").is_none());
        assert!(ClientReport::read(b"").is_none());
        assert_eq!(ClientReport::read(b"{}").unwrap().discarded, None);
    }
}
