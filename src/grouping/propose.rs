//! Rules that would make one issue of two events, or two of one.
//!
//! Candidates come from what the events have in common and where they differ. Each is added to the project's
//! rules and both events are grouped again: only those that do what they say are proposed.

use super::Config;
use super::compare::share_a_hash;
use super::cursor::Language;
use super::reason::Reason;
use super::tree::{FramePart, Leaf, Tree, View};
use super::variants::{Grouping, regroup};
use crate::protocol::event::{Event, Exception};

/// A rule that was tried on two events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What it is for.
    pub purpose: Purpose,
    /// Which rules it belongs to. Stack trace rules go behind the project's own, fingerprint rules in front.
    pub language: Language,
    /// The rule; of stack trace rules there may be several, one a line.
    pub rule: String,
    /// What it does, in a sentence, also to other events.
    pub effect: String,
}

/// What a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Two events become one issue.
    Join,
    /// One issue becomes two.
    Separate,
}

/// No more than these are shown.
const MAX_PROPOSALS: usize = 4;

/// With more frames that differ, events have little to do with each other.
const MAX_FRAMES: usize = 6;

/// What texts must have in common for a pattern to be about them, in characters.
const MIN_COMMON_CHARS: usize = 6;

/// Finds rules for two events and how they are grouped now.
pub(super) fn proposals(
    events: [&Event; 2],
    groupings: [&Grouping; 2],
    config: &Config,
) -> Vec<Proposal> {
    let are_one = share_a_hash(groupings[0], groupings[1]);
    let mut candidates =
        if are_one { separating(events, groupings) } else { joining(events, groupings) };
    candidates.retain(|candidate| works(candidate, events, config));
    // Stack trace rules come in order of how much they change: the least is enough.
    let mut has_stack_rule = false;
    candidates.retain(|candidate| {
        let is_stack_rule = candidate.language == Language::StackTrace;
        let is_more = is_stack_rule && has_stack_rule;
        has_stack_rule |= is_stack_rule;
        !is_more
    });
    candidates.truncate(MAX_PROPOSALS);
    candidates
}

/// Whether the rule does what it is for.
fn works(proposal: &Proposal, events: [&Event; 2], config: &Config) -> bool {
    let config = match proposal.language {
        Language::StackTrace => config.with_more_rules(&proposal.rule, ""),
        Language::Fingerprint => config.with_more_rules("", &proposal.rule),
    };
    let Ok(config) = config else { return false };
    let [left, right] = events.map(|event| regroup(event, &config));
    match proposal.purpose {
        // Not only by chance of a second hash: the one that is asked first must be the same.
        Purpose::Join => left.hashes().first() == right.hashes().first(),
        Purpose::Separate => !share_a_hash(&left, &right),
    }
}

fn proposal(
    purpose: Purpose,
    language: Language,
    rule: impl Into<String>,
    effect: impl Into<String>,
) -> Proposal {
    Proposal { purpose, language, rule: rule.into(), effect: effect.into() }
}

fn joining(events: [&Event; 2], groupings: [&Grouping; 2]) -> Vec<Proposal> {
    let mut found = without_different_frames(groupings);
    let mut join = |condition: String, parts: &[&str], which: String| {
        let parts: Vec<_> = parts.iter().map(|part| quoted(part)).collect();
        let rule = format!("{condition} -> {}", parts.join(", "));
        let effect = format!("All {which} are one issue.");
        found.push(proposal(Purpose::Join, Language::Fingerprint, rule, effect));
    };
    let kind = common(events.map(|event| main_exception(event)?.kind.as_deref()));
    let of_kind = kind.map(|kind| (format!("error.type:{}", pattern(kind)), kind));
    if let (Some((of_kind, kind)), Some(frame)) = (&of_kind, innermost_common(groupings))
        && let (Some(condition), Some(function)) = (condition_on(frame), &frame.function)
    {
        let function = &function.value;
        let which = format!("errors of the type `{kind}` with `{function}` in their stack");
        join(format!("{of_kind} {condition}"), &[kind, function], which);
    }
    if let Some(text) = CommonText::of(events) {
        let (pattern, shown) = (text.pattern(), text.shown());
        let like = format!("with a text like `{shown}`");
        match &of_kind {
            Some((of_kind, kind)) => {
                let which = format!("errors of the type `{kind}` {like}");
                join(format!("{of_kind} error.value:{pattern}"), &[&shown], which);
            }
            None => join(format!("message:{pattern}"), &[&shown], format!("events {like}")),
        }
    }
    if let Some((of_kind, kind)) = of_kind {
        join(of_kind, &[kind], format!("errors of the type `{kind}`"));
    }
    found
}

/// Rules without which the events would be equal: for the frames that count in the app view, and for all.
fn without_different_frames(groupings: [&Grouping; 2]) -> Vec<Proposal> {
    let mut found = Vec::new();
    for view in [View::App, View::System] {
        let different = different_frames(groupings, |frame| frame.marks.get(view).counts);
        if !(1..=MAX_FRAMES).contains(&different.len()) {
            continue;
        }
        let rules: Vec<_> =
            different.iter().filter_map(|frame| Some(condition_on(frame)? + " -group")).collect();
        let effect = format!("Do not count any more, in any event: {}.", names_of(&different));
        found.push(proposal(Purpose::Join, Language::StackTrace, rules.join("\n"), effect));
    }
    found
}

/// What two texts have in common: literal parts, with anything between them.
struct CommonText(Vec<String>);

impl CommonText {
    /// Beginning and end of the texts, without the numbers in them; `None` if that is next to nothing.
    fn of(events: [&Event; 2]) -> Option<Self> {
        let [left, right] = events.map(text_of);
        let (left, right) = (left?, right?);
        let same = |(a, b): &(char, char)| a == b;
        let start: String =
            left.chars().zip(right.chars()).take_while(same).map(|(c, _)| c).collect();
        let (left, right) = (&left[start.len()..], &right[start.len()..]);
        let end = left.chars().rev().zip(right.chars().rev()).take_while(same).map(|(c, _)| c);
        let end: String = end.collect::<Vec<_>>().into_iter().rev().collect();
        // Where the texts are not the same there is anything between their ends.
        let gap = if left.is_empty() && right.is_empty() { "" } else { "0" };
        let whole = format!("{start}{gap}{end}");
        let mut parts: Vec<String> = vec![String::new()];
        let mut in_gap = false;
        for c in whole.chars() {
            let is_gap = c.is_ascii_digit();
            match parts.last_mut() {
                Some(part) if !is_gap => part.push(c),
                _ if !in_gap => parts.push(String::new()),
                _ => {}
            }
            in_gap = is_gap;
        }
        let length: usize = parts.iter().map(|part| part.chars().count()).sum();
        (length >= MIN_COMMON_CHARS).then_some(Self(parts))
    }

    fn pattern(&self) -> String {
        let parts: Vec<_> = self.0.iter().map(|part| escaped(part)).collect();
        format!("\"{}\"", parts.join("*"))
    }

    fn shown(&self) -> String {
        self.0.join("*")
    }
}

fn separating(events: [&Event; 2], groupings: [&Grouping; 2]) -> Vec<Proposal> {
    let mut found = Vec::new();
    let condition = common_condition(events, groupings);
    let mut by = |variable: &str, what: &str| {
        if let Some((condition, whose)) = &condition {
            let rule = format!("{condition} -> {{{{ default }}}}, {{{{ {variable} }}}}");
            let effect = format!("{whose} are also told apart by {what}.");
            found.push(proposal(Purpose::Separate, Language::Fingerprint, rule, effect));
        }
    };
    let has_exception = events.iter().all(|event| main_exception(event).is_some());
    let (text, raw_text) =
        if has_exception { ("error.value", "error.raw_value") } else { ("message", "raw_message") };
    by(text, "their text without what changes in it");
    if common(events.map(|event| event.transaction.as_deref())).is_none() {
        by("transaction", "their transaction");
    }
    if common(events.map(|event| event.logger.as_deref())).is_none() {
        by("logger", "their logger");
    }
    by(raw_text, "every word and number of their text");
    found.extend(counting_again(groupings));
    found
}

/// Rules that let frames count that differ but do not count so far.
fn counting_again(groupings: [&Grouping; 2]) -> Vec<Proposal> {
    let different = different_frames(groupings, |_| true);
    let ignored = different.into_iter().rev().filter(|frame| !frame.marks.app.counts);
    let rules = ignored.filter_map(|frame| {
        let condition = condition_on(frame)?;
        let action = match (&frame.marks.app.reason, frame.in_app.value) {
            (Some(Reason::Rule(_)), true) => "+group",
            (_, false) => "+app",
            _ => return None,
        };
        let effect = format!("The frame {} counts, in all events.", names_of(&[frame]));
        let rule = format!("{condition} {action}");
        Some(proposal(Purpose::Separate, Language::StackTrace, rule, effect))
    });
    rules.take(2).collect()
}

/// What both events fulfil, as narrow as possible, and what such events are called.
fn common_condition(events: [&Event; 2], groupings: [&Grouping; 2]) -> Option<(String, String)> {
    let kind = common(events.map(|event| main_exception(event)?.kind.as_deref()));
    let frame = innermost_common(groupings).and_then(condition_on);
    match (kind, frame) {
        (Some(kind), Some(frame)) => Some((
            format!("error.type:{} {frame}", pattern(kind)),
            format!("Errors of the type `{kind}` with this frame"),
        )),
        (Some(kind), None) => {
            Some((format!("error.type:{}", pattern(kind)), format!("Errors of the type `{kind}`")))
        }
        (None, Some(frame)) => Some((frame, "Events with this frame".to_owned())),
        (None, None) => {
            let text = CommonText::of(events)?;
            let whose = format!("Events with a text like `{}`", text.shown());
            Some((format!("message:{}", text.pattern()), whose))
        }
    }
}

/// Frames of either event that have no equal in the other, outermost first, each once.
fn different_frames(
    groupings: [&Grouping; 2],
    is_wanted: impl Fn(&FramePart) -> bool,
) -> Vec<&FramePart> {
    let [left, right] = groupings.map(frames_of);
    let mut found: Vec<&FramePart> = Vec::new();
    for (mine, theirs) in [(&left, &right), (&right, &left)] {
        for frame in mine.iter().filter(|frame| is_wanted(frame)) {
            let is_new = !found.iter().any(|known| known.leaves() == frame.leaves());
            if is_new && !theirs.iter().any(|other| other.leaves() == frame.leaves()) {
                found.push(frame);
            }
        }
    }
    found
}

fn frames_of(grouping: &Grouping) -> Vec<&FramePart> {
    let tree = grouping.basis.as_ref().map(|basis| &basis.tree);
    tree.into_iter().flat_map(Tree::stacks).flat_map(|stack| &stack.frames).collect()
}

/// The frame nearest to the crash that counts and both events have.
fn innermost_common(groupings: [&Grouping; 2]) -> Option<&FramePart> {
    let [left, right] = groupings.map(frames_of);
    let counts = |frame: &FramePart| {
        [View::App, View::System].iter().any(|view| frame.marks.get(*view).counts)
    };
    left.into_iter().rev().find(|frame| {
        counts(frame)
            && right
                .iter()
                .any(|other| other.function == frame.function && other.module == frame.module)
    })
}

/// Conditions that the frame fulfils: its function, and its module or file.
fn condition_on(frame: &FramePart) -> Option<String> {
    let present = |leaf: &'_ Option<Leaf>| leaf.as_ref().map(|leaf| leaf.value.clone());
    let function =
        present(&frame.function).map(|name| format!("stack.function:{}", pattern(&name)));
    let place = match (present(&frame.module), present(&frame.filename)) {
        (Some(module), _) => Some(format!("stack.module:{}", pattern(&module))),
        (None, Some(file)) => Some(format!("stack.abs_path:\"**/{}\"", escaped(&file))),
        (None, None) => None,
    };
    let all: Vec<_> = place.into_iter().chain(function).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn names_of(frames: &[&FramePart]) -> String {
    let name = |frame: &&FramePart| {
        let leaf = frame.function.as_ref().or(frame.module.as_ref()).or(frame.filename.as_ref());
        format!("`{}`", leaf.map_or("?", |leaf| leaf.value.as_str()))
    };
    frames.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn main_exception(event: &Event) -> Option<&Exception> {
    event.exceptions().last()
}

fn text_of(event: &Event) -> Option<&str> {
    let value = main_exception(event).and_then(|exception| exception.value.as_deref());
    value.or_else(|| event.message_text()).map(str::trim)
}

/// What both have.
fn common([left, right]: [Option<&str>; 2]) -> Option<&str> {
    left.filter(|text| !text.is_empty() && Some(*text) == right)
}

/// The text as a pattern that matches it and nothing else, in quotes where it needs them.
fn pattern(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.$:/<>@-".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("\"{}\"", escaped(text)) }
}

/// The text with what patterns and quotes give a meaning made harmless.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '[' | '{' | '}' => escaped.extend(['[', c, ']']),
            '\\' => escaped.push_str("[\\\\]"),
            // Neither a quote nor a line break can stand in both languages.
            '"' | '\n' | '\r' | '\0' => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A part of a fingerprint.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
