//! When it happened: the client's clock against ours (`protocol.md` §3.3, §5.4).

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta};

use super::at::At;
use super::lists::retain;
use super::{Discard, Facts};
use crate::base::Timestamp;
use crate::protocol::event::Event;
use crate::protocol::lenient::Raw;

/// Below this the client's clock is right: slow networks and queues look the same.
const MIN_DRIFT: TimeDelta = TimeDelta::minutes(55);

/// How far ahead an event may be before it is taken for a wrong clock.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Corrects every moment of the event for the client's clock and brings it into bounds.
pub(super) fn normalize(event: &mut Event, facts: &Facts, at: At<'_>) -> Result<(), Discard> {
    event.received = Some(facts.received_at);
    correct_drift(event, facts, at);
    correct_bounds(event, facts, at);
    if event.start_timestamp.is_some_and(is_before_1970) {
        return Err(Discard::InvalidTransaction);
    }
    if let Some(breadcrumbs) = &mut event.breadcrumbs {
        let is_impossible = |time: &Option<Timestamp>| time.is_some_and(is_before_1970);
        let at = at.field("breadcrumbs");
        let at = at.field("values");
        retain(&mut breadcrumbs.values, at, |breadcrumb| !is_impossible(&breadcrumb.timestamp));
    }
    Ok(())
}

impl Facts {
    /// How far the client's clock is behind, if that is more than a slow network.
    pub fn drift(&self) -> Option<TimeDelta> {
        let drift = self.received_at - self.sent_at?;
        (drift.abs() >= MIN_DRIFT).then_some(drift)
    }
}

fn correct_drift(event: &mut Event, facts: &Facts, at: At<'_>) {
    let (Some(sent_at), Some(drift)) = (facts.sent_at, facts.drift()) else { return };
    shift(event, drift, facts.received_at);
    at.field("timestamp").error("clock_drift", None, times(sent_at, facts.received_at));
}

fn correct_bounds(event: &mut Event, facts: &Facts, at: At<'_>) {
    let received = facts.received_at;
    let retention = TimeDelta::days(i64::from(facts.retention_days));
    let timestamp = *event.timestamp.get_or_insert(received);
    let kind = if timestamp > received + MAX_AHEAD {
        "future_timestamp"
    } else if is_before_1970(timestamp) || timestamp < received - retention {
        "past_timestamp"
    } else {
        return;
    };
    shift(event, received - timestamp, received);
    let original = Raw::from_value(&written(timestamp));
    at.field("timestamp").error(kind, Some(original), times(timestamp, received));
}

fn times(sdk: Timestamp, server: Timestamp) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("sdk_time", written(sdk)), ("server_time", written(server))])
}

fn written(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn is_before_1970(time: Timestamp) -> bool {
    time < DateTime::UNIX_EPOCH
}

fn shift(event: &mut Event, by: TimeDelta, received: Timestamp) {
    let breadcrumbs = event.breadcrumbs.iter_mut().flat_map(|list| &mut list.values);
    let times = breadcrumbs.map(|breadcrumb| &mut breadcrumb.timestamp);
    for time in times.chain([&mut event.timestamp, &mut event.start_timestamp]).flatten() {
        // A clock so wrong that the sum has no date says nothing about when it was.
        let shifted = time.checked_add_signed(by).filter(|time| time.year() <= 9999);
        *time = shifted.unwrap_or(received);
    }
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;
    use crate::base::EventId;

    fn received() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn run(json: &str, sent_at: Option<&str>) -> (Event, Result<(), Discard>, Vec<String>) {
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let sent_at = sent_at.map(|time| time.parse().unwrap());
        let facts = Facts { sent_at, ..Facts::new(EventId::random(), received()) };
        let mut result = Ok(());
        let (problems, _) = noted(|at| result = normalize(&mut event, &facts, at));
        (event, result, problems)
    }

    #[test]
    fn small_drifts_are_left_alone_and_large_ones_move_everything() {
        let json = r#"{"timestamp":"2026-11-22T10:00:00Z","start_timestamp":"2026-11-22T09:59:00Z",
            "breadcrumbs":[{"timestamp":"2026-11-22T09:58:00Z"}]}"#;
        let times = |sent_at| {
            let (event, _, problems) = run(json, sent_at);
            let breadcrumb = event.breadcrumbs()[0].timestamp;
            let all = [event.timestamp, event.start_timestamp, breadcrumb];
            (all.map(|time| time.unwrap().format("%H:%M").to_string()), problems.len())
        };
        let as_sent = ["10:00", "09:59", "09:58"].map(str::to_owned);
        assert_eq!(times(None), (as_sent.clone(), 0));
        assert_eq!(times(Some("2026-11-22T11:05:01Z")), (as_sent, 0));
        let moved = ["10:55", "10:54", "10:53"].map(str::to_owned);
        assert_eq!(times(Some("2026-11-22T11:05:00Z")), (moved, 1));
    }

    #[test]
    fn a_clock_ahead_is_corrected_backwards() {
        let json = r#"{"timestamp":"2026-11-22T15:00:00Z"}"#;
        let (event, _, problems) = run(json, Some("2026-11-22T15:00:01Z"));
        assert_eq!(event.timestamp, Some("2026-11-22T11:59:59Z".parse().unwrap()));
        assert_eq!(problems, ["timestamp"]);
    }

    #[test]
    fn a_moment_out_of_bounds_becomes_the_reception() {
        for (time, is_moved) in [
            ("2026-11-22T12:01:00Z", false),
            ("2026-11-22T12:01:01Z", true),
            ("2099-01-01T00:00:00Z", true),
            ("2026-08-25T12:00:00Z", false),
            ("2026-08-23T12:00:00Z", true),
            ("1969-12-31T23:59:59Z", true),
        ] {
            let (event, _, problems) = run(&format!(r#"{{"timestamp":"{time}"}}"#), None);
            assert_eq!(event.timestamp == Some(received()), is_moved, "{time}");
            assert_eq!(problems.len(), usize::from(is_moved), "{time}");
        }
    }

    #[test]
    fn without_a_moment_it_happened_when_it_came() {
        let (event, _, problems) = run("{}", None);
        assert_eq!((event.timestamp, event.received), (Some(received()), Some(received())));
        assert!(problems.is_empty());
    }

    #[test]
    fn a_start_before_1970_refuses_the_event() {
        assert_eq!(run(r#"{"start_timestamp":-5}"#, None).1, Err(Discard::InvalidTransaction));
        assert_eq!(run(r#"{"start_timestamp":-5,"timestamp":0}"#, None).1, Ok(()));
    }

    #[test]
    fn breadcrumbs_before_1970_are_deleted() {
        let json = r#"{"breadcrumbs":[{"timestamp":-5},{"message":"a"},{"timestamp":5}]}"#;
        assert_eq!(run(json, None).0.breadcrumbs().len(), 2);
    }

    #[test]
    fn an_absurd_clock_does_no_harm() {
        let json = r#"{"timestamp":1700000000,"breadcrumbs":[{"timestamp":253402300799}]}"#;
        for sent_at in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let (event, ..) = run(json, Some(sent_at));
            assert_eq!(event.timestamp, Some(received()), "{sent_at}");
        }
    }
}
