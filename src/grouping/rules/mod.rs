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
//! A line in `builtin.txt`, and a higher [`BUILT_IN_VERSION`]: the same event may get another hash.

mod bits;
mod compile;
mod parse;
mod patterns;
mod run;
#[cfg(test)]
mod tests;

pub(super) use compile::family_bits;
pub(super) use run::{Owner, Run};

use std::sync::{Arc, LazyLock};

use bits::Bits;
use compile::{Compiler, Rule, RuleIndex, Trigger};
use parse::{ParsedRule, Subject, parse};
use patterns::{Atom, Patterns};

use super::cursor::{Language, RuleError, rule_lines};
use super::reason::Origin;

/// The version of `builtin.txt`; stored with every hash.
pub(super) const BUILT_IN_VERSION: &str = "all-platforms:2026-01-20.1";

/// Rules with their line numbers.
static BUILT_IN: LazyLock<Vec<(usize, ParsedRule)>> = LazyLock::new(|| {
    read(include_str!("builtin.txt")).expect("the built-in rules are read by a test")
});

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
static BUILT_IN_ONLY: LazyLock<Arc<RuleSet>> = LazyLock::new(|| {
    Arc::new(RuleSet::compile(&[]).expect("the built-in rules are compiled by a test"))
});

impl RuleSet {
    /// The built-in rules, then a project's own.
    pub(super) fn new(project: &str) -> Result<Arc<Self>, RuleError> {
        let project = read(project)?;
        if project.is_empty() {
            return Ok(Arc::clone(&BUILT_IN_ONLY));
        }
        Self::compile(&project).map(Arc::new)
    }

    fn compile(project: &[(usize, ParsedRule)]) -> Result<Self, RuleError> {
        let all = || {
            let built_in = BUILT_IN.iter().map(|line| (line, Origin::BuiltIn));
            built_in.chain(project.iter().map(|line| (line, Origin::Project)))
        };
        let mut compiler = Compiler::new(all().map(|((_, rule), _)| rule));
        let mut rules = Vec::new();
        let mut triggers = Vec::new();
        for ((line, parsed), origin) in all() {
            let compiled = compiler.rule(parsed, origin);
            let (rule, trigger) = compiled.map_err(|problem| error(*line, problem))?;
            rules.push(rule);
            triggers.push(trigger);
        }
        Ok(Self::assemble(rules, &triggers, &compiler))
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

fn read(text: &str) -> Result<Vec<(usize, ParsedRule)>, RuleError> {
    rule_lines(text)
        .map(|(line, text)| match parse(text) {
            Ok(rule) => Ok((line, rule)),
            Err(problem) => Err(error(line, problem)),
        })
        .collect()
}

fn error(line: usize, problem: String) -> RuleError {
    RuleError { language: Language::StackTrace, line, problem }
}
