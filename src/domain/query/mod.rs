//! The search language: text to a tree of filters, without their meaning (`web-api.md` §4.1).
//!
//! One grammar serves every search; what `is:` or `release:` mean is decided by the slice that is
//! searched (`issues::query`, `events::query`), which also says which keys it knows.
//!
//! The parser is a hand-written descent over the text with a bound on depth and on the number of filters:
//! queries come from strangers' URLs and end up in SQL.

mod parser;
mod pattern;
mod scanner;
#[cfg(test)]
mod tests;
mod values;

pub use parser::parse;
pub use pattern::Pattern;
pub use values::{Comparison, NumberFilter, TimeRange, boolean, duration, midnight, moment};

/// The longest query, in characters.
pub const MAX_CHARS: usize = 4096;

/// The most filters in a query: each becomes a piece of SQL.
pub const MAX_FILTERS: usize = 100;

/// How deep parentheses may nest.
pub const MAX_DEPTH: usize = 16;

/// Why a text is no query, as a sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QueryError(pub String);

/// The result of reading a query.
pub type Result<T> = std::result::Result<T, QueryError>;

/// A query as a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Every part holds; without parts: always.
    All(Vec<Self>),
    /// At least one part holds.
    Any(Vec<Self>),
    /// Words to look for.
    Text(String),
    /// `key:value`.
    Filter(Filter),
}

/// `key:value`, perhaps with `!` before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Written with `!`.
    pub is_negated: bool,
    /// What is asked about.
    pub key: Key,
    /// The operator before the value, if any.
    pub comparison: Option<Comparison>,
    /// The value or the list of them; a list is never empty.
    pub values: Vec<String>,
}

/// What a filter asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `name:`, a field or, if there is no such field, a tag.
    Name(String),
    /// `tags[name]:`, a tag even where a field has its name.
    Tag(String),
    /// `flags[name]:`, a feature flag.
    Flag(String),
}

impl Key {
    /// The name without its wrapping.
    pub fn name(&self) -> &str {
        let (Self::Name(name) | Self::Tag(name) | Self::Flag(name)) = self;
        name
    }
}

impl Filter {
    /// The value, or the error that this key takes no list.
    pub fn only_value(&self) -> Result<&str> {
        match self.values.as_slice() {
            [value] => Ok(value),
            _ => Err(QueryError(format!("`{}` takes one value, not a list", self.key.name()))),
        }
    }

    /// The values as patterns of text. Signs such as `>` belong to the text here: only typed keys compare.
    pub fn pattern(&self) -> Result<Pattern> {
        match (self.comparison, self.values.as_slice()) {
            (None | Some(Comparison::Equal | Comparison::NotEqual), [value]) => {
                Ok(Pattern::of(value))
            }
            (Some(sign), [value]) => Ok(Pattern::of(&format!("{}{value}", sign.as_str()))),
            (None, values) if values.iter().any(|value| Pattern::of(value).is_wildcard()) => {
                Err(QueryError(format!("`*` cannot be used in the list of `{}`", self.key.name())))
            }
            (_, values) => Ok(Pattern::Is(values.to_vec())),
        }
    }

    /// Whether the filter is to be turned around: by `!` or by `!=`, but not by both.
    pub fn is_inverted(&self) -> bool {
        self.is_negated != (self.comparison == Some(Comparison::NotEqual))
    }
}
