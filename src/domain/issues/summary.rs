//! What an issue shows of its events in one row, and how the rows of two become one.
//!
//! A summary follows from the events alone, in whatever order they came: counts add up, the ends of time are
//! the outermost, the words are those of the event that happened last. So the summary of an issue is the sum
//! of its parts' summaries, and merging and taking apart leave nothing behind.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use serde::{Deserialize, Serialize};

use super::batch::{Arrival, Subject};
use crate::base::Timestamp;

/// The part of an issue's row that its events make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) level: i16,
    pub(super) platform: String,
    pub(super) logger: String,
    pub(super) subject: Subject,
    #[serde(with = "ts_microseconds")]
    pub(super) first_seen: Timestamp,
    #[serde(with = "ts_microseconds")]
    pub(super) last_seen: Timestamp,
    /// Of the event that happened first.
    pub(super) first_release: Option<String>,
    /// Of the latest event that named one.
    pub(super) last_release: Option<String>,
    /// When that event happened.
    #[serde(with = "ts_microseconds_option")]
    pub(super) last_release_seen: Option<Timestamp>,
    pub(super) event_count: i64,
    pub(super) kept_count: i64,
}

impl Summary {
    /// Of nothing yet, with the words of `arrival`, which is still to be counted.
    pub(super) fn open(arrival: &Arrival) -> Self {
        Self {
            level: arrival.level.number(),
            platform: arrival.platform.clone(),
            logger: arrival.logger.clone(),
            subject: arrival.subject.clone(),
            first_seen: arrival.occurred_at,
            last_seen: arrival.occurred_at,
            first_release: arrival.release.clone(),
            last_release: None,
            last_release_seen: None,
            event_count: 0,
            kept_count: 0,
        }
    }

    /// Counts one event.
    pub(super) fn count(&mut self, arrival: &Arrival, is_kept: bool) {
        let at = arrival.occurred_at;
        self.event_count += 1;
        self.kept_count += i64::from(is_kept);
        if at < self.first_seen {
            self.first_seen = at;
            self.first_release.clone_from(&arrival.release);
        }
        if at >= self.last_seen {
            self.last_seen = at;
            self.level = arrival.level.number();
            self.platform.clone_from(&arrival.platform);
            self.logger.clone_from(&arrival.logger);
            self.subject.clone_from(&arrival.subject);
        }
        if arrival.release.is_some() && self.last_release_seen.is_none_or(|seen| at >= seen) {
            self.last_release.clone_from(&arrival.release);
            self.last_release_seen = Some(at);
        }
    }

    /// Adds what another part counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.event_count += other.event_count;
        self.kept_count += other.kept_count;
        if other.first_seen < self.first_seen {
            self.first_seen = other.first_seen;
            self.first_release.clone_from(&other.first_release);
        }
        if other.last_seen > self.last_seen {
            self.last_seen = other.last_seen;
            self.level = other.level;
            self.platform.clone_from(&other.platform);
            self.logger.clone_from(&other.logger);
            self.subject = other.subject.clone();
        }
        if other.last_release_seen > self.last_release_seen {
            self.last_release.clone_from(&other.last_release);
            self.last_release_seen = other.last_release_seen;
        }
    }

    /// The sum of parts; `None` if there are none.
    pub(super) fn sum<'a>(mut parts: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut sum = parts.next()?.clone();
        parts.for_each(|part| sum.add(part));
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::base::ProjectId;
    use crate::protocol::event::Level;

    fn arrival((second, release): (i64, Option<u8>)) -> Arrival {
        Arrival {
            project_id: ProjectId(1),
            received_at: Timestamp::default(),
            occurred_at: DateTime::from_timestamp(second, 0).unwrap(),
            level: Level::Error,
            platform: String::new(),
            logger: String::new(),
            subject: Subject { title: format!("at {second}"), ..Subject::default() },
            environment: None,
            release: release.map(|number| format!("1.{number}")),
            user_hash: None,
            tags: vec![],
            former_hashes: vec![],
            hashes: vec![],
        }
    }

    fn counted(arrivals: &[Arrival]) -> Option<Summary> {
        let mut summary = Summary::open(arrivals.first()?);
        arrivals.iter().for_each(|arrival| summary.count(arrival, arrival.release.is_some()));
        Some(summary)
    }

    proptest! {
        #[test]
        fn the_sum_of_parts_is_what_all_their_events_make_in_any_order(
            // Every event at a moment of its own: which of two at once came last is anybody's guess.
            events in proptest::sample::subsequence((0..60_i64).collect::<Vec<_>>(), 1..40)
                .prop_shuffle()
                .prop_flat_map(|seconds| seconds
                    .into_iter()
                    .map(|second| (Just(second), any::<Option<u8>>()))
                    .collect::<Vec<_>>()),
            split in 0..40_usize,
        ) {
            let arrivals: Vec<Arrival> = events.into_iter().map(arrival).collect();
            let (one, other) = arrivals.split_at(split.min(arrivals.len()));
            let parts: Vec<Summary> = [one, other].into_iter().filter_map(counted).collect();
            prop_assert_eq!(Summary::sum(parts.iter()), counted(&arrivals));
            prop_assert_eq!(Summary::sum(parts.iter().rev()), counted(&arrivals));
        }
    }

    #[test]
    fn a_summary_survives_being_stored() {
        let summary = counted(&[arrival((7, Some(1))), arrival((3, None))]).unwrap();
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(serde_json::from_value::<Summary>(json).unwrap(), summary);
    }
}
