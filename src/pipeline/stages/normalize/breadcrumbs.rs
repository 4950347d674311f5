//! What happened before (`protocol.md` §5.12).

use super::at::At;
use super::budget::Budget;
use super::limits::Limit;
use crate::protocol::event::{Event, Level};

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
    fn their_number_is_not_limited() {
        let json = format!(r#"{{"breadcrumbs":[{}{{}}]}}"#, "{},".repeat(149));
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        noted(|at| normalize(&mut event, at));
        assert_eq!(event.breadcrumbs().len(), 150);
    }
}
