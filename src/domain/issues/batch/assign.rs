//! Which issue does each event belong to?
//!
//! An event brings one or two hashes. The first of them that an issue owns decides; its other hashes
//! are then attached to that issue, unless somebody owns them already (`grouping.md` §12.3). Where no
//! hash is known, an issue is opened.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::PgConnection;

use super::{Arrival, store};
use crate::base::{IssueId, IssueNumber, ProjectId};

/// The issues of a batch.
#[derive(Debug, Default)]
pub struct Assignment {
    /// The issue of each arrival, in the same order.
    pub issues: Vec<IssueId>,
    /// The issues that did not exist before.
    pub opened: HashSet<IssueId>,
    /// The hashes that no issue owned before, with the arrival that brought them.
    pub new_hashes: Vec<NewHash>,
}

/// A hash that becomes an issue's own.
#[derive(Clone, Debug)]
pub struct NewHash {
    /// The project.
    pub project_id: ProjectId,
    /// 32 hex digits.
    pub hash: String,
    /// The issue that owns it from now on.
    pub issue_id: IssueId,
    /// The variant that made it.
    pub variant: String,
    /// `created` if it opened the issue, `second_hash` if it came along with a known one.
    pub origin: &'static str,
    /// The index of the arrival that brought it.
    pub arrival: usize,
}

type Owners = HashMap<(ProjectId, String), IssueId>;

/// Finds or opens the issue of every arrival. New hashes are not written yet: the caller adds their
/// explanations and calls [`store::insert_hashes`].
pub async fn assign(db: &mut PgConnection, arrivals: &[&Arrival]) -> sqlx::Result<Assignment> {
    let mut owners = find_owners(db, arrivals).await?;
    let projects = projects_with_unknown(arrivals, &owners);
    let mut numbers = BTreeMap::new();
    if !projects.is_empty() {
        // Whoever holds the counter may open issues; what others opened while we waited is looked
        // up again, so that two processes never open two issues for one hash.
        numbers = store::lock_counters(db, &projects).await?;
        owners = find_owners(db, arrivals).await?;
    }
    let assignment = decide(arrivals, owners, &mut numbers);
    if !assignment.opened.is_empty() {
        store::save_counters(db, &numbers).await?;
    }
    Ok(assignment)
}

async fn find_owners(db: &mut PgConnection, arrivals: &[&Arrival]) -> sqlx::Result<Owners> {
    let sought: HashSet<(ProjectId, &str)> = arrivals
        .iter()
        .flat_map(|arrival| {
            arrival.hashes.iter().map(|hash| (arrival.project_id, hash.hash.as_str()))
        })
        .collect();
    let (projects, hashes): (Vec<i64>, Vec<&str>) =
        sought.into_iter().map(|(project, hash)| (project.0, hash)).unzip();
    store::find_hash_owners(db, &projects, &hashes).await
}

fn owner_of(arrival: &Arrival, owners: &Owners) -> Option<IssueId> {
    let owner = |hash: &str| owners.get(&(arrival.project_id, hash.to_owned())).copied();
    arrival.hashes.iter().find_map(|hash| owner(&hash.hash))
}

fn projects_with_unknown(arrivals: &[&Arrival], owners: &Owners) -> Vec<i64> {
    let mut projects: Vec<i64> = arrivals
        .iter()
        .filter(|arrival| owner_of(arrival, owners).is_none())
        .map(|arrival| arrival.project_id.0)
        .collect();
    projects.sort_unstable();
    projects.dedup();
    projects
}

/// Decides in order of arrival, so that the first event of a batch opens the issue that the next joins.
fn decide(
    arrivals: &[&Arrival],
    mut owners: Owners,
    numbers: &mut BTreeMap<ProjectId, IssueNumber>,
) -> Assignment {
    let mut assignment = Assignment::default();
    for (index, arrival) in arrivals.iter().enumerate() {
        let owner = owner_of(arrival, &owners);
        let issue_id = owner.unwrap_or_else(|| next_issue(arrival.project_id, numbers));
        if owner.is_none() {
            assignment.opened.insert(issue_id);
        }
        assignment.issues.push(issue_id);
        let origin = if owner.is_none() { "created" } else { "second_hash" };
        for hash in &arrival.hashes {
            let key = (arrival.project_id, hash.hash.clone());
            if owners.contains_key(&key) {
                continue;
            }
            owners.insert(key, issue_id);
            assignment.new_hashes.push(NewHash {
                project_id: arrival.project_id,
                hash: hash.hash.clone(),
                issue_id,
                variant: hash.variant.clone(),
                origin,
                arrival: index,
            });
        }
    }
    assignment
}

fn next_issue(project: ProjectId, numbers: &mut BTreeMap<ProjectId, IssueNumber>) -> IssueId {
    let number = numbers.entry(project).or_insert(IssueNumber(0));
    number.0 += 1;
    IssueId::new(project, *number)
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
            hashes: hashes
                .iter()
                .map(|hash| ArrivalHash { variant: "app".to_owned(), hash: (*hash).to_owned() })
                .collect(),
        }
    }

    fn decided(
        arrivals: &[Arrival],
        known: &[(&str, i64)],
    ) -> (Vec<i64>, Vec<(String, i64, &'static str)>) {
        let owners = known
            .iter()
            .map(|(hash, issue)| {
                (
                    (ProjectId(1), (*hash).to_owned()),
                    IssueId::new(ProjectId(1), IssueNumber(*issue)),
                )
            })
            .collect();
        let mut numbers = BTreeMap::from([(ProjectId(1), IssueNumber(10))]);
        let arrivals: Vec<&Arrival> = arrivals.iter().collect();
        let assignment = decide(&arrivals, owners, &mut numbers);
        (
            assignment.issues.iter().map(|issue| issue.number().0).collect(),
            assignment
                .new_hashes
                .into_iter()
                .map(|new| (new.hash, new.issue_id.number().0, new.origin))
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
    fn two_issues_are_never_joined_by_an_event_that_knows_both() {
        let (issues, hashes) = decided(&[arrival(&["a", "b"])], &[("a", 1), ("b", 2)]);
        assert_eq!(issues, [1]);
        assert!(hashes.is_empty());
    }
}
