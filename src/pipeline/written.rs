//! What users wrote, on its way from a batch into the table.

use std::collections::BTreeMap;

use super::Processed;
use crate::domain::feedback::NewFeedback;
use crate::domain::usage::{Counter, Counts, Outcome, hour_of};
use crate::protocol::category::DataCategory;

/// The feedback to store; all of it is counted. Of the same id, which is a report about the same event,
/// the last one is what stays.
pub(super) fn kept<'a>(batch: &[&'a Processed], counts: &mut Counts) -> Vec<&'a NewFeedback> {
    let mut kept = BTreeMap::new();
    for processed in batch {
        for feedback in &processed.feedback {
            let counter = Counter {
                project_id: feedback.project_id,
                hour: hour_of(feedback.received_at),
                category: DataCategory::Feedback.as_str(),
                outcome: Outcome::Accepted,
                reason: "".into(),
                public_key: processed.public_key.clone(),
            };
            counts.add(counter, 1);
            kept.insert((feedback.project_id, feedback.feedback_id), feedback);
        }
    }
    kept.into_values().collect()
}
