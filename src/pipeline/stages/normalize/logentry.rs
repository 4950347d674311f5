//! The log message (`protocol.md` §5.8).

use super::at::At;
use super::budget::Budget;
use super::formatting::format_message;
use super::limits::Limit;
use crate::protocol::event::{Event, LogEntry};

const TEXT: Limit = Limit::with(8192, 200);
const PARAMS: Budget = Budget::of(2048, 5);

/// Merges `message` into `logentry` and makes `formatted` the text that people read.
pub(super) fn normalize(event: &mut Event, at: At<'_>) {
    if let Some(message) = event.message.take() {
        merge(event.logentry.get_or_insert_default(), message);
    }
    let Some(entry) = &mut event.logentry else { return };
    let at = at.field("logentry");
    if is_absent(entry) {
        at.problem("missing_attribute", None, "a message needs `message` or `formatted`");
        event.logentry = None;
        return;
    }
    entry.message = entry.message.take().filter(|text| !text.is_empty());
    entry.formatted = entry.formatted.take().filter(|text| !text.is_empty());
    make_formatted(entry);
    TEXT.apply(&mut entry.message, "message", at);
    TEXT.apply(&mut entry.formatted, "formatted", at);
    PARAMS.apply_to_value(&mut entry.params, "params", at);
    PARAMS.apply(&mut entry.other, at);
    if entry.formatted == entry.message {
        entry.message = None;
    }
    if entry.formatted.is_none() {
        event.logentry = None;
    }
}

/// What clients call `message` is the readable text, unless it is the template once more; what is
/// there already stays.
fn merge(entry: &mut LogEntry, message: LogEntry) {
    let readable = message.formatted.filter(|text| entry.message.as_ref() != Some(text));
    entry.formatted = entry.formatted.take().or(readable);
    entry.message = entry.message.take().or(message.message);
    entry.params = entry.params.take().or(message.params);
}

fn is_absent(entry: &LogEntry) -> bool {
    entry.message.is_none() && entry.formatted.is_none()
}

fn make_formatted(entry: &mut LogEntry) {
    if entry.formatted.is_some() {
        return;
    }
    let Some(template) = &entry.message else { return };
    let params = entry.params.as_ref();
    entry.formatted = params.and_then(|params| format_message(template, params));
    if entry.formatted.is_none() {
        entry.formatted = entry.message.take();
    }
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    /// The template, the readable text and how many problems there were.
    fn run(json: &str) -> (Option<String>, Option<String>, usize) {
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, at));
        assert!(event.message.is_none());
        let entry = event.logentry.unwrap_or_default();
        (entry.message, entry.formatted, problems.len())
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_readable_text_is_always_formatted() {
        for (json, message, formatted) in [
            (r#"{"message":"hello"}"#, None, text("hello")),
            (r#"{"message":42}"#, None, text("42")),
            (r#"{"message":{"a":1}}"#, None, text("{\"a\":1}")),
            (r#"{"logentry":{"message":"a"}}"#, None, text("a")),
            (r#"{"logentry":{"message":"a","formatted":"a"}}"#, None, text("a")),
            (r#"{"logentry":{"message":"a","formatted":""}}"#, None, text("a")),
            (r#"{"logentry":{"message":"a %s","params":["b"]}}"#, text("a %s"), text("a b")),
            (r#"{"logentry":{"message":"a %s","params":[]}}"#, None, text("a %s")),
            (r#"{"logentry":{"message":"a %s"},"message":"a b"}"#, text("a %s"), text("a b")),
            (
                r#"{"logentry":{"message":"a %s","params":["b"]},"message":"a %s"}"#,
                text("a %s"),
                text("a b"),
            ),
            (r#"{"sentry.interfaces.Message":{"formatted":"x"},"message":"y"}"#, None, text("x")),
        ] {
            assert_eq!(run(json), (message, formatted, 0), "{json}");
        }
    }

    #[test]
    fn an_empty_message_is_none_and_one_without_text_is_an_error() {
        for (json, problems) in [
            (r#"{"message":""}"#, 0),
            (r#"{"message":false}"#, 0),
            (r#"{"logentry":{"formatted":""}}"#, 0),
            (r#"{"logentry":{"params":[1]}}"#, 1),
            (r#"{"logentry":{}}"#, 1),
        ] {
            assert_eq!(run(json), (None, None, problems), "{json}");
        }
    }

    #[test]
    fn texts_that_differ_only_behind_the_cut_are_one() {
        let long = "x".repeat(9000);
        let json = format!(r#"{{"logentry":{{"message":"{long}a","formatted":"{long}b"}}}}"#);
        let (message, formatted, _) = run(&json);
        assert_eq!((message, formatted.map(|text| text.len())), (None, Some(8192)));
    }
}
