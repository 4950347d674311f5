//! Exceptions (`protocol.md` §5.9).

use super::at::At;
use super::budget::Budget;
use super::limits::Limit;
use super::system_names::System;
use super::{lists, mechanism, stacktrace};
use crate::protocol::event::{Event, Exception, Stacktrace};

const TYPE: Limit = Limit::with(256, 20);
const VALUE: Limit = Limit::with(8192, 200);
const MODULE: Limit = Limit::with(256, 20);
const THREAD_ID: Limit = Limit::with(256, 20);
const OTHER: Budget = Budget::of(4096, 5);

/// The longest first word of a message that is taken for an exception's type.
const MAX_TYPE_BYTES: usize = 256;

/// Brings exceptions and a stack that belongs to them into their canonical form.
pub(super) fn normalize(event: &mut Event, at: At<'_>) {
    let system = System::of(event);
    if let Some(list) = &mut event.exception {
        let at = at.field("exception");
        let at = at.field("values");
        for (index, exception) in list.values.iter_mut().enumerate() {
            normalize_one(exception, system, at.element(index));
        }
        let orphan = remove_empty(&mut list.values, at);
        if list.values.is_empty() {
            event.exception = None;
            event.stacktrace = event.stacktrace.take().or(orphan);
        }
    }
    stacktrace::normalize(&mut event.stacktrace, "stacktrace", at);
    adopt_stacktrace(event);
}

fn normalize_one(exception: &mut Exception, system: System, at: At<'_>) {
    split_type(exception);
    TYPE.apply(&mut exception.kind, "type", at);
    VALUE.apply(&mut exception.value, "value", at);
    MODULE.apply(&mut exception.module, "module", at);
    THREAD_ID.apply(&mut exception.thread_id, "thread_id", at);
    mechanism::normalize(&mut exception.mechanism, system, at);
    stacktrace::normalize(&mut exception.stacktrace, "stacktrace", at);
    stacktrace::normalize(&mut exception.raw_stacktrace, "raw_stacktrace", at);
    OTHER.apply(&mut exception.other, at);
}

/// A value like `TypeError: x is undefined` without a type holds both.
fn split_type(exception: &mut Exception) {
    if !is_empty(exception.kind.as_ref()) {
        return;
    }
    let Some((kind, value)) = exception.value.as_deref().and_then(|value| value.split_once(':'))
    else {
        return;
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_type = !kind.is_empty() && kind.len() <= MAX_TYPE_BYTES && kind.chars().all(is_word);
    // `http://…` begins with a word and a colon too.
    if is_type && value.starts_with(char::is_whitespace) {
        let (kind, value) = (kind.to_owned(), value.trim().to_owned());
        exception.kind = Some(kind);
        exception.value = Some(value);
    }
}

fn is_empty(text: Option<&String>) -> bool {
    text.is_none_or(String::is_empty)
}

/// Removes exceptions that say nothing. If one of them had a stack, it comes back: it says where.
fn remove_empty(values: &mut Vec<Exception>, at: At<'_>) -> Option<Stacktrace> {
    let says_nothing = |exception: &Exception| {
        is_empty(exception.kind.as_ref()) && is_empty(exception.value.as_ref())
    };
    let mut stacktrace = None;
    for (index, exception) in values.iter_mut().enumerate().filter(|(_, e)| says_nothing(e)) {
        let reason = "an exception needs `type` or `value`";
        at.element(index).problem("missing_attribute", None, reason);
        stacktrace = exception.stacktrace.take().or(stacktrace);
    }
    lists::retain(values, at, |exception| !says_nothing(exception));
    stacktrace
}

/// A stack beside the only exception is that exception's.
fn adopt_stacktrace(event: &mut Event) {
    let Some(list) = &mut event.exception else { return };
    if let [only] = list.values.as_mut_slice()
        && only.stacktrace.is_none()
    {
        only.stacktrace = event.stacktrace.take();
    }
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    fn run(json: &str) -> (Event, Vec<String>) {
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, at));
        (event, problems)
    }

    #[test]
    fn a_type_hidden_in_the_value_is_found() {
        for (value, kind, rest) in [
            ("TypeError: x is undefined", Some("TypeError"), "x is undefined"),
            ("Überfehler: ja", Some("Überfehler"), "ja"),
            ("http://x.y is down", None, "http://x.y is down"),
            ("two words: no", None, "two words: no"),
            (": nothing", None, ": nothing"),
            ("plain", None, "plain"),
        ] {
            let (event, _) = run(&format!(r#"{{"exception":[{{"value":"{value}"}}]}}"#));
            let exception = &event.exceptions()[0];
            assert_eq!(exception.kind.as_deref(), kind, "{value}");
            assert_eq!(exception.value.as_deref(), Some(rest), "{value}");
        }
    }

    #[test]
    fn exceptions_that_say_nothing_are_removed() {
        let (event, problems) = run(r#"{"exception":[{"type":"A"},{"type":"","value":""},{}]}"#);
        assert_eq!(event.exceptions().len(), 1);
        assert_eq!(problems, ["exception.values.1", "exception.values.2"]);
    }

    #[test]
    fn the_stack_of_an_exception_that_says_nothing_is_kept() {
        let json = r#"{"exception":[{"stacktrace":{"frames":[{"function":"f"}]}}]}"#;
        let (event, problems) = run(json);
        assert!(event.exception.is_none());
        assert_eq!(event.stacktrace.unwrap().frames().len(), 1);
        assert_eq!(problems, ["exception.values.0"]);
    }

    #[test]
    fn a_stack_beside_the_only_exception_is_its_own() {
        let stack = |name: &str| format!(r#""stacktrace":{{"frames":[{{"function":"{name}"}}]}}"#);
        let first = |event: &Event| {
            let stacktrace = event.exceptions()[0].stacktrace.as_ref();
            stacktrace.and_then(|stack| stack.frames()[0].function.clone())
        };
        let (event, _) = run(&format!(r#"{{"exception":{{"type":"A"}},{}}}"#, stack("f")));
        assert_eq!((first(&event).as_deref(), event.stacktrace.is_none()), (Some("f"), true));
        let own = stack("g");
        let (event, _) = run(&format!(r#"{{"exception":{{"type":"A",{own}}},{}}}"#, stack("f")));
        assert_eq!((first(&event).as_deref(), event.stacktrace.is_none()), (Some("g"), false));
        let two = r#"[{"type":"A"},{"type":"B"}]"#;
        let (event, _) = run(&format!(r#"{{"exception":{two},{}}}"#, stack("f")));
        assert_eq!((first(&event), event.stacktrace.is_none()), (None, false));
    }
}
