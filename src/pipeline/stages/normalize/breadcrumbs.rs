//! What happened before (`protocol.md` §5.12).

use super::at::At;
use super::budget::Budget;
use super::limits::Limit;
use crate::base::EventId;
use crate::protocol::event::{Breadcrumb, Event, Level};

const WORD: Limit = Limit::of(128);
const MESSAGE: Limit = Limit::with(8192, 200);
const DATA: Budget = Budget::of(2048, 5);

/// Brings the breadcrumbs into their canonical form.
pub(super) fn normalize(event: &mut Event, at: At<'_>) {
    let Some(list) = &mut event.breadcrumbs else { return };
    let at = at.field("breadcrumbs");
    let at = at.field("values");
    for (index, breadcrumb) in list.values.iter_mut().enumerate() {
        let at = at.element(index);
        breadcrumb.level.get_or_insert(Level::Info);
        breadcrumb.kind.get_or_insert_with(|| "default".to_owned());
        normalize_event_id(breadcrumb, at);
        WORD.apply(&mut breadcrumb.kind, "type", at);
        WORD.apply(&mut breadcrumb.category, "category", at);
        MESSAGE.apply(&mut breadcrumb.message, "message", at);
        DATA.apply_to_field(&mut breadcrumb.data, "data", at);
        if !breadcrumb.other.is_empty() {
            DATA.apply(&mut breadcrumb.other, at);
        }
    }
    if list.values.is_empty() {
        event.breadcrumbs = None;
    }
}

/// The id of the event that a breadcrumb stands for, in the spelling of all ids.
fn normalize_event_id(breadcrumb: &mut Breadcrumb, at: At<'_>) {
    let Some(sent) = breadcrumb.event_id.take() else { return };
    match sent.parse::<EventId>() {
        Ok(id) => breadcrumb.event_id = Some(id.to_string()),
        Err(_) => at.field("event_id").invalid_text(&sent, "expected the id of an event"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    #[test]
    fn what_a_breadcrumb_does_not_say_has_a_default() {
        let json = r#"{"breadcrumbs":{"values":[{"message":"a","level":"warn"},{"ty":"http"}]}}"#;
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        noted(|at| normalize(&mut event, at));
        let [first, second] = event.breadcrumbs() else { panic!("two breadcrumbs") };
        assert_eq!((first.level, first.kind.as_deref()), (Some(Level::Info), Some("default")));
        assert_eq!(second.kind.as_deref(), Some("http"));
    }

    #[test]
    fn the_event_that_one_is_about_is_named_as_all_events_are() {
        let json = r#"{"breadcrumbs":[{"event_id":"FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0"},{"event_id":"x"}]}"#;
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, at));
        let ids: Vec<_> = event.breadcrumbs().iter().map(|one| one.event_id.as_deref()).collect();
        assert_eq!(ids, [Some("fc6d8c0c43fc4630ad850ee518f1b9d0"), None]);
        assert_eq!(problems, ["breadcrumbs.values.1.event_id"]);
    }

    #[test]
    fn their_number_is_not_limited() {
        let json = format!(r#"{{"breadcrumbs":[{}{{}}]}}"#, "{},".repeat(149));
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        noted(|at| normalize(&mut event, at));
        assert_eq!(event.breadcrumbs().len(), 150);
    }
}
