//! Says in words why an event is grouped as it is (`grouping-problems.md`, Explain).
//!
//! Everything comes from the stored tree, nothing is computed again: the explanation of an old hash stays
//! true whatever later versions do.

use serde::{Deserialize, Serialize};

use super::fingerprint::{Fingerprint, FingerprintEntry};
use super::reason::Reason;
use super::strategies::Strategy;
use super::tree::{Decider, ExceptionPart, FramePart, Leaf, StackPart, Text, Tree, View};
use super::variants::{Basis, Grouping, VariantName};

/// Why an event is grouped as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The whole of it in one sentence.
    pub sentence: String,
    /// The variant that the sentence is about: the one whose hash is asked first.
    pub variant: VariantName,
    /// What counted and what did not, in order.
    pub parts: Vec<ExplainedPart>,
    /// What else is worth knowing, a sentence each.
    pub notes: Vec<String>,
    /// The version of everything that made the hash.
    pub config: String,
}

/// One text of the event, or one stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedPart {
    /// What it is: `Type`, `Message`, `Stack trace` …
    pub label: String,
    /// The text as it is hashed; of a stack, how many of its frames count.
    pub value: String,
    /// The text as it came, where changing parts were replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// Whether it counts.
    pub counts: bool,
    /// Why, where that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The frames of a stack, oldest call first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<ExplainedFrame>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedFrame {
    /// What to call it: `charge in shop.payments`.
    pub title: String,
    /// Whether it counts.
    pub counts: bool,
    /// Why.
    pub why: String,
    /// What of it is hashed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// Says why an event is grouped as it is.
pub fn explain(grouping: &Grouping) -> Explanation {
    let first = grouping
        .variants
        .iter()
        .find(|variant| variant.hash.is_some() && variant.name != VariantName::System);
    let variant = first.map_or(VariantName::System, |variant| variant.name);
    let view = variant.view();
    let mut parts: Vec<_> = match (view, &grouping.basis) {
        (Some(view), Some(basis)) => parts_of(&basis.tree, view),
        _ => Vec::new(),
    };
    parts.extend(grouping.fingerprint.iter().flat_map(fingerprint_parts));
    Explanation {
        sentence: sentence(grouping, variant),
        variant,
        parts,
        notes: notes(grouping, variant),
        config: grouping.config.clone(),
    }
}

fn sentence(grouping: &Grouping, variant: VariantName) -> String {
    match variant {
        VariantName::Checksum | VariantName::HashedChecksum => {
            "Grouped by the checksum that the client sent.".to_owned()
        }
        VariantName::Fallback => {
            "Nothing in this event tells it from others, so it is grouped with \
             everything else that has no content."
                .to_owned()
        }
        VariantName::CustomClientFingerprint
        | VariantName::CustomServerFingerprint
        | VariantName::BuiltInFingerprint => {
            let fingerprint = grouping.fingerprint.as_ref();
            format!("Grouped by {}.", fingerprint.map(fingerprint_words).unwrap_or_default())
        }
        VariantName::App | VariantName::System | VariantName::Default => {
            let view = variant.view().unwrap_or(View::App);
            let basis = grouping.basis.as_ref().map(|basis| basis_words(basis, view));
            let hybrid = grouping.fingerprint.as_ref().filter(|it| it.is_hybrid());
            let words = [basis, hybrid.map(fingerprint_words)];
            format!(
                "Grouped by {}.",
                words.into_iter().flatten().collect::<Vec<_>>().join(", and ")
            )
        }
    }
}

fn basis_words(basis: &Basis, view: View) -> String {
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

fn fingerprint_words(fingerprint: &Fingerprint) -> String {
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

fn parts_of(tree: &Tree, view: View) -> Vec<ExplainedPart> {
    match tree {
        Tree::Exceptions(exceptions) => {
            exceptions.iter().flat_map(|exception| exception_parts(exception, view)).collect()
        }
        Tree::Thread(stack) | Tree::Stacktrace(stack) => vec![stack_part(stack, view)],
        Tree::Template(texts) => texts.iter().map(|text| counting("Template", text)).collect(),
        Tree::Report(texts) => texts.iter().map(|text| counting("Report", text)).collect(),
        Tree::Message(text) => vec![text_part("Message", text, true, None)],
    }
}

fn exception_parts(exception: &ExceptionPart, view: View) -> Vec<ExplainedPart> {
    let mut parts = Vec::new();
    if let Some(kind) = &exception.kind {
        let why = kind.ignored.as_ref().map(Reason::to_string);
        parts.push(ExplainedPart { counts: kind.counts(), why, ..counting("Type", &kind.value) });
    }
    if let Some(value) = &exception.value {
        let mark = value.marks.get(view);
        let why = mark.reason.as_ref().map(Reason::to_string);
        parts.push(text_part("Value", &value.text, mark.counts, why));
    }
    parts.extend(exception.ns_error.iter().map(|text| counting("NSError", text)));
    parts.extend(exception.stacktrace.as_ref().map(|stack| stack_part(stack, view)));
    parts
}

fn fingerprint_parts(fingerprint: &Fingerprint) -> Vec<ExplainedPart> {
    let part = |entry: &FingerprintEntry| match entry {
        FingerprintEntry::Default => None,
        FingerprintEntry::Text { given, value } => Some(ExplainedPart {
            original: (given != value).then(|| given.clone()),
            ..counting("Fingerprint", value)
        }),
    };
    fingerprint.entries.iter().filter_map(part).collect()
}

fn counting(label: &str, value: &str) -> ExplainedPart {
    ExplainedPart {
        label: label.to_owned(),
        value: value.to_owned(),
        original: None,
        counts: true,
        why: None,
        frames: Vec::new(),
    }
}

fn text_part(label: &str, text: &Text, counts: bool, why: Option<String>) -> ExplainedPart {
    let original = text.original.clone();
    ExplainedPart { original, counts, why, ..counting(label, &text.value) }
}

fn stack_part(stack: &StackPart, view: View) -> ExplainedPart {
    let mark = stack.marks.get(view);
    let frames: Vec<_> = stack.frames.iter().map(|frame| explained_frame(frame, view)).collect();
    let count = frames.iter().filter(|frame| frame.counts).count();
    ExplainedPart {
        counts: mark.counts,
        why: mark.reason.as_ref().map(Reason::to_string),
        frames,
        ..counting("Stack trace", &format!("{count} of {} frames", stack.frames.len()))
    }
}

fn explained_frame(frame: &FramePart, view: View) -> ExplainedFrame {
    let counts = frame.marks.get(view).counts;
    let leaves = frame.leaves().into_iter().flatten();
    let values = leaves.filter(|leaf| counts && leaf.counts()).map(|leaf| leaf.value.clone());
    ExplainedFrame {
        title: frame_title(frame),
        counts,
        why: frame_words(frame, view),
        values: values.collect(),
    }
}

fn frame_title(frame: &FramePart) -> String {
    let place = frame.module.as_ref().or(frame.filename.as_ref());
    let text = |leaf: &Leaf| leaf.value.clone();
    match (&frame.function, place) {
        (Some(function), Some(place)) => format!("{} in {}", function.value, place.value),
        (Some(only), None) | (None, Some(only)) => text(only),
        (None, None) => frame.context_line.as_ref().map_or_else(|| "?".to_owned(), text),
    }
}

/// Who decided about the frame, and in which order: first whether it is in app, then whether it counts.
fn frame_words(frame: &FramePart, view: View) -> String {
    let mark = frame.marks.get(view);
    let in_app = match (frame.in_app.value, &frame.in_app.by) {
        (true, Decider::Client) => "in app, says the client".to_owned(),
        (false, Decider::Client) => "out of app, says the client".to_owned(),
        (true, Decider::Rule(rule)) => format!("in app by the {rule}"),
        (false, Decider::Rule(rule)) => format!("out of app by the {rule}"),
        (_, Decider::Nobody) => "not in app, as nothing says that it is".to_owned(),
    };
    let rule = match &mark.reason {
        Some(Reason::Rule(rule)) if mark.counts => Some(format!("un-ignored by the {rule}")),
        Some(Reason::Rule(rule)) => Some(format!("ignored by the {rule}")),
        Some(Reason::NotInApp) | None => None,
        Some(reason) => Some(reason.to_string()),
    };
    match (view, rule) {
        (View::App, Some(rule)) if frame.in_app.by != Decider::Client => {
            format!("{in_app}, but {rule}")
        }
        (_, Some(rule)) => rule,
        (View::App, None) => in_app,
        (View::System, None) => "all frames count".to_owned(),
    }
}

fn notes(grouping: &Grouping, variant: VariantName) -> Vec<String> {
    let mut notes = Vec::new();
    let passed_over = grouping.basis.as_ref().map_or(&[][..], |basis| &basis.passed_over);
    if let (Some(basis), false) = (&grouping.basis, passed_over.is_empty()) {
        let names: Vec<_> = passed_over.iter().map(Strategy::to_string).collect();
        let verb = if names.len() == 1 { "does" } else { "do" };
        notes.push(format!(
            "The {} {verb} not count, because the {} decides.",
            joined(&names),
            basis.strategy
        ));
    }
    let has_second = variant == VariantName::App
        && grouping
            .variants
            .iter()
            .any(|other| other.name == VariantName::System && other.hash.is_some());
    if has_second {
        notes.push(
            "If no issue has these in-app frames yet, one with the same full stack trace is taken."
                .to_owned(),
        );
    }
    if let Some(id) = grouping.main_exception_id {
        notes.push(format!("The issue is named after the exception with the id {id}."));
    }
    let replaced = grouping.fingerprint.as_ref().map_or(&[][..], |it| &it.replaced);
    if !replaced.is_empty() {
        notes.push(format!("The rule replaced the client's fingerprint {}.", quoted(replaced)));
    }
    notes
}

/// The longest text that a sentence quotes whole, in characters.
const MAX_QUOTED_CHARS: usize = 100;

/// `a`, `b`
fn quoted<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted = |text: T| match text.as_ref().char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("`{}…`", &text.as_ref()[..end]),
        None => format!("`{}`", text.as_ref()),
    };
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// a, b and c
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}
