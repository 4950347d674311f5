//! The short name of a thing in a URL.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Lower-case letters, digits, `_` and `-`; never digits alone, so that a path part is either a
/// slug or a numeric id and never both (`web-api.md` §0).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Slug(String);

/// The longest slug, so that a short id still fits a table cell.
pub const MAX_SLUG_CHARS: usize = 50;

impl Slug {
    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a slug out of a name: `My Shop (EU)` becomes `my-shop-eu`.
    ///
    /// Names without a usable character, and names of digits only, begin with `fallback`.
    pub fn from_name(name: &str, fallback: &str) -> Self {
        let mut slug = String::new();
        for c in name.to_lowercase().chars() {
            if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() == MAX_SLUG_CHARS {
                break;
            }
        }
        let slug = slug.trim_end_matches('-');
        if slug.is_empty() {
            Self(fallback.to_owned())
        } else if slug.bytes().all(|byte| byte.is_ascii_digit()) {
            Self(format!("{fallback}-{slug}"))
        } else {
            Self(slug.to_owned())
        }
    }

    /// The same slug with a number behind it, for when the plain one is taken.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let keep = self.0.len().min(MAX_SLUG_CHARS - suffix.len());
        Self(format!("{}{suffix}", &self.0[..keep]))
    }
}

/// Why a text is no slug.
#[derive(Debug, thiserror::Error)]
#[error(
    "use lower-case letters, digits, `-` and `_`, not digits alone, {MAX_SLUG_CHARS} characters at most"
)]
pub struct InvalidSlug;

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let is_slug = (1..=MAX_SLUG_CHARS).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.bytes().all(|b| b.is_ascii_digit());
        if is_slug { Ok(Self(text.to_owned())) } else { Err(InvalidSlug) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug() {
        assert_eq!(Slug::from_name("My Shop (EU)", "project").as_str(), "my-shop-eu");
        assert_eq!(Slug::from_name("日本", "project").as_str(), "project");
        assert_eq!(Slug::from_name("2027", "project").as_str(), "project-2027");
        assert_eq!(Slug::from_name(&"x".repeat(80), "project").as_str().len(), MAX_SLUG_CHARS);
    }

    #[test]
    fn digits_alone_are_an_id_and_not_a_slug() {
        assert!("42".parse::<Slug>().is_err());
        assert!("shop-42".parse::<Slug>().is_ok());
        assert!("Shop".parse::<Slug>().is_err());
        assert!("".parse::<Slug>().is_err());
    }
}
