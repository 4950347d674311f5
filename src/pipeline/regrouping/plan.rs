//! Which parts belong together under other settings, and where new hashes are to lead.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::base::{IssueId, PartId};
use crate::domain::issues::moves::MAX_GATHERED;
use crate::domain::issues::regroupings::Step;
use crate::domain::issues::regroupings::store::{Evidence, Holder};

/// A step takes in groups until it has so many parts and hashes: few, because nobody else moves parts of the project, and
/// no event is counted in it, while a step is done.
const STEP_SIZE: usize = 100;

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The hashes that events of parts would have.
    pub(super) evidence: Vec<Evidence>,
    /// The parts that those of the hashes lead to that lead somewhere.
    pub(super) owners: HashMap<String, PartId>,
    /// The issues of all these parts.
    pub(super) holders: HashMap<PartId, Holder>,
}

/// Events that would be decided by the same hash.
#[derive(Debug, Default)]
struct Group<'a> {
    /// The parts whose events all would.
    whole: Vec<PartId>,
    /// Parts of which most events would, and others would not, with how many.
    divided: Vec<(i64, PartId)>,
    /// The hashes that such events would have besides.
    others: BTreeSet<&'a str>,
}

/// What has to be done so that new events find the issues of those before: each new hash leads to the part whose events
/// would have it, and the parts of which all events would be decided by one hash come into one issue, the one with the most
/// events. A part whose events would be decided by several stays where it is, since they were counted together; the hash of
/// most of them leads there.
pub(super) fn plan(found: &Found) -> Vec<Step> {
    let firsts = firsts_of_parts(&found.evidence);
    let groups = groups(&found.evidence, &firsts);
    let mut gathered: HashMap<IssueId, usize> = HashMap::new();
    let mut steps: Vec<Step> = Vec::new();
    for (hash, group) in &groups {
        let Some(leader) = leader(hash, group, &firsts, found) else { continue };
        let mut step =
            Step { moves: moves(group, leader, found, &mut gathered), ..Step::default() };
        match found.owners.get(*hash) {
            None => step.links.push(((*hash).to_owned(), leader)),
            Some(owner) if *owner == leader || group.whole.contains(owner) => {}
            Some(_) => step.relinks.push(((*hash).to_owned(), leader)),
        }
        let is_new =
            |other: &&&str| !found.owners.contains_key(**other) && !groups.contains_key(**other);
        step.links
            .extend(group.others.iter().filter(is_new).map(|other| ((*other).to_owned(), leader)));
        add(&mut steps, step);
    }
    without_repeated_links(steps)
}

/// By which hashes the events of each part would be decided, and how many by each.
type Firsts<'a> = BTreeMap<PartId, BTreeMap<&'a str, i64>>;

fn firsts_of_parts(evidence: &[Evidence]) -> Firsts<'_> {
    let mut firsts = Firsts::new();
    for it in evidence.iter().filter(|it| it.hash == it.first_hash) {
        firsts.entry(it.part).or_default().insert(&it.hash, it.event_count);
    }
    firsts
}

fn groups<'a>(evidence: &'a [Evidence], firsts: &Firsts<'a>) -> BTreeMap<&'a str, Group<'a>> {
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for (part, hashes) in firsts {
        let most = hashes.iter().max_by_key(|(hash, events)| (**events, Reverse(**hash)));
        let Some((hash, events)) = most else { continue };
        let group = groups.entry(hash).or_default();
        if hashes.len() == 1 {
            group.whole.push(*part);
        } else {
            group.divided.push((*events, *part));
        }
    }
    for it in evidence.iter().filter(|it| it.hash != it.first_hash) {
        if let Some(group) = groups.get_mut(it.first_hash.as_str()) {
            group.others.insert(&it.hash);
        }
    }
    groups
}

/// The part that a hash is to lead to; none if it may stay as it is.
fn leader(hash: &str, group: &Group<'_>, firsts: &Firsts<'_>, found: &Found) -> Option<PartId> {
    let owner = found.owners.get(hash).copied();
    let whole = || group.whole.iter().copied().filter(|part| found.holders.contains_key(part));
    let weight = |part: &PartId| {
        let holder = found.holders.get(part);
        (holder.map(|it| (it.event_count, Reverse(it.issue))), Reverse(*part))
    };
    match owner {
        // It leads to events that would have it still, among others or that cannot be looked at: there it stays.
        Some(owner)
            if firsts.get(&owner).is_none_or(|own| own.len() > 1 && own.contains_key(hash)) =>
        {
            Some(owner)
        }
        // To events of the group, or to some that would not have it any more.
        Some(_) => whole().max_by_key(weight),
        None => whole().max_by_key(weight).or_else(|| {
            let known = group.divided.iter().filter(|(_, part)| found.holders.contains_key(part));
            known.max_by_key(|(events, part)| (*events, weight(part))).map(|(_, part)| *part)
        }),
    }
}

/// The parts that go to the leader's issue, no more than an issue may gather.
fn moves(
    group: &Group<'_>,
    leader: PartId,
    found: &Found,
    gathered: &mut HashMap<IssueId, usize>,
) -> Vec<(PartId, PartId)> {
    let Some(target) = found.holders.get(&leader) else { return Vec::new() };
    let own = usize::try_from(target.part_count).unwrap_or(usize::MAX);
    let count = gathered.entry(target.issue).or_insert(own);
    let going = group
        .whole
        .iter()
        .filter(|part| found.holders.get(part).is_some_and(|holder| holder.issue != target.issue));
    let going: Vec<(PartId, PartId)> =
        going.take(MAX_GATHERED.saturating_sub(*count)).map(|part| (*part, leader)).collect();
    *count += going.len();
    going
}

/// Adds to the last step, or begins another if that has enough.
fn add(steps: &mut Vec<Step>, more: Step) {
    let size = |step: &Step| step.moves.len() + step.links.len() + step.relinks.len();
    if size(&more) == 0 {
        return;
    }
    match steps.last_mut() {
        Some(last) if size(last) + size(&more) <= STEP_SIZE => {
            last.moves.extend(more.moves);
            last.links.extend(more.links);
            last.relinks.extend(more.relinks);
        }
        _ => steps.push(more),
    }
}

/// A hash that comes along with several first hashes leads where the first of them does.
fn without_repeated_links(mut steps: Vec<Step>) -> Vec<Step> {
    let mut seen = BTreeSet::new();
    for step in &mut steps {
        step.links.retain(|(hash, _)| seen.insert(hash.clone()));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{IssueNumber, ProjectId};

    fn part(number: i64) -> PartId {
        IssueId::new(ProjectId(1), IssueNumber(number)).into()
    }

    /// Parts with the first hashes that their events would have; each part is an issue of `number * 10` events.
    fn found(parts: &[(i64, &[(&str, i64)])], owners: &[(&str, i64)]) -> Found {
        let evidence = parts.iter().flat_map(|(number, hashes)| {
            hashes.iter().map(|(hash, event_count)| Evidence {
                part: part(*number),
                hash: (*hash).to_owned(),
                first_hash: (*hash).to_owned(),
                event_count: *event_count,
            })
        });
        let numbers = parts.iter().map(|(number, _)| *number).chain(owners.iter().map(|it| it.1));
        Found {
            evidence: evidence.collect(),
            owners: owners.iter().map(|(hash, it)| ((*hash).to_owned(), part(*it))).collect(),
            holders: numbers
                .map(|number| {
                    let issue = IssueId::new(ProjectId(1), IssueNumber(number));
                    (part(number), Holder { issue, event_count: number * 10, part_count: 1 })
                })
                .collect(),
        }
    }

    fn step(moves: &[(i64, i64)], links: &[(&str, i64)], relinks: &[(&str, i64)]) -> Step {
        let named = |all: &[(&str, i64)]| {
            all.iter().map(|(hash, it)| ((*hash).to_owned(), part(*it))).collect()
        };
        Step {
            moves: moves.iter().map(|(from, to)| (part(*from), part(*to))).collect(),
            links: named(links),
            relinks: named(relinks),
        }
    }

    #[test]
    fn parts_of_one_hash_come_into_the_issue_with_the_most_events() {
        let steps = plan(&found(&[(1, &[("x", 1)]), (2, &[("x", 5)]), (3, &[("y", 1)])], &[]));
        assert_eq!(steps, [step(&[(1, 2)], &[("x", 2), ("y", 3)], &[])]);
    }

    #[test]
    fn what_stays_as_it_is_takes_no_step() {
        assert!(plan(&found(&[(1, &[("x", 3)])], &[("x", 1)])).is_empty());
        assert!(plan(&Found::default()).is_empty());
    }

    #[test]
    fn parts_join_one_that_cannot_be_looked_at_or_is_divided_where_their_hash_leads_there() {
        let steps = plan(&found(&[(9, &[("x", 3)])], &[("x", 1)]));
        assert_eq!(steps, [step(&[(9, 1)], &[], &[])]);
        let divided = found(&[(1, &[("x", 1), ("y", 2)]), (9, &[("x", 3)])], &[("x", 1)]);
        assert_eq!(plan(&divided), [step(&[(9, 1)], &[("y", 1)], &[])]);
    }

    #[test]
    fn the_hash_of_most_events_of_a_divided_part_leads_to_it_unless_another_is_all_of_that_hash() {
        let alone = found(&[(1, &[("x", 1), ("y", 2)])], &[]);
        assert_eq!(plan(&alone), [step(&[], &[("y", 1)], &[])]);
        let beside = found(&[(1, &[("x", 1), ("y", 2)]), (2, &[("y", 1)])], &[]);
        assert_eq!(plan(&beside), [step(&[], &[("y", 2)], &[])], "and the divided one stays");
    }

    #[test]
    fn a_hash_that_its_events_left_goes_to_those_that_would_have_it() {
        let swapped = found(&[(1, &[("y", 1)]), (2, &[("x", 1)])], &[("x", 1)]);
        assert_eq!(plan(&swapped), [step(&[], &[("y", 1)], &[("x", 2)])]);
    }

    #[test]
    fn an_issue_gathers_no_more_parts_than_it_may() {
        let limit = i64::try_from(MAX_GATHERED).unwrap();
        for (parts, moved) in [(limit, MAX_GATHERED - 1), (limit + 1, MAX_GATHERED - 1)] {
            let hashes: &[(&str, i64)] = &[("x", 1)];
            let all: Vec<(i64, &[(&str, i64)])> = (1..=parts).map(|it| (it, hashes)).collect();
            let steps = plan(&found(&all, &[]));
            assert_eq!(steps.iter().map(|step| step.moves.len()).sum::<usize>(), moved, "{parts}");
        }
    }

    #[test]
    fn what_belongs_together_is_one_step_and_the_rest_is_done_in_steps_of_a_size() {
        let names: Vec<String> = (0..250).map(|number| format!("{number:03}")).collect();
        let hashes: Vec<[(&str, i64); 1]> = names.iter().map(|it| [(it.as_str(), 1)]).collect();
        let all: Vec<(i64, &[(&str, i64)])> =
            (1..).zip(&hashes).map(|(number, hash)| (number, hash.as_slice())).collect();
        let sizes: Vec<usize> =
            plan(&found(&all, &[])).iter().map(|step| step.links.len()).collect();
        assert_eq!(sizes, [STEP_SIZE, STEP_SIZE, 50]);
    }
}
