//! Issues that may be one problem.

use std::collections::{BTreeMap, BTreeSet};

use super::Seen;
use crate::base::{EventId, IssueId};
use crate::grouping::{Signature, similarity};

/// No more issues are compared, each with each: the comparison of so many takes a tenth of a second.
const MAX_COMPARED: usize = 400;

/// The most sets that are shown.
const MAX_SETS: usize = 50;

/// With fewer words in common, texts are not called one message.
const LEAST_COMMON_WORDS: usize = 2;

/// Issues that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The issues, the one with the most events first.
    pub issues: Vec<IssueId>,
    /// An event of the first, and one of the second.
    pub events: [EventId; 2],
    /// Why, as of the first two.
    pub reasons: Vec<String>,
    /// The message that they have in common, with `*` for the words that differ.
    pub template: Option<String>,
}

/// Finds them, the largest set first. Pairs that somebody took apart stay so; the lower id is the first of a pair.
pub(super) fn find(seen: &[Seen], apart: &BTreeSet<(IssueId, IssueId)>) -> Vec<Alike> {
    let mut issues: BTreeMap<IssueId, (usize, &Seen)> = BTreeMap::new();
    for seen in seen {
        issues.entry(seen.issue).or_insert((0, seen)).0 += 1;
    }
    let mut issues: Vec<(usize, &Seen, &Signature)> = issues
        .into_values()
        .filter(|(_, seen)| seen.observation.fingerprint.is_none() && !seen.observation.has_nothing)
        .filter_map(|(events, seen)| Some((events, seen, seen.signature.as_ref()?)))
        .collect();
    issues.sort_by_key(|(events, seen, _)| (std::cmp::Reverse(*events), seen.issue));
    issues.truncate(MAX_COMPARED);

    let mut sets = Vec::new();
    let mut is_taken = vec![false; issues.len()];
    for leader in 0..issues.len() {
        if is_taken[leader] {
            continue;
        }
        let mut set = vec![issues[leader].1];
        let mut reasons = Vec::new();
        for other in leader + 1..issues.len() {
            let (leads, follows) = (issues[leader], issues[other]);
            let found = similarity(leads.2, follows.2);
            if is_taken[other] || !found.is_suggested() || are_apart(apart, &set, follows.1) {
                continue;
            }
            is_taken[other] = true;
            set.push(follows.1);
            if reasons.is_empty() {
                reasons = found.reasons;
            }
        }
        if set.len() > 1 {
            sets.push(Alike {
                issues: set.iter().map(|seen| seen.issue).collect(),
                events: [set[0].event, set[1].event],
                reasons,
                template: template(&set),
            });
        }
    }
    sets.sort_by_key(|set| (std::cmp::Reverse(set.issues.len()), set.issues[0]));
    sets.truncate(MAX_SETS);
    sets
}

fn are_apart(apart: &BTreeSet<(IssueId, IssueId)>, set: &[&Seen], other: &Seen) -> bool {
    set.iter().any(|one| apart.contains(&(one.issue.min(other.issue), one.issue.max(other.issue))))
}

/// The message of which all texts are instances: of as many words, of which one or two differ.
fn template(set: &[&Seen]) -> Option<String> {
    let texts: Vec<Vec<&str>> =
        set.iter().map(|seen| seen.observation.text.split_whitespace().collect()).collect();
    let (first, others) = texts.split_first()?;
    if others.iter().any(|other| other.len() != first.len()) {
        return None;
    }
    let is_common = |place: usize| others.iter().all(|other| other[place] == first[place]);
    let differing = (0..first.len()).filter(|place| !is_common(*place)).count();
    let is_template = (1..=2).contains(&differing) && first.len() >= LEAST_COMMON_WORDS + differing;
    let word = |(place, word): (usize, &&str)| {
        if is_common(place) { (*word).to_owned() } else { "*".to_owned() }
    };
    is_template.then(|| first.iter().enumerate().map(word).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{issue, message};
    use super::*;

    #[test]
    fn messages_that_differ_in_a_word_are_one_suspect_with_the_message_behind_them() {
        let names = ["mallory", "trudy", "oscar"];
        let seen: Vec<Seen> = names
            .iter()
            .zip(1..)
            .map(|(name, id)| message(id, &format!("cannot send the weekly mail to {name} now")))
            .chain([message(9, "the disk of the database is full")])
            .collect();
        let found = find(&seen, &BTreeSet::new());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].issues, [1, 2, 3].map(issue));
        let template = "cannot send the weekly mail to * now";
        assert_eq!(found[0].template.as_deref(), Some(template));
        assert!(!found[0].reasons.is_empty());
    }

    #[test]
    fn what_somebody_took_apart_stays_apart() {
        let text = |name| format!("cannot send the weekly mail to {name} now");
        let seen = [message(1, &text("mallory")), message(2, &text("trudy"))];
        assert_eq!(find(&seen, &BTreeSet::new()).len(), 1);
        assert_eq!(find(&seen, &BTreeSet::from([(issue(1), issue(2))])), []);
    }
}
