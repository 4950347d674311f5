//! The language of ownership rules: one per line, `path:src/checkout/* #payments ada@example.com`.

use std::fmt;

use super::globs;

/// The longest text of rules, in bytes.
pub const MAX_RULES_BYTES: usize = 64 << 10;

/// The most rules of a project.
pub const MAX_RULES: usize = 1_000;

/// The longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 500;

/// The most owners of a rule.
const MAX_OWNERS: usize = 20;

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// The file of a frame.
    Path,
    /// The same, with the patterns of CODEOWNERS files.
    Codeowners,
    /// The module of a frame.
    Module,
    /// The address of the request.
    Url,
    /// The tag of this name.
    Tag(String),
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("path"),
            Self::Codeowners => f.write_str("codeowners"),
            Self::Module => f.write_str("module"),
            Self::Url => f.write_str("url"),
            Self::Tag(key) => write!(f, "tags.{key}"),
        }
    }
}

impl Matcher {
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "path" => Some(Self::Path),
            "codeowners" => Some(Self::Codeowners),
            "module" => Some(Self::Module),
            "url" => Some(Self::Url),
            other => {
                let key = other.strip_prefix("tags.").filter(|key| !key.is_empty())?;
                Some(Self::Tag(key.to_owned()))
            }
        }
    }

    /// The regular expression of a pattern.
    pub(super) fn source(&self, pattern: &str) -> Result<String, &'static str> {
        match self {
            Self::Path => globs::path(pattern),
            Self::Codeowners => globs::codeowners(pattern),
            Self::Module | Self::Url | Self::Tag(_) => globs::whole(pattern),
        }
    }
}

/// An owner as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnerName {
    /// A member, by address in lower case.
    Person(String),
    /// A team, by slug.
    Team(String),
}

impl OwnerName {
    /// Reads `#team` or an address.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('#') {
            Some(slug) if !slug.is_empty() => Some(Self::Team(slug.to_lowercase())),
            Some(_) => None,
            None => {
                let (name, host) = text.split_once('@')?;
                let is_address = !name.is_empty() && !host.is_empty() && !host.contains('@');
                is_address.then(|| Self::Person(text.to_lowercase()))
            }
        }
    }
}

impl fmt::Display for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(email) => f.write_str(email),
            Self::Team(slug) => write!(f, "#{slug}"),
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its line, from 1.
    pub line: usize,
    /// What it looks at.
    pub matcher: Matcher,
    /// What that has to be.
    pub pattern: String,
    /// Whose it is then; empty: nobody's, also if a rule before says somebody.
    pub owners: Vec<OwnerName>,
}

impl Rule {
    /// What stands before the owners: `path:src/checkout/*`.
    pub fn words(&self) -> String {
        format!("{}:{}", self.matcher, quoted(&self.pattern))
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineProblem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it and what to do, as a sentence.
    pub text: String,
}

/// Reads rules. Blank lines and lines that begin with `#` are comments.
///
/// # Errors
/// With everything that is wrong, line by line.
pub fn parse(text: &str) -> Result<Vec<Rule>, Vec<LineProblem>> {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    if text.len() > MAX_RULES_BYTES {
        let text = format!("Use up to {} KiB of rules.", MAX_RULES_BYTES >> 10);
        return Err(vec![LineProblem { line: 1, text }]);
    }
    for (line, text) in (1..).zip(text.lines()) {
        if text.contains('\0') {
            let text = "It has a character that no text can be stored with.".to_owned();
            problems.push(LineProblem { line, text });
            continue;
        }
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if rules.len() == MAX_RULES {
            problems.push(LineProblem { line, text: format!("Use up to {MAX_RULES} rules.") });
            break;
        }
        match read_line(line, text) {
            Ok(rule) => rules.push(rule),
            Err(text) => problems.push(LineProblem { line, text }),
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

fn read_line(line: usize, text: &str) -> Result<Rule, String> {
    let (word, rest) = text.split_once(':').ok_or(
        "Begin with what is looked at: `path:`, `module:`, `url:`, `tags.NAME:` or `codeowners:`.",
    )?;
    let matcher = Matcher::of_word(word).ok_or_else(|| {
        format!(
            "`{}` is unknown. Use path, module, url, tags.NAME or codeowners in front of the colon.",
            short(word)
        )
    })?;
    let (pattern, rest) = take_pattern(rest)?;
    if pattern.is_empty() {
        return Err(format!(
            "The pattern is empty. Write what `{word}` has to be, such as `{word}:*`."
        ));
    }
    if pattern.len() > MAX_PATTERN_BYTES || pattern.contains('\0') {
        return Err(format!("A pattern has at most {MAX_PATTERN_BYTES} bytes."));
    }
    matcher.source(&pattern).map_err(|words| format!("`{}` {words}.", short(&pattern)))?;
    let owners = read_owners(rest)?;
    if owners.is_empty() && matcher != Matcher::Codeowners {
        return Err("Nobody is named. Write an address or #team behind the pattern.".to_owned());
    }
    Ok(Rule { line, matcher, pattern, owners })
}

fn read_owners(rest: &str) -> Result<Vec<OwnerName>, String> {
    let mut owners: Vec<OwnerName> = Vec::new();
    for word in rest.split_whitespace() {
        let owner = OwnerName::parse(word).ok_or_else(|| {
            format!("`{}` is no owner. Write a member's e-mail address or #team.", short(word))
        })?;
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    if owners.len() > MAX_OWNERS {
        return Err(format!("Name up to {MAX_OWNERS} owners; a team can hold more people."));
    }
    Ok(owners)
}

/// The pattern, in quotes or up to white space, and what stands behind it.
fn take_pattern(text: &str) -> Result<(String, &str), String> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut pattern = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((pattern, &inner[at + 1..])),
            '\\' if inner[at + 1..].starts_with('"') => {
                pattern.push('"');
                letters.next();
            }
            other => pattern.push(other),
        }
    }
    Err("A quote is not closed. End the pattern with \".".to_owned())
}

/// A pattern as [`parse`] reads it.
pub(super) fn quoted(pattern: &str) -> String {
    if pattern.contains(char::is_whitespace) || pattern.starts_with('"') {
        format!("\"{}\"", pattern.replace('"', "\\\""))
    } else {
        pattern.to_owned()
    }
}

fn short(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}
