//! What an event is called (`protocol.md` §5.19, `grouping.md` §14).

use serde::Serialize;

use crate::protocol::event::{Event, Exception, Frame, Stacktrace};
use crate::protocol::lenient::RawMap;
use crate::protocol::security::Csp;

/// The longest first line in a title, in characters.
const MAX_LINE: usize = 256;
const MAX_TYPE: usize = 128;
const MAX_VALUE: usize = 1024;
const MAX_CULPRIT: usize = 200;

/// Functions that say nothing about where something happened.
const UNUSABLE: [&str; 3] = ["<redacted>", "<unknown>", ""];

/// The words under which an event and its issue are listed. None of them holds NUL.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Description {
    /// `error`, `csp` or `default`.
    pub kind: String,
    /// What happened: `ZeroDivisionError: division by zero`.
    pub title: String,
    /// Where, in a word: the route, or the function of the crash; empty if nothing is known.
    pub culprit: String,
    /// The file of the crash, or the page of a violated policy.
    pub location: Option<String>,
    /// The type of the main exception, unless the client made it up.
    pub exception_type: Option<String>,
    /// The message of the main exception.
    pub exception_value: Option<String>,
    /// The file of the crash.
    pub filename: Option<String>,
    /// The function of the crash.
    pub function: Option<String>,
    /// Whether the program did not catch it.
    pub is_unhandled: bool,
}

/// Describes a normalised event. `main_exception_id` is grouping's choice among a group of
/// exceptions; without it the outermost one counts.
pub fn describe(event: &Event, main_exception_id: Option<u64>) -> Description {
    let description = match main_exception(event, main_exception_id) {
        Some(exception) => describe_error(event, exception),
        None => describe_message(event),
    };
    Description {
        kind: event.kind.clone().unwrap_or_else(|| "default".to_owned()),
        culprit: culprit(event),
        is_unhandled: event.exceptions().iter().any(|one| one.is_handled() == Some(false)),
        ..description
    }
}

fn main_exception(event: &Event, id: Option<u64>) -> Option<&Exception> {
    let id_of = |exception: &Exception| exception.mechanism.as_ref()?.exception_id;
    let chosen = id.and_then(|id| event.exceptions().iter().find(|one| id_of(one) == Some(id)));
    chosen.or_else(|| event.exceptions().last())
}

fn describe_error(event: &Event, exception: &Exception) -> Description {
    let crash = crash_frame(event, exception);
    let function = crash.and_then(|frame| frame.function.as_deref()).and_then(clean);
    let function = function.filter(|function| !UNUSABLE.contains(&function.as_str()));
    let filename = crash.and_then(|frame| frame.filename.as_deref()).and_then(clean);
    let value = exception.value.as_deref().and_then(clean);
    let kind = match exception.kind.as_deref().and_then(clean) {
        _ if is_made_up(event, exception) => None,
        None => Some("Error".to_owned()),
        kind => kind,
    };
    Description {
        title: error_title(exception, kind.clone(), value.as_deref(), function.as_deref()),
        location: filename.clone(),
        exception_type: kind.map(|kind| first_chars(&kind, MAX_TYPE)),
        exception_value: value.map(|value| first_chars(&value, MAX_VALUE)),
        filename,
        function,
        ..Description::default()
    }
}

/// Whether the type says nothing: native clients put the signal's name there. JavaScript clients mark
/// whatever was thrown without being an error in the same way, but there type and text say what it
/// was, and the function would be the client's own.
fn is_made_up(event: &Event, exception: &Exception) -> bool {
    let is_named = exception.kind.as_ref().is_some_and(|kind| !kind.is_empty());
    let is_javascript = matches!(event.platform(), "javascript" | "node");
    exception.is_synthetic() && !(is_javascript && is_named)
}

/// The type and the first line of the text. Without a usable type the function; without that too, as
/// with a log message that was sent with its stack, the text alone.
fn error_title(
    exception: &Exception,
    kind: Option<String>,
    value: Option<&str>,
    function: Option<&str>,
) -> String {
    let line = value.and_then(first_line);
    let with_line = |kind: String| match &line {
        Some(line) => format!("{kind}: {line}"),
        None => kind,
    };
    if let Some(kind) = kind {
        return with_line(kind);
    }
    let made_up = exception.kind.as_deref().and_then(clean);
    match (made_up, function, &line) {
        (None, _, Some(line)) => line.clone(),
        (_, Some(function), _) => function.to_owned(),
        (Some(kind), None, _) => with_line(kind),
        (None, None, None) => "<unknown>".to_owned(),
    }
}

fn describe_message(event: &Event) -> Description {
    let line = event.message_text().and_then(first_line);
    Description {
        title: line.unwrap_or_else(|| "<unlabeled event>".to_owned()),
        location: violation(event, "document_uri").and_then(|uri| host_and_path(&uri)),
        ..Description::default()
    }
}

/// The frame that people mean when they ask where it happened: of the program's own frames with a
/// name the last one.
fn crash_frame<'e>(event: &'e Event, exception: &'e Exception) -> Option<&'e Frame> {
    let thread = || event.threads.as_ref()?.main_thread()?.stacktrace.as_ref();
    let stacktrace = exception.stacktrace.as_ref().or(event.stacktrace.as_ref()).or_else(thread)?;
    let is_named =
        |frame: &Frame| frame.function.as_deref().is_some_and(|name| !UNUSABLE.contains(&name));
    last_frame(stacktrace, is_named).or_else(|| last_frame(stacktrace, |_| true))
}

/// The last of the program's own frames, or the last of all.
fn last_frame(stacktrace: &Stacktrace, is_wanted: impl Fn(&Frame) -> bool) -> Option<&Frame> {
    let mut wanted = stacktrace.frames().iter().rev().filter(|frame| is_wanted(frame)).peekable();
    let last = wanted.peek().copied();
    wanted.find(|frame| frame.in_app == Some(true)).or(last)
}

fn culprit(event: &Event) -> String {
    let transaction = event.transaction.as_deref().filter(|text| !text.is_empty());
    let culprit = match transaction {
        Some(transaction) => Some(transaction.to_owned()),
        None => violated_directive(event)
            .or_else(|| stack_culprit(event))
            .or_else(|| event.request.as_ref()?.url.clone()),
    };
    let culprit = culprit.as_deref().and_then(clean).unwrap_or_default();
    cut(&culprit, MAX_CULPRIT)
}

/// Where the last stack ended. A stack under a made-up exception says where the client made it up.
fn stack_culprit(event: &Event) -> Option<String> {
    if event.exceptions().last().is_some_and(Exception::is_synthetic) {
        return None;
    }
    let own = event.exceptions().iter().rev().find_map(|one| one.stacktrace.as_ref());
    let stacktrace = own.or_else(|| stack_beside(event))?;
    frame_culprit(last_frame(stacktrace, |_| true)?, event.platform())
}

/// The stack that an event has besides its exceptions.
fn stack_beside(event: &Event) -> Option<&Stacktrace> {
    let thread = || event.threads.as_ref()?.main_thread()?.stacktrace.as_ref();
    event.stacktrace.as_ref().or_else(thread)
}

fn frame_culprit(frame: &Frame, platform: &str) -> Option<String> {
    let function = frame.function.as_deref().unwrap_or("?");
    let present = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
    let place = present(&frame.module).or_else(|| present(&frame.filename));
    match frame.platform.as_deref().unwrap_or(platform) {
        "objc" | "cocoa" | "native" => Some(function.to_owned()),
        "javascript" | "node" => place.map(|place| format!("{function}({place})")),
        _ => place.map(|place| format!("{place} in {function}")),
    }
}

/// What was violated of a content security policy.
fn violated_directive(event: &Event) -> Option<String> {
    event.csp.as_ref()?.parse::<Csp>()?.culprit()
}

/// A field of a content security policy's violation.
fn violation(event: &Event, field: &str) -> Option<String> {
    let fields: RawMap = event.csp.as_ref()?.parse()?;
    fields.get(field)?.parse()
}

fn host_and_path(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri).ok()?;
    clean(&format!("{}{}", url.host_str()?, url.path()))
}

/// The first line that is not blank, as long as a title may be.
fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    clean(line).map(|line| cut(&line, MAX_LINE))
}

/// Without NUL, which no text column can hold; `None` if nothing is left.
fn clean(text: &str) -> Option<String> {
    let text = text.replace('\0', "");
    (!text.is_empty()).then_some(text)
}

fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    first_chars(text, max - 3) + "..."
}

fn first_chars(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(json: &str) -> Description {
        describe(&Event::from_stored(json.as_bytes()).unwrap(), None)
    }

    fn title(json: &str) -> String {
        description(json).title
    }

    const STACK: &str = r#""stacktrace":{"frames":[
        {"function":"main","module":"app","filename":"app.py","in_app":true},
        {"function":"pay","module":"shop.pay","filename":"shop/pay.py","in_app":true},
        {"function":"send","module":"http","filename":"http.py","in_app":false}]}"#;

    #[test]
    fn an_error_is_called_by_its_type_and_the_first_line_of_its_text() {
        for (exception, expected) in [
            (r#"{"type":"A","value":"b"}"#, "A: b"),
            (r#"{"type":"A","value":"\n  first \n second"}"#, "A: first"),
            (r#"{"type":"A","value":" \n "}"#, "A"),
            (r#"{"type":"A"}"#, "A"),
            (r#"{"value":"b"}"#, "Error: b"),
            (r#"{"type":"A\u0000B","value":"c\u0000"}"#, "AB: c"),
        ] {
            let found = title(&format!(r#"{{"exception":[{exception}]}}"#));
            assert_eq!(found, expected, "{exception}");
        }
        let long = format!(r#"{{"exception":[{{"type":"A","value":"{}"}}]}}"#, "ä".repeat(300));
        assert_eq!(title(&long), format!("A: {}...", "ä".repeat(253)));
    }

    #[test]
    fn an_error_whose_type_was_made_up_is_called_by_its_function() {
        let made_up = |fields: &str| {
            let exception = format!(r#"{{{fields},"mechanism":{{"synthetic":true}}}}"#);
            description(&format!(r#"{{"platform":"native","exception":[{exception}]}}"#))
        };
        let crash = made_up(&format!(r#""type":"SIGSEGV","value":"Segfault",{STACK}"#));
        assert_eq!((crash.title.as_str(), crash.exception_type), ("pay", None));
        assert_eq!(crash.culprit, "");
        assert_eq!(made_up(r#""type":"SIGSEGV","value":"Segfault""#).title, "SIGSEGV: Segfault");
        assert_eq!(made_up(&format!(r#""value":"a message",{STACK}"#)).title, "a message");
        assert_eq!(made_up(r#""type":"""#).title, "<unknown>");
    }

    #[test]
    fn what_javascript_threw_is_called_by_what_it_was() {
        let json = format!(
            r#"{{"platform":"javascript","request":{{"url":"http://x.y/"}},"exception":[{{
            "type":"UnhandledRejection","value":"plain",{STACK},"mechanism":{{"synthetic":true}}}}]}}"#
        );
        let description = description(&json);
        assert_eq!(description.title, "UnhandledRejection: plain");
        assert_eq!(description.exception_type.as_deref(), Some("UnhandledRejection"));
        assert_eq!(description.culprit, "http://x.y/");
    }

    #[test]
    fn of_several_exceptions_the_outermost_or_the_chosen_one_counts() {
        let json = r#"{"exception":[
            {"type":"Inner","mechanism":{"exception_id":1,"parent_id":0}},
            {"type":"Outer","mechanism":{"exception_id":0}}]}"#;
        let event = Event::from_stored(json.as_bytes()).unwrap();
        assert_eq!(describe(&event, None).title, "Outer");
        assert_eq!(describe(&event, Some(1)).title, "Inner");
        assert_eq!(describe(&event, Some(7)).title, "Outer");
    }

    #[test]
    fn a_message_is_called_by_its_first_line() {
        assert_eq!(title(r#"{"logentry":{"formatted":"\n a \n b"}}"#), "a");
        assert_eq!(title("{}"), "<unlabeled event>");
        assert_eq!(title(r#"{"logentry":{"formatted":" \n "}}"#), "<unlabeled event>");
    }

    #[test]
    fn the_crash_is_in_the_last_frame_of_the_program_that_has_a_name() {
        let place = |frames: &str| {
            let stack = format!(r#""stacktrace":{{"frames":[{frames}]}}"#);
            let found = description(&format!(r#"{{"exception":[{{"type":"A",{stack}}}]}}"#));
            (found.function, found.location)
        };
        let text = |text: &str| Some(text.to_owned());
        let named = r#"{"function":"f","filename":"a","in_app":true}"#;
        for unusable in [
            r#"{"filename":"b","in_app":true}"#,
            r#"{"function":"<unknown>","filename":"b","in_app":true}"#,
            r#"{"function":"g","filename":"b","in_app":false}"#,
        ] {
            assert_eq!(place(&format!("{named},{unusable}")), (text("f"), text("a")), "{unusable}");
        }
        let system = r#"{"function":"g","filename":"b"}"#;
        assert_eq!(place(system), (text("g"), text("b")));
        assert_eq!(place(r#"{"function":"<redacted>","filename":"b"}"#), (None, text("b")));
    }

    #[test]
    fn the_culprit_is_the_route_or_the_end_of_the_last_stack() {
        let culprit = |json: String| description(&json).culprit;
        let error = |fields: &str| {
            culprit(format!(r#"{{{fields}"exception":[{{"type":"A",{STACK}}},{{"type":"B"}}]}}"#))
        };
        assert_eq!(error(r#""transaction":"/pay","#), "/pay");
        assert_eq!(error(r#""platform":"python","#), "shop.pay in pay");
        assert_eq!(error(r#""platform":"javascript","#), "pay(shop.pay)");
        assert_eq!(error(r#""platform":"native","#), "pay");
        assert_eq!(culprit(format!("{{{STACK}}}")), "shop.pay in pay");
        let thread = format!(r#"{{"threads":[{{"crashed":true,{STACK}}},{{}}]}}"#);
        assert_eq!(culprit(thread), "shop.pay in pay");
        assert_eq!(culprit(r#"{"request":{"url":"http://x.y/"}}"#.to_owned()), "http://x.y/");
        assert_eq!(culprit("{}".to_owned()), "");
        let long = format!(r#"{{"transaction":"{}"}}"#, "x".repeat(300));
        assert_eq!(culprit(long).len(), MAX_CULPRIT);
    }

    #[test]
    fn a_violated_policy_is_called_by_its_message_and_found_on_its_page() {
        let found = description(
            r#"{"type":"csp","logentry":{"formatted":"Blocked 'script' from 'evil.example'"},
            "csp":{"document_uri":"https://x.y/a?b","violated_directive":"script-src 'self'"}}"#,
        );
        assert_eq!(found.title, "Blocked 'script' from 'evil.example'");
        assert_eq!(found.culprit, "script-src 'self'");
        assert_eq!(found.location.as_deref(), Some("x.y/a"));
    }

    #[test]
    fn an_error_is_unhandled_if_anything_in_its_chain_is() {
        let unhandled = |handled: &str| {
            let json = format!(
                r#"{{"exception":[{{"type":"A","mechanism":{{"handled":{handled}}}}},{{"type":"B"}}]}}"#
            );
            description(&json).is_unhandled
        };
        assert!(unhandled("false"));
        assert!(!unhandled("true") && !unhandled("null"));
    }
}
