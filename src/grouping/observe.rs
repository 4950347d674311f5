//! What the grouping of an event rests on, for judging how well a project is grouped.

use super::evidence;
use super::fingerprint::Fingerprint;
use super::tree::{FramePart, Leaf, StackPart, Text, Tree, View};
use super::variants::{Grouping, VariantName};

/// What the grouping of an event rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// How good its stack is.
    pub stack: StackQuality,
    /// Whether it has nothing to group by, and shares an issue with all such events.
    pub has_nothing: bool,
    /// Who gave a fingerprint that is more than the default.
    pub fingerprint: Option<FingerprintBy>,
    /// The message with placeholders, of the exception that names the issue; empty if there is none.
    pub text: String,
    /// Whether the message has a part in the first hash.
    pub text_counts: bool,
    /// The innermost frame that is the program's own: `shop.cart total`; empty if there is none.
    pub innermost: String,
}

/// Who gave a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FingerprintBy {
    /// The program that sent the event.
    Client,
    /// A rule.
    Rule,
}

/// How good a stack is to group by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackQuality {
    /// There is none.
    Missing,
    /// Its frames have addresses, and neither functions nor files.
    Unnamed,
    /// Its functions have the names that a minifier gave, and there is no source.
    Minified,
    /// No frame is the program's own.
    NothingOwn,
    /// As it should be.
    Good,
}

impl Observation {
    /// Looks at a grouping.
    pub fn of(grouping: &Grouping) -> Self {
        let tree = grouping.basis.as_ref().map(|basis| &basis.tree);
        let first = grouping.variants.iter().find(|variant| variant.hash.is_some());
        let text = tree.and_then(text_of);
        let counting = tree.map(|tree| tree.values(View::App)).unwrap_or_default();
        Self {
            stack: tree.map_or(StackQuality::Missing, quality),
            has_nothing: first.is_none_or(|variant| variant.name == VariantName::Fallback),
            fingerprint: grouping.fingerprint.as_ref().and_then(by),
            text_counts: text.is_some_and(|text| counting.contains(&text.value.as_str())),
            text: text.map(|text| text.value.clone()).unwrap_or_default(),
            innermost: tree.and_then(innermost).unwrap_or_default(),
        }
    }
}

fn by(fingerprint: &Fingerprint) -> Option<FingerprintBy> {
    match fingerprint.rule {
        _ if fingerprint.is_default() => None,
        Some(_) => Some(FingerprintBy::Rule),
        None => Some(FingerprintBy::Client),
    }
}

fn text_of(tree: &Tree) -> Option<&Text> {
    match tree {
        Tree::Exceptions(exceptions) => exceptions
            .iter()
            .rev()
            .find_map(|exception| exception.value.as_ref())
            .map(|it| &it.text),
        Tree::Message(text) => Some(text),
        Tree::Thread(_) | Tree::Stacktrace(_) | Tree::Template(_) | Tree::Report(_) => None,
    }
}

/// The stack that people look at first: that of the last exception.
fn main_stack(tree: &Tree) -> Option<&StackPart> {
    tree.stacks().filter(|stack| !stack.frames.is_empty()).last()
}

fn quality(tree: &Tree) -> StackQuality {
    let Some(stack) = main_stack(tree) else { return StackQuality::Missing };
    let is_unnamed = |frame: &FramePart| {
        frame.function.is_none() && frame.filename.is_none() && frame.context_line.is_none()
    };
    if stack.frames.iter().all(is_unnamed) {
        return StackQuality::Unnamed;
    }
    let mut own = stack.frames.iter().filter(|frame| frame.in_app.value).peekable();
    if own.peek().is_none() {
        return StackQuality::NothingOwn;
    }
    if own.all(evidence::is_minified_frame) { StackQuality::Minified } else { StackQuality::Good }
}

fn innermost(tree: &Tree) -> Option<String> {
    let frame = main_stack(tree)?.frames.iter().rev().find(|frame| frame.in_app.value)?;
    let value = |leaf: &Option<Leaf>| leaf.as_ref().map(|leaf| leaf.value.clone());
    let place = value(&frame.module).or_else(|| value(&frame.filename));
    let words: Vec<String> = place.into_iter().chain(value(&frame.function)).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
