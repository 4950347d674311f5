//! Stack trace rules: which frames are the program's own, and which count (`grouping.md` §10).
//!
//! Two passes use the rules. The *classifier* pass runs when an event comes in and gives frames a category
//! and their in-app state. The *contribution* pass runs while a stack is grouped, and makes frames count or
//! not. The built-in rules come first, so a project's own have the last word.
//!
//! Most of several hundred rules have nothing to do with a given stack. All their patterns are searched for
//! at once (`patterns`), and a rule is looked at only once its trigger was seen (`compile`, `run`).
//!
//! # Adding a built-in rule
//! A line in `builtin.txt`, and a higher [`built_in_version`]: the same event may get another hash. Rules that other
//! servers do not have belong into a file and a [`Feature`] of their own.

mod bits;
mod compile;
mod lint;
mod parse;
mod patterns;
mod run;
#[cfg(test)]
mod tests;

pub(super) use compile::family_bits;
pub(super) use lint::{Findings, contradict, lint, no_pattern};
pub(super) use run::{Owner, Run};

use std::sync::{Arc, LazyLock};

use bits::Bits;
use compile::{Compiler, Rule, RuleIndex, Trigger};
use parse::{Action, ParsedRule, Subject, parse};
use patterns::{Atom, Patterns};

use super::cursor::{Cursor, Language, RuleError, RuleLine, rule_lines};
use super::reason::Origin;
use super::switches::{Algorithm, Feature, Switches};

/// The built-in rules that come before a project's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Base {
    algorithm: Algorithm,
    /// Whether they decide what is in app.
    in_app: bool,
    /// Whether frames of compilers are known too.
    compiler_frames: bool,
}

impl Base {
    pub(super) fn new(algorithm: Algorithm, switches: &Switches) -> Self {
        Self {
            algorithm,
            in_app: switches.has(Feature::BuiltInInApp),
            compiler_frames: switches.has(Feature::CompilerFrames),
        }
    }

    /// The rules in order.
    fn rules(self) -> Vec<ParsedRule> {
        let text = match self.algorithm {
            Algorithm::Newstyle2023 => include_str!("builtin_2023.txt"),
            Algorithm::Newstyle2026 => include_str!("builtin.txt"),
        };
        let extra = if self.compiler_frames { include_str!("compiler_frames.txt") } else { "" };
        let lines = rule_lines(text).chain(rule_lines(extra));
        let mut rules: Vec<_> =
            lines.map(|line| read(line).expect("the built-in rules are read by a test")).collect();
        if !self.in_app {
            for rule in &mut rules {
                rule.actions.retain(|(action, _)| !matches!(action, Action::App(..)));
            }
            rules.retain(|rule| !rule.actions.is_empty());
        }
        rules
    }
}

impl Default for Base {
    fn default() -> Self {
        Self::new(Algorithm::default(), &Switches::default())
    }
}

/// The version of the built-in rules; stored with every hash.
pub(super) fn built_in_version(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Newstyle2023 => "all-platforms:2023-01-11.1",
        Algorithm::Newstyle2026 => "all-platforms:2026-01-20.1",
    }
}

/// Rules in order, ready to run.
#[derive(Debug)]
pub(super) struct RuleSet {
    rules: Vec<Rule>,
    functions: Patterns,
    modules: Patterns,
    packages: Patterns,
    paths: Patterns,
    atom_count: usize,
    /// The rules that an atom, a category, or nothing triggers.
    by_atom: Vec<Vec<RuleIndex>>,
    by_category: Vec<Bits>,
    always: Bits,
}

/// What projects without rules of their own use.
static BUILT_IN_ONLY: LazyLock<Arc<RuleSet>> =
    LazyLock::new(|| Arc::new(RuleSet::compile(Base::default(), &[])));

impl RuleSet {
    /// The built-in rules, then a project's own.
    pub(super) fn new(base: Base, project: &str) -> Result<Arc<Self>, RuleError> {
        let lines = rule_lines(project);
        let project = lines
            .map(|line| Ok((line.number, read(line)?)))
            .collect::<Result<Vec<_>, RuleError>>()?;
        if project.is_empty() && base == Base::default() {
            return Ok(Arc::clone(&BUILT_IN_ONLY));
        }
        Ok(Arc::new(Self::compile(base, &project)))
    }

    fn compile(base: Base, project: &[(usize, ParsedRule)]) -> Self {
        let built_in = base.rules();
        let all = || {
            let built_in = built_in.iter().map(|rule| (0, rule, Origin::BuiltIn));
            let project = project.iter().map(|(line, rule)| (*line, rule, Origin::Project));
            built_in.chain(project)
        };
        let mut compiler = Compiler::new(all().map(|(_, rule, _)| rule));
        let (rules, triggers): (Vec<_>, Vec<_>) =
            all().map(|(line, parsed, origin)| compiler.rule(parsed, line, origin)).unzip();
        Self::assemble(rules, &triggers, &compiler)
    }

    fn assemble(rules: Vec<Rule>, triggers: &[Trigger], compiler: &Compiler) -> Self {
        let count = rules.len();
        let mut by_atom = vec![Vec::new(); compiler.atom_count()];
        let mut by_category = vec![Bits::new(count); compiler.category_count() + 1];
        let mut always = Bits::new(count);
        for (index, trigger) in triggers.iter().enumerate() {
            match trigger {
                Trigger::Atom(atom) => by_atom[*atom].push(index),
                Trigger::Category(categories) => {
                    categories.iter().for_each(|category| by_category[*category].set(index));
                }
                Trigger::Always => always.set(index),
            }
        }
        Self {
            functions: compiler.patterns_of(Subject::Function),
            modules: compiler.patterns_of(Subject::Module),
            packages: compiler.patterns_of(Subject::Package),
            paths: compiler.patterns_of(Subject::Path),
            atom_count: compiler.atom_count(),
            by_atom,
            by_category,
            always,
            rules,
        }
    }
}

/// Reads one line.
fn read(line: RuleLine<'_>) -> Result<ParsedRule, RuleError> {
    let mut cursor = Cursor::new(line.rule());
    parse(&mut cursor).map_err(|fault| fault.at(Language::StackTrace, line, &cursor))
}
