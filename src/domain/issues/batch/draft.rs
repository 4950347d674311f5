//! An issue as it will be after the batch.

use chrono::NaiveDate;

use super::{Arrival, Subject};
use crate::base::{IssueId, Timestamp};

/// A row of `issues`, being changed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IssueDraft {
    pub(super) id: IssueId,
    pub(super) level: i16,
    pub(super) platform: String,
    pub(super) logger: String,
    pub(super) subject: Subject,
    pub(super) status: String,
    pub(super) substatus: Option<String>,
    pub(super) status_changed_at: Timestamp,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) first_release: Option<String>,
    pub(super) last_release: Option<String>,
    pub(super) event_count: i64,
    pub(super) user_count: i64,
    pub(super) kept_count: i64,
    pub(super) sampled_day: NaiveDate,
    pub(super) sampled_day_count: i64,
    pub(super) created_at: Timestamp,
}

impl IssueDraft {
    /// An issue that `arrival` opens; the arrival itself is not counted yet.
    pub(super) fn open(id: IssueId, arrival: &Arrival, now: Timestamp) -> Self {
        Self {
            id,
            level: arrival.level.number(),
            platform: arrival.platform.clone(),
            logger: arrival.logger.clone(),
            subject: arrival.subject.clone(),
            status: "unresolved".to_owned(),
            substatus: Some("new".to_owned()),
            status_changed_at: now,
            first_seen: arrival.occurred_at,
            last_seen: arrival.occurred_at,
            first_release: arrival.release.clone(),
            last_release: arrival.release.clone(),
            event_count: 0,
            user_count: 0,
            kept_count: 0,
            sampled_day: arrival.received_at.date_naive(),
            sampled_day_count: 0,
            created_at: now,
        }
    }

    /// Counts one event. The issue's words follow the event that happened last.
    pub(super) fn count(&mut self, arrival: &Arrival) {
        self.event_count += 1;
        if arrival.occurred_at < self.first_seen {
            self.first_seen = arrival.occurred_at;
            self.first_release.clone_from(&arrival.release);
        }
        if arrival.occurred_at >= self.last_seen {
            self.last_seen = arrival.occurred_at;
            self.level = arrival.level.number();
            self.platform.clone_from(&arrival.platform);
            self.logger.clone_from(&arrival.logger);
            self.subject.clone_from(&arrival.subject);
            if arrival.release.is_some() {
                self.last_release.clone_from(&arrival.release);
            }
        }
        let day = arrival.received_at.date_naive();
        if day > self.sampled_day {
            self.sampled_day = day;
            self.sampled_day_count = 0;
        }
        self.sampled_day_count += 1;
    }

    /// Whether the event reopens the issue: somebody resolved it, and then it was received again.
    ///
    /// Reception decides and not the client's clock: a journal that is worked off late must not
    /// reopen what was resolved after the event had arrived.
    pub(super) fn regresses(&mut self, arrival: &Arrival) -> bool {
        let is_regression =
            self.status == "resolved" && arrival.received_at > self.status_changed_at;
        if is_regression {
            "unresolved".clone_into(&mut self.status);
            self.substatus = Some("regressed".to_owned());
            self.status_changed_at = arrival.received_at;
        }
        is_regression
    }
}
