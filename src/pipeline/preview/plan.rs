//! How issues follow a change of their grouping, so that what they are does not begin anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Preview;
use crate::base::{IssueId, PartId};
use crate::domain::issues::moves::{Link, RulesApplied};
use crate::infra::compression;

/// What has to be done so that new events find the issues of the events that were grouped again: each new hash
/// leads to the part whose events got it, and parts that share a hash come into one issue, the one with the most
/// of the events. A part whose events got several hashes stays as it is: they were counted together.
pub fn plan(preview: &Preview) -> RulesApplied {
    let parts = hashes_of_parts(preview);
    let mut leaders: HashMap<&str, Vec<PartId>> = HashMap::new();
    for (part, new) in &parts {
        if let [only] = new.iter().copied().collect::<Vec<_>>().as_slice() {
            leaders.entry(only).or_default().push(*part);
        }
    }
    let events = events_of_issues(preview);
    let homes: HashMap<PartId, IssueId> =
        preview.owners.values().map(|owner| (owner.part, owner.issue)).collect();
    let mut moves = BTreeMap::new();
    let mut heirs: HashMap<&str, PartId> = HashMap::new();
    for (hash, mut together) in leaders {
        // The owner of a hash that is known already has a say, too.
        together.extend(preview.owners.get(hash).map(|owner| owner.part));
        let weight = |part: &&PartId| {
            let issue = homes[*part];
            (
                events.get(&issue).copied().unwrap_or(0),
                std::cmp::Reverse(issue),
                std::cmp::Reverse(**part),
            )
        };
        let Some(leader) = together.iter().max_by_key(weight).copied() else { continue };
        heirs.insert(hash, leader);
        let target = homes[&leader];
        let going = together.iter().filter(|part| homes[*part] != target);
        moves.extend(going.map(|part| (*part, target)));
    }
    RulesApplied { moves: moves.into_iter().collect(), links: links(preview, &heirs) }
}

/// The new first hashes of each part's events.
fn hashes_of_parts(preview: &Preview) -> BTreeMap<PartId, BTreeSet<&str>> {
    let mut parts: BTreeMap<PartId, BTreeSet<&str>> = BTreeMap::new();
    for event in &preview.replayed {
        let part = preview.owners.get(&event.present_hash).map(|owner| owner.part);
        if let (Some(part), Some((_, first))) = (part, event.hashes.first()) {
            parts.entry(part).or_default().insert(first);
        }
    }
    parts
}

fn events_of_issues(preview: &Preview) -> HashMap<IssueId, usize> {
    let mut events = HashMap::new();
    for event in &preview.replayed {
        *events.entry(event.issue).or_insert(0) += 1;
    }
    events
}

/// The new hashes that lead nowhere yet, each to the part that the first hash of its event leads to.
fn links(preview: &Preview, heirs: &HashMap<&str, PartId>) -> Vec<Link> {
    let mut links: BTreeMap<&str, Link> = BTreeMap::new();
    for event in &preview.replayed {
        let first = event.hashes.first().and_then(|(_, first)| heirs.get(first.as_str()));
        let Some(part) = first else { continue };
        for (variant, hash) in &event.hashes {
            if preview.owners.contains_key(hash) {
                continue;
            }
            links.entry(hash).or_insert_with(|| Link {
                hash: hash.clone(),
                variant: variant.clone(),
                part: *part,
                config: event.grouping.config.clone(),
                explanation: explanation(event),
            });
        }
    }
    links.into_values().collect()
}

fn explanation(event: &super::Replayed) -> Vec<u8> {
    let json = serde_json::to_vec(&event.grouping).expect("a tree is always JSON");
    compression::compress(&json, None)
}
