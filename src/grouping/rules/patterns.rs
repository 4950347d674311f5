//! Finds which of several hundred patterns match a value, in about the time it takes to read the value.
//!
//! Most patterns are never near a match, so they are looked up instead of tried: whole texts and beginnings
//! by their first byte, texts in the middle all at once with an automaton. Only what is found that way is
//! tried in full.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::grouping::glob::{Glob, PathText, Required};

/// The number of a pattern, over all fields.
pub(super) type Atom = usize;

/// A pattern and the families of frames that any rule wants it for.
#[derive(Debug)]
struct Entry {
    atom: Atom,
    families: u8,
    glob: Glob,
}

/// The patterns for one field of frames.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// By the first byte of the text that a value must be or begin with; 256 of them, or none at all.
    beginnings: Vec<Vec<(String, Entry)>>,
    middles: Option<AhoCorasick>,
    /// What belongs to each text of `middles`.
    middle_entries: Vec<Vec<Entry>>,
    others: Vec<Entry>,
    /// Families for which `middles` has anything at all.
    middle_families: u8,
}

impl Patterns {
    /// Prepares patterns to be searched for.
    pub(super) fn new(patterns: impl IntoIterator<Item = (Atom, u8, Glob)>) -> Self {
        let mut this = Self::default();
        let mut middles: Vec<String> = Vec::new();
        let single = patterns.into_iter().flat_map(|(atom, families, glob)| {
            let globs = if let Glob::OneOf(globs) = glob { globs } else { vec![glob] };
            globs.into_iter().map(move |glob| (atom, families, glob))
        });
        for (atom, families, glob) in single {
            let anchor = anchor(&glob);
            let entry = Entry { atom, families, glob };
            match anchor {
                Anchor::Beginning(text) => {
                    this.beginnings.resize_with(256, Vec::new);
                    this.beginnings[usize::from(text.as_bytes()[0])].push((text, entry));
                }
                Anchor::Middle(text) => {
                    this.middle_families |= families;
                    let known = middles.iter().position(|middle| *middle == text);
                    let index = known.unwrap_or_else(|| {
                        middles.push(text);
                        this.middle_entries.push(Vec::new());
                        middles.len() - 1
                    });
                    this.middle_entries[index].push(entry);
                }
                Anchor::None => this.others.push(entry),
            }
        }
        this.middles = automaton(&middles);
        this
    }

    /// Calls `found` with every pattern that matches `value`, a text of a frame of the family `bit`.
    pub(super) fn search(&self, value: &str, bit: u8, found: &mut dyn FnMut(Atom)) {
        self.search_beginnings(value, bit, found);
        self.search_middles(value, bit, found, &|glob| glob.matches(value));
    }

    /// The same for a path.
    pub(super) fn search_path(&self, path: &PathText, bit: u8, found: &mut dyn FnMut(Atom)) {
        path.candidates().for_each(|candidate| self.search_beginnings(candidate, bit, found));
        self.search_middles(path.rooted(), bit, found, &|glob| glob.matches_path(path));
    }

    fn search_beginnings(&self, value: &str, bit: u8, found: &mut dyn FnMut(Atom)) {
        let first = value.as_bytes().first().map(|first| usize::from(*first));
        let near = first.and_then(|first| self.beginnings.get(first));
        for (text, entry) in near.into_iter().flatten() {
            if entry.families & bit != 0
                && value.starts_with(text.as_str())
                && entry.glob.matches(value)
            {
                found(entry.atom);
            }
        }
    }

    fn search_middles(
        &self,
        value: &str,
        bit: u8,
        found: &mut dyn FnMut(Atom),
        matches: &dyn Fn(&Glob) -> bool,
    ) {
        let mut try_entry = |entry: &Entry| {
            if entry.families & bit != 0 && matches(&entry.glob) {
                found(entry.atom);
            }
        };
        self.others.iter().for_each(&mut try_entry);
        if self.middle_families & bit == 0 {
            return;
        }
        for hit in self.middles.iter().flat_map(|middles| middles.find_overlapping_iter(value)) {
            self.middle_entries[hit.pattern().as_usize()].iter().for_each(&mut try_entry);
        }
    }
}

/// What of a pattern can be looked up.
enum Anchor {
    Beginning(String),
    Middle(String),
    None,
}

fn anchor(glob: &Glob) -> Anchor {
    match glob {
        Glob::Exact(text) | Glob::Prefix(text) | Glob::Regex(_, Required::AtStart(text))
            if !text.is_empty() =>
        {
            Anchor::Beginning(text.clone())
        }
        Glob::Suffix(text) | Glob::Contains(text) | Glob::Regex(_, Required::Somewhere(text))
            if !text.is_empty() =>
        {
            Anchor::Middle(text.clone())
        }
        _ => Anchor::None,
    }
}

/// `None` when there is nothing to look for, or more than an automaton can hold.
fn automaton(texts: &[String]) -> Option<AhoCorasick> {
    if texts.is_empty() {
        return None;
    }
    // States are few and values short, so the fastest kind is worth its memory (about 100 KB).
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(texts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grouping::glob::Dialect;

    fn search(patterns: &[&str], value: &str) -> Vec<Atom> {
        let globs = patterns
            .iter()
            .enumerate()
            .map(|(atom, pattern)| (atom, u8::MAX, Glob::new(pattern, Dialect::Text)));
        let mut found = Vec::new();
        Patterns::new(globs).search(value, 1, &mut |atom| found.push(atom));
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn a_search_finds_what_trying_each_pattern_finds() {
        let patterns = [
            "free",
            "std::*",
            "*::operator()*",
            "*.cold.1",
            "?[[]X*",
            "*",
            "boost::*::proxy",
            "[fg]ree",
            "*std*",
            "f*",
        ];
        for value in ["free", "std::x", "a::operator()::b", "-[X y]", "boost::a::proxy", "", "gree"]
        {
            let tried: Vec<Atom> = (0..patterns.len())
                .filter(|index| Glob::new(patterns[*index], Dialect::Text).matches(value))
                .collect();
            assert_eq!(search(&patterns, value), tried, "{value}");
        }
    }

    #[test]
    fn patterns_for_other_families_are_not_found() {
        let patterns =
            ["run", "r*", "*u*", "[r]un"].map(|pattern| (0, 1, Glob::new(pattern, Dialect::Text)));
        let mut found = Vec::new();
        Patterns::new(patterns).search("run", 2, &mut |atom| found.push(atom));
        assert!(found.is_empty());
    }
}
