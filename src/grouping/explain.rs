//! Says in words why an event is grouped as it is (`grouping-problems.md`, Explain).
//!
//! Everything comes from the stored tree, nothing is computed again: the explanation of an old hash stays
//! true whatever later versions do.

use serde::{Deserialize, Serialize};

use super::fingerprint::{Fingerprint, FingerprintEntry};
use super::reason::Reason;
use super::strategies::Strategy;
use super::tree::{Decider, ExceptionPart, FramePart, Leaf, StackPart, Text, Tree, View};
use super::variants::{Grouping, VariantName};
use super::words::{self, basis_words, fingerprint_words, joined, quoted};

/// Why an event is grouped as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The whole of it in one sentence.
    pub sentence: String,
    /// The variant that the sentence is about: the one whose hash is asked first.
    pub variant: VariantName,
    /// What counted, a line each, the innermost frames last; long stacks are cut short.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<String>,
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
        counted: counted_lines(&parts),
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
        VariantName::Fallback if !grouping.fallback.is_empty() => {
            "Nothing in this event tells it from others but its platform and client.".to_owned()
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

/// Why two events are one issue, in a sentence: `Joined because the type and three in-app frames are equal.`
/// `None`: they have no hash in common.
pub fn explain_joined(first: &Grouping, second: &Grouping) -> Option<String> {
    let theirs = second.hashes();
    let hashes = first.hashes();
    let (name, _) =
        hashes.iter().find(|(_, hash)| theirs.iter().any(|(_, other)| other == hash))?;
    let variant = first.variants.iter().find(|variant| variant.name.as_str() == *name)?.name;
    Some(match (variant, &first.basis) {
        (VariantName::App | VariantName::System | VariantName::Default, Some(basis)) => {
            let view = variant.view().unwrap_or(View::App);
            let fingerprint = first.fingerprint.as_ref().filter(|it| it.is_hybrid());
            words::equal_words(basis, view, fingerprint)
        }
        (VariantName::Checksum | VariantName::HashedChecksum, _) => {
            "Joined because the checksums that the client sent are equal.".to_owned()
        }
        (VariantName::Fallback, _) => "Joined because neither has any content.".to_owned(),
        _ => {
            let values = first.values(variant);
            format!("Joined because the fingerprint {} is equal.", quoted(values))
        }
    })
}

/// So many frames are listed of what counted.
const MAX_LISTED_FRAMES: usize = 5;

fn counted_lines(parts: &[ExplainedPart]) -> Vec<String> {
    let mut lines = Vec::new();
    for part in parts.iter().filter(|part| part.counts) {
        if part.frames.is_empty() {
            lines.push(format!("{}: {}", part.label, quoted([&part.value])));
            continue;
        }
        let frames: Vec<_> = part.frames.iter().filter(|frame| frame.counts).collect();
        let cut = frames.len().saturating_sub(MAX_LISTED_FRAMES);
        if cut > 0 {
            lines.push(format!("{cut} more frames further out"));
        }
        let line = |frame: &&ExplainedFrame| format!("Frame: {}", quoted(&frame.values));
        lines.extend(frames[cut..].iter().map(line));
    }
    lines
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
