//! What an editor of rules says: everything that is wrong, what can never match, and which rules match an
//! event.

use std::collections::BTreeSet;

use super::Config;
use super::cursor::{Fault, Language, RuleError, RuleLine, rule_lines};
use super::fingerprint::{self, Facts};
use super::frame::FrameView;
use super::rules::{self, Owner, Run};
use crate::protocol::event::{Event, Stacktrace};

/// What there is to say about a text of rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleReport {
    /// How many rules can be read.
    pub rules: usize,
    /// Those that cannot, in order.
    pub errors: Vec<RuleError>,
    /// Rules that will do nothing, in order.
    pub warnings: Vec<RuleWarning>,
}

/// A rule that can be read but will never do anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}; {advice}")]
pub struct RuleWarning {
    /// Its line, from 1.
    pub line: usize,
    /// The line as it was written.
    pub text: String,
    /// Why it does nothing, in words.
    pub problem: String,
    /// What to do, in words.
    pub advice: String,
}

impl RuleWarning {
    fn new(line: RuleLine<'_>, fault: Fault) -> Self {
        Self {
            line: line.number,
            text: line.source.to_owned(),
            problem: fault.problem,
            advice: fault.advice,
        }
    }
}

/// Reads rules and says everything there is to say about them. A text without errors is one that
/// [`Config::with`] takes.
pub fn check_rules(language: Language, text: &str) -> RuleReport {
    let mut report = RuleReport::default();
    let findings = match language {
        Language::StackTrace => rules::lint(rule_lines(text), &mut report.errors),
        Language::Fingerprint => fingerprint::lint(rule_lines(text), &mut report.errors),
    };
    report.rules = rule_lines(text).count() - report.errors.len();
    report.warnings =
        findings.into_iter().map(|(line, fault)| RuleWarning::new(line, fault)).collect();
    report
}

/// The project's rules that have something to do with an event, by their lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchedRules {
    /// Stack trace rules that match any frame.
    pub stack_trace: BTreeSet<usize>,
    /// Fingerprint rules whose conditions hold; the first of them decides.
    pub fingerprint: BTreeSet<usize>,
}

impl MatchedRules {
    /// Adds what matches another event, to find rules that match none of many.
    pub fn add(&mut self, other: &Self) {
        self.stack_trace.extend(&other.stack_trace);
        self.fingerprint.extend(&other.fingerprint);
    }

    /// The lines of those rules of a text that are not among these.
    pub fn idle(&self, language: Language, text: &str) -> Vec<usize> {
        let matched = match language {
            Language::StackTrace => &self.stack_trace,
            Language::Fingerprint => &self.fingerprint,
        };
        let lines = rule_lines(text).map(|line| line.number);
        lines.filter(|line| !matched.contains(line)).collect()
    }
}

/// Finds the project's rules that match a [prepared](super::prepare()) event.
pub fn matched_rules(event: &Event, config: &Config) -> MatchedRules {
    let mut lines = BTreeSet::new();
    let mut add = |stack: Option<&Stacktrace>, owner| {
        let frames = stack.map(Stacktrace::frames).unwrap_or_default();
        let views: Vec<_> =
            frames.iter().map(|frame| FrameView::new(frame, event.platform())).collect();
        lines.extend(Run::classify(config.rules(), owner, &views).matched_lines());
    };
    for exception in event.exceptions() {
        add(exception.stacktrace.as_ref(), Owner(Some(exception)));
    }
    add(event.stacktrace.as_ref(), Owner::default());
    for thread in event.threads() {
        add(thread.stacktrace.as_ref(), Owner::default());
    }
    let fingerprint = config.compiled_fingerprint_rules();
    let fingerprint = fingerprint.matched_lines(&Facts::new(event, config));
    MatchedRules { stack_trace: lines, fingerprint: fingerprint.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(language: Language, text: &str) -> Vec<String> {
        let report = check_rules(language, text);
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        report.warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_with_its_place() {
        let text = "function:a -app\n\n  fucntion:b -app\nfunction:c category=x -ap # no";
        let report = check_rules(Language::StackTrace, text);
        assert_eq!(report.rules, 1);
        let places: Vec<_> =
            report.errors.iter().map(|error| (error.line, error.column, &*error.text)).collect();
        assert_eq!(
            places,
            [(3, 3, "  fucntion:b -app"), (4, 23, "function:c category=x -ap # no")]
        );
        assert_eq!(report.errors[0].advice, "did you mean `function`?");

        let report = check_rules(Language::Fingerprint, "type:A -> a\ntype:B -> {{ b\ntype:C");
        let places: Vec<_> = report.errors.iter().map(|error| (error.line, error.column)).collect();
        assert_eq!(places, [(2, 11), (3, 7)]);
    }

    #[test]
    fn stack_trace_rules_that_can_do_nothing_are_named() {
        for (text, problem) in [
            ("family:native family:other function:a -app", "asks for families that exclude"),
            ("function:\"[a\" -app", "`[a` is no pattern"),
            ("function:a function:b -app", "can be `a` and `b`"),
            ("app:yes app:no -group", "can be `yes` and `no`"),
            ("category:mine -app", "no rule gives the category `mine`"),
            ("function:a -app\nfunction:a   -app", "the same as line 1"),
            ("function:a invert-stacktrace=1", "has no effect"),
        ] {
            let found = warnings(Language::StackTrace, text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains(problem), "{text}: {found:?}");
        }
        let fine = "category:system -app\nfunction:a category=mine\ncategory:mine -app\n\
                    !function:a function:b -app\nfunction:a* function:*b -app";
        assert_eq!(warnings(Language::StackTrace, fine), Vec::<String>::new());
    }

    #[test]
    fn fingerprint_rules_that_can_do_nothing_are_named() {
        for (text, problem) in [
            ("type:\"[a\" -> x", "`[a` is no pattern"),
            ("type:A type:B -> x", "can be `A` and `B`"),
            ("level:critical -> x", "is no level"),
            ("family:native family:other -> x", "asks for families that exclude"),
            ("type:A  level:error -> x\ntype:A level:error -> y", "line 1 has the same conditions"),
        ] {
            let found = warnings(Language::Fingerprint, text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].contains(problem), "{text}: {found:?}");
        }
        let fine = "type:A -> x\ntype:A level:error -> y\nlevel:* -> z\ntags.a:1 tags.b:2 -> w";
        assert_eq!(warnings(Language::Fingerprint, fine), Vec::<String>::new());
    }

    #[test]
    fn rules_that_match_no_event_are_found() {
        let stack = "function:pay -app\n# why\nfunction:other -group\nmodule:m max-frames=1";
        let fingerprint = "type:Other -> o\ntype:E -> e\ntype:E* -> late";
        let config = Config::new(stack, fingerprint).unwrap();
        let json = br#"{"exception":[{"type":"E","stacktrace":{"frames":[
            {"function":"pay","module":"m"}]}}]}"#;
        let mut event = Event::from_stored(json).unwrap();
        super::super::prepare(&mut event, &config);
        let mut matched = MatchedRules::default();
        matched.add(&matched_rules(&event, &config));
        assert_eq!(matched.stack_trace, [1, 4].into());
        assert_eq!(matched.fingerprint, [2, 3].into());
        assert_eq!(matched.idle(Language::StackTrace, stack), [3]);
        assert_eq!(matched.idle(Language::Fingerprint, fingerprint), [1]);
    }
}
