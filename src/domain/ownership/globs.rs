//! Patterns of ownership rules as regular expressions.

use regex::RegexBuilder;

use crate::domain::globs::Glob;

/// A text, whatever is in it.
const TEXT: Glob = Glob { any: ".*", one: ".", has_choices: false };

/// What is between two slashes of a path.
const SEGMENT: Glob = Glob { any: "[^/]*", one: "[^/]", has_choices: false };

/// More compiled bytes than this one pattern may not take.
const MAX_PATTERN_BYTES: usize = 256 << 10;

/// The expression of a `path:` pattern. It may begin at any directory, unless it begins with `/`; `*` is any
/// text, directories included; what ends with `/` means everything below.
///
/// # Errors
/// With what is wrong with it, in words that go on from the pattern.
pub(super) fn path(pattern: &str) -> Result<String, &'static str> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let start = if pattern.starts_with(['/', '*']) { "^" } else { "^(?:.*/)?" };
    let end = if pattern.ends_with('/') { ".*$" } else { "$" };
    checked(format!("(?s){start}{}{end}", TEXT.source(pattern)?))
}

/// The expression of a pattern for the whole of a text: `module:`, `url:` and `tags.…:`.
///
/// # Errors
/// With what is wrong with it.
pub(super) fn whole(pattern: &str) -> Result<String, &'static str> {
    checked(format!("(?s)^{}$", TEXT.source(pattern)?))
}

/// The expression of a `codeowners:` pattern, as such files have it: `*` and `?` stay in a directory, `**` goes
/// through all of them, and what names a directory means everything below. Stacks seldom say where the
/// repository begins, so every pattern may begin at any directory.
///
/// # Errors
/// With what is wrong with it.
pub(super) fn codeowners(pattern: &str) -> Result<String, &'static str> {
    let body = pattern.trim_start_matches('/');
    if body.is_empty() {
        return checked("(?s)^.*$".to_owned());
    }
    let mut source = "(?s)^(?:.*/)?".to_owned();
    let is_directory = body.ends_with('/');
    let segments: Vec<&str> = body.trim_end_matches('/').split('/').collect();
    let last = segments.len() - 1;
    for (index, segment) in segments.iter().enumerate() {
        match (*segment == "**", index == last) {
            (true, true) => source.push_str(".*"),
            (true, false) => source.push_str("(?:.*/)?"),
            (false, is_last) => {
                source.push_str(&SEGMENT.source(segment)?);
                if !is_last {
                    source.push('/');
                }
            }
        }
    }
    source.push_str(match (is_directory, segments[last], last) {
        (true, ..) => "/.*$",
        // The files of that directory and not those of the ones in it.
        (false, "*", 1..) => "$",
        _ => "(?:/.*)?$",
    });
    checked(source)
}

/// Whether a segment of a path is of this form.
pub(super) fn is_segment(pattern: &str, segment: &str) -> bool {
    let source = SEGMENT.source(pattern).map(|source| format!("^{source}$"));
    source.is_ok_and(|source| regex::Regex::new(&source).is_ok_and(|regex| regex.is_match(segment)))
}

fn checked(source: String) -> Result<String, &'static str> {
    match RegexBuilder::new(&source).size_limit(MAX_PATTERN_BYTES).build() {
        Ok(_) => Ok(source),
        Err(_) => Err("cannot be used: write it in a simpler way"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Source = fn(&str) -> Result<String, &'static str>;

    fn matches(source: Source, pattern: &str, text: &str) -> bool {
        regex::Regex::new(&source(pattern).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn a_path_begins_at_any_directory_and_goes_as_deep_as_its_star() {
        for good in ["src/checkout/pay.py", "/srv/app/src/checkout/cards/visa.py"] {
            assert!(matches(path, "src/checkout/*", good), "{good}");
            assert!(matches(path, "src/checkout/", good), "{good}");
        }
        for bad in ["lib/checkout/pay.py", "othersrc/checkout/pay.py", "src/checkout"] {
            assert!(!matches(path, "src/checkout/*", bad), "{bad}");
        }
        assert!(matches(path, "*.py", "a/b.py") && !matches(path, "*.py", "a/b.pyc"));
        assert!(matches(path, "/app/*", "/app/x.rs") && !matches(path, "/app/*", "/srv/app/x.rs"));
        assert!(matches(path, "./a.js", "webpack:///./a.js"));
        assert!(matches(path, "a[0-9]?.js", "a7b.js") && !matches(path, "a[!0-9].js", "a7.js"));
    }

    #[test]
    fn a_pattern_of_codeowners_is_read_as_such_files_are() {
        let yes = |pattern: &str, text: &str| {
            assert!(matches(codeowners, pattern, text), "{pattern} is {text}");
        };
        let no = |pattern: &str, text: &str| {
            assert!(!matches(codeowners, pattern, text), "{pattern} is not {text}");
        };
        yes("*", "any/thing.rs");
        yes("*.js", "a/b/c.js");
        no("*.js", "a/b/c.jsx");
        yes("/docs/", "docs/deep/a.md");
        yes("docs", "docs/deep/a.md");
        yes("docs/*", "docs/a.md");
        no("docs/*", "docs/deep/a.md");
        yes("docs/**", "docs/deep/a.md");
        yes("**/logs", "build/logs/a.log");
        yes("a/**/b.rs", "a/b.rs");
        yes("a/**/b.rs", "a/x/y/b.rs");
        yes("src/*/mod.rs", "src/a/mod.rs");
        no("src/*/mod.rs", "src/a/b/mod.rs");
        yes("/", "anything");
        yes(r"my\ file.rs", "my file.rs");
    }

    #[test]
    fn what_cannot_be_a_pattern_is_named() {
        assert_eq!(whole("[a"), Err("has a [ without its ]"));
        assert_eq!(path("a[]"), Err("has an empty []"));
        assert_eq!(whole("[z-a]"), Err("cannot be used: write it in a simpler way"));
        assert!(is_segment("serv*", "services") && !is_segment("serv*", "a/services"));
    }
}
