//! Finds stack trace rules that can be read but never do anything.

use std::collections::HashMap;

use super::compile::families_of;
use super::parse::{Action, Matcher, ParsedRule, Subject};
use super::{Base, read};
use crate::grouping::cursor::{Fault, RuleError, RuleLine};
use crate::grouping::glob::{Dialect, Glob};

/// What is odd, with the line it is in.
pub(in crate::grouping) type Findings<'t> = Vec<(RuleLine<'t>, Fault)>;

/// Reads all lines; those that cannot be read go into `errors`.
pub(in crate::grouping) fn lint<'t>(
    lines: impl Iterator<Item = RuleLine<'t>>,
    errors: &mut Vec<RuleError>,
) -> Findings<'t> {
    let mut rules = Vec::new();
    for line in lines {
        match read(line) {
            Ok(rule) => rules.push((line, rule)),
            Err(error) => errors.push(error),
        }
    }
    let built_in = Base::default().rules();
    let given = built_in.iter().chain(rules.iter().map(|(_, rule)| rule));
    let given: Vec<&str> = given.flat_map(categories).collect();
    let mut seen: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut findings = Vec::new();
    for (line, rule) in &rules {
        let words: Vec<&str> = line.rule().split_whitespace().collect();
        let twin = *seen.entry(words).or_insert(line.number);
        let fault = if twin == line.number { fault(rule, &given) } else { Some(repeats(twin)) };
        findings.extend(fault.map(|fault| (*line, fault)));
    }
    findings
}

fn repeats(twin: usize) -> Fault {
    Fault::new(format!("it is the same as line {twin}"), "remove one of them")
}

/// The categories that a rule gives.
fn categories(rule: &ParsedRule) -> impl Iterator<Item = &str> {
    rule.actions.iter().filter_map(|(action, _)| match action {
        Action::Category(name) => Some(name.as_str()),
        _ => None,
    })
}

fn fault(rule: &ParsedRule, given: &[&str]) -> Option<Fault> {
    let has_effect = |(action, _): &(Action, String)| *action != Action::InvertStacktrace;
    if !rule.actions.iter().any(has_effect) {
        return Some(Fault::new(
            "`invert-stacktrace` is understood, but has no effect",
            "remove the rule",
        ));
    }
    if families_of(&rule.frame) == 0 {
        return Some(Fault::new(
            "it asks for families that exclude each other",
            "name them in one condition: `family:native,other`",
        ));
    }
    let matchers = rule.caller.iter().chain(&rule.frame).chain(&rule.callee);
    let broken = matchers.clone().find_map(|matcher| broken_pattern(matcher, given));
    broken.or_else(|| contradiction(&rule.frame))
}

fn broken_pattern(matcher: &Matcher, given: &[&str]) -> Option<Fault> {
    let dialect = match matcher.subject {
        Subject::Family | Subject::App => return None,
        Subject::Package | Subject::Path => Dialect::Path,
        _ => Dialect::Text,
    };
    let glob = Glob::new(&matcher.argument, dialect);
    if matches!(glob, Glob::Never) {
        return Some(no_pattern(&matcher.argument));
    }
    let is_given = || given.iter().any(|name| glob.matches(name));
    (matcher.subject == Subject::Category && !matcher.negated && !is_given()).then(|| {
        Fault::new(
            format!("no rule gives the category `{}`", matcher.argument),
            "give it with `category=` in a rule above, or ask for another",
        )
    })
}

/// A pattern that matches nothing because it is broken.
pub(in crate::grouping) fn no_pattern(pattern: &str) -> Fault {
    Fault::new(
        format!("`{pattern}` is no pattern"),
        "close its brackets and braces, or write `\\\\` in quotes before those that stand for themselves",
    )
}

/// Two conditions that no frame can fulfil together.
fn contradiction(matchers: &[Matcher]) -> Option<Fault> {
    let exact = |matcher: &&Matcher| {
        let is_flag = matcher.subject == Subject::App;
        let is_exact = || matches!(Glob::new(&matcher.argument, Dialect::Text), Glob::Exact(_));
        !matcher.negated && matcher.subject != Subject::Family && (is_flag || is_exact())
    };
    let exact: Vec<_> = matchers.iter().filter(exact).collect();
    exact.iter().enumerate().find_map(|(index, first)| {
        let other = exact[index + 1..]
            .iter()
            .find(|other| other.subject == first.subject && other.argument != first.argument)?;
        Some(contradict(&first.argument, &other.argument))
    })
}

/// Two values that nothing has at the same time.
pub(in crate::grouping) fn contradict(first: &str, second: &str) -> Fault {
    Fault::new(
        format!("nothing can be `{first}` and `{second}` at once"),
        format!("write `{{{first},{second}}}` for either of them"),
    )
}
