//! Two events side by side: where they differ first, and the rules that would join or separate them.
//!
//! Every rule that is proposed was applied to both events before: what does not do what it says is not shown.

use super::Config;
use super::explain::{ExplainedPart, explain, explain_joined};
use super::propose::{Proposal, proposals};
use super::variants::{Grouping, regroup};
use super::words::quoted;
use crate::protocol::event::Event;

/// Two events side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The whole of it in one sentence.
    pub sentence: String,
    /// Whether they have a hash in common, so that they are one issue.
    pub is_same: bool,
    /// What counts and what does not, aligned, in the order it is hashed.
    pub rows: Vec<ComparedRow>,
    /// Rules that would change whether they are one issue, the simplest first.
    pub proposals: Vec<Proposal>,
}

/// One text or frame of either event, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedRow {
    /// What it is: `Type`, `Value`, `Frame` …
    pub label: String,
    /// In the first event; none: it has no such thing.
    pub left: Option<ComparedSide>,
    /// In the second event.
    pub right: Option<ComparedSide>,
    /// Whether what counts of it is different.
    pub differs: bool,
    /// Whether it is the first that is.
    pub is_first_difference: bool,
}

/// One thing of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedSide {
    /// The text as it is hashed, or what to call the frame.
    pub text: String,
    /// Whether it counts.
    pub counts: bool,
    /// Why, where that is not plain.
    pub why: Option<String>,
    /// What of it is hashed.
    pub values: Vec<String>,
}

/// Compares two events that were prepared, with whatever configuration, as `config` groups them.
pub fn compare(left: &Event, right: &Event, config: &Config) -> Comparison {
    let (first, second) = (regroup(left, config), regroup(right, config));
    let mut comparison = compare_groupings(&first, &second);
    comparison.proposals = proposals([left, right], [&first, &second], config);
    comparison
}

/// Compares what was stored about two events; without the events no rules can be proposed.
pub fn compare_groupings(left: &Grouping, right: &Grouping) -> Comparison {
    let (mine, theirs) = (rows_of(left), rows_of(right));
    let mut rows = align(&mine, &theirs);
    if let Some(first) = rows.iter_mut().find(|row| row.differs) {
        first.is_first_difference = true;
    }
    let is_same = share_a_hash(left, right);
    let sentence = match explain_joined(left, right) {
        Some(sentence) => sentence,
        None => difference_words(&rows),
    };
    Comparison { sentence, is_same, rows, proposals: Vec::new() }
}

/// Whether two events are one issue.
pub(super) fn share_a_hash(left: &Grouping, right: &Grouping) -> bool {
    let theirs = right.hashes();
    left.hashes().iter().any(|(_, hash)| theirs.iter().any(|(_, other)| other == hash))
}

fn difference_words(rows: &[ComparedRow]) -> String {
    let Some(row) = rows.iter().find(|row| row.is_first_difference) else {
        return "Different issues: what counts is the same, but they are looked at in different ways."
            .to_owned();
    };
    let what = row.label.to_lowercase();
    let counting = |side: &'_ Option<ComparedSide>| side.clone().filter(|side| side.counts);
    let difference = match (counting(&row.left), counting(&row.right)) {
        (Some(left), Some(right)) if left.text == right.text => {
            let (mine, theirs) = (missing_in(&left, &right), missing_in(&right, &left));
            format!("the {what} `{}` has {mine} in the first and {theirs} in the second", left.text)
        }
        (Some(left), Some(right)) => {
            format!("the {what} is `{}` in the first and `{}` in the second", left.text, right.text)
        }
        (Some(only), None) => format!("the {what} `{}` counts in the first event only", only.text),
        (None, Some(only)) => format!("the {what} `{}` counts in the second event only", only.text),
        (None, None) => "nothing of it counts".to_owned(),
    };
    format!("Different issues: {difference}.")
}

/// The values of one side that the other does not have.
fn missing_in(side: &ComparedSide, other: &ComparedSide) -> String {
    let missing: Vec<_> =
        side.values.iter().filter(|value| !other.values.contains(value)).collect();
    if missing.is_empty() { "nothing more".to_owned() } else { quoted(missing) }
}

/// A row of one event.
type Row = (String, ComparedSide);

fn rows_of(grouping: &Grouping) -> Vec<Row> {
    explain(grouping).parts.iter().flat_map(rows_of_part).collect()
}

fn rows_of_part(part: &ExplainedPart) -> Vec<Row> {
    if part.frames.is_empty() {
        let side = ComparedSide {
            text: part.value.clone(),
            counts: part.counts,
            why: part.why.clone(),
            values: if part.counts { vec![part.value.clone()] } else { Vec::new() },
        };
        return vec![(part.label.clone(), side)];
    }
    let frames = part.frames.iter().map(|frame| {
        let counts = part.counts && frame.counts;
        let side = ComparedSide {
            text: frame.title.clone(),
            counts,
            why: Some(frame.why.clone()),
            values: if counts { frame.values.clone() } else { Vec::new() },
        };
        ("Frame".to_owned(), side)
    });
    frames.collect()
}

/// Pairs what is equal, by the longest common sequence, and what stands between it in order.
fn align(left: &[Row], right: &[Row]) -> Vec<ComparedRow> {
    let mut rows = Vec::new();
    let (mut at, mut other) = (0, 0);
    let ends = std::iter::once((left.len(), right.len()));
    for (mine, theirs) in common_sequence(left, right).into_iter().chain(ends) {
        between(&left[at..mine], &right[other..theirs], &mut rows);
        if let (Some(a), Some(b)) = (left.get(mine), right.get(theirs)) {
            rows.push(row(Some(a), Some(b)));
        }
        (at, other) = (mine + 1, theirs + 1);
    }
    rows
}

/// Rows without an equal: those of one kind are put side by side.
fn between(left: &[Row], right: &[Row], rows: &mut Vec<ComparedRow>) {
    let (mut at, mut other) = (0, 0);
    loop {
        match (left.get(at), right.get(other)) {
            (None, None) => return,
            (Some(a), Some(b)) if a.0 == b.0 && a.1.counts == b.1.counts => {
                rows.push(row(Some(a), Some(b)));
                (at, other) = (at + 1, other + 1);
            }
            (Some(a), b) if b.is_none_or(|b| !a.1.counts || b.1.counts) => {
                rows.push(row(Some(a), None));
                at += 1;
            }
            (_, b) => {
                rows.push(row(None, b));
                other += 1;
            }
        }
    }
}

fn row(left: Option<&Row>, right: Option<&Row>) -> ComparedRow {
    let values = |row: Option<&Row>| row.map(|(_, side)| side.values.clone()).unwrap_or_default();
    ComparedRow {
        label: left.or(right).map(|(label, _)| label.clone()).unwrap_or_default(),
        differs: values(left) != values(right),
        left: left.map(|(_, side)| side.clone()),
        right: right.map(|(_, side)| side.clone()),
        is_first_difference: false,
    }
}

/// The largest table for comparing everything with everything. Chains of very long stacks are beyond it; these
/// are compared in order.
const MAX_TABLE: usize = 1 << 20;

/// The places of the longest sequence that both have.
fn common_sequence(left: &[Row], right: &[Row]) -> Vec<(usize, usize)> {
    let is_equal = |a: &Row, b: &Row| {
        a.0 == b.0 && a.1.counts == b.1.counts && a.1.text == b.1.text && a.1.values == b.1.values
    };
    let width = right.len() + 1;
    if (left.len() + 1).saturating_mul(width) > MAX_TABLE {
        let pairs = left.iter().zip(right).enumerate();
        return pairs.filter(|(_, (a, b))| is_equal(a, b)).map(|(at, _)| (at, at)).collect();
    }
    let mut lengths = vec![0_u32; (left.len() + 1) * width];
    for (i, a) in left.iter().enumerate().rev() {
        for (j, b) in right.iter().enumerate().rev() {
            lengths[i * width + j] = if is_equal(a, b) {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < left.len() && j < right.len() {
        if is_equal(&left[i], &right[j]) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
