//! What counts of an event, in words.

use super::fingerprint::{Fingerprint, FingerprintEntry};
use super::tree::{ExceptionPart, Leaf, StackPart, Tree, View};
use super::variants::Basis;

pub(super) fn basis_words(basis: &Basis, view: View) -> String {
    match &basis.tree {
        Tree::Exceptions(exceptions) => exceptions_words(exceptions, view),
        Tree::Thread(stack) => frames_words(&[stack], view, " of a thread"),
        Tree::Stacktrace(stack) => frames_words(&[stack], view, ""),
        Tree::Template(texts) => format!("the place in the template: {}", quoted(texts)),
        Tree::Report(texts) => format!("what the {} says: {}", basis.strategy, quoted(texts)),
        Tree::Message(text) => format!("the message {}", quoted([&text.value])),
    }
}

fn exceptions_words(exceptions: &[ExceptionPart], view: View) -> String {
    let counting: Vec<_> = exceptions.iter().filter(|part| part.counts(view)).collect();
    let mut kinds: Vec<_> = counting
        .iter()
        .filter_map(|part| part.kind.as_ref().filter(|kind| kind.counts()))
        .map(|kind| &kind.value)
        .collect();
    kinds.dedup();
    let values = counting.iter().filter_map(|part| part.value.as_ref());
    let values: Vec<_> = values
        .filter(|value| value.marks.get(view).counts)
        .map(|value| &value.text.value)
        .collect();
    let mut words = Vec::new();
    match (counting.len(), kinds.len()) {
        (_, 0) => {}
        (1, _) => words.push(format!("the type {}", quoted(kinds))),
        (count, 1) => words.push(format!("{count} exceptions of the type {}", quoted(kinds))),
        (count, _) => words.push(format!("{count} exceptions of the types {}", quoted(kinds))),
    }
    match values.len() {
        0 => {}
        1 => words.push(format!("the message {}", quoted(values))),
        count => words.push(format!("{count} messages")),
    }
    if counting.iter().any(|part| !part.ns_error.is_empty()) {
        words.push("domain and code of the NSError".to_owned());
    }
    let stacks: Vec<_> = counting.iter().filter_map(|part| part.stacktrace.as_ref()).collect();
    if stacks.iter().any(|stack| stack.marks.get(view).counts) {
        words.push(frames_words(&stacks, view, ""));
    }
    joined(&words)
}

fn frames_words(stacks: &[&StackPart], view: View, of: &str) -> String {
    let counting = stacks
        .iter()
        .filter(|stack| stack.marks.get(view).counts)
        .flat_map(|stack| &stack.frames)
        .filter(|frame| frame.marks.get(view).counts)
        .count();
    let what = match view {
        View::App => "in-app ",
        View::System => "",
    };
    let plural = if counting == 1 { "" } else { "s" };
    let why = match view {
        View::App => "",
        View::System => ", as none is in app",
    };
    format!("{counting} {what}frame{plural}{of}{why}")
}

pub(super) fn fingerprint_words(fingerprint: &Fingerprint) -> String {
    let texts = fingerprint.entries.iter().filter_map(|entry| match entry {
        FingerprintEntry::Default => None,
        FingerprintEntry::Text { value, .. } => Some(value),
    });
    let from = match &fingerprint.rule {
        None => "that the client sent".to_owned(),
        Some(rule) => format!("of the {} rule `{}`", rule.origin, rule.text),
    };
    format!("the fingerprint {} {from}", quoted(texts))
}

/// Why two events whose trees count the same are one issue.
pub(super) fn equal_words(basis: &Basis, view: View, fingerprint: Option<&Fingerprint>) -> String {
    let mut parts = Vec::new();
    match &basis.tree {
        Tree::Exceptions(exceptions) => {
            let counting: Vec<_> = exceptions.iter().filter(|part| part.counts(view)).collect();
            let kinds = counting.iter().filter(|part| part.kind.as_ref().is_some_and(Leaf::counts));
            let values = counting.iter().filter_map(|part| part.value.as_ref());
            let values = values.filter(|value| value.marks.get(view).counts);
            parts.extend(counted(kinds.count(), "type"));
            parts.extend(counted(values.count(), "message"));
            let has_ns_error = counting.iter().any(|part| !part.ns_error.is_empty());
            parts.extend(has_ns_error.then(|| "the NSError".to_owned()));
        }
        Tree::Template(_) => parts.push("the place in the template".to_owned()),
        Tree::Report(_) => parts.push("what the reports say".to_owned()),
        Tree::Message(_) => parts.push("the message".to_owned()),
        Tree::Thread(_) | Tree::Stacktrace(_) => {}
    }
    let stacks = basis.tree.stacks().filter(|stack| stack.marks.get(view).counts);
    let frames = stacks.flat_map(|stack| &stack.frames);
    let frames = frames.filter(|frame| frame.marks.get(view).counts).count();
    if frames > 0 {
        let what = if view == View::App { "in-app frame" } else { "frame" };
        let plural = if frames == 1 { "" } else { "s" };
        parts.push(format!("{} {what}{plural}", number_word(frames)));
    }
    parts.extend(fingerprint.is_some().then(|| "the fingerprint".to_owned()));
    let verb = if parts.len() == 1 && parts[0].starts_with("the ") || parts == ["one in-app frame"]
    {
        "is"
    } else {
        "are"
    };
    format!("Joined because {} {verb} equal.", joined(&parts))
}

/// `the type`, `two types`; nothing for none.
fn counted(count: usize, what: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("the {what}")),
        count => Some(format!("{} {what}s", number_word(count))),
    }
}

fn number_word(count: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// The longest text that a sentence quotes whole, in characters.
const MAX_QUOTED_CHARS: usize = 100;

/// `a`, `b`
pub(super) fn quoted<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted = |text: T| match text.as_ref().char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("`{}…`", &text.as_ref()[..end]),
        None => format!("`{}`", text.as_ref()),
    };
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// a, b and c
pub(super) fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}
