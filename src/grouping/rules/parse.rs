//! The language of stack trace rules (`grouping.md` §10.1).
//!
//! ```text
//! [caller] | matcher … | [callee]  action …   # comment
//! stack.function:abort family:native  ^-group -group
//! ```

use super::compile::family_bits;
use crate::grouping::cursor::{Cursor, Fault, boolean};

/// A rule as it was written.
#[derive(Debug)]
pub(super) struct ParsedRule {
    pub(super) caller: Option<Matcher>,
    pub(super) frame: Vec<Matcher>,
    pub(super) callee: Option<Matcher>,
    pub(super) actions: Vec<(Action, String)>,
    /// Everything before the first action, to quote it.
    pub(super) condition: String,
}

/// One condition.
#[derive(Debug, PartialEq)]
pub(super) struct Matcher {
    pub(super) negated: bool,
    pub(super) subject: Subject,
    pub(super) argument: String,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    Family,
    Module,
    Function,
    Package,
    Path,
    Category,
    App,
    ErrorType,
    ErrorValue,
    ErrorMechanism,
}

/// What happens to a frame that matches.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    App(Range, bool),
    Group(Range, bool),
    Category(String),
    MaxFrames(u32),
    MinFrames(u32),
    /// Understood, so that old rules stay readable; nothing uses it.
    InvertStacktrace,
}

/// Which frames, seen from the one that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    Itself,
    /// All nearer to the crash.
    Inner,
    /// All further out.
    Outer,
}

/// The conditions there are, as most people write them.
const SUBJECTS: [&str; 17] = [
    "family",
    "stack.module",
    "module",
    "stack.function",
    "function",
    "stack.package",
    "package",
    "stack.abs_path",
    "path",
    "category",
    "app",
    "error.type",
    "type",
    "error.value",
    "value",
    "error.mechanism",
    "mechanism",
];

const PLACES: &str = "write `[caller] | condition | [callee]`, with one condition in each bracket";

/// Reads one rule. The cursor stays at the word that is wrong.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<ParsedRule, Fault> {
    let line = cursor.rest();
    let mut rule = ParsedRule {
        caller: None,
        frame: Vec::new(),
        callee: None,
        actions: Vec::new(),
        condition: String::new(),
    };
    while !cursor.is_at_end() {
        cursor.begin_word();
        let rest = cursor.rest();
        if rule.actions.is_empty() {
            line[..line.len() - rest.len()].trim().clone_into(&mut rule.condition);
        }
        if rest.starts_with(['[', '|']) {
            read_neighbour(cursor, &mut rule)?;
        } else if let Some(action) = read_action(cursor)? {
            rule.actions.push(action);
        } else if rule.actions.is_empty() && rule.callee.is_none() {
            rule.frame.push(read_matcher(cursor, false)?);
        } else {
            let word = rest.split_whitespace().next().unwrap_or_default();
            return Err(Fault::new(
                format!("`{word}` is no action"),
                "conditions stand before the actions, which are `+app`, `-group`, `category=…` and their like",
            ));
        }
    }
    if rule.frame.is_empty() {
        return Err(Fault::new(
            "a rule needs a condition",
            "write one in front, such as `stack.function:main`",
        ));
    }
    if rule.actions.is_empty() {
        cursor.begin_word();
        return Err(Fault::new(
            "a rule needs an action",
            "write one behind the condition, such as `-app` or `+group`",
        ));
    }
    Ok(rule)
}

/// Reads `[matcher] |` before the conditions or `| [matcher]` after them.
fn read_neighbour(cursor: &mut Cursor<'_>, rule: &mut ParsedRule) -> Result<(), Fault> {
    let is_callee = cursor.eat("|");
    if !cursor.eat("[") {
        return Err(Fault::new("a bar stands beside a condition in brackets", PLACES));
    }
    cursor.rest();
    let matcher = read_matcher(cursor, true)?;
    if !cursor.eat("]") {
        return Err(Fault::new("a bracket holds one condition and is closed with `]`", PLACES));
    }
    let place = match (is_callee, rule.frame.is_empty()) {
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
    let name = cursor.take_until(|c| c == ':' || c.is_whitespace());
    let subject = match name {
        "family" => Subject::Family,
        "stack.module" | "module" => Subject::Module,
        "stack.function" | "function" => Subject::Function,
        "stack.package" | "package" => Subject::Package,
        "stack.abs_path" | "path" => Subject::Path,
        "category" => Subject::Category,
        "app" => Subject::App,
        "error.type" | "type" => Subject::ErrorType,
        "error.value" | "value" => Subject::ErrorValue,
        "error.mechanism" | "mechanism" => Subject::ErrorMechanism,
        _ => return Err(Fault::unknown(name, "is nothing that a rule can look at", &SUBJECTS)),
    };
    if !cursor.eat(":") {
        return Err(Fault::new(
            format!("`{name}` needs a value behind a colon"),
            format!("write `{name}:…`"),
        ));
    }
    let unescape = |escaped: char, text: &mut String| {
        if escaped != '\\' {
            text.push('\\');
        }
        text.push(escaped);
    };
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
    check_argument(subject, &argument, in_brackets)?;
    Ok(Matcher { negated, subject, argument })
}

/// Arguments that are no patterns are words that a condition knows.
fn check_argument(subject: Subject, argument: &str, in_brackets: bool) -> Result<(), Fault> {
    match subject {
        Subject::Family => family_bits(argument).map(drop),
        Subject::App => boolean(argument).map(drop),
        Subject::ErrorType | Subject::ErrorValue | Subject::ErrorMechanism if in_brackets => {
            Err(Fault::new(
                "a condition on the error is no condition on a frame",
                "write it outside of the brackets",
            ))
        }
        _ => Ok(()),
    }
}

/// The action that comes next; `None` if it is none.
fn read_action(cursor: &mut Cursor<'_>) -> Result<Option<(Action, String)>, Fault> {
    let mut ahead = *cursor;
    let word = ahead.take_until(char::is_whitespace);
    let action = match word.split_once('=') {
        Some(("max-frames", count)) => Action::MaxFrames(number(count)?),
        Some(("min-frames", count)) => Action::MinFrames(number(count)?),
        Some(("invert-stacktrace", value)) => boolean(value).map(|_| Action::InvertStacktrace)?,
        Some(("category", name)) => Action::Category(identifier(name)?),
        _ => match flag(word) {
            Some(action) => action,
            None => return Ok(None),
        },
    };
    *cursor = ahead;
    Ok(Some((action, word.to_owned())))
}

fn flag(word: &str) -> Option<Action> {
    let (range, flag) = match word.chars().next()? {
        '^' => (Range::Inner, &word[1..]),
        'v' => (Range::Outer, &word[1..]),
        _ => (Range::Itself, word),
    };
    Some(match flag {
        "+app" => Action::App(range, true),
        "-app" => Action::App(range, false),
        "+group" => Action::Group(range, true),
        "-group" => Action::Group(range, false),
        _ => return None,
    })
}

fn number(text: &str) -> Result<u32, Fault> {
    let fault = |_| Fault::new(format!("`{text}` is no number of frames"), "write a whole number");
    text.parse().map_err(fault)
}

fn identifier(name: &str) -> Result<String, Fault> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || !name.chars().all(is_part) {
        return Err(Fault::new(
            format!("`{name}` is no name for a category"),
            "write letters, digits, `_`, `.` and `-`",
        ));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<ParsedRule, Fault> {
        super::parse(&mut Cursor::new(line))
    }

    #[test]
    fn a_rule_has_conditions_neighbours_and_actions() {
        let rule = parse(
            r#"[category:ui] | function:a* !path:"C:\\x y\\*" | [ app:no ] ^-group v+app category=x # why"#,
        )
        .unwrap();
        assert_eq!(rule.caller.unwrap().argument, "ui");
        assert_eq!(rule.frame[0].argument, "a*");
        assert_eq!(
            rule.frame[1],
            Matcher { negated: true, subject: Subject::Path, argument: r"C:\x y\*".to_owned() }
        );
        assert_eq!(rule.callee.unwrap().subject, Subject::App);
        let actions: Vec<_> = rule.actions.into_iter().map(|(action, _)| action).collect();
        assert_eq!(
            actions,
            [
                Action::Group(Range::Inner, false),
                Action::App(Range::Outer, true),
                Action::Category("x".to_owned())
            ]
        );
    }

    #[test]
    fn the_advice_names_what_is_probably_meant() {
        let advice = |line: &str| parse(line).unwrap_err().advice;
        assert_eq!(advice("fucntion:a -app"), "did you mean `function`?");
        assert_eq!(advice("family:naitve -app"), "did you mean `native`?");
        assert!(advice("moon:a -app").starts_with("write one of family, stack.module, "));
    }

    #[test]
    fn a_name_that_begins_like_an_action_is_a_condition() {
        assert_eq!(parse("value:x -app").unwrap().frame[0].subject, Subject::ErrorValue);
    }

    #[test]
    fn limits_are_actions_too() {
        let rule = parse("family:native max-frames=3 min-frames=2 invert-stacktrace=1").unwrap();
        let actions: Vec<_> = rule.actions.into_iter().map(|(action, _)| action).collect();
        assert_eq!(actions, [Action::MaxFrames(3), Action::MinFrames(2), Action::InvertStacktrace]);
    }

    #[test]
    fn a_wrong_rule_says_what_is_wrong() {
        for (line, problem) in [
            ("function:a", "needs an action"),
            ("-app", "needs a condition"),
            ("fonction:a -app", "`fonction` is nothing that a rule can look at"),
            ("function -app", "needs a value behind a colon"),
            ("function: -app", "needs a value behind the colon"),
            ("function:\"a -app", "a quote is not closed"),
            ("function:a -app b", "`b` is no action"),
            ("[function:a] -app", "stands beside a bar"),
            ("[function:a | function:b -app", "closed with `]`"),
            ("function:a | function:b -app", "in brackets"),
            ("function:a | [app:1] | [app:1] -app", "one caller and one callee"),
            ("function:a max-frames=many", "`many` is no number"),
            ("function:a category=ä", "`ä` is no name"),
            ("app:maybe -app", "neither `yes` nor `no`"),
            ("family:python -app", "`python` is no family"),
            ("[type:A] | function:b -app", "no condition on a frame"),
        ] {
            let fault = parse(line).unwrap_err();
            assert!(fault.problem.contains(problem), "{line}: {fault:?}");
            assert!(!fault.advice.is_empty(), "{line}");
        }
    }
}
