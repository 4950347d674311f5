//! Globs of the two rule languages (`grouping.md` §10.2).
//!
//! `?` is one character, `*` any number, `[a-z]` one of a set, `{a,b}` one of several, `\` takes the next
//! character as it is. In paths `?` and `*` do not cross a `/`, `**` does, and `**/` may be nothing.
//! Most patterns are plain text at one end of a value; these need no regular expression.

use std::borrow::Cow;

use regex::Regex;

/// What a pattern is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Text: case matters.
    Text,
    /// Text: case does not matter. Values must be given in lower case.
    TextAnyCase,
    /// A file's path: as [`PathText`] gives it.
    Path,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) enum Glob {
    /// Everything.
    Any,
    /// Nothing: the pattern is broken.
    Never,
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    /// A regular expression, and a text without which it cannot match.
    Regex(Box<Regex>, Required),
    /// Any of several.
    OneOf(Vec<Glob>),
}

/// A text that must be in a value for a regular expression to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Required {
    Nothing,
    AtStart(String),
    Somewhere(String),
}

impl Glob {
    /// Compiles a pattern.
    pub(super) fn new(pattern: &str, dialect: Dialect) -> Self {
        let pattern = match dialect {
            Dialect::Text => Cow::Borrowed(pattern),
            Dialect::TextAnyCase => Cow::Owned(pattern.to_lowercase()),
            Dialect::Path => Cow::Owned(pattern.to_lowercase().replace('\\', "/")),
        };
        match parse(&pattern, dialect) {
            Some(pieces) => Self::from_pieces(&pieces, dialect),
            None => Self::Never,
        }
    }

    fn from_pieces(pieces: &[Piece], dialect: Dialect) -> Self {
        use Piece::{AnyFolders, AnyText, Literal};
        let is_path = dialect == Dialect::Path;
        match pieces {
            [] => Self::Exact(String::new()),
            [AnyText] => Self::Any,
            [Literal(text)] => Self::Exact(text.clone()),
            [Literal(text), AnyText] => Self::Prefix(text.clone()),
            [AnyText, Literal(text)] => Self::Suffix(text.clone()),
            [AnyText, Literal(text), AnyText] => Self::Contains(text.clone()),
            // A path is also tried with a slash in front, so a folder always follows one.
            [AnyFolders, Literal(text)] if is_path => Self::Suffix(format!("/{text}")),
            [AnyFolders, Literal(text), AnyText] if is_path => Self::Contains(format!("/{text}")),
            _ => match alternatives(pieces) {
                Some(all) => Self::OneOf(
                    all.iter().map(|pieces| Self::from_pieces(pieces, dialect)).collect(),
                ),
                None => Self::regex(pieces),
            },
        }
    }

    fn regex(pieces: &[Piece]) -> Self {
        let mut source = "(?s)^".to_owned();
        pieces.iter().for_each(|piece| piece.write(&mut source));
        source.push('$');
        let literals = pieces.iter().filter_map(Piece::literal);
        let required = match (pieces.first(), literals.max_by_key(|text| text.len())) {
            (Some(Piece::Literal(text)), _) => Required::AtStart(text.clone()),
            (_, Some(text)) => Required::Somewhere(text.to_owned()),
            _ => Required::Nothing,
        };
        match Regex::new(&source) {
            Ok(regex) => Self::Regex(Box::new(regex), required),
            Err(_) => Self::Never,
        }
    }

    /// Whether a value matches.
    pub(super) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Never => false,
            Self::Exact(text) => value == text,
            Self::Prefix(text) => value.starts_with(text.as_str()),
            Self::Suffix(text) => value.ends_with(text.as_str()),
            Self::Contains(text) => value.contains(text.as_str()),
            Self::Regex(regex, _) => regex.is_match(value),
            Self::OneOf(globs) => globs.iter().any(|glob| glob.matches(value)),
        }
    }

    /// Whether a path matches, with or without a slash in front.
    pub(super) fn matches_path(&self, path: &PathText) -> bool {
        path.candidates().any(|candidate| self.matches(candidate))
    }
}

/// A path in lower case with forward slashes, as patterns see it.
#[derive(Debug, Default)]
pub(super) struct PathText {
    /// Always begins with a slash.
    text: String,
    /// Whether the slash was ours.
    added: bool,
}

impl PathText {
    pub(super) fn new(path: &str) -> Self {
        let mut text = Self::default();
        text.set(path);
        text
    }

    /// Holds another path from now on.
    pub(super) fn set(&mut self, path: &str) {
        self.text.clear();
        self.added = !path.starts_with(['/', '\\']);
        if self.added {
            self.text.push('/');
        }
        if path.is_ascii() {
            self.text.push_str(path);
            self.text.make_ascii_lowercase();
        } else {
            self.text.extend(path.chars().flat_map(char::to_lowercase));
        }
        if self.text.contains('\\') {
            self.text = self.text.replace('\\', "/");
        }
    }

    /// The path with a slash in front.
    pub(super) fn rooted(&self) -> &str {
        &self.text
    }

    /// What a pattern may match: with a slash in front, and as it came.
    pub(super) fn candidates(&self) -> impl Iterator<Item = &str> {
        let unrooted = self.added.then(|| &self.text[1..]);
        unrooted.into_iter().chain([self.text.as_str()])
    }
}

/// A pattern with alternatives as several without; `None` if it has none, or if there would be many.
fn alternatives(pieces: &[Piece]) -> Option<Vec<Vec<Piece>>> {
    const MANY: usize = 16;
    let at = pieces.iter().position(|piece| matches!(piece, Piece::OneOf(_)))?;
    let Piece::OneOf(branches) = &pieces[at] else { return None };
    let is_last = !pieces[at + 1..].iter().any(|piece| matches!(piece, Piece::OneOf(_)));
    (is_last && branches.len() <= MANY).then(|| {
        let with = |branch: &Vec<Piece>| {
            let mut all: Vec<Piece> = Vec::new();
            for piece in pieces[..at].iter().chain(branch).chain(&pieces[at + 1..]) {
                match (all.last_mut(), piece) {
                    (Some(Piece::Literal(text)), Piece::Literal(more)) => text.push_str(more),
                    _ => all.push(piece.clone()),
                }
            }
            all
        };
        branches.iter().map(with).collect()
    })
}

/// What patterns are made of.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    /// Any text.
    AnyText,
    /// Any text without a slash.
    AnyName,
    /// `**/`: nothing, or folders up to a slash.
    AnyFolders,
    /// One character; the flag: not a slash.
    AnyChar(bool),
    /// A set in brackets, as a regular expression.
    Set(String),
    OneOf(Vec<Vec<Piece>>),
}

impl Piece {
    fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            _ => None,
        }
    }

    fn write(&self, source: &mut String) {
        match self {
            Self::Literal(text) => source.push_str(&regex::escape(text)),
            Self::AnyText => source.push_str(".*"),
            Self::AnyName => source.push_str("[^/]*"),
            Self::AnyFolders => source.push_str("(?:.*/)?"),
            Self::AnyChar(true) => source.push_str("[^/]"),
            Self::AnyChar(false) => source.push('.'),
            Self::Set(set) => source.push_str(set),
            Self::OneOf(branches) => {
                source.push_str("(?:");
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        source.push('|');
                    }
                    branch.iter().for_each(|piece| piece.write(source));
                }
                source.push(')');
            }
        }
    }
}

/// Splits a pattern; `None` if it is broken.
fn parse(pattern: &str, dialect: Dialect) -> Option<Vec<Piece>> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut parser = Parser { chars: &chars, at: 0, is_path: dialect == Dialect::Path };
    parser.pieces(0)
}

/// Alternatives in alternatives in …: nobody writes that deep.
const MAX_NESTING: usize = 4;

struct Parser<'p> {
    chars: &'p [char],
    at: usize,
    is_path: bool,
}

impl Parser<'_> {
    /// Reads to the end, or inside of alternatives to the next `,` or `}`.
    fn pieces(&mut self, nesting: usize) -> Option<Vec<Piece>> {
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(&c) = self.chars.get(self.at) {
            let piece = match c {
                ',' | '}' if nesting > 0 => break,
                '*' => self.stars(pieces.last()),
                '?' => {
                    self.at += 1;
                    Piece::AnyChar(self.is_path)
                }
                '[' => self.set()?,
                '{' => self.one_of(nesting)?,
                _ => self.literal(&mut pieces)?,
            };
            let is_empty = matches!(&piece, Piece::Literal(text) if text.is_empty());
            if !is_empty && !(piece == Piece::AnyText && pieces.last() == Some(&Piece::AnyText)) {
                pieces.push(piece);
            }
        }
        Some(pieces)
    }

    fn stars(&mut self, before: Option<&Piece>) -> Piece {
        let start = self.at;
        while self.chars.get(self.at) == Some(&'*') {
            self.at += 1;
        }
        let is_double = self.at - start > 1;
        let is_at_folder = match before {
            None => start == 0,
            Some(Piece::Literal(text)) => text.ends_with('/'),
            Some(_) => false,
        };
        if is_double && is_at_folder && self.chars.get(self.at) == Some(&'/') {
            self.at += 1;
            return Piece::AnyFolders;
        }
        if self.is_path && !is_double { Piece::AnyName } else { Piece::AnyText }
    }

    /// Reads one plain character into the literal before it, or begins one.
    fn literal(&mut self, pieces: &mut Vec<Piece>) -> Option<Piece> {
        if self.chars[self.at] == '\\' {
            self.at += 1;
        }
        let c = *self.chars.get(self.at)?;
        self.at += 1;
        let mut text = match pieces.pop() {
            Some(Piece::Literal(text)) => text,
            other => {
                pieces.extend(other);
                String::new()
            }
        };
        text.push(c);
        Some(Piece::Literal(text))
    }

    /// Reads `[abc]`, `[a-z]`, `[!a]`; a `]` right after the start is an element.
    fn set(&mut self) -> Option<Piece> {
        let mut source = "[".to_owned();
        self.at += 1;
        if matches!(self.chars.get(self.at), Some('!' | '^')) {
            source.push('^');
            self.at += 1;
        }
        let first = self.at;
        loop {
            let c = *self.chars.get(self.at)?;
            self.at += 1;
            match c {
                ']' if self.at - 1 > first => break,
                '-' if self.at - 1 > first && self.chars.get(self.at) != Some(&']') => {
                    source.push('-');
                }
                other => source.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        source.push(']');
        Some(Piece::Set(source))
    }

    fn one_of(&mut self, nesting: usize) -> Option<Piece> {
        if nesting >= MAX_NESTING {
            return None;
        }
        let mut branches = Vec::new();
        loop {
            self.at += 1;
            branches.push(self.pieces(nesting + 1)?);
            match self.chars.get(self.at)? {
                ',' => {}
                _ => break,
            }
        }
        self.at += 1;
        Some(Piece::OneOf(branches))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Glob::new(pattern, Dialect::Text).matches(value)
    }

    fn path_matches(pattern: &str, path: &str) -> bool {
        Glob::new(pattern, Dialect::Path).matches_path(&PathText::new(path))
    }

    #[test]
    fn text_patterns() {
        for (pattern, value, expected) in [
            ("main", "main", true),
            ("main", "Main", false),
            ("*", "", true),
            ("java.*", "java.util.List", true),
            ("java.*", "javax", false),
            ("*::operator()*", "a::b::operator()", true),
            ("boost::*::thread_proxy", "boost::x::y::thread_proxy", true),
            ("?[[]KSCrash*", "-[KSCrash install]", true),
            ("?[[]KSCrash*", "[KSCrash install]", false),
            (r"-\[NSISEngine*", "-[NSISEngine x]", true),
            (r"*::\{dtor\}", "A::{dtor}", true),
            ("{foo,bar*}", "bard", true),
            ("{foo,bar*}", "baz", false),
            ("a{b,}c", "ac", true),
            ("{a,{b,c}}{d,e}", "ce", true),
            ("[!a-c]x", "dx", true),
            ("[!a-c]x", "bx", false),
            ("**/packages/flutter/**", "packages/flutter/src", true),
            ("[a", "[a", false),
            ("{a", "{a", false),
            ("a\\", "a\\", false),
            ("[z-a]", "b", false),
            ("a*b", "a\nb", true),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }

    #[test]
    fn path_patterns() {
        for (pattern, path, expected) in [
            ("**/vendor/**", "vendor/a.rb", true),
            ("**/vendor/**", "/srv/vendor/a.rb", true),
            ("**/vendor/**", "/srv/myvendor/a.rb", false),
            ("/usr/lib/**", "/usr/lib/x/y.so", true),
            ("/usr/lib/**", "usr/lib/y.so", true),
            ("/usr/lib/**", "/usr/library/y.so", false),
            ("C:/Windows/**", r"c:\windows\system32\ntdll.dll", true),
            ("libobjc*", "libobjc.A.dylib", true),
            ("libobjc*", "/usr/lib/libobjc.A.dylib", false),
            ("CoreFoundation", "CoreFoundation", true),
            ("**/libart.so", "libart.so", true),
            ("**/*.dart", "lib/a/main.dart", true),
            ("/data/*/x", "/data/a/b/x", false),
            ("/a/**/x", "/a/x", true),
            ("/a/**/x", "/a/b/c/x", true),
            ("**.app/Contents/**", "/Applications/Shop.app/Contents/MacOS/Shop", true),
            ("**https://unpkg.com/**", "https://unpkg.com/react/index.js", true),
            ("**/*newrelic*/**", "/srv/node_newrelic_x/a.js", true),
            ("**/*newrelic*/**", "/srv/newrelic.js", false),
        ] {
            assert_eq!(path_matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn common_patterns_need_no_regular_expression() {
        for pattern in ["**/vendor/**", "/usr/lib/**", "**/libart.so", "java.*", "*CUDA*", "free"] {
            let dialect = if pattern.contains('/') { Dialect::Path } else { Dialect::Text };
            assert!(!matches!(Glob::new(pattern, dialect), Glob::Regex(..)), "{pattern}");
        }
    }
}
