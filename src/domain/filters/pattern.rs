//! Globs for whole texts: `*`, `?`, `[a-z]`, `{a,b}`; case does not matter.

use regex::{RegexSet, RegexSetBuilder};

use crate::domain::globs::Glob;

const GLOB: Glob = Glob { any: ".*", one: ".", has_choices: true };

/// More compiled bytes than this a project's patterns may not take.
const MAX_COMPILED_BYTES: usize = 4 << 20;

/// Patterns of which any may match.
#[derive(Clone, Debug)]
pub struct Patterns(RegexSet);

impl Default for Patterns {
    fn default() -> Self {
        Self(RegexSet::empty())
    }
}

impl Patterns {
    /// Compiles patterns; those that are broken match nothing.
    pub fn new(patterns: &[String]) -> Self {
        let sources = patterns.iter().filter_map(|pattern| source(pattern).ok());
        let set = RegexSetBuilder::new(sources).size_limit(MAX_COMPILED_BYTES).build();
        Self(set.unwrap_or_default())
    }

    /// Whether any of them is the whole of `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is wrong with a pattern, in a sentence.
///
/// # Errors
/// With that sentence.
pub(super) fn check(pattern: &str) -> Result<(), &'static str> {
    let source = source(pattern)?;
    let set = RegexSetBuilder::new([source]).size_limit(MAX_COMPILED_BYTES / 50).build();
    set.map(|_| ()).map_err(|_| "cannot be used: write it in a simpler way")
}

/// The regular expression of a pattern.
fn source(pattern: &str) -> Result<String, &'static str> {
    Ok(format!("(?is)^{}$", GLOB.source(pattern)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Patterns::new(&[pattern.to_owned()]).matches(text)
    }

    #[test]
    fn a_pattern_is_about_the_whole_text_in_any_case() {
        assert!(matches("TypeError: *", "typeerror: x is\nundefined"));
        assert!(!matches("TypeError", "TypeError: x"));
        assert!(matches("*timeout*", "Read TIMEOUT after 3 s"));
        assert!(matches("1.?.*", "1.2.3") && !matches("1.?.*", "1.22.3"));
        assert!(matches("v[0-9]", "v7") && !matches("v[!0-9]", "v7"));
        assert!(matches("{beta,alpha}-*", "ALPHA-1") && !matches("{beta,alpha}-*", "rc-1"));
        assert!(matches(r"what\?", "what?") && !matches(r"what\?", "whats"));
        assert!(matches("a.b(c)+|$", "a.b(c)+|$") && !matches("a.b", "axb"));
        assert!(matches("", "") && !matches("", "x"));
    }

    #[test]
    fn what_cannot_be_a_pattern_is_named_and_matches_nothing() {
        for (pattern, words) in [
            ("[a-z", "has a [ without its ]"),
            ("{a,b", "has a { without its }"),
            ("{a,{b}}", "has { inside of {…}"),
            ("[]", "has an empty []"),
            ("[z-a]", "cannot be used: write it in a simpler way"),
        ] {
            assert_eq!(check(pattern), Err(words), "{pattern}");
            assert!(!matches(pattern, pattern));
        }
        assert_eq!(check("*[a-f0-9]{1,2}?*"), Ok(()));
        assert!(Patterns::default().is_empty() && !Patterns::default().matches(""));
    }

    #[test]
    fn one_broken_pattern_leaves_the_others() {
        let patterns = Patterns::new(&["[".to_owned(), "good".to_owned()]);
        assert!(patterns.matches("good"));
    }
}
