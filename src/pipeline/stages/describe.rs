//! What an event is called (`protocol.md` §5.19, `grouping.md` §14).

use serde::Serialize;

use crate::protocol::event::{Event, Exception, Frame, Stacktrace};
use crate::protocol::lenient::RawMap;

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
    let filename = crash.and_then(|frame| frame.filename.as_deref()).and_then(clean);
    let value = exception.value.as_deref().and_then(clean);
    let kind = exception.kind.as_deref().and_then(clean);
    let named = (!exception.is_synthetic()).then(|| kind.clone().unwrap_or("Error".to_owned()));
    Description {
        title: error_title(exception, kind, value.as_deref(), function.as_deref()),
        location: filename.clone(),
        exception_type: named.map(|kind| first_chars(&kind, MAX_TYPE)),
        exception_value: value.map(|value| first_chars(&value, MAX_VALUE)),
        filename,
        function,
        ..Description::default()
    }
}

/// A type made up by the client says less than the function. Where there is neither, as with a log
/// message that was sent with its stack, the text is the title.
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
    if !exception.is_synthetic() {
        return with_line(kind.unwrap_or_else(|| "Error".to_owned()));
    }
    match (kind, function, &line) {
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
        None => violation(event, "violated_directive")
            .or_else(|| stack_culprit(event))
            .or_else(|| event.request.as_ref()?.url.clone()),
    };
    let culprit = culprit.as_deref().and_then(clean).unwrap_or_default();
    cut(&culprit, MAX_CULPRIT)
}

/// Where the last stack ended. A stack under a made-up exception says where the client made it up.
fn stack_culprit(event: &Event) -> Option<String> {
    let stacktrace = match event.exceptions() {
        [] => event
            .stacktrace
            .as_ref()
            .or_else(|| event.threads.as_ref()?.main_thread()?.stacktrace.as_ref()),
        [.., last] if last.is_synthetic() => None,
        exceptions => exceptions.iter().rev().find_map(|one| one.stacktrace.as_ref()),
    };
    frame_culprit(last_frame(stacktrace?, |_| true)?, event.platform())
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
