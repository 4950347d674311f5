//! What users wrote, and how their sessions went, on its way from a batch into the tables.

use std::collections::BTreeMap;

use super::Processed;
use crate::base::{ProjectId, Timestamp};
use crate::domain::feedback::NewFeedback;
use crate::domain::sessions::batch::Arrived;
use crate::domain::usage::{Counter, Counts, Outcome, hour_of};
use crate::protocol::category::DataCategory;

/// The feedback to store; all of it is counted. Of the same id, which is a report about the same event,
/// the last one is what stays.
pub(super) fn kept<'a>(batch: &[&'a Processed], counts: &mut Counts) -> Vec<&'a NewFeedback> {
    let mut kept = BTreeMap::new();
    for processed in batch {
        for feedback in &processed.feedback {
            let of = (feedback.project_id, feedback.received_at);
            counts.add(accepted(processed, DataCategory::Feedback, of), 1);
            kept.insert((feedback.project_id, feedback.feedback_id), feedback);
        }
    }
    kept.into_values().collect()
}

/// The sessions to record; all of them are counted, whether or not they bring news.
pub(super) fn sessions<'a>(batch: &[&'a Processed], counts: &mut Counts) -> Vec<&'a Arrived> {
    let mut arrived = Vec::new();
    for processed in batch {
        for one in &processed.sessions {
            let counter =
                accepted(processed, DataCategory::Session, (one.project_id, one.received_at));
            counts.add(counter, one.quantity());
            arrived.push(one);
        }
    }
    arrived
}

fn accepted(
    processed: &Processed,
    category: DataCategory,
    (project_id, received_at): (ProjectId, Timestamp),
) -> Counter {
    Counter {
        project_id,
        hour: hour_of(received_at),
        category: category.as_str(),
        outcome: Outcome::Accepted,
        reason: "".into(),
        public_key: processed.public_key.clone(),
    }
}
