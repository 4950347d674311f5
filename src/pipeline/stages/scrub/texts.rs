//! Taking parts out of one text.

use std::cmp::Reverse;
use std::ops::Range;

use super::super::at::{Change, Span};
use super::{FILTERED, ScrubConfig, credentials, names, patterns, rules};

/// Every round finds what the one before uncovered; secrets glued to secrets are rare, more are made up.
const MAX_ROUNDS: usize = 8;

/// What is looked for in a place, if it is switched on. Credentials are looked for everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Whether values are taken out because of their names.
    pub(super) names: bool,
    /// Whether texts are taken out because they speak of a secret.
    pub(super) words: bool,
    /// The patterns of the defaults.
    pub(super) patterns: Option<Patterns>,
    /// Addresses of the network.
    pub(super) addresses: bool,
    /// Whether names are those of cookies.
    pub(super) cookies: bool,
}

/// What the defaults do with what they find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patterns {
    /// All of it is taken out.
    Filter,
    /// It is called by what it was, so that the sentence can be read.
    Message,
}

impl Reach {
    /// What the program or its user put in: everything is looked for.
    pub(super) const DATA: Self = Self {
        names: true,
        words: true,
        patterns: Some(Patterns::Filter),
        addresses: true,
        cookies: false,
    };
    /// Tags are short and searched by: a tag `auth.method` says nothing secret in its value.
    pub(super) const TAGS: Self = Self { words: false, ..Self::DATA };
    /// Cookies by name.
    pub(super) const COOKIES: Self = Self { cookies: true, ..Self::DATA };
    /// The sentence that people read.
    pub(super) const MESSAGE: Self = Self { patterns: Some(Patterns::Message), ..Self::TEXT };
    /// What grouping and display need as it is.
    pub(super) const TEXT: Self =
        Self { names: false, words: false, patterns: None, addresses: false, cookies: false };

    /// Whether it is the sentence that people read.
    pub(super) fn is_message(self) -> bool {
        self.patterns == Some(Patterns::Message)
    }
}

/// A part of a text that is to be taken out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) range: Range<usize>,
    replacement: &'static str,
    rule: &'static str,
}

impl Hit {
    /// A part found by `rule`.
    pub(super) fn new(range: Range<usize>, replacement: &'static str, rule: &'static str) -> Self {
        Self { range, replacement, rule }
    }
}

/// A text without what was taken out, and what was.
pub(super) type Scrubbed = (String, Change);

impl ScrubConfig {
    /// The text without what is looked for; `None` if nothing is found.
    pub(super) fn scrubbed(&self, text: &str, reach: Reach) -> Option<Scrubbed> {
        if !self.suspects(text, reach) || text == FILTERED {
            return None;
        }
        if reach.words {
            if self.defaults && names::is_secret_text(text) {
                return Some(without_all(text, rules::NAME));
            }
            if self.is_listed(text) {
                return Some(without_all(text, rules::FIELD));
            }
        }
        let mut hits = merged(self.hits(text, reach));
        if hits.is_empty() {
            return None;
        }
        // What stood directly beside a secret was part of a word; without it, it may be one itself.
        for _ in 0..MAX_ROUNDS {
            let more = self.hits(&masked(text, &hits), reach);
            let all = merged(hits.iter().cloned().chain(more).collect());
            if all == hits {
                break;
            }
            hits = all;
        }
        Some(without(text, hits))
    }

    fn hits(&self, text: &str, reach: Reach) -> Vec<Hit> {
        let mut hits = Vec::new();
        if let Some(patterns) = reach.patterns.filter(|_| self.defaults) {
            patterns::find(text, patterns, &mut hits);
        }
        if self.credentials {
            credentials::find(text, &mut hits);
        }
        if self.addresses && reach.addresses {
            patterns::find_addresses(text, &mut hits);
        }
        hits
    }

    /// The text without addresses, the one thing that is taken out of safe fields, too.
    pub(super) fn without_addresses(&self, text: &str, reach: Reach) -> Option<Scrubbed> {
        let mut hits = Vec::new();
        if self.addresses && reach.addresses {
            patterns::find_addresses(text, &mut hits);
        }
        (!hits.is_empty()).then(|| without(text, merged(hits)))
    }
}

/// The text with something as long in the place of each hit, which is part of no word.
fn masked(text: &str, hits: &[Hit]) -> String {
    let mut masked = text.to_owned();
    for hit in hits {
        masked.replace_range(hit.range.clone(), &"[".repeat(hit.range.len()));
    }
    masked
}

/// A text of which nothing is left.
pub(super) fn without_all(text: &str, rule: &'static str) -> Scrubbed {
    without(text, vec![Hit::new(0..text.len(), FILTERED, rule)])
}

/// Hits in order. Of those that meet, the one around the other stays; otherwise all that either covers
/// is taken out.
fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.range.start, Reverse(hit.range.end)));
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match merged.last_mut().filter(|last| hit.range.start < last.range.end) {
            Some(last) if hit.range.end > last.range.end => {
                last.range.end = hit.range.end;
                last.replacement = FILTERED;
            }
            Some(_) => {}
            None => merged.push(hit),
        }
    }
    merged
}

fn without(text: &str, hits: Vec<Hit>) -> Scrubbed {
    let mut kept = String::with_capacity(text.len());
    let mut spans = Vec::with_capacity(hits.len());
    let (mut end, mut chars) = (0, 0);
    for Hit { range, replacement, rule } in hits {
        let between = &text[end..range.start];
        let from = chars + between.chars().count();
        chars = from + text[range.clone()].chars().count();
        kept.push_str(between);
        kept.push_str(replacement);
        spans.push(Span { rule, from, to: chars, now: replacement.chars().count() });
        end = range.end;
    }
    kept.push_str(&text[end..]);
    let length = chars + text[end..].chars().count();
    (kept, Change::Replaced { length, spans })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_that_meet_become_one() {
        let hit = |range, replacement| Hit::new(range, replacement, "r");
        let hits = vec![hit(8..12, "b"), hit(0..5, "a"), hit(3..7, "c"), hit(8..10, "d")];
        assert_eq!(merged(hits), [hit(0..7, FILTERED), hit(8..12, "b")]);
    }

    #[test]
    fn places_are_counted_in_characters() {
        let text = "ä secret ö secret";
        let hits = vec![Hit::new(3..9, "[x]", "a"), Hit::new(13..19, "[y]", "b")];
        let (kept, change) = without(text, hits);
        assert_eq!(kept, "ä [x] ö [y]");
        let span = |rule, from, to| Span { rule, from, to, now: 3 };
        let spans = vec![span("a", 2, 8), span("b", 11, 17)];
        assert_eq!(change, Change::Replaced { length: 17, spans });
    }
}
