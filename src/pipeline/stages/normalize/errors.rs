//! The list of everything that was wrong with an event.

use super::at::At;
use super::budget::Budget;
use crate::protocol::event::Event;
use crate::protocol::lenient::{Problem, Raw};

/// The list has no more entries than this; the client's own give way to ours.
const MAX_ERRORS: usize = 200;

/// What the client says about one error. Our own, read again, are within it.
const ERROR: Budget = Budget::of(8 * 1024, 24);

/// Keeps what the client found within bounds.
pub(super) fn limit(event: &mut Event, at: At<'_>) {
    let Some(raw) = event.errors.take() else { return };
    let at = at.field("errors");
    let own: Vec<Raw> = raw.parse().unwrap_or_default();
    let mut own: Vec<Raw> = own.into_iter().filter(Raw::is_object).take(MAX_ERRORS).collect();
    for (index, error) in own.iter_mut().enumerate() {
        ERROR.apply_in_place(error, at.element(index));
    }
    event.errors = Some(Raw::from_value(&own));
}

/// Puts what the client found and what we found into one list.
pub(super) fn merge(event: &mut Event, found: &[Problem]) {
    let own: Vec<Raw> = event.errors.take().and_then(|raw| raw.parse()).unwrap_or_default();
    let room = MAX_ERRORS.saturating_sub(found.len());
    let all: Vec<Raw> =
        own.into_iter().take(room).chain(found.iter().map(Raw::from_value)).collect();
    event.errors = (!all.is_empty()).then(|| Raw::from_value(&all));
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    #[test]
    fn the_clients_findings_and_ours_are_one_list() {
        let mut event =
            Event::from_stored(br#"{"errors":[{"type":"theirs"},"garbage",null]}"#).unwrap();
        noted(|at| limit(&mut event, at));
        merge(&mut event, &[Problem::new("ours", "tags", None)]);
        let errors = event.errors.unwrap();
        assert_eq!(errors.text(), r#"[{"type":"theirs"},{"type":"ours","name":"tags"}]"#);
    }

    #[test]
    fn an_event_without_errors_has_no_list() {
        let mut event = Event::from_stored(br#"{"errors":[]}"#).unwrap();
        noted(|at| limit(&mut event, at));
        merge(&mut event, &[]);
        assert_eq!(event.errors, None);
    }

    #[test]
    fn the_list_is_bounded_and_ours_are_never_left_out() {
        let own = vec![r#"{"type":"theirs"}"#; 500].join(",");
        let mut event = Event::from_stored(format!(r#"{{"errors":[{own}]}}"#).as_bytes()).unwrap();
        merge(&mut event, &[Problem::new("ours", "tags", None)]);
        let errors: Vec<Raw> = event.errors.as_ref().unwrap().parse().unwrap();
        assert_eq!(errors.len(), MAX_ERRORS);
        assert!(errors[MAX_ERRORS - 1].text().contains("ours"));
    }
}
