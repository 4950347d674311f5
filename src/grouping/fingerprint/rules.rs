//! Finds the fingerprint rule for an event (`grouping.md` §11.2).
//!
//! Conditions are bundled by what they look at. Each bundle needs one thing for which all its conditions
//! hold: one frame with that function *and* that module, one exception with that type *and* that value.

use super::facts::{Facts, path};
use super::parse::{Matcher, ParsedRule, Pattern, Subject, parse};
use crate::grouping::cursor::{Cursor, Fault, Language, RuleError, RuleLine, rule_lines};
use crate::grouping::family::Family;
use crate::grouping::glob::PathText;
use crate::grouping::reason::Origin;
use crate::protocol::event::{Exception, Frame, Level, Stacktrace, Thread};

/// The version of `builtin.txt`; stored with every hash.
pub(in crate::grouping) const BUILT_IN_VERSION: &str = "javascript@2024-02-02";

/// A project's rules, and the built-in ones behind them.
#[derive(Debug)]
pub(in crate::grouping) struct FingerprintRules(Vec<FingerprintRule>);

/// A rule, with its conditions by what they look at.
#[derive(Debug)]
pub(super) struct FingerprintRule {
    /// Its line, from 1.
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) origin: Origin,
    pub(super) values: Vec<String>,
    pub(super) title: Option<String>,
    event: Vec<Matcher>,
    messages: Vec<Matcher>,
    exceptions: Vec<Matcher>,
    threads: Vec<Matcher>,
    frames: Vec<Matcher>,
    caller: Option<Matcher>,
    callee: Option<Matcher>,
}

impl FingerprintRules {
    /// Reads a project's rules.
    pub(in crate::grouping) fn new(project: &str) -> Result<Self, RuleError> {
        let mut rules = read_all(project, Origin::Project)?;
        rules.extend(read_all(include_str!("builtin.txt"), Origin::BuiltIn)?);
        Ok(Self(rules))
    }

    /// The lines of the project's rules whose conditions hold; the first of them decides.
    pub(in crate::grouping) fn matched_lines(&self, facts: &Facts<'_>) -> Vec<usize> {
        let project = self.0.iter().filter(|rule| rule.origin == Origin::Project);
        project.filter(|rule| rule.matches(*facts)).map(|rule| rule.line).collect()
    }

    /// The first rule whose conditions hold.
    pub(super) fn first_match(&self, facts: &Facts<'_>) -> Option<&FingerprintRule> {
        self.0.iter().find(|rule| rule.matches(*facts))
    }
}

fn read_all(text: &str, origin: Origin) -> Result<Vec<FingerprintRule>, RuleError> {
    rule_lines(text).map(|line| FingerprintRule::read(line, origin)).collect()
}

impl FingerprintRule {
    /// Reads one line.
    pub(super) fn read(line: RuleLine<'_>, origin: Origin) -> Result<Self, RuleError> {
        let mut cursor = Cursor::new(line.rule());
        let rule = parse(&mut cursor).and_then(|parsed| Self::new(parsed, line, origin));
        rule.map_err(|fault| fault.at(Language::Fingerprint, line, &cursor))
    }

    fn new(parsed: ParsedRule, line: RuleLine<'_>, origin: Origin) -> Result<Self, Fault> {
        let mut rule = Self {
            line: line.number,
            text: line.rule().to_owned(),
            origin,
            values: parsed.values,
            title: parsed.title,
            event: Vec::new(),
            messages: Vec::new(),
            exceptions: Vec::new(),
            threads: Vec::new(),
            frames: Vec::new(),
            caller: parsed.caller,
            callee: parsed.callee,
        };
        for matcher in parsed.matchers {
            let bundle = match matcher.subject {
                Subject::Message => &mut rule.messages,
                Subject::ErrorType | Subject::ErrorValue => &mut rule.exceptions,
                Subject::ThreadId
                | Subject::ThreadName
                | Subject::ThreadState
                | Subject::ThreadCrashed
                | Subject::ThreadCurrent => &mut rule.threads,
                _ if matcher.subject.is_of_frames() => &mut rule.frames,
                _ => &mut rule.event,
            };
            bundle.push(matcher);
        }
        if rule.frames.is_empty() && (rule.caller.is_some() || rule.callee.is_some()) {
            return Err(Fault::new(
                "a condition in brackets needs one on the frame beside it",
                "write one such as `stack.function:connect`",
            ));
        }
        Ok(rule)
    }

    /// Its conditions, by what they look at.
    pub(super) fn bundles(&self) -> [&[Matcher]; 7] {
        [
            &self.event,
            &self.messages,
            &self.exceptions,
            &self.threads,
            &self.frames,
            self.caller.as_slice(),
            self.callee.as_slice(),
        ]
    }

    fn matches(&self, facts: Facts<'_>) -> bool {
        // The cheapest first.
        holds(&self.event, |matcher| event_matches(matcher, facts))
            && any_holds(&self.exceptions, facts.exceptions(), exception_matches)
            && any_holds(&self.messages, facts.messages(), |matcher, text| {
                matcher.matches(Some(text.trim()))
            })
            && any_holds(&self.threads, facts.event.threads(), thread_matches)
            && (self.frames.is_empty() || facts.stacks().any(|stack| self.matches_stack(stack)))
    }

    fn matches_stack(&self, stack: &Stacktrace) -> bool {
        let frames = stack.frames();
        let neighbour = |matcher: &Option<Matcher>, index: Option<usize>| match matcher {
            None => true,
            Some(matcher) => index
                .and_then(|index| frames.get(index))
                .is_some_and(|frame| frame_matches(matcher, frame)),
        };
        frames.iter().enumerate().any(|(at, frame)| {
            holds(&self.frames, |matcher| frame_matches(matcher, frame))
                && neighbour(&self.caller, at.checked_sub(1))
                && neighbour(&self.callee, at.checked_add(1))
        })
    }
}

fn holds(bundle: &[Matcher], matches: impl Fn(&Matcher) -> bool) -> bool {
    bundle.iter().all(matches)
}

/// Whether all conditions hold for one and the same thing. No conditions need no thing.
fn any_holds<T: Copy>(
    bundle: &[Matcher],
    things: impl IntoIterator<Item = T>,
    matches: impl Fn(&Matcher, T) -> bool,
) -> bool {
    bundle.is_empty()
        || things.into_iter().any(|thing| holds(bundle, |matcher| matches(matcher, thing)))
}

impl Matcher {
    /// Whether a text that may be absent passes.
    fn matches(&self, text: Option<&str>) -> bool {
        let found = text.is_some_and(|text| match &self.pattern {
            Pattern::Text(glob) => glob.matches(text),
            Pattern::AnyCase(glob) => glob.matches(&text.to_lowercase()),
            Pattern::Path(glob) => glob.matches_path(&PathText::new(text)),
            Pattern::OneOf(names) => names.iter().any(|name| name == text || name == "all"),
            Pattern::Flag(_) | Pattern::Families(_) => false,
        });
        found != self.negated
    }

    /// Whether a flag passes.
    fn matches_flag(&self, flag: bool) -> bool {
        matches!(self.pattern, Pattern::Flag(wanted) if wanted == flag) != self.negated
    }
}

fn event_matches(matcher: &Matcher, facts: Facts<'_>) -> bool {
    let event = facts.event;
    match &matcher.subject {
        Subject::Family => {
            let family = Family::of(event.platform()).bit();
            matches!(matcher.pattern, Pattern::Families(bits) if bits & family != 0)
                != matcher.negated
        }
        Subject::Release => matcher.matches(event.release.as_deref()),
        Subject::Sdk => matcher.matches(event.sdk.as_ref().and_then(|sdk| sdk.name.as_deref())),
        Subject::Logger => matcher.matches(event.logger.as_deref()),
        Subject::Level => matcher.matches(event.level.map(Level::as_str)),
        Subject::Tag(name) => matcher.matches(facts.tag(name)),
        _ => false,
    }
}

fn exception_matches(matcher: &Matcher, exception: &Exception) -> bool {
    match matcher.subject {
        Subject::ErrorType => matcher.matches(exception.kind.as_deref()),
        _ => matcher.matches(exception.value.as_deref().map(str::trim)),
    }
}

fn thread_matches(matcher: &Matcher, thread: &Thread) -> bool {
    match matcher.subject {
        Subject::ThreadId => matcher.matches(thread.id.as_deref()),
        Subject::ThreadName => matcher.matches(thread.name.as_deref()),
        Subject::ThreadState => matcher.matches(thread.state.as_deref()),
        Subject::ThreadCrashed => matcher.matches_flag(thread.crashed == Some(true)),
        _ => matcher.matches_flag(thread.current == Some(true)),
    }
}

fn frame_matches(matcher: &Matcher, frame: &Frame) -> bool {
    match matcher.subject {
        Subject::Function => matcher.matches(frame.function.as_deref()),
        Subject::Module => matcher.matches(frame.module.as_deref()),
        Subject::Path => matcher.matches(path(frame)),
        Subject::Package => matcher.matches(frame.package.as_deref()),
        _ => matcher.matches_flag(frame.in_app == Some(true)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grouping::Config;
    use crate::protocol::event::Event;
    use crate::protocol::lenient::Problems;

    const EVENT: &str = r#"{
        "platform": "python", "level": "error", "logger": "shop", "release": "shop@1.2",
        "sdk": {"name": "sentry.python"}, "tags": {"region": "eu"},
        "logentry": {"message": "lost %s", "formatted": " Lost contact "},
        "exception": [
            {"type": "Inner", "value": "a"},
            {"type": "Outer", "value": "B", "stacktrace": {"frames": [
                {"function": "main", "module": "shop", "filename": "shop/app.py", "in_app": true},
                {"function": "connect", "module": "db.pool", "abs_path": "/lib/db/pool.py"}]}}],
        "threads": [{"name": "Worker-1", "crashed": true}]
    }"#;

    fn matches(condition: &str) -> bool {
        let event = Event::read(EVENT.as_bytes(), &Problems::default()).unwrap().unwrap();
        let source = format!("{condition} -> x");
        let line = RuleLine { number: 1, source: &source };
        let rule = FingerprintRule::read(line, Origin::Project).unwrap();
        rule.matches(Facts::new(&event, &Config::default()))
    }

    #[test]
    fn every_subject_can_be_asked_for() {
        for condition in [
            "message:\"lost contact\"",
            "message:b",
            "type:Outer",
            "value:b",
            "function:con*",
            "module:db.*",
            "path:**/db/*.py",
            "path:shop/app.py",
            "app:yes",
            "release:shop@*",
            "family:other",
            "sdk:sentry.java,sentry.python",
            "logger:shop",
            "level:ERROR",
            "tags.region:e?",
            "thread.name:worker-*",
            "thread.crashed:1",
            "!tags.color:red",
            "[function:main] | function:connect",
            "function:main | [module:db.pool]",
        ] {
            assert!(matches(condition), "{condition}");
        }
        for condition in [
            "type:outer",
            "function:Main",
            "tags.region:EU",
            "tags.color:*",
            "family:native",
            "package:*",
            "app:no function:main",
            "[function:x] | function:connect",
            "function:connect | [function:*]",
            "thread.current:1",
            "!family:other",
            "!level:error",
        ] {
            assert!(!matches(condition), "{condition}");
        }
    }

    #[test]
    fn conditions_on_the_same_kind_of_thing_must_hold_for_one_of_them() {
        assert!(matches("type:Outer value:B"));
        assert!(!matches("type:Inner value:B"));
        assert!(matches("function:connect module:db.pool"));
        assert!(!matches("function:main module:db.pool"));
        assert!(matches("type:Inner function:connect level:error"));
    }
}
