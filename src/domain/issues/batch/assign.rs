//! Which issue does each event belong to?
//!
//! An event brings one or two hashes. The first of them that leads to an issue decides; its other hashes
//! then lead there, too, unless they lead somewhere already (`grouping.md` §12.3). Where no hash is known,
//! an issue is opened. Events of one first hash are counted together as a part of their issue.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::parts::{self, Moves};
use super::{Arrival, store};
use crate::base::{IssueId, IssueNumber, PartId, ProjectId};

/// The most parts that an issue gets by itself. What comes later counts with the part that it was recognised
/// by: first hashes that are different each time (names of a build) must not cost a part each.
pub const MAX_PARTS: i64 = 200;

/// Whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The issue.
    pub issue: IssueId,
    /// Its part.
    pub part: PartId,
}

/// The issues of a batch.
#[derive(Debug, Default)]
pub struct Assignment {
    /// Whose each arrival is, in the same order.
    pub owners: Vec<Owner>,
    /// The issues that did not exist before.
    pub opened: HashSet<IssueId>,
    /// The parts that did not exist before.
    pub new_parts: Vec<NewPart>,
    /// The hashes that led nowhere before, with the arrival that brought them.
    pub new_hashes: Vec<NewHash>,
    /// How often events had been moved when this was looked up.
    pub(super) moves: Moves,
}

/// A part that an issue gets.
#[derive(Clone, Debug)]
pub struct NewPart {
    /// Itself, and the issue.
    pub owner: Owner,
    /// The hash that makes it.
    pub hash: String,
    /// The index of the arrival that brought it.
    pub arrival: usize,
}

/// A hash that leads to an issue from now on.
#[derive(Clone, Debug)]
pub struct NewHash {
    /// 32 hex digits.
    pub hash: String,
    /// Where it leads.
    pub owner: Owner,
    /// The variant that made it.
    pub variant: String,
    /// `created` if it opened the issue, `second_hash` if it came along with a known one, `upgrade` if the
    /// algorithm before knew the issue.
    pub origin: &'static str,
    /// The index of the arrival that brought it.
    pub arrival: usize,
}

/// Where hashes lead.
pub(super) type Owners = HashMap<(ProjectId, String), Owner>;

/// The last numbers that a project gave away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Of its issues.
    pub issue: IssueNumber,
    /// Of further parts.
    pub part: i64,
}

const NONE_YET: Numbers = Numbers { issue: IssueNumber(0), part: 0 };

/// Finds or opens the issue of every arrival. New parts and hashes are not written yet: the caller adds their
/// explanations and calls [`parts::store::insert_parts`] and [`store::insert_hashes`].
pub async fn assign(db: &mut PgConnection, arrivals: &[&Arrival]) -> sqlx::Result<Assignment> {
    let mut projects: Vec<i64> = arrivals.iter().map(|arrival| arrival.project_id.0).collect();
    projects.sort_unstable();
    projects.dedup();
    let moves = parts::store::find_moves(db, &projects).await?;
    let mut owners = find_owners(db, arrivals).await?;
    let projects = projects_with_unknown(arrivals, &owners);
    let mut numbers = BTreeMap::new();
    let mut part_counts = HashMap::new();
    if !projects.is_empty() {
        // Whoever holds the counter may open issues; what others opened while we waited is looked
        // up again, so that two processes never open two issues for one hash.
        numbers = store::lock_counters(db, &projects).await?;
        owners = find_owners(db, arrivals).await?;
        part_counts = parts::store::count_parts(db, &growing(arrivals, &owners)).await?;
    }
    let before = numbers.clone();
    let assignment = decide(arrivals, owners, &mut numbers, part_counts);
    if numbers != before {
        store::save_counters(db, &numbers).await?;
    }
    Ok(Assignment { moves, ..assignment })
}

async fn find_owners(db: &mut PgConnection, arrivals: &[&Arrival]) -> sqlx::Result<Owners> {
    let sought: HashSet<(ProjectId, &str)> = arrivals
        .iter()
        .flat_map(|arrival| {
            let own = arrival.hashes.iter().map(|hash| hash.hash.as_str());
            let former = arrival.former_hashes.iter().map(String::as_str);
            own.chain(former).map(|hash| (arrival.project_id, hash))
        })
        .collect();
    let (projects, hashes): (Vec<i64>, Vec<&str>) =
        sought.into_iter().map(|(project, hash)| (project.0, hash)).unzip();
    store::find_hash_owners(db, &projects, &hashes).await
}

fn owner_of(arrival: &Arrival, hash: &str, owners: &Owners) -> Option<Owner> {
    owners.get(&(arrival.project_id, hash.to_owned())).copied()
}

fn owner_of_first(arrival: &Arrival, owners: &Owners) -> Option<Owner> {
    owner_of(arrival, &arrival.hashes.first()?.hash, owners)
}

/// The owner of the first other hash that leads somewhere, and what is said of hashes that come to it so.
fn owner_of_others(arrival: &Arrival, owners: &Owners) -> Option<(Owner, &'static str)> {
    let own = arrival.hashes.iter().skip(1).map(|hash| (&hash.hash, "second_hash"));
    let former = arrival.former_hashes.iter().map(|hash| (hash, "upgrade"));
    own.chain(former).find_map(|(hash, origin)| Some((owner_of(arrival, hash, owners)?, origin)))
}

/// The projects of events whose first hash leads nowhere yet: they get a part at least.
fn projects_with_unknown(arrivals: &[&Arrival], owners: &Owners) -> Vec<i64> {
    let mut projects: Vec<i64> = arrivals
        .iter()
        .filter(|arrival| owner_of_first(arrival, owners).is_none())
        .map(|arrival| arrival.project_id.0)
        .collect();
    projects.sort_unstable();
    projects.dedup();
    projects
}

/// The known issues that may get parts.
fn growing(arrivals: &[&Arrival], owners: &Owners) -> Vec<IssueId> {
    let unknown = arrivals.iter().filter(|arrival| owner_of_first(arrival, owners).is_none());
    let issues: HashSet<IssueId> = unknown
        .filter_map(|arrival| owner_of_others(arrival, owners))
        .map(|(owner, _)| owner.issue)
        .collect();
    issues.into_iter().collect()
}

/// Decides in order of arrival, so that the first event of a batch opens the issue that the next joins.
fn decide(
    arrivals: &[&Arrival],
    mut owners: Owners,
    numbers: &mut BTreeMap<ProjectId, Numbers>,
    mut part_counts: HashMap<IssueId, i64>,
) -> Assignment {
    let mut assignment = Assignment::default();
    for (index, arrival) in arrivals.iter().enumerate() {
        let (owner, is_new, origin) = owner_of_first(arrival, &owners).map_or_else(
            || join_or_open(arrival, &owners, numbers, &mut part_counts),
            |owner| (owner, false, "second_hash"),
        );
        let is_opened = is_new && owner.part == owner.issue.into();
        if is_opened {
            assignment.opened.insert(owner.issue);
        }
        assignment.owners.push(owner);
        if let (true, Some(first)) = (is_new, arrival.hashes.first()) {
            let hash = first.hash.clone();
            assignment.new_parts.push(NewPart { owner, hash, arrival: index });
        }
        for hash in &arrival.hashes {
            let key = (arrival.project_id, hash.hash.clone());
            if owners.contains_key(&key) {
                continue;
            }
            owners.insert(key, owner);
            assignment.new_hashes.push(NewHash {
                hash: hash.hash.clone(),
                owner,
                variant: hash.variant.clone(),
                origin,
                arrival: index,
            });
        }
    }
    assignment
}

/// Whose an event with an unknown first hash is, whether that part is new, and how its hashes come to it.
fn join_or_open(
    arrival: &Arrival,
    owners: &Owners,
    numbers: &mut BTreeMap<ProjectId, Numbers>,
    part_counts: &mut HashMap<IssueId, i64>,
) -> (Owner, bool, &'static str) {
    let Some((known, origin)) = owner_of_others(arrival, owners) else {
        let issue = next_issue(arrival.project_id, numbers);
        return (Owner { issue, part: issue.into() }, true, "created");
    };
    let count = part_counts.entry(known.issue).or_insert(1);
    if *count >= MAX_PARTS {
        return (known, false, origin);
    }
    *count += 1;
    (Owner { part: next_part(arrival.project_id, numbers), ..known }, true, origin)
}

fn next_issue(project: ProjectId, numbers: &mut BTreeMap<ProjectId, Numbers>) -> IssueId {
    let last = numbers.entry(project).or_insert(NONE_YET);
    last.issue.0 += 1;
    IssueId::new(project, last.issue)
}

fn next_part(project: ProjectId, numbers: &mut BTreeMap<ProjectId, Numbers>) -> PartId {
    let last = numbers.entry(project).or_insert(NONE_YET);
    last.part += 1;
    PartId::new(project, last.part)
}

#[cfg(test)]
mod tests {
    use super::super::{ArrivalHash, Subject};
    use super::*;
    use crate::base::Timestamp;
    use crate::protocol::event::Level;

    fn arrival(hashes: &[&str]) -> Arrival {
        Arrival {
            project_id: ProjectId(1),
            received_at: Timestamp::default(),
            occurred_at: Timestamp::default(),
            level: Level::Error,
            platform: String::new(),
            logger: String::new(),
            subject: Subject::default(),
            environment: None,
            release: None,
            user_hash: None,
            tags: vec![],
            former_hashes: vec![],
            hashes: hashes
                .iter()
                .map(|hash| ArrivalHash { variant: "app".to_owned(), hash: (*hash).to_owned() })
                .collect(),
        }
    }

    fn id(number: i64) -> IssueId {
        IssueId::new(ProjectId(1), IssueNumber(number))
    }

    fn decide_with(arrivals: &[Arrival], known: &[(&str, i64)], parts: i64) -> Assignment {
        let owners = known
            .iter()
            .map(|(hash, issue)| {
                let owner = Owner { issue: id(*issue), part: id(*issue).into() };
                ((ProjectId(1), (*hash).to_owned()), owner)
            })
            .collect();
        let mut numbers =
            BTreeMap::from([(ProjectId(1), Numbers { issue: IssueNumber(10), part: 0 })]);
        let arrivals: Vec<&Arrival> = arrivals.iter().collect();
        decide(&arrivals, owners, &mut numbers, HashMap::from([(id(3), parts)]))
    }

    fn decided(
        arrivals: &[Arrival],
        known: &[(&str, i64)],
    ) -> (Vec<i64>, Vec<(String, i64, &'static str)>) {
        let assignment = decide_with(arrivals, known, 1);
        (
            assignment.owners.iter().map(|owner| owner.issue.number().0).collect(),
            assignment
                .new_hashes
                .into_iter()
                .map(|new| (new.hash, new.owner.issue.number().0, new.origin))
                .collect(),
        )
    }

    #[test]
    fn the_first_event_of_a_batch_opens_the_issue_that_the_next_joins() {
        let (issues, hashes) =
            decided(&[arrival(&["a", "s"]), arrival(&["a", "t"]), arrival(&["b"])], &[]);
        assert_eq!(issues, [11, 11, 12]);
        let expected = [
            ("a", 11, "created"),
            ("s", 11, "created"),
            ("t", 11, "second_hash"),
            ("b", 12, "created"),
        ];
        assert_eq!(hashes, expected.map(|(hash, issue, origin)| (hash.to_owned(), issue, origin)));
    }

    #[test]
    fn a_known_second_hash_joins_the_old_issue_and_brings_its_first() {
        let (issues, hashes) = decided(&[arrival(&["new", "known"])], &[("known", 3)]);
        assert_eq!(issues, [3]);
        assert_eq!(hashes, [("new".to_owned(), 3, "second_hash")]);
    }

    #[test]
    fn an_event_joins_the_issue_that_a_former_hash_of_it_leads_to() {
        let mut event = arrival(&["new", "newer"]);
        event.former_hashes = vec!["old".to_owned()];
        let (issues, hashes) = decided(&[event], &[("old", 3)]);
        assert_eq!(issues, [3]);
        let hashes: Vec<&str> = hashes.iter().map(|(hash, ..)| hash.as_str()).collect();
        assert_eq!(hashes, ["new", "newer"], "what it was is only looked up");
    }

    #[test]
    fn two_issues_are_never_joined_by_an_event_that_knows_both() {
        let (issues, hashes) = decided(&[arrival(&["a", "b"])], &[("a", 1), ("b", 2)]);
        assert_eq!(issues, [1]);
        assert!(hashes.is_empty());
    }

    #[test]
    fn events_of_one_first_hash_are_a_part_of_their_issue() {
        let arrivals = [
            arrival(&["new", "known"]),
            arrival(&["new", "other"]),
            arrival(&["known"]),
            arrival(&["alone", "its"]),
            arrival(&["next", "its"]),
        ];
        let assignment = decide_with(&arrivals, &[("known", 3)], 1);
        let further = |number| PartId::new(ProjectId(1), number);
        let parts: Vec<PartId> = assignment.owners.iter().map(|owner| owner.part).collect();
        let expected = [further(1), further(1), id(3).into(), id(11).into(), further(2)];
        assert_eq!(parts, expected);
        let new: Vec<(&str, PartId)> =
            assignment.new_parts.iter().map(|new| (new.hash.as_str(), new.owner.part)).collect();
        assert_eq!(new, [("new", further(1)), ("alone", id(11).into()), ("next", further(2))]);
    }

    #[test]
    fn an_issue_with_as_many_parts_as_it_may_have_gets_no_more() {
        for (parts, expected) in [(MAX_PARTS - 1, 1), (MAX_PARTS, 0)] {
            let arrivals = [arrival(&["new", "known"]), arrival(&["newer", "known"])];
            let assignment = decide_with(&arrivals, &[("known", 3)], parts);
            assert_eq!(assignment.new_parts.len(), expected);
            assert_eq!(assignment.owners[1], Owner { issue: id(3), part: id(3).into() });
            assert_eq!(assignment.new_hashes.len(), 2, "the hashes are known from now on");
        }
    }
}
