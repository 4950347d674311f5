//! Issues in which several problems may be.
//!
//! Messages that differ in a word or a number are one message with a variable in it, and many of which each is
//! different say nothing. Suspect are a few that come again and again and share less than half of their words.

use std::collections::{BTreeMap, BTreeSet};

use super::Seen;
use crate::base::{EventId, IssueId};
use crate::grouping::FingerprintBy;

/// With fewer events nothing can be said of an issue.
const LEAST_EVENTS: usize = 6;

/// A text or place counts if it has so many events, and a tenth of them.
const LEAST_OF_EACH: usize = 2;

/// From so many places on a fingerprint is suspected to join too much.
const LEAST_PLACES: usize = 3;

/// The most texts or places that are shown.
const MAX_SHOWN: usize = 5;

/// An issue that may be several problems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowded {
    /// The issue.
    pub issue: IssueId,
    /// How many of its events were looked at.
    pub events: usize,
    /// What differs in it.
    pub by: CrowdedBy,
    /// What the kinds of events are called, how many there are of each, and one of them; those with most first.
    pub kinds: Vec<(String, usize, EventId)>,
}

/// What differs among the events of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrowdedBy {
    /// Their messages, which do not count beside their stacks.
    Messages,
    /// The places where they happen, which the program's fingerprint joins.
    Places,
}

/// Finds them, those with most events first.
pub(super) fn find(seen: &[Seen]) -> Vec<Crowded> {
    let mut groups: BTreeMap<(IssueId, &str), Vec<&Seen>> = BTreeMap::new();
    for seen in seen {
        // What people merged is no accident: only events of one hash are compared.
        groups.entry((seen.issue, seen.hash.as_str())).or_default().push(seen);
    }
    let mut found: Vec<Crowded> = groups
        .into_iter()
        .filter(|(_, events)| events.len() >= LEAST_EVENTS)
        .filter_map(|((issue, _), events)| crowded(issue, &events))
        .collect();
    found.sort_by_key(|crowded| (std::cmp::Reverse(crowded.events), crowded.issue));
    found
}

fn crowded(issue: IssueId, events: &[&Seen]) -> Option<Crowded> {
    let by_fingerprint = events[0].observation.fingerprint;
    let (by, kinds) = if by_fingerprint == Some(FingerprintBy::Client) {
        let kinds = kinds(events, |seen| &seen.observation.innermost);
        (CrowdedBy::Places, Some(kinds).filter(|kinds| kinds.len() >= LEAST_PLACES))
    } else if by_fingerprint.is_none() && !events[0].observation.text_counts {
        let kinds = kinds(events, |seen| &seen.observation.text);
        (CrowdedBy::Messages, Some(kinds).filter(|kinds| have_two_subjects(kinds)))
    } else {
        return None;
    };
    let mut kinds = kinds?;
    kinds.truncate(MAX_SHOWN);
    Some(Crowded { issue, events: events.len(), by, kinds })
}

/// The kinds of events that come again and again, those with most first.
fn kinds(events: &[&Seen], name: impl Fn(&Seen) -> &str) -> Vec<(String, usize, EventId)> {
    let mut counts: BTreeMap<&str, (usize, EventId)> = BTreeMap::new();
    for seen in events.iter().filter(|seen| !name(seen).is_empty()) {
        counts.entry(name(seen)).or_insert((0, seen.event)).0 += 1;
    }
    let least = LEAST_OF_EACH.max(events.len() / 10);
    let mut kinds: Vec<(String, usize, EventId)> = counts
        .into_iter()
        .filter(|(_, (count, _))| *count >= least)
        .map(|(name, (count, event))| (name.to_owned(), count, event))
        .collect();
    kinds.sort_by(|(name, count, _), (other, others, _)| others.cmp(count).then(name.cmp(other)));
    kinds
}

/// Whether two of the texts share less than half of their words.
fn have_two_subjects(kinds: &[(String, usize, EventId)]) -> bool {
    let Some(((first, ..), others)) = kinds.split_first() else { return false };
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect()
    };
    let first = words(first);
    others.iter().any(|(other, ..)| {
        let other = words(other);
        let shared = first.intersection(&other).count();
        2 * shared < first.len().max(other.len())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::seen_with;
    use super::*;

    fn texts(texts: &[(&str, usize)]) -> Vec<Crowded> {
        let events = texts.iter().flat_map(|(text, count)| {
            std::iter::repeat_n(seen_with(1, |o| o.text = (*text).to_owned()), *count)
        });
        find(&events.collect::<Vec<_>>())
    }

    #[test]
    fn a_few_texts_that_come_again_and_again_are_suspect() {
        let found =
            texts(&[("payment declined", 6), ("no such customer", 3), ("gateway is away", 2)]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].by, found[0].events), (CrowdedBy::Messages, 11));
        let names: Vec<_> =
            found[0].kinds.iter().map(|(name, count, _)| (&**name, *count)).collect();
        let expected = [("payment declined", 6), ("no such customer", 3), ("gateway is away", 2)];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_message_with_a_variable_is_no_suspect_and_neither_is_a_lone_stray() {
        assert_eq!(texts(&[("no stock of apples left", 6), ("no stock of pears left", 6)]), []);
        assert_eq!(texts(&[("payment declined", 40), ("no such customer", 3)]), []);
        assert_eq!(texts(&[("payment declined", 3), ("no such customer", 2)]), [], "too few");
    }

    #[test]
    fn a_text_that_counts_or_that_a_rule_joined_is_no_suspect() {
        let found = |change: fn(&mut crate::grouping::Observation)| {
            let events: Vec<Seen> = ["payment declined", "no such customer"]
                .iter()
                .flat_map(|text| {
                    let one = seen_with(1, |o| {
                        o.text = (*text).to_owned();
                        change(o);
                    });
                    std::iter::repeat_n(one, 5)
                })
                .collect();
            find(&events).len()
        };
        assert_eq!(found(|_| {}), 1);
        assert_eq!(found(|o| o.text_counts = true), 0);
        assert_eq!(found(|o| o.fingerprint = Some(FingerprintBy::Rule)), 0);
    }

    #[test]
    fn a_fingerprint_of_the_program_that_joins_many_places_is_suspect() {
        let places = |places: &[&str]| {
            let events = places.iter().flat_map(|place| {
                let one = seen_with(1, |o| {
                    o.fingerprint = Some(FingerprintBy::Client);
                    o.innermost = (*place).to_owned();
                });
                std::iter::repeat_n(one, 3)
            });
            find(&events.collect::<Vec<_>>()).len()
        };
        assert_eq!(places(&["cart total", "cart add"]), 0);
        assert_eq!(places(&["cart total", "cart add", "mail send"]), 1);
        assert_eq!(find(&vec![seen_with(1, |_| {}); 20]), []);
    }
}
