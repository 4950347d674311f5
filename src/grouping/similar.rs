//! How alike two issues are, from small signatures and without a model (`grouping-problems.md`).
//!
//! A [`Signature`] holds the type, the innermost frames, the set of frames and the words of the text, as numbers:
//! 150 bytes that can be stored beside a hash. [`similarity`] of two of them is a number and the reasons for it.
//! It suggests and never decides: two issues become one because a person says so.
//!
//! Candidates are found by [`Signature::keys`]: what is alike shares at least one of a dozen numbers with high
//! probability, so that an index on (project, key) spares comparing everything with everything.

use std::collections::BTreeSet;

use super::tree::{FramePart, Leaf, Tree, View};
use super::variants::Grouping;

/// From here on issues are suggested. Chosen so that events are suggested that differ in a source line, in one of
/// several frames, in one of several words, or in the fingerprint their client chose, while the same type thrown
/// in another place is not, and neither are the same words from another place.
pub const SUGGEST_FROM: f32 = 0.6;

/// The layout of [`Signature::to_bytes`].
const LAYOUT: u8 = 1;

/// How many of the innermost frames are compared one by one.
const INNERMOST: usize = 4;

/// How many numbers estimate how much two sets have in common.
const SAMPLES: usize = 16;

/// So many samples together make a key: sets that share 80 % share one of four keys in 9 of 10 cases.
const SAMPLES_PER_KEY: usize = 4;

/// What issues are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The types; 0: there is none.
    kind: u64,
    /// The innermost frames, the innermost first.
    innermost: Vec<u32>,
    /// A sample of the set of frames; empty: there are none.
    frames: Vec<u32>,
    /// A sample of the words of the text; empty: there are none.
    text: Vec<u32>,
}

/// How alike two issues are.
#[derive(Clone, Debug, PartialEq)]
pub struct Similarity {
    /// From 0, nothing in common, to 1.
    pub score: f32,
    /// Why, in words, the weightiest first: `same type`, `same innermost 2 of 3 frames`.
    pub reasons: Vec<String>,
}

impl Similarity {
    /// Whether it is worth suggesting.
    pub fn is_suggested(&self) -> bool {
        self.score >= SUGGEST_FROM
    }
}

impl Signature {
    /// The signature of what an event is grouped by; `None` if there is nothing to compare.
    pub fn of(grouping: &Grouping) -> Option<Self> {
        let tree = &grouping.basis.as_ref()?.tree;
        let frames = frames_of(tree);
        let elements: BTreeSet<u64> = frames.iter().map(|frame| frame_number(frame)).collect();
        let texts = texts_of(tree);
        let this = Self {
            kind: kinds_of(tree),
            innermost: frames
                .iter()
                .rev()
                .take(INNERMOST)
                .map(|frame| low_half(frame_number(frame)))
                .collect(),
            frames: sample(&elements),
            text: sample(&texts.into_iter().flat_map(words).collect()),
        };
        let has_anything = this.kind != 0 || !this.frames.is_empty() || !this.text.is_empty();
        has_anything.then_some(this)
    }

    /// Numbers of which two signatures that are alike share at least one, most probably.
    pub fn keys(&self) -> Vec<i64> {
        let innermost = self.innermost.first().map(|frame| mix(self.kind, u64::from(*frame)));
        let of_sample = |sample: &[u32], seed: u64| -> Vec<u64> {
            let parts = sample.chunks(SAMPLES_PER_KEY).enumerate();
            let key = |(index, part): (usize, &[u32])| {
                let start = mix(seed, index as u64);
                part.iter().fold(start, |key, number| mix(key, u64::from(*number)))
            };
            parts.map(key).collect()
        };
        let keys = innermost.into_iter().chain(of_sample(&self.frames, 1));
        keys.chain(of_sample(&self.text, 2)).map(u64::cast_signed).collect()
    }

    /// The form that is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![LAYOUT];
        bytes.extend(self.kind.to_le_bytes());
        for numbers in [&self.innermost, &self.frames, &self.text] {
            bytes.push(u8::try_from(numbers.len()).expect("at most sixteen"));
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes
    }

    /// Reads the stored form; `None` if it is of another version or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[LAYOUT])?;
        let (kind, mut rest) = rest.split_at_checked(8)?;
        let mut numbers = || {
            let (length, behind) = rest.split_first()?;
            let (list, behind) = behind.split_at_checked(usize::from(*length) * 4)?;
            rest = behind;
            let number = |four: &[u8]| Some(u32::from_le_bytes(four.try_into().ok()?));
            list.chunks(4).map(number).collect::<Option<Vec<u32>>>()
        };
        let (innermost, frames, text) = (numbers()?, numbers()?, numbers()?);
        let is_whole = rest.is_empty()
            && innermost.len() <= INNERMOST
            && [&frames, &text].iter().all(|sample| [0, SAMPLES].contains(&sample.len()));
        let kind = u64::from_le_bytes(kind.try_into().ok()?);
        is_whole.then_some(Self { kind, innermost, frames, text })
    }
}

/// How alike two signatures are, and why.
pub fn similarity(a: &Signature, b: &Signature) -> Similarity {
    let mut parts: Vec<(f32, f32, String)> = Vec::new();
    if a.kind != 0 || b.kind != 0 {
        let is_same = a.kind == b.kind;
        parts.push((0.25, f32::from(u8::from(is_same)), "same type".to_owned()));
    }
    if !a.frames.is_empty() || !b.frames.is_empty() {
        let (same, all) = innermost(a, b);
        let words = format!("same innermost {same} of {all} frames");
        parts.push((0.3, share(same, all), words));
        let overlap = overlap(&a.frames, &b.frames);
        let words = if overlap >= 1.0 {
            "the same set of frames".to_owned()
        } else {
            format!("{} of all frames are the same", percent(overlap))
        };
        parts.push((0.3, overlap, words));
    }
    if !a.text.is_empty() || !b.text.is_empty() {
        let overlap = overlap(&a.text, &b.text);
        // Beside a stack the text says less.
        let weight = if a.frames.is_empty() && b.frames.is_empty() { 0.75 } else { 0.15 };
        let words = if overlap >= 1.0 {
            "same message".to_owned()
        } else {
            format!("{} of the message is the same", percent(overlap))
        };
        parts.push((weight, overlap, words));
    }
    let all: f32 = parts.iter().map(|(weight, ..)| weight).sum();
    let got: f32 = parts.iter().map(|(weight, value, _)| weight * value).sum();
    parts.retain(|(_, value, _)| *value > 0.0);
    parts.sort_by(|(a, x, _), (b, y, _)| (b * y).total_cmp(&(a * x)));
    let score = if all > 0.0 { got / all } else { 0.0 };
    Similarity { score, reasons: parts.into_iter().map(|(.., words)| words).collect() }
}

/// How many of the innermost frames are the same from the crash outwards, and of how many.
fn innermost(a: &Signature, b: &Signature) -> (usize, usize) {
    let pairs = a.innermost.iter().zip(&b.innermost);
    let same = pairs.take_while(|(mine, theirs)| mine == theirs).count();
    (same, a.innermost.len().max(b.innermost.len()))
}

/// The part of two sets that they have in common, estimated from their samples.
fn overlap(a: &[u32], b: &[u32]) -> f32 {
    let same = a.iter().zip(b).filter(|(mine, theirs)| mine == theirs).count();
    share(same, a.len().max(b.len()))
}

fn share(part: usize, all: usize) -> f32 {
    let number = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX));
    if all == 0 { 0.0 } else { number(part) / number(all) }
}

fn percent(part: f32) -> String {
    format!("{:.0}%", part * 100.0)
}

/// The frames that count in the app view, or in the view of all frames where none does.
fn frames_of(tree: &Tree) -> Vec<&FramePart> {
    let of = |view| -> Vec<&FramePart> {
        let stacks = tree.stacks().filter(|stack| stack.marks.get(view).counts);
        let frames = stacks.flat_map(|stack| &stack.frames);
        frames.filter(|frame| frame.marks.get(view).counts).collect()
    };
    let app = of(View::App);
    if app.is_empty() { of(View::System) } else { app }
}

fn texts_of(tree: &Tree) -> Vec<&str> {
    match tree {
        Tree::Exceptions(exceptions) => {
            let values = exceptions.iter().filter_map(|exception| exception.value.as_ref());
            values.map(|value| value.text.value.as_str()).collect()
        }
        Tree::Message(text) => vec![&text.value],
        Tree::Template(texts) | Tree::Report(texts) => texts.iter().map(String::as_str).collect(),
        Tree::Thread(_) | Tree::Stacktrace(_) => Vec::new(),
    }
}

fn kinds_of(tree: &Tree) -> u64 {
    let Tree::Exceptions(exceptions) = tree else { return 0 };
    // The outermost exception is what people see, and chains differ in their length.
    let kind = exceptions.iter().rev().find_map(|exception| exception.kind.as_ref());
    kind.filter(|kind| kind.counts()).map_or(0, |kind| number(&kind.value))
}

/// A frame without its source line, which changes with every edit.
fn frame_number(frame: &FramePart) -> u64 {
    let counting = |leaf: &'_ Option<Leaf>| {
        leaf.as_ref().filter(|leaf| leaf.counts()).map_or(0, |leaf| number(&leaf.value))
    };
    let place = mix(counting(&frame.module), counting(&frame.filename));
    match mix(place, counting(&frame.function)) {
        only if counting(&frame.function) != 0 => only,
        // A source map's line stands in for the function.
        other => mix(other, counting(&frame.context_line)),
    }
}

/// The words of a text. Their order says little in texts as short as messages.
fn words(text: &str) -> Vec<u64> {
    let is_between = |c: char| c.is_whitespace() || ",;:()[]\"'".contains(c);
    text.split(is_between).filter(|word| !word.is_empty()).map(number).collect()
}

/// For each of several orders of all numbers, the first one that is in the set.
fn sample(set: &BTreeSet<u64>) -> Vec<u32> {
    let first = |order: usize| {
        let numbers = set.iter().map(|number| mix(order as u64 + 1, *number));
        numbers.min().map(low_half)
    };
    (0..SAMPLES).map_while(first).collect()
}

fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).expect("the upper half is gone")
}

/// A number that stands for a text, the same on every machine and in every version.
fn number(text: &str) -> u64 {
    // FNV-1a.
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// One number out of two, all of whose bits depend on all of theirs.
fn mix(a: u64, b: u64) -> u64 {
    let mut mixed = a.rotate_left(23) ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 32)
}
