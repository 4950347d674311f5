//! The language of fingerprint rules (`grouping.md` §11.1).
//!
//! ```text
//! error.type:DatabaseError stack.function:connect -> database-down, {{ tags.region }} title="No database"
//! ```

use crate::grouping::cursor::{Cursor, boolean};
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

/// Reads one rule.
pub(super) fn parse(line: &str) -> Result<ParsedRule, String> {
    let mut cursor = Cursor::new(line);
    let mut rule = ParsedRule {
        caller: None,
        matchers: Vec::new(),
        callee: None,
        values: Vec::new(),
        title: None,
    };
    while !cursor.eat("->") {
        if cursor.is_at_end() {
            return Err("a rule says what the fingerprint is behind `->`".to_owned());
        }
        read_condition(&mut cursor, &mut rule)?;
    }
    if rule.matchers.is_empty() {
        return Err("a rule needs a condition, such as `error.type:Timeout`".to_owned());
    }
    while !cursor.is_at_end() {
        read_value(&mut cursor, &mut rule)?;
    }
    if rule.values.is_empty() {
        return Err("a rule says what the fingerprint is behind `->`".to_owned());
    }
    Ok(rule)
}

fn read_condition(cursor: &mut Cursor<'_>, rule: &mut ParsedRule) -> Result<(), String> {
    if !cursor.rest().starts_with(['[', '|']) {
        if rule.callee.is_some() {
            return Err("nothing stands between the callee and `->`".to_owned());
        }
        rule.matchers.push(read_matcher(cursor, false)?);
        return Ok(());
    }
    let is_callee = cursor.eat("|");
    if !cursor.eat("[") {
        return Err("a bar stands beside a condition in brackets".to_owned());
    }
    cursor.rest();
    let matcher = read_matcher(cursor, true)?;
    if !matcher.subject.is_of_frames() {
        return Err("only conditions on frames stand in brackets".to_owned());
    }
    if !cursor.eat("]") {
        return Err("a bracket holds one condition and is closed with `]`".to_owned());
    }
    let place = match (is_callee, rule.matchers.is_empty()) {
        (true, false) => &mut rule.callee,
        (false, true) if cursor.eat("|") => &mut rule.caller,
        _ => return Err("write `[caller] | condition | [callee]`".to_owned()),
    };
    match place.replace(matcher) {
        None => Ok(()),
        Some(_) => Err("there is one caller and one callee at most".to_owned()),
    }
}

fn read_matcher(cursor: &mut Cursor<'_>, in_brackets: bool) -> Result<Matcher, String> {
    let negated = cursor.eat("!");
    let name = match cursor.quoted(unescape) {
        Some(quoted) => quoted?,
        None => cursor.take_until(|c| c == ':' || c.is_whitespace()).to_owned(),
    };
    if !cursor.eat(":") {
        return Err(format!("`{name}` needs a value behind a colon"));
    }
    let argument = match cursor.quoted(unescape) {
        Some(quoted) => quoted?,
        None => cursor.take_until(|c| c.is_whitespace() || (in_brackets && c == ']')).to_owned(),
    };
    if argument.is_empty() {
        return Err(format!("`{name}` needs a value behind the colon"));
    }
    let subject = Subject::named(&name)?;
    let pattern = subject.pattern(&argument)?;
    Ok(Matcher { negated, subject, pattern })
}

fn read_value(cursor: &mut Cursor<'_>, rule: &mut ParsedRule) -> Result<(), String> {
    if cursor.eat(",") {
        return Ok(());
    }
    if cursor.eat("title=") {
        let Some(title) = cursor.quoted(unescape) else {
            return Err("a title stands in double quotes".to_owned());
        };
        rule.title = Some(title?);
        return Ok(());
    }
    if rule.title.is_some() {
        return Err("the title stands at the end".to_owned());
    }
    let rest = cursor.rest();
    let value = if let Some(quoted) = cursor.quoted(unescape) {
        quoted?
    } else if cursor.eat("{{") {
        let name = cursor.take_until(|c| c == '}').trim().to_owned();
        if !cursor.eat("}}") || name.is_empty() {
            return Err(format!("`{rest}` begins like a variable, such as `{{{{ default }}}}`"));
        }
        format!("{{{{ {name} }}}}")
    } else {
        cursor.take_until(|c| c.is_whitespace() || matches!(c, ',' | '{')).to_owned()
    };
    if value.is_empty() {
        return Err(format!("`{rest}` is no part of a fingerprint"));
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
    fn named(name: &str) -> Result<Self, String> {
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
                _ => return Err(format!("`{name}` is nothing that a rule can look at")),
            },
        })
    }

    /// Whether it looks at frames.
    pub(super) fn is_of_frames(&self) -> bool {
        matches!(self, Self::Function | Self::Module | Self::Path | Self::Package | Self::App)
    }

    fn pattern(&self, argument: &str) -> Result<Pattern, String> {
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
            let error = parse(line).unwrap_err();
            assert!(error.contains(problem), "{line}: {error}");
        }
    }
}
