//! An issue as it will be after the batch.

use chrono::NaiveDate;

use super::{Arrival, regression};
use crate::base::{IssueId, Timestamp};
use crate::domain::issues::StatusDetail;
use crate::domain::issues::summary::Summary;
use crate::domain::releases::timeline::Timeline;

/// A row of `issues`, being changed.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::domain::issues) struct IssueDraft {
    pub(in crate::domain::issues) id: IssueId,
    pub(in crate::domain::issues) summary: Summary,
    pub(in crate::domain::issues) status: String,
    pub(in crate::domain::issues) substatus: Option<String>,
    pub(in crate::domain::issues) status_detail: StatusDetail,
    pub(in crate::domain::issues) status_changed_at: Timestamp,
    pub(in crate::domain::issues) user_count: i64,
    pub(in crate::domain::issues) part_count: i32,
    pub(in crate::domain::issues) sampled_day: NaiveDate,
    pub(in crate::domain::issues) sampled_day_count: i64,
    pub(in crate::domain::issues) created_at: Timestamp,
}

impl IssueDraft {
    /// An issue that `arrival` opens; the arrival itself is not counted yet.
    pub(in crate::domain::issues) fn open(id: IssueId, arrival: &Arrival, now: Timestamp) -> Self {
        Self {
            id,
            summary: Summary::open(arrival),
            status: "unresolved".to_owned(),
            substatus: Some("new".to_owned()),
            status_detail: StatusDetail::default(),
            status_changed_at: now,
            user_count: 0,
            part_count: 0,
            sampled_day: arrival.received_at.date_naive(),
            sampled_day_count: 0,
            created_at: now,
        }
    }

    /// Notes one more event of the day; returns its number.
    pub(in crate::domain::issues) fn next_of_day(&mut self, arrival: &Arrival) -> i64 {
        let day = arrival.received_at.date_naive();
        if day > self.sampled_day {
            self.sampled_day = day;
            self.sampled_day_count = 0;
        }
        self.sampled_day_count += 1;
        self.sampled_day_count
    }

    /// Whether the event reopens the issue: somebody resolved it, and it came back ([`regression`]).
    pub(in crate::domain::issues) fn regresses(
        &mut self,
        arrival: &Arrival,
        timeline: &Timeline,
    ) -> bool {
        let is_regression = self.status == "resolved"
            && regression::comes_back(
                timeline,
                &self.status_detail,
                self.status_changed_at,
                arrival,
            );
        if is_regression {
            "unresolved".clone_into(&mut self.status);
            self.substatus = Some("regressed".to_owned());
            self.status_detail = StatusDetail::default();
            self.status_changed_at = arrival.received_at;
        }
        is_regression
    }
}
