//! Steps through the text of a query.

use super::{QueryError, Result};

/// A position in a query's text.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'q> {
    rest: &'q str,
}

impl<'q> Scanner<'q> {
    pub(super) fn new(text: &'q str) -> Self {
        Self { rest: text }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether a value or word cannot go on here.
    pub(super) fn is_at_gap(&self) -> bool {
        self.peek().is_none_or(|c| c.is_whitespace() || c == ')')
    }

    pub(super) fn skip_whitespace(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Steps over `text` if it comes next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Steps over `word`, in any case, if it comes next and ends there.
    pub(super) fn eat_keyword(&mut self, word: &str) -> bool {
        let Some((head, tail)) = self.rest.split_at_checked(word.len()) else { return false };
        let ends = tail.chars().next().is_none_or(|c| c.is_whitespace() || c == '(' || c == ')');
        let found = ends && head.eq_ignore_ascii_case(word);
        if found {
            self.rest = tail;
        }
        found
    }

    /// Whether one of the words that join filters comes next.
    pub(super) fn is_at_keyword(&self) -> bool {
        let mut ahead = self.clone();
        ahead.eat_keyword("OR") || ahead.eat_keyword("AND")
    }

    /// Takes characters while `wanted` holds.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'q str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Takes a word: up to whitespace or a parenthesis that the word itself did not open.
    pub(super) fn take_word(&mut self) -> &'q str {
        let mut depth = 0_usize;
        let is_end = |(_, c): &(usize, char)| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' if depth == 0 => true,
            ')' => {
                depth -= 1;
                false
            }
            c => c.is_whitespace(),
        };
        let end = self.rest.char_indices().find(is_end).map_or(self.rest.len(), |(at, _)| at);
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Takes a text in quotes; the opening one comes next. `\"` is a quote inside.
    pub(super) fn take_quoted(&mut self) -> Result<String> {
        let unclosed = || QueryError("a quote `\"` is not closed".to_owned());
        let inside = self.rest.strip_prefix('"').ok_or_else(unclosed)?;
        let mut text = String::new();
        let mut characters = inside.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.rest = &inside[at + 1..];
                    return Ok(text);
                }
                '\\' if inside[at + 1..].starts_with('"') => {
                    characters.next();
                    text.push('"');
                }
                c => text.push(c),
            }
        }
        Err(unclosed())
    }
}
