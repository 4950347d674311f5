//! Finds fingerprint rules that can be read but never do anything.

use std::collections::HashMap;

use super::parse::{Matcher, Pattern, Subject};
use super::rules::FingerprintRule;
use crate::grouping::cursor::{Fault, RuleError, RuleLine};
use crate::grouping::glob::Glob;
use crate::grouping::reason::Origin;
use crate::grouping::rules::{Findings, contradict, no_pattern};
use crate::protocol::event::Level;

/// Reads all lines; those that cannot be read go into `errors`.
pub(in crate::grouping) fn lint<'t>(
    lines: impl Iterator<Item = RuleLine<'t>>,
    errors: &mut Vec<RuleError>,
) -> Findings<'t> {
    let mut seen: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut findings = Vec::new();
    for line in lines {
        let rule = match FingerprintRule::read(line, Origin::Project) {
            Ok(rule) => rule,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let condition = line.rule().split("->").next().unwrap_or_default();
        let twin = *seen.entry(condition.split_whitespace().collect()).or_insert(line.number);
        let fault = if twin == line.number { fault(&rule) } else { Some(hidden_by(twin)) };
        findings.extend(fault.map(|fault| (line, fault)));
    }
    findings
}

fn hidden_by(twin: usize) -> Fault {
    Fault::new(
        format!("line {twin} has the same conditions and comes first"),
        "remove one of them, or ask for more in the first",
    )
}

fn fault(rule: &FingerprintRule) -> Option<Fault> {
    let bundles = rule.bundles();
    bundles
        .iter()
        .flat_map(|bundle| bundle.iter())
        .find_map(broken_pattern)
        .or_else(|| bundles.iter().find_map(|bundle| contradiction(bundle)))
}

fn broken_pattern(matcher: &Matcher) -> Option<Fault> {
    let glob = glob_of(&matcher.pattern)?;
    if matches!(glob, Glob::Never) {
        return Some(no_pattern(&matcher.argument));
    }
    let is_level = || Level::ALL.iter().any(|level| glob.matches(level.as_str()));
    (matcher.subject == Subject::Level && !is_level()).then(|| {
        Fault::new(
            format!("`{}` is no level", matcher.argument),
            "write fatal, error, warning, info or debug",
        )
    })
}

fn glob_of(pattern: &Pattern) -> Option<&Glob> {
    match pattern {
        Pattern::Text(glob) | Pattern::AnyCase(glob) | Pattern::Path(glob) => Some(glob),
        Pattern::Flag(_) | Pattern::Families(_) | Pattern::OneOf(_) => None,
    }
}

/// Two conditions of a bundle that nothing can fulfil together.
fn contradiction(bundle: &[Matcher]) -> Option<Fault> {
    let positive: Vec<_> = bundle.iter().filter(|matcher| !matcher.negated).collect();
    positive.iter().enumerate().find_map(|(index, first)| {
        let mut others = positive[index + 1..].iter();
        others.find_map(|second| match (&first.pattern, &second.pattern) {
            _ if first.subject != second.subject => None,
            (Pattern::Families(a), Pattern::Families(b)) if a & b == 0 => Some(Fault::new(
                "it asks for families that exclude each other",
                "name them in one condition: `family:native,other`",
            )),
            (Pattern::Flag(a), Pattern::Flag(b)) if a != b => {
                Some(contradict(&first.argument, &second.argument))
            }
            (a, b) => match (glob_of(a)?, glob_of(b)?) {
                (Glob::Exact(a), Glob::Exact(b)) if a != b => {
                    Some(contradict(&first.argument, &second.argument))
                }
                _ => None,
            },
        })
    })
}
