//! The language of stack trace rules (`grouping.md` §10.1).
//!
//! ```text
//! [caller] | matcher … | [callee]  action …   # comment
//! stack.function:abort family:native  ^-group -group
//! ```

use crate::grouping::cursor::{Cursor, boolean};

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

/// Reads one rule.
pub(super) fn parse(line: &str) -> Result<ParsedRule, String> {
    let mut cursor = Cursor::new(line);
    let mut rule = ParsedRule {
        caller: None,
        frame: Vec::new(),
        callee: None,
        actions: Vec::new(),
        condition: String::new(),
    };
    while !cursor.is_at_end() {
        let rest = cursor.rest();
        if rule.actions.is_empty() {
            line[..line.len() - rest.len()].trim().clone_into(&mut rule.condition);
        }
        if rest.starts_with(['[', '|']) {
            read_neighbour(&mut cursor, &mut rule)?;
        } else if let Some(action) = read_action(&mut cursor)? {
            rule.actions.push(action);
        } else if rule.actions.is_empty() && rule.callee.is_none() {
            rule.frame.push(read_matcher(&mut cursor, false)?);
        } else {
            return Err(format!("`{rest}` is no action, such as `-app` or `+group`"));
        }
    }
    if rule.frame.is_empty() {
        return Err("a rule needs a condition, such as `stack.function:main`".to_owned());
    }
    if rule.actions.is_empty() {
        return Err("a rule needs an action, such as `-app` or `+group`".to_owned());
    }
    Ok(rule)
}

/// Reads `[matcher] |` before the conditions or `| [matcher]` after them.
fn read_neighbour(cursor: &mut Cursor<'_>, rule: &mut ParsedRule) -> Result<(), String> {
    let is_callee = cursor.eat("|");
    if !cursor.eat("[") {
        return Err("a bar stands beside a condition in brackets".to_owned());
    }
    cursor.rest();
    let matcher = read_matcher(cursor, true)?;
    if !cursor.eat("]") {
        return Err("a bracket holds one condition and is closed with `]`".to_owned());
    }
    let place = match (is_callee, rule.frame.is_empty()) {
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
        _ => return Err(format!("`{name}` is nothing that a rule can look at")),
    };
    if !cursor.eat(":") {
        return Err(format!("`{name}` needs a value behind a colon"));
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
        return Err(format!("`{name}` needs a value behind the colon"));
    }
    Ok(Matcher { negated, subject, argument })
}

/// The action that comes next; `None` if it is none.
fn read_action(cursor: &mut Cursor<'_>) -> Result<Option<(Action, String)>, String> {
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

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no number of frames"))
}

fn identifier(name: &str) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || !name.chars().all(is_part) {
        return Err(format!("`{name}` is no name for a category"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("[function:a] -app", "write `[caller] | condition | [callee]`"),
            ("[function:a | function:b -app", "closed with `]`"),
            ("function:a | function:b -app", "in brackets"),
            ("function:a | [app:1] | [app:1] -app", "one caller and one callee"),
            ("function:a max-frames=many", "`many` is no number"),
            ("function:a category=ä", "`ä` is no name"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(problem), "{line}: {error}");
        }
    }
}
