//! The language of fingerprint rules (`grouping.md` §11.1).
//!
//! ```text
//! error.type:DatabaseError stack.function:connect -> database-down, {{ tags.region }} title="No database"
//! ```

use crate::grouping::cursor::{Cursor, Fault, boolean};
use crate::grouping::glob::{Dialect, Glob};
use crate::grouping::rules::family_bits;

/// A rule as it was written.
#[derive(Debug)]
pub(super) struct ParsedRule {
    pub(super) caller: Option<Matcher>,
    pub(super) matchers: Vec<Matcher>,
    pub(super) callee: Option<Matcher>,
    pub(super) values: Vec<String>,
    pub(super) title: Option<String>,
}

/// One condition.
#[derive(Debug)]
pub(super) struct Matcher {
    pub(super) negated: bool,
    pub(super) subject: Subject,
    pub(super) pattern: Pattern,
    /// The pattern as it was written.
    pub(super) argument: String,
}

/// What a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Message,
    ErrorType,
    ErrorValue,
    Function,
    Module,
    Path,
    Package,
    App,
    Release,
    Family,
    Sdk,
    Logger,
    Level,
    Tag(String),
    ThreadId,
    ThreadName,
    ThreadState,
    ThreadCrashed,
    ThreadCurrent,
}

/// What it wants to see there.
#[derive(Debug)]
pub(super) enum Pattern {
    /// A glob over text as it is.
    Text(Glob),
    /// A glob over text in lower case.
    AnyCase(Glob),
    Path(Glob),
    Flag(bool),
    /// Bits of families.
    Families(u8),
    OneOf(Vec<String>),
}

/// The conditions there are, as most people write them.
const SUBJECTS: [&str; 25] = [
    "message",
    "error.type",
    "type",
    "error.value",
    "value",
    "stack.function",
    "function",
    "stack.module",
    "module",
    "stack.abs_path",
    "path",
    "stack.package",
    "package",
    "app",
    "release",
    "family",
    "sdk",
    "logger",
    "level",
    "tags.NAME",
    "thread.id",
    "thread.name",
    "thread.state",
    "thread.crashed",
    "thread.current",
];

const PLACES: &str = "write `[caller] | condition | [callee]`, with one condition in each bracket";

/// Reads one rule. The cursor stays at the word that is wrong.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<ParsedRule, Fault> {
    let no_values = || {
        Fault::new(
            "a rule says what the fingerprint is behind `->`",
            "write `-> a-name` behind the conditions",
        )
    };
    let mut rule = ParsedRule {
        caller: None,
        matchers: Vec::new(),
        callee: None,
        values: Vec::new(),
        title: None,
    };
    while !cursor.eat("->") {
        cursor.begin_word();
        if cursor.is_at_end() {
            return Err(no_values());
        }
        read_condition(cursor, &mut rule)?;
    }
    if rule.matchers.is_empty() {
        return Err(Fault::new(
            "a rule needs a condition",
            "write one in front of `->`, such as `error.type:Timeout`",
        ));
    }
    while !cursor.is_at_end() {
        cursor.begin_word();
        read_value(cursor, &mut rule)?;
    }
    if rule.values.is_empty() {
        cursor.begin_word();
        return Err(no_values());
    }
    Ok(rule)
}

fn read_condition(cursor: &mut Cursor<'_>, rule: &mut ParsedRule) -> Result<(), Fault> {
    if !cursor.rest().starts_with(['[', '|']) {
        if rule.callee.is_some() {
            return Err(Fault::new("nothing stands between the callee and `->`", PLACES));
        }
        rule.matchers.push(read_matcher(cursor, false)?);
        return Ok(());
    }
    let is_callee = cursor.eat("|");
    if !cursor.eat("[") {
        return Err(Fault::new("a bar stands beside a condition in brackets", PLACES));
    }
    cursor.rest();
    let matcher = read_matcher(cursor, true)?;
    if !matcher.subject.is_of_frames() {
        return Err(Fault::new(
            "only conditions on frames stand in brackets",
            "write this one without brackets",
        ));
    }
    if !cursor.eat("]") {
        return Err(Fault::new("a bracket holds one condition and is closed with `]`", PLACES));
    }
    let place = match (is_callee, rule.matchers.is_empty()) {
        (true, false) => &mut rule.callee,
        (false, true) if cursor.eat("|") => &mut rule.caller,
        _ => return Err(Fault::new("a condition in brackets stands beside a bar", PLACES)),
    };
    match place.replace(matcher) {
        None => Ok(()),
        Some(_) => Err(Fault::new("there is one caller and one callee at most", PLACES)),
    }
}

fn read_matcher(cursor: &mut Cursor<'_>, in_brackets: bool) -> Result<Matcher, Fault> {
    let negated = cursor.eat("!");
    let name = match cursor.quoted(unescape) {
        Some(quoted) => quoted?,
        None => cursor.take_until(|c| c == ':' || c.is_whitespace()).to_owned(),
    };
    if !cursor.eat(":") {
        return Err(Fault::new(
            format!("`{name}` needs a value behind a colon"),
            format!("write `{name}:…`"),
        ));
    }
    let argument = match cursor.quoted(unescape) {
        Some(quoted) => quoted?,
        None => cursor.take_until(|c| c.is_whitespace() || (in_brackets && c == ']')).to_owned(),
    };
    if argument.is_empty() {
        return Err(Fault::new(
            format!("`{name}` needs a value behind the colon"),
            "write it without a blank, in double quotes if it holds one",
        ));
    }
    let subject = Subject::named(&name)?;
    let pattern = subject.pattern(&argument)?;
    Ok(Matcher { negated, subject, pattern, argument })
}

fn read_value(cursor: &mut Cursor<'_>, rule: &mut ParsedRule) -> Result<(), Fault> {
    if cursor.eat(",") {
        return Ok(());
    }
    if cursor.eat("title=") {
        let Some(title) = cursor.quoted(unescape) else {
            return Err(Fault::new("a title stands in double quotes", "write `title=\"…\"`"));
        };
        rule.title = Some(title?);
        return Ok(());
    }
    if rule.title.is_some() {
        return Err(Fault::new(
            "the title stands at the end",
            "move it behind the parts of the fingerprint",
        ));
    }
    let rest = cursor.rest();
    let value = if let Some(quoted) = cursor.quoted(unescape) {
        quoted?
    } else if cursor.eat("{{") {
        let name = cursor.take_until(|c| c == '}').trim().to_owned();
        if !cursor.eat("}}") || name.is_empty() {
            return Err(Fault::new(
                format!("`{rest}` begins like a variable"),
                "write `{{ name }}`, such as `{{ default }}`",
            ));
        }
        format!("{{{{ {name} }}}}")
    } else {
        cursor.take_until(|c| c.is_whitespace() || matches!(c, ',' | '{')).to_owned()
    };
    if value.is_empty() {
        return Err(Fault::new(
            format!("`{rest}` is no part of a fingerprint"),
            "write a word, a text in double quotes, or a variable such as `{{ error.type }}`",
        ));
    }
    rule.values.push(value);
    Ok(())
}

fn unescape(escaped: char, text: &mut String) {
    text.push(match escaped {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    });
}

impl Subject {
    fn named(name: &str) -> Result<Self, Fault> {
        Ok(match name {
            "message" => Self::Message,
            "error.type" | "type" => Self::ErrorType,
            "error.value" | "value" => Self::ErrorValue,
            "stack.function" | "function" => Self::Function,
            "stack.module" | "module" => Self::Module,
            "stack.abs_path" | "path" => Self::Path,
            "stack.package" | "package" => Self::Package,
            "app" => Self::App,
            "release" => Self::Release,
            "family" => Self::Family,
            "sdk" => Self::Sdk,
            "logger" => Self::Logger,
            "level" => Self::Level,
            "thread.id" => Self::ThreadId,
            "thread.name" => Self::ThreadName,
            "thread.state" => Self::ThreadState,
            "thread.crashed" => Self::ThreadCrashed,
            "thread.current" => Self::ThreadCurrent,
            _ => match name.strip_prefix("tags.") {
                Some(tag) if !tag.is_empty() => Self::Tag(tag.to_owned()),
                _ => {
                    return Err(Fault::unknown(
                        name,
                        "is nothing that a rule can look at",
                        &SUBJECTS,
                    ));
                }
            },
        })
    }

    /// Whether it looks at frames.
    pub(super) fn is_of_frames(&self) -> bool {
        matches!(self, Self::Function | Self::Module | Self::Path | Self::Package | Self::App)
    }

    fn pattern(&self, argument: &str) -> Result<Pattern, Fault> {
        let glob = |dialect| Glob::new(argument, dialect);
        Ok(match self {
            Self::ErrorType | Self::Function | Self::Module | Self::Logger | Self::Tag(_) => {
                Pattern::Text(glob(Dialect::Text))
            }
            Self::Message
            | Self::ErrorValue
            | Self::Level
            | Self::ThreadId
            | Self::ThreadName
            | Self::ThreadState => Pattern::AnyCase(glob(Dialect::TextAnyCase)),
            Self::Path | Self::Package | Self::Release => Pattern::Path(glob(Dialect::Path)),
            Self::App | Self::ThreadCrashed | Self::ThreadCurrent => {
                Pattern::Flag(boolean(argument)?)
            }
            Self::Family => Pattern::Families(family_bits(argument)?),
            Self::Sdk => {
                Pattern::OneOf(argument.split(',').map(|name| name.trim().to_owned()).collect())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<ParsedRule, Fault> {
        super::parse(&mut Cursor::new(line))
    }

    #[test]
    fn a_rule_has_conditions_values_and_a_title() {
        let rule = parse(
            r#"[app:no] | function:connect "tags.db:host":"a \"b\"*" !level:info -> database, "down now" {{default}} title="No {{ tags.db }}" # why"#,
        );
        // A caller wants conditions on frames only beside it, which is not this parser's business.
        let rule = rule.unwrap();
        assert!(rule.caller.is_some());
        assert_eq!(rule.matchers[1].subject, Subject::Tag("db:host".to_owned()));
        assert!(rule.matchers[2].negated);
        assert_eq!(rule.values, ["database", "down now", "{{ default }}"]);
        assert_eq!(rule.title.as_deref(), Some("No {{ tags.db }}"));
    }

    #[test]
    fn a_wrong_rule_says_what_is_wrong() {
        for (line, problem) in [
            ("type:A", "behind `->`"),
            ("type:A ->", "behind `->`"),
            ("-> a", "needs a condition"),
            ("tipe:A -> a", "`tipe` is nothing"),
            ("type -> a", "needs a value behind a colon"),
            ("family:python -> a", "`python` is no family"),
            ("app:maybe -> a", "neither `yes` nor `no`"),
            ("[type:A] | function:b -> a", "only conditions on frames"),
            ("type:A -> {{ a", "begins like a variable"),
            ("type:A -> {a", "is no part of a fingerprint"),
            ("type:A -> a title=b", "in double quotes"),
            ("type:A -> a title=\"b\" c", "at the end"),
            ("type:\"A -> a", "not closed"),
        ] {
            let fault = parse(line).unwrap_err();
            assert!(fault.problem.contains(problem), "{line}: {fault:?}");
            assert!(!fault.advice.is_empty(), "{line}");
        }
    }
}
