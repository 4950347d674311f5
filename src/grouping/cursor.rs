//! Reads the words of the two rule languages, and says where they go wrong.

use std::fmt;

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the {language} rules: {problem}")]
pub struct RuleError {
    /// Which text.
    pub language: Language,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, in words.
    pub problem: String,
}

/// Which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// What counts of a stack trace.
    StackTrace,
    /// What the fingerprint is.
    Fingerprint,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StackTrace => "stack trace",
            Self::Fingerprint => "fingerprint",
        })
    }
}

/// What is left to read of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t>(&'t str);

impl<'t> Cursor<'t> {
    pub(super) fn new(line: &'t str) -> Self {
        Self(line)
    }

    /// What is left, without the space before it.
    pub(super) fn rest(&mut self) -> &'t str {
        self.0 = self.0.trim_start();
        self.0
    }

    /// Whether nothing but a comment is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.rest().is_empty() || self.0.starts_with('#')
    }

    /// Takes `token` if it comes next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        match self.rest().strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes everything before the first character that ends a word; may be nothing.
    pub(super) fn take_until(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let (word, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = rest;
        word
    }

    /// Takes a text in double quotes; `escape` says what a backslash and a character mean.
    /// `None`: no quote comes next.
    pub(super) fn quoted(
        &mut self,
        escape: impl Fn(char, &mut String),
    ) -> Option<Result<String, String>> {
        let inside = self.0.strip_prefix('"')?;
        let mut text = String::new();
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.0 = &inside[at + 1..];
                    return Some(Ok(text));
                }
                '\\' => match chars.next() {
                    Some((_, escaped)) => escape(escaped, &mut text),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Some(Err("a quote is not closed".to_owned()))
    }
}

/// The lines that hold rules, with their numbers.
pub(super) fn rule_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Reads the booleans of both languages.
pub(super) fn boolean(word: &str) -> Result<bool, String> {
    match word {
        "1" | "yes" | "true" => Ok(true),
        "0" | "no" | "false" => Ok(false),
        _ => Err(format!("`{word}` is neither `yes` nor `no`")),
    }
}
