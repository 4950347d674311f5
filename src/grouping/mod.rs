//! Grouping: which events are the same issue, and why.
//!
//! Pure: an event and a [`Config`] go in, a tree of what counts and the hashes of it come out. No database,
//! no clock, no I/O, so that previews can replay a thousand stored events and explanations cannot drift
//! (`docs/decisions/0004-grouping-is-pure.md`).
//!
//! 1. [`prepare()`] brings stacks into their canonical form; the result is stored with the event.
//! 2. [`group`] asks the parts of the event in order which one decides (`strategies`): exceptions, a thread's
//!    stack, …, the message at last. What counts of it is a [`Tree`].
//! 3. A stack has two *views*, the program's own frames (`app`) and all frames (`system`); each that tells
//!    something new becomes a [`Variant`] with a hash. The first hash that is known decides the issue.
//! 4. A fingerprint, from the client or from a rule, replaces the tree or joins it.
//! 5. [`explain()`] says it in words, [`compare()`] what tells two events apart and which rules would change that,
//!    [`similarity`] how alike two issues are.
//!
//! A stored event can be grouped anew with any other configuration ([`regroup`]): that is what previews,
//! transitions and tests of rules do. [`check_rules`] and [`matched_rules`] are for whoever edits rules.
//!
//! Hashes equal those of existing Sentry installations byte by byte, so that a moved project finds its
//! issues again. Whatever changes a hash changes [`Config::version`], which is stored beside it.

mod check;
mod compare;
mod config;
mod cursor;
mod digest;
mod evidence;
mod exception_groups;
mod exceptions;
mod explain;
mod family;
mod fingerprint;
mod frame;
mod glob;
mod message;
mod observe;
mod parameterize;
mod prepare;
mod propose;
mod reason;
mod rules;
mod security;
mod similar;
mod stacktrace;
mod strategies;
mod switches;
mod tree;
mod variants;
mod words;

pub use check::{MatchedRules, RuleReport, RuleWarning, check_rules, matched_rules};
pub use compare::{ComparedRow, ComparedSide, Comparison, compare, compare_groupings};
pub use config::{Config, joined as joined_rules};
pub use cursor::{Language, RuleError};
pub use explain::{ExplainedFrame, ExplainedPart, Explanation, explain, explain_joined};
pub use fingerprint::{Fingerprint, FingerprintEntry, FingerprintRuleRef};
pub use observe::{FingerprintBy, Observation, StackQuality};
pub use parameterize::Placeholder;
pub use prepare::prepare;
pub use propose::{Proposal, Purpose};
pub use reason::{Mark, Origin, Reason, RuleRef, RuleText};
pub use similar::{SUGGEST_FROM, Signature, Similarity, similarity};
pub use strategies::Strategy;
pub use switches::{Algorithm, Feature, Switches};
pub use tree::{
    Decider, ExceptionPart, FramePart, InApp, Leaf, PerView, StackPart, Text, Tree, ValuePart, View,
};
pub use variants::{Basis, Grouping, Variant, VariantName, group, regroup};
