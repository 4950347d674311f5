//! The log message, and how texts lose what changes from event to event (`grouping.md` §9).

use super::Config;
use super::parameterize::{Replaced, parameterize};
use super::tree::{Text, Tree};
use crate::protocol::event::Event;

/// The log message: its template if it has one, so that its parameters do not matter.
pub(super) fn tree(event: &Event, config: &Config) -> Option<Tree> {
    let entry = event.logentry.as_ref().or(event.message.as_ref())?;
    let message = [&entry.message, &entry.formatted]
        .into_iter()
        .find_map(|text| text.as_deref().filter(|text| !text.is_empty()))?;
    Some(Tree::Message(text(message, config.replaced())))
}

/// The text as it is hashed: two lines of it, with placeholders.
pub(super) fn text(original: &str, replaced: Replaced) -> Text {
    let trimmed = first_two_lines(original);
    let value = match parameterize(trimmed.as_deref().unwrap_or(original), replaced) {
        Some(value) => value,
        None => trimmed.unwrap_or_else(|| original.to_owned()),
    };
    Text { original: (value != original).then(|| original.to_owned()), value }
}

/// The first two lines that are not blank, and `...` for whatever is missing then, be it the last line
/// break; `None` if nothing is missing.
fn first_two_lines(text: &str) -> Option<String> {
    let may_end = |byte: u8| byte < b' ' || !byte.is_ascii();
    let is_one_line = !text.bytes().any(may_end) || !text.contains(is_line_end);
    if is_one_line && !text.trim_start().is_empty() {
        return None;
    }
    let mut lines = text
        .split("\r\n")
        .flat_map(|part| part.split(is_line_end))
        .filter(|line| !line.trim().is_empty());
    let mut kept = lines.next().unwrap_or_default().to_owned();
    if let Some(second) = lines.next() {
        kept.push('\n');
        kept.push_str(second);
    }
    if kept == text {
        return None;
    }
    kept.push_str("...");
    Some(kept)
}

/// What ends a line in Unicode, and the separators of old terminals.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(original: &str) -> Text {
        super::text(original, Replaced::default())
    }

    fn value(original: &str) -> String {
        text(original).value
    }

    #[test]
    fn two_lines_that_are_not_blank_are_kept() {
        for (original, expected) in [
            ("a", "a"),
            (" a ", " a "),
            ("a\nb", "a\nb"),
            ("a\n\nb", "a\nb..."),
            ("a\nb\nc", "a\nb..."),
            ("\na", "a..."),
            ("a\n", "a..."),
            ("a\r\nb", "a\nb..."),
            ("a\u{2028}b\u{2028}c", "a\nb..."),
            ("", ""),
            ("\n", "..."),
        ] {
            assert_eq!(value(original), expected, "{original:?}");
        }
    }

    #[test]
    fn the_original_is_kept_where_it_differs() {
        assert_eq!(text("order 12").original.as_deref(), Some("order 12"));
        assert_eq!(text("order").original, None);
    }
}
