//! Reads the words of the two rule languages, and says where they go wrong.

use std::fmt;

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the {language} rules: {problem}; {advice}")]
pub struct RuleError {
    /// Which text.
    pub language: Language,
    /// Its line, from 1.
    pub line: usize,
    /// Where in the line, from 1: the word that is wrong, or the end if something is missing.
    pub column: usize,
    /// The line as it was written.
    pub text: String,
    /// What is wrong, in words.
    pub problem: String,
    /// What to do, in words.
    pub advice: String,
}

/// What is wrong with a word of a rule, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) problem: String,
    pub(super) advice: String,
}

impl Fault {
    pub(super) fn new(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { problem: problem.into(), advice: advice.into() }
    }

    /// A word that is none of `known`; the one that is meant is probably near.
    pub(super) fn unknown(word: &str, is_no: &str, known: &[&str]) -> Self {
        let problem = format!("`{word}` {is_no}");
        let near = known.iter().map(|name| (distance(word, name), name)).min();
        Self::new(
            problem,
            match near {
                Some((0..=2, name)) => format!("did you mean `{name}`?"),
                _ => format!("write one of {}", known.join(", ")),
            },
        )
    }

    /// The fault in line `line`, read as far as `cursor`.
    pub(super) fn at(
        self,
        language: Language,
        line: RuleLine<'_>,
        cursor: &Cursor<'_>,
    ) -> RuleError {
        let before = line.source.len() - line.source.trim_start().len();
        let offset = (before + cursor.word).min(line.source.len());
        RuleError {
            language,
            line: line.number,
            column: line.source[..offset].chars().count() + 1,
            text: line.source.to_owned(),
            problem: self.problem,
            advice: self.advice,
        }
    }
}

/// How many letters to add, drop or change to make one word of another.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, c) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for column in 0..to.len() {
            let change = diagonal + usize::from(to[column] != c);
            diagonal = row[column + 1];
            row[column + 1] = change.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// Which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
pub(super) struct Cursor<'t> {
    left: &'t str,
    length: usize,
    /// Where the word begins that is being read, in bytes.
    word: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(line: &'t str) -> Self {
        Self { left: line, length: line.len(), word: 0 }
    }

    /// Marks the next word as the one that is being read.
    pub(super) fn begin_word(&mut self) {
        self.word = self.length - self.rest().len();
    }

    /// What is left, without the space before it.
    pub(super) fn rest(&mut self) -> &'t str {
        self.left = self.left.trim_start();
        self.left
    }

    /// Whether nothing but a comment is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.rest().is_empty() || self.left.starts_with('#')
    }

    /// Takes `token` if it comes next.
    pub(super) fn eat(&mut self, token: &str) -> bool {
        match self.rest().strip_prefix(token) {
            Some(rest) => {
                self.left = rest;
                true
            }
            None => false,
        }
    }

    /// Takes everything before the first character that ends a word; may be nothing.
    pub(super) fn take_until(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let (word, rest) = self.left.split_at(self.left.find(ends).unwrap_or(self.left.len()));
        self.left = rest;
        word
    }

    /// Takes a text in double quotes; `escape` says what a backslash and a character mean.
    /// `None`: no quote comes next.
    pub(super) fn quoted(
        &mut self,
        escape: impl Fn(char, &mut String),
    ) -> Option<Result<String, Fault>> {
        let inside = self.left.strip_prefix('"')?;
        let mut text = String::new();
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.left = &inside[at + 1..];
                    return Some(Ok(text));
                }
                '\\' => match chars.next() {
                    Some((_, escaped)) => escape(escaped, &mut text),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Some(Err(Fault::new("a quote is not closed", "write `\"` behind the text")))
    }
}

/// A line that holds a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleLine<'t> {
    /// From 1.
    pub(super) number: usize,
    /// The line as it was written.
    pub(super) source: &'t str,
}

impl<'t> RuleLine<'t> {
    /// The rule without the blanks around it.
    pub(super) fn rule(self) -> &'t str {
        self.source.trim()
    }
}

/// The lines that hold rules.
pub(super) fn rule_lines(text: &str) -> impl Iterator<Item = RuleLine<'_>> {
    text.lines()
        .enumerate()
        .map(|(index, source)| RuleLine { number: index + 1, source })
        .filter(|line| !line.rule().is_empty() && !line.rule().starts_with('#'))
}

/// Reads the booleans of both languages.
pub(super) fn boolean(word: &str) -> Result<bool, Fault> {
    match word {
        "1" | "yes" | "true" => Ok(true),
        "0" | "no" | "false" => Ok(false),
        _ => Err(Fault::new(format!("`{word}` is neither `yes` nor `no`"), "write one of them")),
    }
}
